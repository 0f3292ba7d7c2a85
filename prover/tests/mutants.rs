//! Mutants of valid proofs: truncated, with bits flipped, bytes set, removed, inserted or swapped. Each is refused with an error, none by a
//! panic, and none with more than 64 MB of memory.
//!
//! The proofs are of every preset: both hash functions, and extensions of degree 2 and 3. 1,200 mutants are tried, 21,000 with the feature
//! `slow`, and all of them differ from their proof. A claim with as many public values as there may be is held to the same limit.

#[path = "../../verifier/tests/memory/mod.rs"]
mod memory;
mod models;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use maat_prover::{ProvingKey, Salt, Visibility, entries};
use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::{Entries, Entry, Header, MAX_VALUES, ModelCommitment, Preset, ProofFile, Values, VerifyError, verify};
use winter_air::proof::Proof;
use winter_verifier::{Deserializable, Serializable, VerifierError};

use memory::{LIMIT, alone, measured};

/// Mutants of all proofs together, as many of each.
const MUTANTS: usize = if cfg!(feature = "slow") { 21_000 } else { 1_200 };

/// Panics of the whole process: the one test that counts memory counts them too.
static PANICS: AtomicUsize = AtomicUsize::new(0);

// PROOFS
// ================================================================================================

/// A valid proof and its parts.
struct Valid {
    name: &'static str,
    bytes: Vec<u8>,
    commitment: ModelCommitment,
    /// The header, and each part of the STARK.
    parts: Vec<(&'static str, Range<usize>)>,
}

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
fn prove(name: &'static str, model: &Model, entries: &Entries, preset: Preset, visible: (Visibility, Visibility)) -> Valid {
    let key = ProvingKey::new(model, entries.clone(), preset, 1).unwrap();
    let values = models::inputs(model, 1, 3);
    let file = key.prove(&values, visible, Some(Salt::new([5; 32])), &|_| ()).unwrap().file;
    let (bytes, commitment) = (file.to_bytes(), entries.commitment());
    verify(&bytes, &commitment).unwrap();
    Valid { name, parts: parts(&file, bytes.len()), bytes, commitment }
}

/// Where each part of a file stands.
fn parts(file: &ProofFile, length: usize) -> Vec<(&'static str, Range<usize>)> {
    let Proof { context, num_unique_queries: _, commitments, trace_queries, constraint_queries, ood_frame, fri_proof, pow_nonce: _ } =
        Proof::read_from_bytes(&file.stark).unwrap();
    let sizes = [
        ("header", length - file.stark.len()),
        ("context", context.to_bytes().len()),
        ("number of positions", 1),
        ("commitments", commitments.to_bytes().len()),
        ("main queries", trace_queries[0].to_bytes().len()),
        ("auxiliary queries", trace_queries[1].to_bytes().len()),
        ("constraint queries", constraint_queries.to_bytes().len()),
        ("frame", ood_frame.to_bytes().len()),
        ("low-degree test", fri_proof.to_bytes().len()),
        ("nonce", 8),
    ];
    let mut start = 0;
    let parts = sizes.map(|(name, size)| {
        start += size;
        (name, start - size..start)
    });
    assert_eq!(start, length);
    parts.to_vec()
}

// MUTANTS
// ================================================================================================

/// A generator of pseudo-random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// A mutant that differs from the proof.
fn mutant(valid: &Valid, part: &Range<usize>, random: &mut Random) -> Vec<u8> {
    loop {
        let bytes = changed(valid, part, random);
        if bytes != valid.bytes {
            return bytes;
        }
    }
}

/// The proof, changed first within a part; often that is all, and sometimes what is written is what stood there.
fn changed(valid: &Valid, part: &Range<usize>, random: &mut Random) -> Vec<u8> {
    let mut bytes = valid.bytes.clone();
    // The ends of a part hold its counts and lengths.
    let near = part.len().min(12);
    let position = match random.below(3) {
        0 => part.start + random.below(near),
        _ => part.start + random.below(part.len()),
    };
    let length = (1 + random.below(40)).min(bytes.len() - position);
    match random.below(10) {
        0..4 => bytes[position] ^= 1 << random.below(8),
        4 => bytes[position] = [0, 1, 127, 128, 255][random.below(5)],
        5 => bytes.truncate(position),
        6 => drop(bytes.drain(position..position + length)),
        7 => drop(bytes.splice(position..position, (0..length).map(|index| index as u8).collect::<Vec<_>>())),
        8 => {
            let other = random.below(bytes.len() - length);
            let copy = bytes[other..other + length].to_vec();
            bytes[position..position + length].copy_from_slice(&copy);
        }
        _ => (0..1 + random.below(8)).for_each(|_| {
            let position = random.below(valid.bytes.len());
            bytes[position] ^= 1 << random.below(8);
        }),
    }
    bytes
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
    std::panic::set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::Relaxed);
    }));
    let mut random = Random(1);
    let mut tried = 0;
    for valid in &proofs {
        for index in 0..MUTANTS / proofs.len() {
            let (part, range) = &valid.parts[index % valid.parts.len()];
            let bytes = mutant(valid, range, &mut random);
            let (verdict, peak) = measured(|| verify(&bytes, &valid.commitment));
            let what = format!("{}, {part}, mutant {index}: {verdict:?}", valid.name);
            assert!(verdict.is_err() && verdict != Err(VerifyError::Panicked), "{what}");
            assert_eq!(PANICS.load(Ordering::Relaxed), 0, "{what}");
            assert!(peak <= LIMIT, "{what}: {peak} bytes");
            tried += 1;
        }
    }
    drop(std::panic::take_hook());
    assert_eq!(tried, MUTANTS);
}

#[test]
fn truncated_and_lengthened_proofs_are_refused() {
    let _alone = alone();
    let model = smallest();
    let entries = entries(&model, &[1]).unwrap();
    let valid = prove("the smallest model", &model, &entries, Preset::Fast, (Visibility::Public, Visibility::Public));
    let header = valid.parts[0].1.end;
    for length in (0..header + 100).chain((header + 100..valid.bytes.len()).step_by(997)).chain([valid.bytes.len() - 1]) {
        assert!(verify(&valid.bytes[..length], &valid.commitment).is_err(), "{length}");
    }
    let longer = [&valid.bytes[..], &[0]].concat();
    assert!(verify(&longer, &valid.commitment).is_err());
}

/// The steps before the check out of the domain depend on no value that a file claims. So the STARK of a valid proof, behind a header that
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
