//! Mutants of valid proofs: truncated, with bits flipped, bytes set, removed, inserted or swapped. Each is refused with an error, none by a
//! panic, and none with more than 64 MB of memory.
//!
//! The proofs are of every preset and layout in both modes: all hash functions, extensions of degree 2 and 3. 200 mutants of each are tried,
//! 3,000 with the feature `slow`, and all of them differ from their proof. A claim with as many public values as there may be is held to the
//! same limit.

#[path = "../../verifier/tests/memory/mod.rs"]
mod memory;
mod models;
mod mutation;
#[path = "../../verifier/tests/random/mod.rs"]
mod random;

use std::sync::LazyLock;

use maat_prover::{LayoutChoice, ProvingKey, Visibility, entries_for};
use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::{LAYOUTS, Layout};
use maat_verifier::{Entries, Entry, Header, MAX_VALUES, Mode, ModelCommitment, Preset, ProofFile, Values, VerifyError, verify};
use winter_verifier::VerifierError;

use memory::{LIMIT, alone, measured};
use mutation::{Valid, refuse_other_lengths, try_mutants};

/// Mutants of each proof.
const MUTANTS: usize = if cfg!(feature = "slow") { 3_000 } else { 200 };

/// The smallest model there is.
fn smallest() -> Model {
    let mut builder = ModelBuilder::new("smallest");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![1], lo: -128, hi: 127 };
    let affine = Affine { groups: 1, inputs: 2, weights: vec![3, -1], bias: vec![7], requantise };
    let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

/// A model's entries in a layout. That for contracts that verify is alone, as its tree takes long.
fn entries(model: &Model, layout: &'static Layout, preset: Preset) -> Entries {
    let presets: &[_] = if preset == Preset::Starknet { &[preset] } else { &Preset::BY_DEFAULT };
    entries_for(model, &[1], presets, LayoutChoice::Only(layout)).unwrap()
}

/// A proof whose inputs and outputs have these visibilities.
fn prove(name: &str, model: &Model, layout: &'static Layout, preset: Preset, visible: (Visibility, Visibility)) -> Valid<ModelCommitment> {
    let entries = entries(model, layout, preset);
    let public = [&visible.0, &visible.1].into_iter().all(|side| *side == Visibility::Public);
    let mode = if public { Mode::Plain } else { Mode::Hiding };
    let key = ProvingKey::new(model, entries.clone(), (preset, mode), 1).unwrap();
    let values = models::inputs(model, 1, 3);
    let file = key.prove(&values, visible, &|_| ()).unwrap().file;
    let (bytes, commitment) = (file.to_bytes(), entries.commitment());
    verify(&bytes, &commitment).unwrap();
    let header = bytes.len() - file.stark.len();
    Valid::new(format!("{name}, {}", layout.name), bytes, commitment, &[("header", header)])
}

/// A proof whose trees take seconds: tests share it.
static FOR_CONTRACTS: LazyLock<Valid<ModelCommitment>> = LazyLock::new(|| {
    let plain = (Visibility::Public, Visibility::Public);
    prove("the smallest model, for contracts that verify", &smallest(), Layout::base(), Preset::Starknet, plain)
});

#[test]
fn every_mutant_of_a_proof_is_refused_without_a_panic_and_in_little_memory() {
    let _alone = alone();
    let (small, large) = (smallest(), models::every_primitive());
    let base = Layout::base();
    let (public, hidden) = (Visibility::Public, Visibility::Hidden);
    let plain = || (public.clone(), public.clone());
    let mut proofs = vec![
        prove("the smallest model", &small, base, Preset::Fast, plain()),
        prove("the smallest model, hidden inputs", &small, base, Preset::Fast, (hidden.clone(), public.clone())),
        prove("every primitive, hidden inputs, for the chain", &large, base, Preset::Onchain, (hidden.clone(), public.clone())),
        FOR_CONTRACTS.clone(),
    ];
    for layout in LAYOUTS.iter().filter(|layout| *layout != base) {
        proofs.push(prove("every primitive", &large, layout, Preset::Balanced, plain()));
        if layout.can_hide() {
            proofs.extend([
                prove("the smallest model, hidden outputs", &small, layout, Preset::Balanced, (public.clone(), hidden.clone())),
                prove("every primitive, all hidden", &large, layout, Preset::Fast, (hidden.clone(), hidden.clone())),
            ]);
        }
    }
    try_mutants(&proofs, MUTANTS * proofs.len(), verify, |_, _, _| false);
}

#[test]
fn truncated_and_lengthened_proofs_are_refused() {
    let _alone = alone();
    let (public, hidden) = (Visibility::Public, Visibility::Hidden);
    let hiding = LAYOUTS.iter().filter(|layout| layout.can_hide()).map(|layout| (layout, &hidden));
    for (layout, inputs) in [(Layout::base(), &public)].into_iter().chain(hiding) {
        let valid = prove("the smallest model", &smallest(), layout, Preset::Fast, (inputs.clone(), public.clone()));
        refuse_other_lengths(&valid, verify);
    }
}

/// The steps before the check out of the domain depend on no value that a file claims. So the STARK of a valid proof, after a header that
/// claims as many values as there may be, takes the verifier through its sum over all of them: only then is that check made, and fails.
#[test]
fn the_sum_over_the_most_public_values_is_taken_in_little_memory() {
    let _alone = alone();
    let model = smallest();
    let most = u32::try_from(MAX_VALUES / 2).unwrap();
    let values = || Values::Public(vec![i32::MIN; most as usize]);
    let (public, hidden) = (Visibility::Public, Visibility::Hidden);
    let cases = Preset::BY_DEFAULT.into_iter().flat_map(|preset| [&public, &hidden].map(|inputs| (preset, inputs)));
    for (preset, inputs) in cases.chain([(Preset::Starknet, &public)]) {
        let layout = &LAYOUTS[usize::from(preset == Preset::Balanced)];
        let valid = match preset {
            Preset::Starknet => FOR_CONTRACTS.clone(),
            _ => prove("the smallest model", &model, layout, preset, (inputs.clone(), public.clone())),
        };
        let file = ProofFile::from_bytes(&valid.bytes).unwrap();
        let entries = Entries::new(vec![Entry { inputs: most, outputs: most, ..*file.header.entry() }]).unwrap();
        let inputs = if *inputs == public { values() } else { Values::Hidden };
        let header = Header::new(entries.clone(), (preset, 1), inputs, values(), None).unwrap();
        let bytes = ProofFile { header, ..file }.to_bytes();
        let (verdict, peak) = measured(|| verify(&bytes, &entries.commitment()));
        assert_eq!(verdict, Err(VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations)), "{preset}");
        assert!(peak <= LIMIT, "{preset}: {peak} bytes");
    }
}
