//! Proofs that hold: the class gives what the verifier in Rust gives.

use maat_prover::{LayoutChoice, ModelSeed, ProvingKey, Visibility, private_entries};
use maat_verifier::Preset;

use super::proofs::{EXAMPLES, HIDING, PLAIN, Proof, ROCKYBOT, dense, of_dense};
use super::verified::Verified;
use super::verify;

use Visibility::{Committed, Hidden, Public};

/// Asserts that the class accepts a proof, and gives its statement.
fn assert_accepted(what: &str, proof: &Proof) {
    let call = verify(&proof.felts).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(Verified::read(&call.output), Verified::of(proof), "{what}");
    println!("{what}: {} rows, {} felts, {} steps, {} L2 gas", proof.header.entry().rows, proof.felts.len(), call.steps, call.gas);
}

/// All combinations of what sides are, but for both public.
fn hiding() -> Vec<(Visibility, Visibility)> {
    let all = [Public, Hidden, Committed];
    let pairs = all.iter().flat_map(|inputs| all.iter().map(move |outputs| (inputs.clone(), outputs.clone())));
    pairs.filter(|pair| *pair != (Public, Public)).collect()
}

#[test]
fn a_plain_proof_is_accepted_with_its_statement() {
    assert_accepted("rockybot", &PLAIN);
}

#[test]
fn proofs_that_hide_are_accepted_with_their_statements() {
    assert_accepted("hidden inputs, committed outputs", &HIDING);
    let some = if cfg!(feature = "slow") { hiding() } else { vec![(Committed, Public)] };
    for (inputs, outputs) in some {
        let what = format!("{inputs:?} inputs, {outputs:?} outputs");
        assert_accepted(&what, &ROCKYBOT.prove(inputs, outputs));
    }
}

/// Three values and a salt of four fill a block with their number, and four values take two blocks. So a sponge's digest is asserted in the
/// row in which that of the side with a block more ends its message, or both are asserted in one row.
#[test]
#[cfg_attr(not(feature = "slow"), ignore = "a private model's proof has both sponges: the feature `slow` runs this")]
fn sponges_may_end_in_the_same_row_or_in_that_of_a_message() {
    for (inputs, outputs) in [(3, 4), (4, 3), (3, 3), (4, 11)] {
        assert_accepted(&format!("{inputs} and {outputs} values"), &of_dense(inputs, outputs).prove(Committed, Committed));
    }
}

#[test]
fn a_private_models_proof_is_accepted_with_its_one_time_root() {
    let (model, seed) = (dense(3, 4), ModelSeed::new([7; 32]));
    let cases: &[_] = if cfg!(feature = "slow") {
        &[(2, 1, Committed, Committed), (4, 2, Public, Public), (4, 3, Committed, Hidden), (1, 0, Hidden, Public)]
    } else {
        &[(2, 1, Committed, Committed)]
    };
    for (roots, index, inputs, outputs) in cases {
        let presets = [Preset::Starknet];
        let (entries, trees) = private_entries(&model, &[1], &presets, LayoutChoice::Cheapest, (&seed, *roots), &mut |_, _| ()).unwrap();
        let key = ProvingKey::one_time(&model, entries, Preset::Starknet, 1, (&seed, trees[0].path(*index))).unwrap();
        let proof = Proof::of(&key.prove(&[vec![[1, -2, 3]]], (inputs.clone(), outputs.clone()), &|_| ()).unwrap().file);
        assert_eq!(proof.statement.one_time, Some((*index, *roots)));
        assert_accepted(&format!("root {index} of {roots}"), &proof);
    }
}

/// Longer traces: more layers of the low-degree test, and numbers of bits of every kind.
#[test]
#[cfg_attr(not(feature = "slow"), ignore = "takes minutes: the feature `slow` runs it")]
fn proofs_of_the_examples_are_accepted_with_their_statements() {
    for (what, proof) in EXAMPLES.iter() {
        assert_accepted(what, proof);
    }
}
