//! Commits to a model, so that its inferences can be proven.

use std::collections::BTreeSet;

use maat_package::Proving;
use maat_prover::entries;
use maat_runtime::Model;
use maat_verifier::{Entries, MAX_ENTRIES, Preset};

use crate::error::{Setting, TranspileError};

/// Commits to a model for single inferences and for batches of other sizes. A model that cannot be proven at all is not an error, unless
/// batch sizes are requested: that shows the intention to prove.
///
/// # Errors
/// The model cannot be proven in batches of one of the sizes, or there are too many of them.
pub fn commit(model: &Model, batches: &[u32], progress: &mut dyn FnMut(&str)) -> Result<Proving, TranspileError> {
    let others: BTreeSet<u32> = batches.iter().copied().filter(|batch| *batch != 1).collect();
    let limit = MAX_ENTRIES / Preset::ALL.len();
    if others.len() >= limit {
        let expected = format!("at most {limit}, and 1 is always among them");
        return Err(TranspileError::Option { setting: Setting::Batches, value: (others.len() + 1).to_string(), expected });
    }
    progress("committing to the model");
    let mut all = match entries(model, &[1]) {
        Ok(entries) => entries.as_slice().to_vec(),
        Err(reason) if batches.is_empty() => return Ok(Proving::Unprovable { reason: reason.to_string() }),
        Err(reason) => return Err(TranspileError::Unprovable { reason: reason.to_string() }),
    };
    for batch in others {
        progress(&format!("committing to the model for batches of {batch}"));
        let refused = |source| TranspileError::Batch { batch, source };
        let entries = entries(model, &[batch]).map_err(refused)?;
        all.extend(entries.as_slice());
    }
    let entries = Entries::new(all).expect("entries of one model, each for another preset or batch size");
    Ok(Proving::Committed { commitment: entries.commitment(), entries })
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Max;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Shape};

    use super::*;

    #[test]
    fn a_model_that_cannot_be_proven_is_an_error_where_batches_were_asked_for() {
        let mut builder = ModelBuilder::new("too many inputs");
        let x = builder.input("x", Shape::new(&[1 << 20]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let y = builder.node("y", Primitive::Max(Max { axis: 0, keep_axis: true }), &[x], 0).unwrap();
        let model = builder.finish(&[("y", y)]).unwrap();
        let Ok(Proving::Unprovable { reason }) = commit(&model, &[], &mut |_| ()) else { panic!("it has a proof") };
        for batches in [&[1][..], &[16], &[1, 2]] {
            let error = commit(&model, batches, &mut |_| ()).unwrap_err();
            assert_eq!(error.to_string(), format!("the model cannot be proven: {reason}"));
        }
    }
}
