//! Mutants of valid proofs: truncated, with bits flipped, bytes set, removed, inserted or swapped. Each is refused with an error, none by a
//! panic, and none with more than 64 MB of memory.
//!
//! The proofs are of every preset: both hash functions, and extensions of degree 2 and 3. 1,200 mutants are tried, 21,000 with the feature
//! `slow`, and all of them differ from their proof. A claim with as many public values as there may be is held to the same limit.

#[path = "../../verifier/tests/memory/mod.rs"]
mod memory;
mod models;
mod mutation;
#[path = "../../verifier/tests/random/mod.rs"]
mod random;

use maat_prover::{ProvingKey, Visibility, entries};
use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::{Entries, Entry, Header, MAX_VALUES, ModelCommitment, Preset, ProofFile, Salt, Values, VerifyError, verify};
use winter_verifier::VerifierError;

use memory::{LIMIT, alone, measured};
use mutation::{Valid, refuse_other_lengths, try_mutants};

/// Mutants of all proofs together, as many of each.
const MUTANTS: usize = if cfg!(feature = "slow") { 21_000 } else { 1_200 };

/// The smallest model there is.
fn smallest() -> Model {
    let mut builder = ModelBuilder::new("smallest");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![1], lo: -128, hi: 127 };
    let affine = Affine { groups: 1, inputs: 2, weights: vec![3, -1], bias: vec![7], requantise };
    let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

/// A proof whose inputs and outputs have these visibilities.
fn prove(
    name: &'static str,
    model: &Model,
    entries: &Entries,
    preset: Preset,
    visible: (Visibility, Visibility),
) -> Valid<ModelCommitment> {
    let key = ProvingKey::new(model, entries.clone(), preset, 1).unwrap();
    let values = models::inputs(model, 1, 3);
    let file = key.prove(&values, visible, Some(Salt::new([5; 32])), &|_| ()).unwrap().file;
    let (bytes, commitment) = (file.to_bytes(), entries.commitment());
    verify(&bytes, &commitment).unwrap();
    let header = bytes.len() - file.stark.len();
    Valid::new(name, bytes, commitment, &[("header", header)])
}

#[test]
fn every_mutant_of_a_proof_is_refused_without_a_panic_and_in_little_memory() {
    let _alone = alone();
    let (small, large) = (smallest(), models::every_primitive());
    let entries = [&small, &large].map(|model| entries(model, &[1]).unwrap());
    let (public, committed) = (Visibility::Public, Visibility::Committed);
    let proofs = [
        prove("the smallest model", &small, &entries[0], Preset::Fast, (public, public)),
        prove("the smallest model, with outputs that are committed to", &small, &entries[0], Preset::Balanced, (public, committed)),
        prove("every primitive, with inputs that are committed to", &large, &entries[1], Preset::Onchain, (committed, public)),
    ];
    try_mutants(&proofs, MUTANTS, verify, |_, _, _| false);
}

#[test]
fn truncated_and_lengthened_proofs_are_refused() {
    let _alone = alone();
    let model = smallest();
    let entries = entries(&model, &[1]).unwrap();
    let valid = prove("the smallest model", &model, &entries, Preset::Fast, (Visibility::Public, Visibility::Public));
    refuse_other_lengths(&valid, verify);
}

/// The steps before the check out of the domain depend on no value that a file claims. So the STARK of a valid proof, after a header that
/// claims as many values as there may be, takes the verifier through its sum over all of them: only then is that check made, and fails.
#[test]
fn the_sum_over_the_most_public_values_is_taken_in_little_memory() {
    let _alone = alone();
    let model = smallest();
    let entries = entries(&model, &[1]).unwrap();
    let most = u32::try_from(MAX_VALUES / 2).unwrap();
    let values = || Values::Public(vec![i32::MIN; most as usize]);
    for preset in Preset::ALL {
        let valid = prove("the smallest model", &model, &entries, preset, (Visibility::Public, Visibility::Public));
        let file = ProofFile::from_bytes(&valid.bytes).unwrap();
        let entries = Entries::new(vec![Entry { inputs: most, outputs: most, ..*file.header.entry() }]).unwrap();
        let header = Header::new(entries.clone(), (preset, 1), values(), values(), None).unwrap();
        let bytes = ProofFile { header, ..file }.to_bytes();
        let (verdict, peak) = measured(|| verify(&bytes, &entries.commitment()));
        assert_eq!(verdict, Err(VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations)), "{preset}");
        assert!(peak <= LIMIT, "{preset}: {peak} bytes");
    }
}
