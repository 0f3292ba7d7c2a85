//! What users do with proofs that hide: digests that are opened and chained, and models that stay secret.

mod models;

use maat_prover::{LayoutChoice, ModelSeed, ProveError, ProvingKey, Visibility, entries_for, private_entries, random_salt};
use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::Layout;
use maat_verifier::{
    Entries, FileError, Header, Mode, OneTimeError, OneTimeTree, OpeningError, Preset, ProofFile, SideOpening, Values, VerifyError, verify,
};
use winter_verifier::VerifierError;

const FALSE: VerifyError = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);

/// A dense layer with a weight for each input and output.
fn dense(inputs: usize, outputs: usize, weight: i16) -> Model {
    let mut builder = ModelBuilder::new("dense");
    let x = builder.input("x", Shape::new(&[1, inputs]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let weights = (0..inputs * outputs).map(|position| weight + position as i16 % 7).collect();
    let requantise = Requantise { shift: vec![4], lo: -128, hi: 127 };
    let affine = Affine { groups: 1, inputs: inputs as u32, weights, bias: vec![5; outputs], requantise };
    let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

fn hiding_key<'m>(model: &'m Model, entries: &Entries) -> ProvingKey<'m> {
    ProvingKey::new(model, entries.clone(), (Preset::Fast, Mode::Hiding), 1).unwrap()
}

fn balanced(model: &Model) -> Entries {
    entries_for(model, &[1], &[Preset::Balanced], LayoutChoice::Only(Layout::base())).unwrap()
}

// DIGESTS
// ================================================================================================

#[test]
fn the_outputs_of_one_model_are_the_inputs_of_the_next_by_their_digest() {
    let (first, second) = (dense(4, 3, 2), dense(3, 2, -5));
    let [of_first, of_second] = [&first, &second].map(balanced);
    let proved =
        hiding_key(&first, &of_first).prove(&[vec![[1, -2, 3, 100]]], (Visibility::Hidden, Visibility::Committed), &|_| ()).unwrap();
    let between = proved.opening.unwrap().outputs.unwrap();
    let inputs = vec![between.values[0].clone()];
    let sides = (Visibility::Opened(between.clone()), Visibility::Public);
    let next = hiding_key(&second, &of_second).prove(std::slice::from_ref(&inputs), sides, &|_| ()).unwrap();

    let statements = [verify(&proved.file.to_bytes(), &of_first.commitment()), verify(&next.file.to_bytes(), &of_second.commitment())];
    let [one, two] = statements.map(Result::unwrap);
    assert_eq!((&one.outputs, &one.inputs), (&two.inputs, &Values::Hidden));
    assert_eq!(one.outputs, Values::Committed(between.digest()));
    // The second proof opens the same values.
    next.opening.unwrap().check(&two, &of_second).unwrap();

    // The salt is for these values only: with others, it would tell whether they differ.
    let others = vec![inputs[0].iter().map(|value| value + 1).collect::<Vec<_>>()];
    let sides = (Visibility::Opened(between), Visibility::Public);
    let error = hiding_key(&second, &of_second).prove(&[others], sides, &|_| ()).unwrap_err();
    assert!(matches!(error, ProveError::Opened { side: "inputs" }), "{error}");
}

#[test]
fn a_digest_is_of_the_values_that_the_model_takes_and_gives() {
    let model = models::every_primitive();
    let entries = balanced(&model);
    let values = models::inputs(&model, 1, 3);
    let proved = hiding_key(&model, &entries).prove(&values, (Visibility::Committed, Visibility::Committed), &|_| ()).unwrap();
    let statement = verify(&proved.file.to_bytes(), &entries.commitment()).unwrap();
    let opening = proved.opening.unwrap();
    opening.check(&statement, &entries).unwrap();
    assert_eq!(opening.inputs.as_ref().unwrap().values, vec![values[0].concat()]);
    assert_eq!(opening.outputs.as_ref().unwrap().values, vec![proved.outputs[0].concat()]);

    let mut swapped = opening.clone();
    std::mem::swap(&mut swapped.inputs, &mut swapped.outputs);
    assert!(matches!(swapped.check(&statement, &entries), Err(OpeningError::Values { side: "inputs", .. })));
    let mut salted = opening.clone();
    salted.outputs.as_mut().unwrap().salt = random_salt().unwrap();
    assert!(matches!(salted.check(&statement, &entries), Err(OpeningError::Digest { side: "outputs", .. })));

    // The proof is for its digests: none that somebody else makes up, no side for the other one, none that is only hidden.
    let [inputs, outputs] = [proved.file.header.inputs(), proved.file.header.outputs()].map(Clone::clone);
    let claim = |inputs: &Values, outputs: &Values| {
        let header = Header::new(entries.clone(), (Preset::Fast, 1), inputs.clone(), outputs.clone(), None).unwrap();
        verify(&ProofFile { header, ..proved.file.clone() }.to_bytes(), &entries.commitment())
    };
    claim(&inputs, &outputs).unwrap();
    let other = SideOpening { salt: random_salt().unwrap(), values: vec![values[0].concat()] };
    for (inputs, outputs) in
        [(Values::Committed(other.digest()), outputs.clone()), (outputs.clone(), inputs.clone()), (inputs.clone(), inputs.clone())]
    {
        assert_eq!(claim(&inputs, &outputs), Err(FALSE));
    }
    for (inputs, outputs) in [(Values::Hidden, outputs), (inputs, Values::Hidden), (Values::Hidden, Values::Hidden)] {
        assert!(matches!(claim(&inputs, &outputs), Err(VerifyError::TraceWidth { .. } | VerifyError::Length { .. })));
    }
}

// PRIVATE MODELS
// ================================================================================================

const ROOTS: u32 = 4;

fn private(model: &Model, seed: &ModelSeed) -> (Entries, OneTimeTree) {
    let layout = LayoutChoice::Cheapest;
    let (entries, mut trees) = private_entries(model, &[1], &[Preset::Balanced], layout, (seed, ROOTS), &mut |_, _| ()).unwrap();
    (entries, trees.remove(0))
}

const PUBLIC: (Visibility, Visibility) = (Visibility::Public, Visibility::Public);

#[test]
fn a_private_model_is_proven_with_one_time_roots() {
    let (model, seed) = (dense(3, 2, 9), ModelSeed::new([7; 32]));
    let (entries, tree) = private(&model, &seed);
    let commitment = entries.commitment();
    let public = balanced(&model);
    assert_ne!(commitment, public.commitment());
    let inputs = [vec![[1, 2, 3]]];
    let mut lengths = Vec::new();
    for (index, preset, sides) in [
        (0, Preset::Fast, PUBLIC),
        (3, Preset::Fast, (Visibility::Hidden, Visibility::Public)),
        (1, Preset::Balanced, (Visibility::Committed, Visibility::Hidden)),
    ] {
        let key = ProvingKey::one_time(&model, entries.clone(), preset, 1, (&seed, tree.path(index))).unwrap();
        let proved = key.prove(&inputs, sides.clone(), &|_| ()).unwrap();
        let statement = verify(&proved.file.to_bytes(), &commitment).unwrap();
        assert_eq!((statement.mode, statement.one_time), (Mode::Hiding, Some((index, ROOTS))));
        lengths.push(proved.file.to_bytes().len() - proved.file.stark.len());
        // A key is for one proof.
        assert!(matches!(key.prove(&inputs, sides, &|_| ()), Err(ProveError::Spent)));
    }
    // What the header has more than that of a public model's: index, root and path.
    let key = hiding_key(&model, &public);
    let plain = key.prove(&inputs, (Visibility::Hidden, Visibility::Public), &|_| ()).unwrap().file;
    let more = lengths[1] - (plain.to_bytes().len() - plain.stark.len());
    assert_eq!(more, 36 + 32 * ROOTS.ilog2() as usize);
    // With the most roots that there can be, it is little more.
    assert!(36 + 32 * maat_verifier::MAX_ONE_TIME_ROOTS.ilog2() <= 560);
}

#[test]
fn a_root_that_is_not_the_models_is_refused() {
    let (model, seed) = (dense(3, 2, 9), ModelSeed::new([7; 32]));
    let (entries, tree) = private(&model, &seed);
    let (_, other) = private(&dense(3, 2, 8), &seed);
    let (other_seed, other_model) = (ModelSeed::new([8; 32]), dense(3, 2, 8));
    let key = |model, seed, root| ProvingKey::one_time(model, entries.clone(), Preset::Fast, 1, (seed, root)).map(|_| ());
    assert!(matches!(key(&model, &seed, other.path(0)), Err(ProveError::OneTime(OneTimeError::Elsewhere { index: 0 }))));
    assert!(matches!(key(&model, &other_seed, tree.path(0)), Err(ProveError::OtherModel { .. })));
    assert!(matches!(key(&other_model, &seed, tree.path(0)), Err(ProveError::OtherModel { .. })));
    // Without a root there is no key for a private model, and with one none for a public model.
    let plain = ProvingKey::new(&model, entries.clone(), (Preset::Fast, Mode::Hiding), 1).map(|_| ());
    assert!(matches!(plain, Err(ProveError::Private)));
    let public = ProvingKey::one_time(&model, balanced(&model), Preset::Fast, 1, (&seed, tree.path(0))).map(|_| ());
    assert!(matches!(public, Err(ProveError::Private)));

    let proved = ProvingKey::one_time(&model, entries.clone(), Preset::Fast, 1, (&seed, tree.path(2))).unwrap();
    let file = proved.prove(&[vec![[1, 2, 3]]], PUBLIC, &|_| ()).unwrap().file;
    let claim = |one_time| {
        let (inputs, outputs) = (file.header.inputs().clone(), file.header.outputs().clone());
        let header = Header::new(entries.clone(), (Preset::Fast, 1), inputs, outputs, one_time)?;
        verify(&ProofFile { header, ..file.clone() }.to_bytes(), &entries.commitment())
    };
    claim(Some(tree.path(2))).unwrap();
    assert_eq!(claim(None), Err(VerifyError::File(FileError::OneTime)));
    // Another root of the model has other columns; another index leads elsewhere; so does another tree.
    assert!(matches!(claim(Some(tree.path(1))), Err(VerifyError::FixedRoot { .. })));
    let renamed = maat_verifier::OneTimeRoot { index: 1, ..tree.path(2) };
    assert_eq!(claim(Some(renamed)), Err(VerifyError::OneTime(OneTimeError::Elsewhere { index: 1 })));
    assert_eq!(claim(Some(other.path(2))), Err(VerifyError::OneTime(OneTimeError::Elsewhere { index: 2 })));
}

#[test]
fn no_plain_proof_of_a_private_model_can_be_asked_for() {
    let (model, seed) = (dense(3, 2, 9), ModelSeed::new([7; 32]));
    let presets =
        |presets: &[Preset]| private_entries(&model, &[1], presets, LayoutChoice::Cheapest, (&seed, 1), &mut |_, _| ()).map(|_| ());
    assert!(matches!(presets(&[Preset::Fast]), Err(ProveError::PrivatePreset)));
    assert!(matches!(presets(&[Preset::Balanced, Preset::Fast]), Err(ProveError::PrivatePreset)));
    presets(&[Preset::Balanced]).unwrap();
}

#[test]
fn one_inference_opens_no_column_of_two_roots_alike() {
    // The same weights under two roots: at no position of the domain do the leaves agree.
    let (model, seed) = (dense(3, 2, 9), ModelSeed::new([7; 32]));
    let (entries, tree) = private(&model, &seed);
    let prove = |index| {
        let key = ProvingKey::one_time(&model, entries.clone(), Preset::Fast, 1, (&seed, tree.path(index))).unwrap();
        key.prove(&[vec![[1, 2, 3]]], PUBLIC, &|_| ()).unwrap().file.stark
    };
    let (one, two) = (prove(0), prove(1));
    // Eight bytes of an element that both proofs have would be found here, wherever they stand.
    let words = |stark: &[u8]| stark.windows(8).map(|word| <[u8; 8]>::try_from(word).unwrap()).collect::<std::collections::HashSet<_>>();
    // The context and the counts in front are alike; elements are not zero and do not begin as those do.
    let of_one = words(&one[40..]);
    let common: Vec<_> = words(&two[40..]).into_iter().filter(|word| of_one.contains(word) && !word.contains(&0)).collect();
    assert!(common.is_empty(), "{common:?}");
}
