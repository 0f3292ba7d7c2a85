//! Commits to a model, so that its inferences can be proven.

use std::collections::BTreeSet;

use maat_package::Proving;
use maat_prover::{LayoutChoice, ModelSeed, ProveError, WantedPresets, entries_of_batch, private_entries};
use maat_runtime::Model;
use maat_verifier::{Entries, MAX_ENTRIES, OneTimeTree, Preset};

use super::package::BuildOptions;
use crate::error::{Setting, TranspileError};

/// The presets of a private model's entries. Hiding proofs with `fast` take those of `balanced`. With `onchain` each root would take eight times
/// as long, so there are none.
const PRIVATE_PRESETS: [Preset; 1] = [Preset::Balanced];

/// What is secret of a private model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Private {
    /// What its masks follow from.
    pub seed: ModelSeed,
    /// How many one-time roots it gets, a power of two: as many proofs can be made.
    pub roots: u32,
}

/// Commits to a model for single inferences and for batches of other sizes; gives the trees over the one-time roots of a private model, in the
/// order of the entries. A model that cannot be proven at all is not an error, unless batch sizes, presets or proofs for contracts are requested
/// or its weights are to be secret: that shows the intention to prove.
///
/// # Errors
/// The model cannot be proven in batches of one of the sizes, there are too many of them, or presets or proofs for contracts are requested of a private model.
pub fn commit(
    model: &Model,
    options: &BuildOptions,
    progress: &mut dyn FnMut(&str),
) -> Result<(Proving, Vec<OneTimeTree>), TranspileError> {
    let BuildOptions { batches, layouts, presets, contract_proofs, private, .. } = options;
    if *contract_proofs && private.is_some() {
        let (value, expected) = ("on".to_owned(), "off for a private model, which has no entries for them".to_owned());
        return Err(TranspileError::Option { setting: Setting::ContractProofs, value, expected });
    }
    if presets.is_some() && private.is_some() {
        let (value, expected) = ("given".to_owned(), "left out for a private model, which has entries for hiding proofs alone".to_owned());
        return Err(TranspileError::Option { setting: Setting::Presets, value, expected });
    }
    if presets.as_ref().is_some_and(Vec::is_empty) && !contract_proofs {
        return Err(TranspileError::Option {
            setting: Setting::Presets,
            value: "empty".to_owned(),
            expected: "left out, or name one".to_owned(),
        });
    }
    let for_contracts: &[_] = if *contract_proofs { &[Preset::Starknet] } else { &[] };
    let named = [presets.as_deref().unwrap_or(WantedPresets::BY_DEFAULT.named), for_contracts].concat();
    let named: Vec<Preset> = named.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let if_cheap = if presets.is_some() { &[] } else { WantedPresets::BY_DEFAULT.if_cheap };
    let wanted = WantedPresets { named: &named, if_cheap };
    let others: BTreeSet<u32> = batches.iter().copied().filter(|batch| *batch != 1).collect();
    let limit = MAX_ENTRIES / (named.len() + if_cheap.len());
    if others.len() >= limit {
        let expected = format!("at most {limit}, and 1 is always among them");
        return Err(TranspileError::Option { setting: Setting::Batches, value: (others.len() + 1).to_string(), expected });
    }
    progress("committing to the model");
    let mut all = Vec::new();
    for batch in std::iter::once(1).chain(others) {
        if batch > 1 {
            progress(&format!("committing to the model for batches of {batch}"));
        }
        match of_batch(model, batch, wanted, *layouts, private.as_ref(), progress) {
            Ok(entries) => all.extend(entries),
            Err(reason) if batch == 1 && batches.is_empty() && presets.is_none() && !contract_proofs && private.is_none() => {
                return Ok((Proving::Unprovable { reason: reason.to_string() }, Vec::new()));
            }
            Err(reason) if batch == 1 => return Err(TranspileError::Unprovable { reason: reason.to_string() }),
            Err(source) => return Err(TranspileError::Batch { batch, source }),
        }
    }
    all.sort_by_key(|(entry, _)| (entry.preset, entry.batch));
    let (entries, trees): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let entries = Entries::new(entries).expect("entries of one model, each for another preset or batch size");
    Ok((Proving::Committed { commitment: entries.commitment(), entries }, trees.into_iter().flatten().collect()))
}

/// The entries of a batch size: for the presets if the model is public, and with its trees if it is private.
fn of_batch(
    model: &Model,
    batch: u32,
    presets: WantedPresets<'_>,
    layouts: LayoutChoice,
    private: Option<&Private>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<(maat_verifier::Entry, Option<OneTimeTree>)>, ProveError> {
    let Some(Private { seed, roots }) = private else {
        let entries = entries_of_batch(model, batch, presets, layouts, &mut |presets| {
            let presets: Vec<String> = presets.iter().map(Preset::to_string).collect();
            let of_batch = if batch > 1 { format!(", batches of {batch}") } else { String::new() };
            progress(&format!("committing to the model: presets {}{of_batch}", presets.join(", ")));
        })?;
        return Ok(entries.into_iter().map(|entry| (entry, None)).collect());
    };
    // A line for each tenth of the work.
    let mut told = 0;
    let mut tell = |done: u64, all: u64| {
        if 10 * done / all > told {
            told = 10 * done / all;
            progress(&format!("one-time roots: {done} of {all}"));
        }
    };
    let (entries, trees) = private_entries(model, &[batch], &PRIVATE_PRESETS, layouts, (seed, *roots), &mut tell)?;
    Ok(entries.as_slice().iter().copied().zip(trees.into_iter().map(Some)).collect())
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Max;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Shape};

    use super::*;

    fn model(elements: usize) -> Model {
        let mut builder = ModelBuilder::new("maximum");
        let x = builder.input("x", Shape::new(&[elements]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let y = builder.node("y", Primitive::Max(Max { axis: 0, keep_axis: true }), &[x], 0).unwrap();
        builder.finish(&[("y", y)]).unwrap()
    }

    fn private(roots: u32) -> Option<Private> {
        Some(Private { seed: ModelSeed::new([1; 32]), roots })
    }

    #[test]
    fn a_model_that_cannot_be_proven_is_an_error_where_batches_contracts_or_secrecy_were_asked_for() {
        let model = model(1 << 20);
        let options = |batches: &[u32], private| BuildOptions { batches: batches.to_vec(), private, ..BuildOptions::default() };
        let Ok((Proving::Unprovable { reason }, _)) = commit(&model, &options(&[], None), &mut |_| ()) else { panic!("it has a proof") };
        let contract_proofs = BuildOptions { contract_proofs: true, ..BuildOptions::default() };
        let batches = [&[1][..], &[16], &[1, 2]].map(|batches| options(batches, None));
        for options in batches.into_iter().chain([options(&[], private(1)), contract_proofs]) {
            let error = commit(&model, &options, &mut |_| ()).unwrap_err();
            assert_eq!(error.to_string(), format!("the model cannot be proven: {reason}"));
        }
    }

    #[test]
    fn presets_are_those_that_are_named_or_by_default_those_that_are_cheap() {
        let listed = |presets: Option<&[Preset]>, contract_proofs| {
            let options = BuildOptions { presets: presets.map(<[_]>::to_vec), contract_proofs, ..BuildOptions::default() };
            let mut told = Vec::new();
            let (proving, _) = commit(&model(2), &options, &mut |step| told.push(step.to_owned())).unwrap();
            let Proving::Committed { entries, .. } = proving else { panic!("it has proofs") };
            let presets: Vec<Preset> = entries.as_slice().iter().map(|entry| entry.preset).collect();
            // Presets of one layout are told together.
            let of_layouts = told.iter().filter_map(|step| step.strip_prefix("committing to the model: presets "));
            let mut named: Vec<&str> = of_layouts.flat_map(|names| names.split(", ")).collect();
            named.sort_unstable();
            let mut expected: Vec<String> = presets.iter().map(Preset::to_string).collect();
            expected.sort_unstable();
            assert_eq!(named, expected, "{told:?}");
            presets
        };
        assert_eq!(listed(None, false), Preset::BY_DEFAULT);
        assert_eq!(listed(Some(&[Preset::Onchain, Preset::Onchain]), false), [Preset::Onchain]);
        assert_eq!(listed(Some(&[Preset::Balanced]), true), [Preset::Balanced, Preset::Starknet]);
        let none = BuildOptions { presets: Some(Vec::new()), ..BuildOptions::default() };
        let message = commit(&model(2), &none, &mut |_| ()).unwrap_err().to_string();
        assert_eq!(message, "the list of presets is empty; it must be left out, or name one");
        let private = BuildOptions { presets: Some(vec![Preset::Fast]), private: private(1), ..BuildOptions::default() };
        let message = commit(&model(2), &private, &mut |_| ()).unwrap_err().to_string();
        assert!(message.starts_with("the list of presets is given; it must be left out for a private model"), "{message}");
    }

    #[test]
    fn a_private_model_has_no_proofs_for_contracts_and_more_presets_leave_room_for_fewer_sizes() {
        let refused = |private, batches: std::ops::RangeInclusive<u32>| {
            let options = BuildOptions { contract_proofs: true, private, batches: batches.collect(), ..BuildOptions::default() };
            commit(&model(2), &options, &mut |_| ()).unwrap_err().to_string()
        };
        let expected =
            "the choice of proofs that contracts verify is on; it must be off for a private model, which has no entries for them";
        assert_eq!(refused(private(1), 1..=1), expected);
        assert_eq!(refused(None, 1..=17), "the number of batch sizes is 17; it must be at most 16, and 1 is always among them");
    }

    #[test]
    fn a_private_model_has_entries_for_hiding_proofs_alone_each_with_its_tree() {
        let options = BuildOptions { batches: vec![3], private: private(4), ..BuildOptions::default() };
        let mut told = Vec::new();
        let (proving, trees) = commit(&model(2), &options, &mut |step| told.push(step.to_owned())).unwrap();
        let Proving::Committed { commitment, entries } = proving else { panic!("it has proofs") };
        assert_eq!(entries.commitment(), commitment);
        let listed: Vec<_> = entries.as_slice().iter().map(|entry| (entry.preset, entry.batch, entry.one_time_roots)).collect();
        assert_eq!(listed, [(Preset::Balanced, 1, 4), (Preset::Balanced, 3, 4)]);
        assert!(entries.as_slice().iter().zip(&trees).all(|(entry, tree)| entry.fixed_root == tree.root() && tree.roots().len() == 4));
        assert!(told.iter().any(|step| step == "one-time roots: 2 of 4"), "{told:?}");
        // No two roots are alike, within an entry or across.
        let mut roots = trees.iter().flat_map(OneTimeTree::roots).collect::<Vec<_>>();
        roots.sort();
        roots.dedup();
        assert_eq!(roots.len(), 8);
        let wrong = BuildOptions { private: private(3), ..options };
        assert!(commit(&model(2), &wrong, &mut |_| ()).unwrap_err().to_string().contains("3 one-time roots are not a power of two"));
    }
}
