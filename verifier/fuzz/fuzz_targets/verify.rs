//! Feeds bytes to the verifier. The first byte says what the others are: a whole file, the part of a STARK that follows a context which
//! passes, or instructions that change a valid proof.
//!
//! No fuzzer finds bytes of the first two kinds that pass the comparison of hashes before the STARK's challenges. Instructions leave most
//! of a proof as it is, so that the checks behind these are met: what is changed in the openings is refused by nothing but the openings.
//!
//! Nothing but a valid proof may be accepted, and nothing may panic or take more memory than libFuzzer's limits.

#![no_main]

use std::ops::Range;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use maat_verifier::air::{ModelAir, trace_info};
use maat_verifier::{Entries, Entry, Goldilocks, Header, Preset, ProofFile, Values, VerifyError, public_inputs, verify};
use winter_air::Air;
use winter_air::proof::{Context, Proof};
use winter_verifier::{Deserializable, Serializable};

// STARKS WITH THE RIGHT CONTEXT
// ================================================================================================

/// A file whose STARK has the right context and then the given bytes.
fn file(preset: Preset, committed: bool, tail: &[u8]) -> Vec<u8> {
    let entry = Entry { preset, batch: 1, rows: 1 << 11, inputs: 1, outputs: 1, fixed_root: [0; 32] };
    let entries = Entries::new(vec![entry]).expect("one entry is a model");
    let values = || if committed { Values::Committed } else { Values::Public(vec![0]) };
    let public = public_inputs(&entries.commitment(), &entry, &values(), &values());
    let air = ModelAir::new(trace_info(1 << 11), public, preset.options());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    let context = Context::new::<Goldilocks>(trace_info(1 << 11), preset.options(), constraints);
    let header = Header::new(entries, (preset, 1), values(), values(), committed.then_some([0; 32])).expect("the values are a batch's");
    ProofFile { header, stark: [&context.to_bytes(), tail].concat() }.to_bytes()
}

// VALID PROOFS
// ================================================================================================

/// A valid proof, and where its parts stand.
struct Valid {
    bytes: &'static [u8],
    parts: Vec<Range<usize>>,
}

/// A proof that the build script made.
macro_rules! proof {
    ($name:literal) => {
        valid(include_bytes!(concat!(env!("OUT_DIR"), "/", $name)))
    };
}

/// A proof of each preset, with public inputs and outputs and with committed ones.
static VALID: LazyLock<[[Valid; 2]; Preset::ALL.len()]> = LazyLock::new(|| {
    [
        [proof!("fast-public"), proof!("fast-committed")],
        [proof!("balanced-public"), proof!("balanced-committed")],
        [proof!("onchain-public"), proof!("onchain-committed")],
    ]
});

fn valid(bytes: &'static [u8]) -> Valid {
    let (header, stark) = ProofFile::split(bytes).expect("the prover wrote it");
    verify(bytes, &header.entries().commitment()).expect("the proof holds");
    let Proof { context, num_unique_queries: _, commitments, trace_queries, constraint_queries, ood_frame, fri_proof, pow_nonce: _ } =
        Proof::read_from_bytes(stark).expect("the prover wrote it");
    let header = bytes.len() - stark.len();
    let queries = [&trace_queries[0], &trace_queries[1], &constraint_queries].map(|queries| queries.to_bytes().len());
    let [main, auxiliary, constraints] = queries;
    let (frame, low_degree) = (ood_frame.to_bytes().len(), fri_proof.to_bytes().len());
    let sizes = [header, context.to_bytes().len(), 1, commitments.to_bytes().len(), main, auxiliary, constraints, frame, low_degree, 8];
    let ends = sizes.iter().scan(0, |end, size| {
        *end += size;
        Some(*end)
    });
    let parts: Vec<_> = ends.zip(sizes).map(|(end, size)| end - size..end).collect();
    assert_eq!(parts.last().map(|last| last.end), Some(bytes.len()));
    Valid { bytes, parts }
}

// INSTRUCTIONS
// ================================================================================================

/// What one instruction takes: what to do, the part of the proof, the place in it (three bytes), a length, and a value (two bytes).
const INSTRUCTION: usize = 8;

/// As many instructions as are followed; a proof that is changed in more places fails at the first of them.
const MOST: usize = 32;

fn follow(instruction: &[u8; INSTRUCTION], parts: &[Range<usize>], bytes: &mut Vec<u8>) {
    let [operation, part, low, middle, high, length, value, more] = *instruction;
    let part = &parts[usize::from(part) % parts.len()];
    let place = u32::from_le_bytes([low, middle, high, 0]) as usize % part.len();
    // Instructions before this one may have left fewer bytes.
    let start = (part.start + place).min(bytes.len());
    let end = (start + usize::from(length)).min(bytes.len());
    match operation % 5 {
        0 => bytes[start..end].iter_mut().take(1).for_each(|byte| *byte = value),
        1 => bytes.truncate(start),
        2 => drop(bytes.drain(start..end)),
        3 => drop(bytes.splice(start..start, vec![value; length.into()])),
        // What stands further on.
        _ => {
            let [from, to] = [start, end].map(|place| (place + usize::from(u16::from_le_bytes([value, more]))).min(bytes.len()));
            bytes.copy_within(from..to, start);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&mode, data)) = data.split_first() else { return };
    let (kind, mode) = (mode % 3, usize::from(mode / 3));
    let (preset, committed) = (mode / 2 % Preset::ALL.len(), mode % 2);
    let valid = &VALID[preset][committed];
    let bytes = match kind {
        0 => data.to_vec(),
        1 => file(Preset::ALL[preset], committed == 1, data),
        _ => {
            let mut bytes = valid.bytes.to_vec();
            let (instructions, _) = data.as_chunks();
            instructions.iter().take(MOST).for_each(|instruction| follow(instruction, &valid.parts, &mut bytes));
            bytes
        }
    };
    let Ok((header, _)) = ProofFile::split(&bytes) else { return };
    match verify(&bytes, &header.entries().commitment()) {
        Ok(_) if bytes == valid.bytes => {}
        Ok(statement) => panic!("accepted: {statement:?}"),
        Err(VerifyError::Panicked) => panic!("the verifier panicked"),
        Err(_) => {}
    }
});
