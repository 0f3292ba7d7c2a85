//! The verifier on bytes that no prover wrote: every one is refused, none by a panic, and none with more than 64 MB of memory.
//!
//! Nearly all of it ends before the STARK's challenges are drawn. What comes after that, the sum over the public values above all, is
//! within the same limit in the prover's `tests/mutants.rs`, which begins with valid proofs.

mod memory;

use maat_verifier::Goldilocks;
use maat_verifier::air::{ModelAir, trace_info};
use maat_verifier::{Entries, Entry, FileError, Header, Preset, ProofFile, Values, VerifyError, public_inputs, verify};
use winter_air::Air;
use winter_air::proof::Context;
use winter_verifier::Serializable;

use memory::{LIMIT, alone, measured};

/// A generator of pseudo-random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        // Few values, so that counts, flags and lengths come up.
        (0..length).map(|_| if self.next().is_multiple_of(3) { self.next() as u8 } else { (self.next() % 4) as u8 }).collect()
    }
}

/// A file whose STARK has the right context and then the given bytes.
fn file(preset: Preset, batch: u32, committed: bool, tail: &[u8]) -> Vec<u8> {
    let entry = Entry { preset, batch, rows: 1 << 22, inputs: 1, outputs: 1, fixed_root: [0; 32] };
    let entries = Entries::new(vec![entry]).unwrap();
    let values = || if committed { Values::Committed } else { Values::Public(vec![-1; batch as usize]) };
    let air = ModelAir::new(trace_info(1 << 22), public_inputs(&entries.commitment(), &entry, &values(), &values()), preset.options());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    let context = Context::new::<Goldilocks>(trace_info(1 << 22), preset.options(), constraints);
    let header = Header::new(entries, (preset, batch), values(), values(), committed.then_some([0; 32])).unwrap();
    ProofFile { header, stark: [&context.to_bytes(), tail].concat() }.to_bytes()
}

/// Verifies against the commitment of the file's own entries, where there are any.
fn error(bytes: &[u8]) -> VerifyError {
    let own = ProofFile::split(bytes).map(|(header, _)| header.entries().commitment());
    let commitment = own.unwrap_or_else(|_| format!("0x{}", "0".repeat(64)).parse().unwrap());
    let (verdict, peak) = measured(|| verify(bytes, &commitment));
    let error = verdict.unwrap_err();
    // What a long file holds says nothing.
    let start = &bytes[..bytes.len().min(2_000)];
    assert_ne!(error, VerifyError::Panicked, "{start:02x?}");
    assert!(peak <= LIMIT, "{peak} bytes for {start:02x?}");
    error
}

#[test]
fn arbitrary_bytes_are_refused() {
    let _alone = alone();
    let mut random = Random(1);
    for length in 0..2_000 {
        error(&random.bytes(length % 300));
    }
    let whole = file(Preset::Onchain, 2, false, &[1; 100]);
    for index in 0..20_000 {
        let mut bytes = whole.clone();
        let position = random.next() as usize % bytes.len();
        let length = 1 + index % 3;
        bytes.splice(position..(position + length).min(whole.len()), random.bytes(length));
        error(&bytes);
    }
}

#[test]
fn arbitrary_starks_with_the_right_context_are_refused() {
    let _alone = alone();
    let mut random = Random(2);
    for index in 0..10_000 {
        let length = random.next() as usize % 600;
        error(&file(Preset::ALL[index % 3], 1, index % 2 == 0, &random.bytes(length)));
    }
}

#[test]
fn counts_that_nothing_follows_are_refused() {
    let _alone = alone();
    for preset in Preset::ALL {
        // One position; no commitments; then a list of 2^56 and more bytes.
        let huge = [&[1, 0, 0][..], &[0; 1], &[255; 8]].concat();
        assert!(matches!(error(&file(preset, 1, false, &huge)), VerifyError::Malformed { part: "trace queries", .. }));
        // The most that two bytes can say.
        assert!(matches!(error(&file(preset, 1, false, &[1, 255, 255])), VerifyError::Malformed { part: "commitments", .. }));
    }
}

#[test]
fn a_claim_with_the_most_values_stays_within_the_memory() {
    let _alone = alone();
    let most = (maat_verifier::MAX_VALUES / 2) as u32;
    assert!(matches!(error(&file(Preset::Balanced, most, false, &[])), VerifyError::Malformed { part: "number of positions", .. }));
    let mut long = file(Preset::Fast, 1, false, &[]);
    long.resize(maat_verifier::MAX_FILE_BYTES - 64, 0);
    assert!(matches!(error(&long), VerifyError::Length { .. }));
}

#[test]
fn a_proof_for_another_model_is_refused_before_the_stark_is_read() {
    let _alone = alone();
    let bytes = file(Preset::Fast, 1, false, &[]);
    let (header, _) = ProofFile::split(&bytes).unwrap();
    let expected = format!("0x00{}", "1".repeat(62)).parse().unwrap();
    let found = header.entries().commitment();
    assert_eq!(verify(&bytes, &expected), Err(VerifyError::Commitment { expected, found }));
    assert_eq!(verify(b"MAAT", &expected), Err(VerifyError::File(FileError::Magic)));
}
