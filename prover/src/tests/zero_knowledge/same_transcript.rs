//! Two witnesses, one transcript.

use maat_verifier::{Goldilocks, Preset, SplitHasher, TreeHasher, Values};
use winterfell::crypto::RandomCoin;
use winterfell::math::FieldElement;

use super::super::models;
use super::reconcile::{Production, Reconciler, Removed};
use super::replay::{Setting, roots};
use super::{AdjacentCoin, Blake3, Coin, Cubic, Quadratic, classifier, inputs_of_one_class, opening_of};

/// Proves that an inference has the given outputs, or hidden ones, and then the same with other inputs and randomness that fits. All that is
/// opened must be the same.
fn assert_same_transcript<H, E, C>(mut setting: Setting<H>, inputs: [&[i32]; 2], seed: u64)
where
    H: TreeHasher + Send + Sync,
    E: FieldElement<BaseField = Goldilocks>,
    C: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<H>>,
{
    setting.seed(seed);
    let witnesses = inputs.map(|inputs| setting.witness(inputs));
    assert_ne!(witnesses[0], witnesses[1]);
    let reconciler = Reconciler::<H, E>::new::<C>(&setting);
    let run = setting.prove::<Production, E, C>(&witnesses[0], &setting.randomness(1));
    let other = reconciler.reconcile::<Production, C>(&run, &witnesses[1], Removed::Nothing, 2).unwrap();

    // The coin's challenges are the reconciler's, or nothing below would hold. Both proofs are right.
    assert!([&run, &other].iter().all(|run| setting.accepts::<Production, C>(&run.proof)));
    // Yet no column that is not fixed is the same in both.
    assert!(run.main.iter().zip(&other.main).all(|(one, other)| one != other));
    assert!(run.auxiliary.iter().zip(&other.auxiliary).all(|(one, other)| one != other));
    assert!(run.quotients.iter().zip(&other.quotients).all(|(one, other)| one != other));

    let (one, two) = (setting.opened::<E>(&run.proof), setting.opened::<E>(&other.proof));
    assert_eq!(one.main, two.main);
    assert_eq!(one.auxiliary, two.auxiliary);
    assert_eq!(one.quotients, two.quotients);
    assert_eq!(one.trace_frame, two.trace_frame);
    assert_eq!(one.quotient_frame, two.quotient_frame);
    assert_eq!(one.layers, two.layers);
    assert_eq!(one.remainder, two.remainder);
    assert_eq!(one.main.len(), reconciler.points.queries);
    // The rest of a proof. The low-degree test is about one polynomial, so its trees are the same, and their paths.
    let (one, two) = (run.proof, other.proof);
    assert_eq!(one.context, two.context);
    assert_eq!((one.pow_nonce, one.num_unique_queries), (two.pow_nonce, two.num_unique_queries));
    assert_eq!(one.fri_proof, two.fri_proof);
    assert_eq!(one.to_bytes().len(), two.to_bytes().len());
    // All roots but those differ.
    let air = setting.air();
    let ([main, auxiliary], quotients, layers) = in_segments(roots::<H, _>(&one, &air));
    let ([other_main, other_auxiliary], other_quotients, other_layers) = in_segments(roots::<H, _>(&two, &air));
    assert_eq!(layers, other_layers);
    assert_eq!(main.parts()[0], other_main.parts()[0]);
    assert!(main.parts()[1] != other_main.parts()[1] && auxiliary != other_auxiliary && quotients != other_quotients);
}

fn in_segments<D: std::fmt::Debug>((segments, quotients, layers): (Vec<D>, D, Vec<D>)) -> ([D; 2], D, Vec<D>) {
    (segments.try_into().unwrap(), quotients, layers)
}

/// Two inputs of a class: the statement names the class.
fn assert_same_class<H, E, C>(preset: Preset, seed: u64)
where
    H: TreeHasher + Send + Sync,
    E: FieldElement<BaseField = Goldilocks>,
    C: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<H>>,
{
    let (inputs, class) = inputs_of_one_class();
    let setting = Setting::new(&classifier(), preset, Values::Public(class));
    assert_same_transcript::<H, E, C>(setting, inputs.each_ref().map(Vec::as_slice), seed);
}

#[test]
fn two_inputs_of_a_class_have_one_transcript() {
    assert_same_class::<Blake3, Quadratic, Coin>(Preset::Fast, 1);
}

/// Where the row after a queried one is queried too, the quotient follows from what is opened of the columns, as it does at `z`.
#[test]
fn two_inputs_of_a_class_have_one_transcript_with_adjacent_queries() {
    assert_same_class::<Blake3, Quadratic, AdjacentCoin>(Preset::Fast, 2);
}

#[test]
fn two_inputs_of_a_class_have_one_transcript_over_the_cubic_extension() {
    assert_same_class::<Blake3, Cubic, Coin>(Preset::Balanced, 3);
}

#[test]
#[cfg_attr(not(feature = "slow"), ignore = "a domain of 2^16 points; run with the feature slow")]
fn two_inputs_of_a_class_have_one_transcript_on_the_chain() {
    type Blake2s = maat_verifier::Blake2s256;
    assert_same_class::<Blake2s, Quadratic, super::coin::FixedCoin<Blake2s, super::coin::Apart>>(Preset::Onchain, 4);
}

/// Every primitive, with hidden outputs: any two inputs have one transcript.
#[test]
fn any_two_inputs_have_one_transcript_if_outputs_are_hidden() {
    let model = models::every_primitive();
    let inputs = [5, 6].map(|seed| models::inputs(&model, 2, seed)[1].concat());
    let setting = Setting::new(&model, Preset::Fast, Values::Hidden);
    assert_same_transcript::<Blake3, Quadratic, Coin>(setting, inputs.each_ref().map(Vec::as_slice), 5);
}

/// A digest of the outputs, which the columns of a sponge compute. (Nobody finds two different sides with one digest.)
#[test]
fn two_inputs_of_a_class_have_one_transcript_if_its_digest_is_named() {
    let (inputs, class) = inputs_of_one_class();
    let mut setting = Setting::with_committed_outputs(&classifier(), Preset::Fast, opening_of(&class));
    setting.fills_free_cells = true;
    assert_same_transcript::<Blake3, Quadratic, Coin>(setting, inputs.each_ref().map(Vec::as_slice), 6);
}
