//! Mutants of valid proofs, and what their verification must do. The tests of both kinds of proof share this.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use maat_verifier::VerifyError;
use winter_air::proof::Proof;
use winter_verifier::{Deserializable, Serializable};

use super::memory::{LIMIT, measured};
use super::random::Random;

/// Panics of the whole process: the one test that counts memory counts them too.
static PANICS: AtomicUsize = AtomicUsize::new(0);

// PROOFS
// ================================================================================================

/// A valid proof.
#[derive(Clone)]
pub struct Valid<K> {
    pub name: String,
    pub bytes: Vec<u8>,
    /// What the verifier knows beforehand.
    pub known: K,
    /// The parts of the header, and each part of the STARK.
    parts: Vec<(&'static str, Range<usize>)>,
}

impl<K> Valid<K> {
    /// A file whose header has parts of these lengths; the STARK follows it.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>, known: K, header: &[(&'static str, usize)]) -> Self {
        let stark = &bytes[header.iter().map(|(_, size)| size).sum()..];
        let Proof { context, num_unique_queries: _, commitments, trace_queries, constraint_queries, ood_frame, fri_proof, pow_nonce: _ } =
            Proof::read_from_bytes(stark).unwrap();
        let stark = [
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
        let part = |(name, size): &(&'static str, usize)| {
            start += size;
            (*name, start - size..start)
        };
        let parts = header.iter().chain(&stark).map(part).collect();
        assert_eq!(start, bytes.len());
        Self { name: name.into(), bytes, known, parts }
    }

    /// The bytes of the header.
    pub fn header(&self) -> usize {
        self.parts.iter().find(|(name, _)| *name == "context").expect("every STARK has a context").1.start
    }
}

// MUTANTS
// ================================================================================================

/// A number below `end`.
fn below(random: &mut Random, end: usize) -> usize {
    (random.next() % end as u64) as usize
}

/// A mutant that differs from the proof.
fn mutant(proof: &[u8], part: &Range<usize>, random: &mut Random) -> Vec<u8> {
    loop {
        let bytes = changed(proof, part, random);
        if bytes != proof {
            return bytes;
        }
    }
}

/// The proof, changed first within a part; often that is all, and sometimes the same bytes are written again.
fn changed(proof: &[u8], part: &Range<usize>, random: &mut Random) -> Vec<u8> {
    let mut bytes = proof.to_vec();
    // The ends of a part hold its counts and lengths.
    let near = part.len().min(12);
    let position = match below(random, 3) {
        0 => part.start + below(random, near),
        _ => part.start + below(random, part.len()),
    };
    let length = (1 + below(random, 40)).min(bytes.len() - position);
    match below(random, 11) {
        0..4 => bytes[position] ^= 1 << below(random, 8),
        4 => bytes[position] = [0, 1, 127, 128, 255][below(random, 5)],
        5 => bytes.truncate(position),
        6 => drop(bytes.drain(position..position + length)),
        7 => drop(bytes.splice(position..position, (0..length).map(|index| index as u8).collect::<Vec<_>>())),
        8 => {
            let other = below(random, bytes.len() - length);
            let copy = bytes[other..other + length].to_vec();
            bytes[position..position + length].copy_from_slice(&copy);
        }
        // Two fields that follow one another change places.
        9 => {
            let length = [1, 2, 4, 8, 32][below(random, 5)].min((bytes.len() - position) / 2);
            bytes[position..position + 2 * length].rotate_left(length);
        }
        _ => (0..1 + below(random, 8)).for_each(|_| {
            let position = below(random, proof.len());
            bytes[position] ^= 1 << below(random, 8);
        }),
    }
    bytes
}

/// Tries mutants of all proofs, as many of each: each is refused with an error, or it is one that `may_hold`. None panics, and none takes more
/// memory than the limit. Gives the number of those that hold.
pub fn try_mutants<K, T: Debug>(
    proofs: &[Valid<K>],
    number: usize,
    verify: impl Fn(&[u8], &K) -> Result<T, VerifyError>,
    may_hold: impl Fn(&[u8], &T, &K) -> bool,
) -> usize {
    std::panic::set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::Relaxed);
    }));
    let mut random = Random(1);
    let (mut tried, mut held) = (0, 0);
    for valid in proofs {
        for index in 0..number / proofs.len() {
            let (part, range) = &valid.parts[index % valid.parts.len()];
            let bytes = mutant(&valid.bytes, range, &mut random);
            let (verdict, peak) = measured(|| verify(&bytes, &valid.known));
            let what = format!("{}, {part}, mutant {index}: {verdict:?}", valid.name);
            match verdict {
                Ok(statement) if may_hold(&bytes, &statement, &valid.known) => held += 1,
                verdict => assert!(verdict.is_err_and(|error| error != VerifyError::Panicked), "{what}"),
            }
            assert_eq!(PANICS.load(Ordering::Relaxed), 0, "{what}");
            assert!(peak <= LIMIT, "{what}: {peak} bytes");
            tried += 1;
        }
    }
    drop(std::panic::take_hook());
    assert_eq!(tried, number);
    held
}

/// Every truncation of a proof up to the STARK's context is refused, so are many of the others, and so is a proof with bytes after it.
pub fn refuse_other_lengths<K, T>(valid: &Valid<K>, verify: impl Fn(&[u8], &K) -> Result<T, VerifyError>) {
    let end = valid.header() + 100;
    for length in (0..end).chain((end..valid.bytes.len()).step_by(997)).chain([valid.bytes.len() - 1]) {
        assert!(verify(&valid.bytes[..length], &valid.known).is_err(), "{length}");
    }
    let longer = [&valid.bytes[..], &[0]].concat();
    assert!(verify(&longer, &valid.known).is_err());
}
