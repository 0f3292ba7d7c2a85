//! A further commitment to a model, for presets and batch sizes that the earlier ones lack. Each commitment stands for itself: nothing changes
//! about the proofs that an earlier one verifies.

use std::collections::BTreeSet;

use maat_runtime::Model;
use maat_verifier::{Entries, Preset};

use crate::error::ProveError;
use crate::key::{LayoutChoice, WantedPresets, entries_of_batch};

/// The entries of a further commitment to a public model: for each of the presets with each of the batch sizes, unless an earlier commitment has
/// one for them. `progress` gets the presets and the batch size of the trees that are made next.
///
/// # Errors
/// The model is private: its one-time roots are made with it. A preset is `starknet`: the contract that verifies its proofs knows the commitment
/// that it was compiled with, and no other. There is nothing to add. Or the model has no trace program for a batch size.
pub fn further_entries(
    model: &Model,
    earlier: &[&Entries],
    (presets, batches): (&[Preset], &[u32]),
    layouts: LayoutChoice,
    progress: &mut dyn FnMut(&[Preset], u32),
) -> Result<Entries, ProveError> {
    if earlier.iter().any(|entries| entries.are_private()) {
        return Err(ProveError::Private);
    }
    if presets.contains(&Preset::Starknet) {
        return Err(ProveError::ForContracts);
    }
    let mut added = Vec::new();
    for batch in batches.iter().copied().collect::<BTreeSet<_>>() {
        let is_new = |preset: &Preset| earlier.iter().all(|entries| entries.find(*preset, batch).is_none());
        let named: Vec<Preset> = presets.iter().copied().filter(is_new).collect::<BTreeSet<_>>().into_iter().collect();
        if !named.is_empty() {
            let wanted = WantedPresets { named: &named, if_cheap: &[] };
            added.extend(entries_of_batch(model, batch, wanted, layouts, &mut |presets| progress(presets, batch))?);
        }
    }
    if added.is_empty() { Err(ProveError::NothingToAdd) } else { Ok(Entries::new(added)?) }
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Max;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Shape};

    use super::*;
    use crate::ModelSeed;
    use crate::key::{entries_for, private_entries};

    fn model() -> Model {
        let mut builder = ModelBuilder::new("maximum");
        let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let y = builder.node("y", Primitive::Max(Max { axis: 0, keep_axis: true }), &[x], 0).unwrap();
        builder.finish(&[("y", y)]).unwrap()
    }

    fn listed(entries: &Entries) -> Vec<(Preset, u32)> {
        entries.as_slice().iter().map(|entry| (entry.preset, entry.batch)).collect()
    }

    #[test]
    fn what_is_added_is_what_the_earlier_ones_lack_and_what_the_model_has() {
        let (model, layouts) = (model(), LayoutChoice::default());
        let first = entries_for(&model, &[1], &[Preset::Fast], layouts).unwrap();
        let mut told = Vec::new();
        let (presets, batches) = ([Preset::Balanced, Preset::Fast, Preset::Balanced], [2, 1, 2]);
        let second = further_entries(&model, &[&first], (&presets, &batches), layouts, &mut |presets, batch| {
            told.extend(presets.iter().map(|preset| (*preset, batch)))
        });
        let second = second.unwrap();
        assert_eq!(listed(&second), [(Preset::Fast, 2), (Preset::Balanced, 1), (Preset::Balanced, 2)]);
        told.sort();
        assert_eq!(told, listed(&second));
        assert_ne!(first.commitment(), second.commitment());
        let whole = entries_for(&model, &[1, 2], &[Preset::Fast, Preset::Balanced], layouts).unwrap();
        assert!(second.as_slice().iter().all(|entry| whole.as_slice().contains(entry)));
        let again = further_entries(&model, &[&first, &second], (&presets, &batches), layouts, &mut |_, _| ());
        assert!(matches!(again, Err(ProveError::NothingToAdd)));
    }

    #[test]
    fn private_models_and_proofs_for_contracts_are_refused() {
        let (model, layouts) = (model(), LayoutChoice::default());
        let seed = ModelSeed::new([1; 32]);
        let (private, _) = private_entries(&model, &[1], &[Preset::Balanced], layouts, (&seed, 1), &mut |_, _| ()).unwrap();
        let add = |earlier: &Entries, preset| further_entries(&model, &[earlier], (&[preset], &[1]), layouts, &mut |_, _| ());
        assert!(matches!(add(&private, Preset::Fast), Err(ProveError::Private)));
        let public = entries_for(&model, &[1], &[Preset::Fast], layouts).unwrap();
        assert!(matches!(add(&public, Preset::Starknet), Err(ProveError::ForContracts)));
    }
}
