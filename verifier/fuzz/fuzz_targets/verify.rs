//! Feeds bytes to the verifiers of both kinds of proof. The first byte says what the others are: a whole file, the part of a STARK that follows
//! a context which passes, or instructions that change a valid proof.
//!
//! No fuzzer finds bytes of the first two kinds that pass the comparison of hashes before the STARK's challenges. Instructions leave most
//! of a proof as it is, so that they reach the later checks: only the openings refuse what is changed in the openings.
//!
//! Only a valid proof may be accepted, or one that differs in how the felts of its Cairo claim are compressed. Nothing may panic or take more
//! memory than libFuzzer's limits.

#![no_main]

use std::ops::Range;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use maat_verifier::air::{ModelAir, trace_info};
use maat_verifier::cairo::{self, Builtin, CairoAir, CairoProof, CairoStatement, Claim, Program, verify_any, verify_program};
use maat_verifier::layout::Layout;
use maat_verifier::{
    Entries, Entry, Felt252, Header, Kind, Mode, OneTimeTree, Preset, ProofFile, Salt, Statement, ValueDigest, Values, VerifyError, verify,
};
use winter_air::Air;
use winter_air::proof::{Context, Proof};
use winter_verifier::{Deserializable, Serializable};

// WHAT IS PROVEN
// ================================================================================================

/// What a proof is about, and what it hides.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    Public,
    Hidden,
    Committed,
    Private,
    Cairo,
}

impl Subject {
    const ALL: [Self; 5] = [Self::Public, Self::Hidden, Self::Committed, Self::Private, Self::Cairo];
}

// STARKS WITH THE RIGHT CONTEXT
// ================================================================================================

/// The bytes of the context of an AIR's proofs.
fn context<A: Air>(air: &A) -> Vec<u8> {
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    Context::new::<A::BaseField>(air.trace_info().clone(), air.options().clone(), constraints).to_bytes()
}

/// A file whose STARK has the right context and then the given bytes.
fn file(preset: Preset, subject: Subject, tail: &[u8]) -> Vec<u8> {
    let roots = OneTimeTree::new(vec![[0; 32]; 2]).expect("two is a power of two");
    let (mode, layout, one_time_roots, fixed_root) = match subject {
        Subject::Public => (Mode::Plain, Layout::base(), 0, [0; 32]),
        // No entry for contracts that verify has another layout than `base`.
        Subject::Hidden if preset == Preset::Starknet => (Mode::Hiding, Layout::base(), 0, [0; 32]),
        Subject::Hidden => (Mode::Hiding, Layout::wide(), 0, [0; 32]),
        Subject::Committed => (Mode::Hiding, Layout::base(), 0, [0; 32]),
        Subject::Private => (Mode::Hiding, Layout::base(), 2, roots.root()),
        Subject::Cairo => return cairo_file(preset, tail),
    };
    let entry = Entry { preset: preset.tree(mode), layout, batch: 1, rows: 1 << 11, inputs: 1, outputs: 1, one_time_roots, fixed_root };
    let entries = Entries::new(vec![entry]).expect("one entry is a model");
    let values = || match subject {
        Subject::Hidden => Values::Hidden,
        Subject::Committed => Values::Committed(ValueDigest::of(&[0], &Salt::new([1; 32]))),
        _ => Values::Public(vec![0]),
    };
    let one_time = (subject == Subject::Private).then(|| roots.path(1));
    let header = Header::new(entries, (preset, 1), values(), values(), one_time).expect("the values are a batch's");
    let public = header.public_inputs();
    let context = context(&ModelAir::new(trace_info(1 << 11, &public), public, preset.options(mode)));
    ProofFile { header, stark: [&context, tail].concat() }.to_bytes()
}

/// As [`file`], for a program that is its header.
fn cairo_file(preset: Preset, tail: &[u8]) -> Vec<u8> {
    let header = [0x0407_8001_7fff_7fff, 2, 0x1104_8001_8001_8000, 2, 0x0107_8001_7fff_7fff, 0].map(Felt252::new);
    let claim = Claim {
        program: Program::new(header.to_vec(), Builtin::ALL.to_vec()).expect("it begins with the header"),
        preset,
        rows: 1 << 9,
        steps: 2,
        last_pc: 3,
        final_ap: 20,
        offsets: [0, 1],
        output_start: 30,
        output: vec![Felt252::new(1)],
        range_checks: 1,
    };
    let context = context(&CairoAir::new(cairo::air::trace_info(1 << 9), claim.public_inputs(), preset.cairo_options()));
    CairoProof { claim, stark: [&context, tail].concat() }.to_bytes()
}

// VALID PROOFS
// ================================================================================================

/// A valid proof, and where its parts are.
struct Valid {
    bytes: &'static [u8],
    parts: Vec<Range<usize>>,
    proven: Proven,
}

/// What a proof proves.
#[derive(Debug, PartialEq)]
enum Proven {
    Model(Statement),
    Cairo(CairoStatement),
}

/// A proof that the build script made.
macro_rules! proof {
    ($name:literal) => {
        valid(include_bytes!(concat!(env!("OUT_DIR"), "/", $name)))
    };
}

/// A proof of each preset about each subject.
static VALID: LazyLock<[[Valid; Subject::ALL.len()]; Preset::ALL.len()]> = LazyLock::new(|| {
    [
        [proof!("fast-public"), proof!("fast-hidden"), proof!("fast-committed"), proof!("fast-private"), proof!("fast-cairo")],
        [
            proof!("balanced-public"),
            proof!("balanced-hidden"),
            proof!("balanced-committed"),
            proof!("balanced-private"),
            proof!("balanced-cairo"),
        ],
        [
            proof!("onchain-public"),
            proof!("onchain-hidden"),
            proof!("onchain-committed"),
            proof!("onchain-private"),
            proof!("onchain-cairo"),
        ],
        [
            proof!("starknet-public"),
            proof!("starknet-hidden"),
            proof!("starknet-committed"),
            proof!("starknet-private"),
            // No Cairo proof has the preset.
            proof!("onchain-cairo"),
        ],
    ]
});

/// The bytes of the STARK, and the lengths of the parts before it.
fn split(bytes: &[u8]) -> (&[u8], Vec<usize>) {
    match Kind::of(bytes) {
        Ok(Kind::Cairo) => {
            let (_, stark) = CairoProof::split(bytes).expect("the prover wrote it");
            // The preamble with the preset, the numbers, the output and the bytecode. Both are packed, after two numbers of four bytes.
            let (preamble, numbers) = (12, 26);
            let length = bytes[preamble + numbers + 4..][..4].try_into().expect("four bytes");
            let output = 8 + u32::from_le_bytes(length) as usize;
            let bytecode = bytes.len() - stark.len() - preamble - numbers - output;
            (stark, vec![preamble, numbers, output, bytecode])
        }
        _ => {
            let (_, stark) = ProofFile::split(bytes).expect("the prover wrote it");
            (stark, vec![bytes.len() - stark.len()])
        }
    }
}

fn valid(bytes: &'static [u8]) -> Valid {
    let proven = verdict(bytes, None).expect("the proof holds");
    let (stark, mut sizes) = split(bytes);
    let Proof { context, num_unique_queries: _, commitments, trace_queries, constraint_queries, ood_frame, fri_proof, pow_nonce: _ } =
        Proof::read_from_bytes(stark).expect("the prover wrote it");
    let queries = [&trace_queries[0], &trace_queries[1], &constraint_queries].map(|queries| queries.to_bytes().len());
    let [main, auxiliary, constraints] = queries;
    let (frame, low_degree) = (ood_frame.to_bytes().len(), fri_proof.to_bytes().len());
    sizes.extend([context.to_bytes().len(), 1, commitments.to_bytes().len(), main, auxiliary, constraints, frame, low_degree, 8]);
    let ends = sizes.iter().scan(0, |end, size| {
        *end += size;
        Some(*end)
    });
    let parts: Vec<_> = ends.zip(&sizes).map(|(end, size)| end - size..end).collect();
    assert_eq!(parts.last().map(|last| last.end), Some(bytes.len()));
    Valid { bytes, parts, proven }
}

// VERIFICATION
// ================================================================================================

/// Verifies a file of either kind: a model's against its own commitment, and a program's against the one that a valid proof is for, if there
/// is one.
fn verdict(bytes: &[u8], valid: Option<&Proven>) -> Result<Proven, VerifyError> {
    match (Kind::of(bytes)?, valid) {
        (Kind::Model, _) => {
            let (header, _) = ProofFile::split(bytes)?;
            verify(bytes, &header.entries().commitment()).map(Proven::Model)
        }
        (Kind::Cairo, Some(Proven::Cairo(statement))) => verify_program(bytes, &statement.program).map(Proven::Cairo),
        (Kind::Cairo, _) => verify_any(bytes).map(Proven::Cairo),
    }
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
    let (preset, subject) = (mode / Subject::ALL.len() % Preset::ALL.len(), mode % Subject::ALL.len());
    let valid = &VALID[preset][subject];
    let bytes = match kind {
        0 => data.to_vec(),
        1 => file(Preset::ALL[preset], Subject::ALL[subject], data),
        _ => {
            let mut bytes = valid.bytes.to_vec();
            let (instructions, _) = data.as_chunks();
            instructions.iter().take(MOST).for_each(|instruction| follow(instruction, &valid.parts, &mut bytes));
            bytes
        }
    };
    match verdict(&bytes, Some(&valid.proven)) {
        // The same felts can be packed in several ways.
        Ok(proven @ Proven::Cairo(_)) => assert_eq!(proven, valid.proven, "accepted"),
        Ok(proven) => assert!(bytes == valid.bytes, "accepted: {proven:?}"),
        Err(VerifyError::Panicked) => panic!("the verifier panicked"),
        Err(_) => {}
    }
});
