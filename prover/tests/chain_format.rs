//! Proofs as felts for contracts: they come back byte for byte, and whatever else felts are, they are refused with an error, or the file
//! that they give is.
//!
//! A tree over Poseidon takes seconds, so there are few keys.

#[path = "../../verifier/tests/random/mod.rs"]
mod random;

use std::sync::LazyLock;

use maat_prover::{Cache, LayoutChoice, ModelSeed, ProvingKey, Visibility, entries_for, private_entries};
use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::chain_format::{ChainFormatError, decode, encode};
use maat_verifier::{Entries, Entry, Felt252, FileError, Mode, OneTimeError, Preset, VerifyError, verify};
use rayon::prelude::*;
use winter_verifier::math::{FieldElement, StarkField};

use random::Random;

use Visibility::{Committed, Hidden, Public};

/// Mutants of each proof, beside those of each felt.
const MUTANTS: usize = if cfg!(feature = "slow") { 10_000 } else { 200 };
/// Of how many felts one is changed in each way.
const STEP: usize = if cfg!(feature = "slow") { 1 } else { 13 };

// The felts that a statement begins with.
const SHAPE: usize = 1;
const COMMITMENT: usize = 2;
const ROOT: usize = 3;
const AFTER_ROOT: usize = 4;
/// Values of an inference, seven a felt: neither fills its felts.
const INPUTS: usize = 8;
const OUTPUTS: usize = 2;
/// An inference's inputs, with both ends of the range.
const VALUES: [i32; INPUTS] = [-128, 127, 0, -1, 1, 77, -100, 5];
/// Felts of the public inputs and outputs, and of a digest.
const INPUT_FELTS: usize = 2;
const OUTPUT_FELTS: usize = 1;
const DIGEST_FELTS: usize = 2;
/// Felts of four caps.
const CAPS: usize = 4 * 16;
/// Felts of a row of the low-degree test, and of the paths in its two layers: a query ends with the inverse and with both rows and paths.
const ROW: usize = 6;
const PATHS: [usize; 2] = [9, 6];
/// Felts of the layers.
const LAYERS: usize = 2 * ROW + PATHS[0] + PATHS[1];
const QUERIES: usize = 16;

/// One-time roots of the private model.
const ROOTS: u32 = 2;
const HEIGHT: usize = 1;

// PROOFS
// ================================================================================================

/// A proof in both forms.
struct Proof {
    name: &'static str,
    file: Vec<u8>,
    felts: Vec<Felt252>,
    entries: Entries,
}

impl Proof {
    fn new(name: &'static str, file: Vec<u8>, entries: &Entries) -> Self {
        let felts = encode(&file).unwrap();
        Self { name, file, felts, entries: entries.clone() }
    }

    fn decoded(&self, felts: &[Felt252]) -> Result<Vec<u8>, ChainFormatError> {
        decode(felts, &self.entries)
    }

    /// The error for the felts with a change.
    fn refusal(&self, change: impl FnOnce(&mut Vec<Felt252>)) -> ChainFormatError {
        let mut felts = self.felts.clone();
        change(&mut felts);
        assert_ne!(felts, self.felts, "{}", self.name);
        self.decoded(&felts).expect_err(self.name)
    }

    /// The reason for which the felts are refused with a felt changed, and which felt is said to be wrong.
    fn reason(&self, at: usize, felt: Felt252) -> (usize, &'static str) {
        match self.refusal(|felts| felts[at] = felt) {
            ChainFormatError::Felt { position, reason } => (position, reason),
            other => panic!("{}, felt {at}: {other}", self.name),
        }
    }

    /// Whether felts are no other proof: none that is read, or none that holds. Files have each node once, so that a sibling which another
    /// query's path has is not read where it is changed: then the file is this one. A contract refuses it.
    fn is_refused(&self, felts: &[Felt252]) -> bool {
        match self.decoded(felts) {
            Ok(file) => file == self.file || verify(&file, &self.entries.commitment()).is_err(),
            Err(_) => true,
        }
    }
}

fn model() -> Model {
    let mut builder = ModelBuilder::new("dense");
    let x = builder.input("x", Shape::new(&[1, INPUTS]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![1], lo: -128, hi: 127 };
    let weights = (0..INPUTS * OUTPUTS).map(|place| place as i16 * 5 % 11 - 4).collect();
    let affine = Affine { groups: 1, inputs: INPUTS as u32, weights, bias: vec![7; OUTPUTS], requantise };
    let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

/// The first one is plain, and the last one has both sides committed.
static PROOFS: LazyLock<Vec<Proof>> = LazyLock::new(|| {
    let model = model();
    let entries = entries_for(&model, &[1], &[Preset::Starknet], LayoutChoice::Cheapest).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let key = |mode: Mode| ProvingKey::with_cache(&model, entries.clone(), (Preset::Starknet, mode), 1, &cache).unwrap();
    let [plain, hiding] = [Mode::Plain, Mode::Hiding].map(key);
    let kinds = [
        ("plain", &plain, Public, Public),
        ("hidden inputs", &hiding, Hidden, Public),
        ("committed inputs", &hiding, Committed, Public),
        ("committed outputs", &hiding, Public, Committed),
        ("both committed", &hiding, Committed, Committed),
    ];
    let prove = |(name, key, inputs, outputs): (_, &ProvingKey, _, _)| {
        let file = key.prove(&[vec![VALUES]], (inputs, outputs), &|_| ()).unwrap().file;
        Proof::new(name, file.to_bytes(), &entries)
    };
    kinds.into_iter().map(prove).collect()
});

/// A proof of a private model.
static PRIVATE: LazyLock<Proof> = LazyLock::new(|| {
    let (model, seed) = (model(), ModelSeed::new([7; 32]));
    let cheapest = LayoutChoice::Cheapest;
    let (entries, trees) = private_entries(&model, &[1], &[Preset::Starknet], cheapest, (&seed, ROOTS), &mut |_, _| ()).unwrap();
    let key = ProvingKey::one_time(&model, entries.clone(), Preset::Starknet, 1, (&seed, trees[0].path(1))).unwrap();
    let file = key.prove(&[vec![VALUES]], (Public, Public), &|_| ()).unwrap().file;
    Proof::new("private", file.to_bytes(), &entries)
});

fn plain() -> &'static Proof {
    &PROOFS[0]
}

fn all() -> impl Iterator<Item = &'static Proof> {
    PROOFS.iter().chain([&*PRIVATE])
}

fn power(bits: u32) -> Felt252 {
    Felt252::new(2).exp(bits.into())
}

/// The number that the felts after the first one are.
fn with_length(mut felts: Vec<Felt252>) -> Vec<Felt252> {
    felts[0] = Felt252::from(felts.len() as u64 - 1);
    felts
}

// BOTH WAYS
// ================================================================================================

#[test]
fn a_proof_comes_back_byte_for_byte() {
    for proof in all() {
        assert_eq!(proof.decoded(&proof.felts).as_ref(), Ok(&proof.file), "{}", proof.name);
        assert_eq!(proof.felts[0].to_u64(), Some(proof.felts.len() as u64 - 1), "{}", proof.name);
        verify(&proof.file, &proof.entries.commitment()).unwrap();
        println!("{}: {} bytes, {} felts", proof.name, proof.file.len(), proof.felts.len());
    }
}

#[test]
fn only_proofs_for_contracts_that_hold_are_written() {
    let model = model();
    let entries = entries_for(&model, &[1], &[Preset::Fast], LayoutChoice::Cheapest).unwrap();
    let key = ProvingKey::new(&model, entries, (Preset::Fast, Mode::Plain), 1).unwrap();
    let other = key.prove(&[vec![VALUES]], (Public, Public), &|_| ()).unwrap().file.to_bytes();
    assert_eq!(encode(&other), Err(ChainFormatError::Preset { found: Preset::Fast }));
    assert!(matches!(encode(&[]), Err(ChainFormatError::File(_))));
    for proof in all() {
        let length = proof.file.len();
        for at in (0..length).step_by(997).chain([length / 2, length - 1]) {
            let mut changed = proof.file.clone();
            changed[at] ^= 1;
            assert!(encode(&changed).is_err(), "{}, byte {at}", proof.name);
        }
        assert!(encode(&proof.file[..length - 1]).is_err());
        assert!(encode(&[&proof.file[..], &[0]].concat()).is_err());
    }
}

// WHAT IS REFUSED
// ================================================================================================

#[test]
fn the_first_felt_is_the_number_of_the_others() {
    let length = plain().felts[0];
    for wrong in [Felt252::ZERO, length - Felt252::ONE, length + Felt252::ONE, length + power(64), -Felt252::ONE] {
        assert_eq!(plain().reason(0, wrong), (0, "not the number of felts that follow"));
    }
}

#[test]
fn felts_that_end_early_or_go_on_are_refused() {
    assert_eq!(decode(&[], &plain().entries), Err(ChainFormatError::Length { expected: 1, found: 0 }));
    for proof in all() {
        let felts = &proof.felts;
        for end in (1..100).chain((100..felts.len()).step_by(17)).chain([felts.len() - 1]) {
            assert!(proof.decoded(&felts[..end]).is_err(), "{}, {end} felts, the length is kept", proof.name);
            let error = proof.decoded(&with_length(felts[..end].to_vec())).unwrap_err();
            assert_eq!(error, ChainFormatError::Length { expected: end + 1, found: end }, "{}", proof.name);
        }
        for more in [1, 2, 1000] {
            let longer = with_length([&felts[..], &vec![Felt252::ZERO; more]].concat());
            let expected = ChainFormatError::Length { expected: felts.len(), found: felts.len() + more };
            assert_eq!(proof.decoded(&longer), Err(expected), "{}", proof.name);
        }
    }
}

#[test]
fn a_proof_of_another_model_is_refused() {
    let proof = plain();
    let of = |change: &dyn Fn(&mut Entry)| {
        let mut entry = proof.entries.as_slice()[0];
        change(&mut entry);
        Entries::new(vec![entry]).unwrap()
    };
    let others = [of(&|entry| entry.fixed_root[0] ^= 1), of(&|entry| entry.inputs += 1), of(&|entry| entry.batch = 2)];
    for other in others {
        assert_eq!(decode(&proof.felts, &other), Err(ChainFormatError::Commitment));
        // Even if the commitment is put there, the entry is another one.
        let mut renamed = proof.felts.clone();
        let mut bytes = *other.commitment().as_bytes();
        bytes.reverse();
        renamed[COMMITMENT] = Felt252::from_le_bytes(&bytes).unwrap();
        assert!(decode(&renamed, &other).is_err());
    }
    assert_eq!(proof.refusal(|felts| felts[COMMITMENT] += Felt252::ONE), ChainFormatError::Commitment);
    assert_eq!(proof.reason(ROOT, proof.felts[ROOT] + Felt252::ONE), (ROOT, "not the root of the model's entry"));
}

#[test]
fn a_shape_that_is_not_the_entrys_is_refused() {
    let (proof, shape) = (plain(), plain().felts[SHAPE]);
    let entry = proof.entries.as_slice()[0];
    let not_the_entrys = (SHAPE, "not the shape of the model's entry");
    // The logarithm of the rows, the inputs, the outputs, the number of one-time roots, and an index without any.
    for bit in (0..8).chain(56..120).chain(128..192) {
        let bits = u128::from(entry.rows.ilog2()) | u128::from(entry.inputs) << 56 | u128::from(entry.outputs) << 88;
        let is_set = bit < 128 && bits >> bit & 1 == 1;
        let flipped = if is_set { shape - power(bit) } else { shape + power(bit) };
        assert_eq!(proof.reason(SHAPE, flipped), not_the_entrys, "bit {bit}");
    }
    for bit in (120..128).chain(192..251) {
        assert_eq!(proof.reason(SHAPE, shape + power(bit)), (SHAPE, "malformed shape"), "bit {bit}");
    }
    for batch in [0u32, 2, u32::MAX] {
        let shape = shape - power(24) + power(24) * Felt252::from(batch);
        let expected = FileError::NoEntry { preset: Preset::Starknet, batch };
        assert_eq!(proof.refusal(|felts| felts[SHAPE] = shape), ChainFormatError::File(expected));
    }
    for (side, first) in [8, 16].into_iter().enumerate() {
        for visibility in [3u32, 4, 255] {
            let (_, reason) = proof.reason(SHAPE, shape + power(first) * Felt252::from(visibility));
            assert_eq!(reason, "no such visibility", "side {side}");
        }
        for visibility in [1u32, 2] {
            proof.refusal(|felts| felts[SHAPE] += power(first) * Felt252::from(visibility));
        }
    }
}

#[test]
fn a_side_has_as_many_values_as_the_model_takes_or_gives() {
    let proof = plain();
    // Eight inputs leave six places of the second felt, two outputs five of their only one.
    let used = [(AFTER_ROOT, 7), (AFTER_ROOT + 1, 1), (AFTER_ROOT + INPUT_FELTS, 2)];
    for (at, values) in used {
        for bit in (32 * values..251).step_by(16) {
            assert_eq!(proof.reason(at, proof.felts[at] + power(bit)), (at, "more values than there are"), "felt {at}, bit {bit}");
        }
    }
}

#[test]
fn a_digest_is_of_four_reduced_elements() {
    // Both sides are committed.
    let proof = &PROOFS[4];
    let modulus = Felt252::from(maat_verifier::Goldilocks::MODULUS);
    for at in [AFTER_ROOT, AFTER_ROOT + DIGEST_FELTS] {
        let felt = proof.felts[at];
        assert_eq!(proof.reason(at, felt + power(192)), (at, "more than three elements"));
        for not_reduced in [modulus, power(64) - Felt252::ONE, modulus * power(64), modulus * power(128)] {
            assert_eq!(proof.reason(at, not_reduced), (at, "an element is not below the modulus"));
        }
        // Four elements leave two words of the second felt.
        for bits in [64, 128] {
            let at = at + 1;
            assert_eq!(proof.reason(at, proof.felts[at] + power(bits)), (at, "more elements than there are"), "bit {bits}");
        }
    }
}

#[test]
fn what_is_packed_after_the_statement_is_reduced_and_fills_its_felts() {
    let proof = plain();
    let frame = AFTER_ROOT + INPUT_FELTS + OUTPUT_FELTS + CAPS;
    assert_eq!(proof.reason(frame, power(192)), (frame, "more than three elements"));
    assert_eq!(proof.reason(frame, power(64) - Felt252::ONE), (frame, "an element is not below the modulus"));
    // From behind: the last query's layers, before them the inverse.
    let row = proof.felts.len() - LAYERS;
    for last_of_row in [row + ROW - 1, proof.felts.len() - PATHS[1] - 1] {
        for more in [64, 128] {
            let changed = proof.felts[last_of_row] + power(more);
            assert_eq!(proof.reason(last_of_row, changed), (last_of_row, "more elements than there are"));
        }
    }
    for wrong in [Felt252::ZERO, proof.felts[row - 1] + Felt252::ONE, proof.felts[row - 1] + power(64)] {
        assert_eq!(proof.reason(row - 1, wrong), (row - 1, "not the inverse of the point"));
    }
    let queries = queries_of(proof);
    let nonce = queries - 1;
    assert_eq!(proof.reason(nonce, proof.felts[nonce] + power(64)), (nonce, "malformed nonce"));
    assert_eq!(proof.reason(nonce - 1, proof.felts[nonce - 1] + power(128)), (nonce - 1, "more elements than there are"));
}

/// Where the queries begin, all of which are of the same length.
fn queries_of(proof: &Proof) -> usize {
    // Witness, fixed columns, auxiliary columns and quotients of a plain proof; four paths, and what each query ends with.
    let rows = 30 / 3 + 89usize.div_ceil(3) + 46usize.div_ceil(3) + 4usize.div_ceil(3);
    proof.felts.len() - QUERIES * (rows + 4 * 12 + 1 + LAYERS)
}

#[test]
fn a_one_time_root_that_is_not_the_models_is_refused() {
    let proof = &*PRIVATE;
    let shape = proof.felts[SHAPE];
    let elsewhere = |index: u32| ChainFormatError::Verify(VerifyError::OneTime(OneTimeError::Elsewhere { index }));
    let index = |index: u32| shape - power(160) + power(160) * Felt252::from(index);
    assert_eq!(proof.refusal(|felts| felts[SHAPE] = index(0)), elsewhere(0));
    let none = VerifyError::OneTime(OneTimeError::Index { index: ROOTS, count: ROOTS });
    assert_eq!(proof.refusal(|felts| felts[SHAPE] = index(ROOTS)), ChainFormatError::Verify(none));
    for at in [ROOT, AFTER_ROOT, AFTER_ROOT + 1] {
        assert_eq!(proof.refusal(|felts| felts[at] = Felt252::ONE), elsewhere(1), "felt {at}");
    }
    assert_eq!(proof.refusal(|felts| felts.swap(AFTER_ROOT, AFTER_ROOT + 1)), elsewhere(1));
    for at in AFTER_ROOT..AFTER_ROOT + 2 * HEIGHT {
        assert_eq!(proof.reason(at, power(128)), (at, "more than 128 bits"));
    }
}

// MUTANTS
// ================================================================================================

/// Asserts that felts are refused, each by an error: a panic would fail the test.
fn assert_refused(proof: &Proof, what: &str, felts: &[Felt252]) {
    assert!(proof.is_refused(felts), "{}: {what} is accepted", proof.name);
}

#[test]
fn no_felt_can_be_changed() {
    for proof in all() {
        (0..proof.felts.len()).step_by(STEP).collect::<Vec<_>>().into_par_iter().for_each(|at| {
            let changed = |what: &str, change: &dyn Fn(&mut [Felt252])| {
                let mut felts = proof.felts.clone();
                change(&mut felts);
                if felts != proof.felts {
                    assert_refused(proof, &format!("felt {at}, {what}"), &felts);
                }
            };
            changed("one more", &|felts| felts[at] += Felt252::ONE);
            changed("zero", &|felts| felts[at] = Felt252::ZERO);
            changed("swapped with the next one", &|felts| felts.swap(at, (at + 1) % felts.len()));
        });
    }
}

#[test]
fn random_changes_are_refused() {
    let modulus = Felt252::from(maat_verifier::Goldilocks::MODULUS);
    for proof in all() {
        (0..MUTANTS as u64).into_par_iter().for_each(|seed| {
            let mut random = Random(seed);
            let mut below = |end: usize| (random.next() % end as u64) as usize;
            let mut felts = proof.felts.clone();
            for _ in 0..1 + below(3) {
                let (at, other, bits) = (below(felts.len()), below(felts.len()), below(252) as u32);
                match below(7) {
                    0 => felts[at] += power(bits),
                    1 => felts[at] -= power(bits),
                    2 => felts[at] += modulus * power(bits),
                    3 => felts[at] = -felts[at],
                    4 => felts.swap(at, other),
                    5 => felts[at] = felts[other],
                    _ => {
                        felts.remove(at);
                        felts.insert(other.min(felts.len()), Felt252::from(at as u64));
                    }
                }
            }
            if felts != proof.felts {
                assert_refused(proof, &format!("mutant {seed}"), &felts);
            }
        });
    }
}
