//! The verifiers on bytes that no prover wrote: every one is refused, none by a panic, and none with more than 64 MB of memory, or 256 MB for
//! the longest programs.
//!
//! Nearly all of it ends before the STARK's challenges are drawn. What comes after that, the sum over the public values above all, is within
//! the same limit in the prover's `tests/mutants.rs` and `tests/cairo_mutants.rs`, which begin with valid proofs; for the longest programs, it
//! is reached here with STARKs of zeros.

mod memory;
mod random;

use maat_verifier::air::{ModelAir, trace_info};
use maat_verifier::cairo::columns::{AUXILIARY_WIDTH, MAIN_WIDTH, MAX_ROWS};
use maat_verifier::cairo::{self, Builtin, CairoAir, CairoProof, Claim, ClaimError, MAX_BYTECODE, MAX_OUTPUT, Program};
use maat_verifier::layout::{LAYOUTS, Layout, SIDES};
use maat_verifier::{
    Blake2s256, Digest, Entries, Entry, Felt252, FileError, Goldilocks, Hash, Header, Mode, OneTimeError, OneTimeTree, Preset, ProofFile,
    Salt, ValueDigest, Values, VerifyError, WholeHasher, verify,
};
use miniz_oxide::deflate::compress_to_vec;
use winter_air::Air;
use winter_air::proof::{Commitments, Context, OodFrame, Proof, Queries};
use winter_verifier::crypto::ElementHasher;
use winter_verifier::crypto::hashers::Blake3_256;
use winter_verifier::math::FieldElement;
use winter_verifier::{Deserializable, Serializable, VerifierError};

use memory::{LIMIT, alone, measured};
use random::Random;

/// Few values, so that counts, flags and lengths come up.
fn few(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| if random.next().is_multiple_of(3) { random.next() as u8 } else { (random.next() % 4) as u8 }).collect()
}

/// What a file hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Nothing,
    Values,
    /// Hidden, but with digests.
    Committed,
    Model,
}

impl Hidden {
    const ALL: [Self; 4] = [Self::Nothing, Self::Values, Self::Committed, Self::Model];

    /// The layouts that have room for it, of those that a preset's entries have.
    fn layouts(self, preset: Preset) -> Vec<&'static Layout> {
        let has_room = |layout: &&Layout| match self {
            Self::Nothing => true,
            Self::Values | Self::Model => layout.can_hide(),
            Self::Committed => layout.has_room_for(SIDES),
        };
        LAYOUTS.iter().filter(has_room).filter(|layout| preset != Preset::Starknet || *layout == Layout::base()).collect()
    }
}

/// The claim of a proof in the longest trace.
fn header(preset: Preset, layout: &'static Layout, batch: u32, hidden: Hidden) -> Header {
    let mode = if hidden == Hidden::Nothing { Mode::Plain } else { Mode::Hiding };
    let tree = OneTimeTree::new(vec![[0; 32]; 4]).unwrap();
    let (one_time_roots, fixed_root) = if hidden == Hidden::Model { (4, tree.root()) } else { (0, [0; 32]) };
    let entry = Entry { preset: preset.tree(mode), layout, batch, rows: 1 << 22, inputs: 1, outputs: 1, one_time_roots, fixed_root };
    let entries = Entries::new(vec![entry]).unwrap();
    let values = || match hidden {
        Hidden::Nothing | Hidden::Model => Values::Public(vec![-1; batch as usize]),
        Hidden::Values => Values::Hidden,
        Hidden::Committed => Values::Committed(ValueDigest::of(&[-1], &Salt::new([1; 32]))),
    };
    let one_time = (hidden == Hidden::Model).then(|| tree.path(2));
    Header::new(entries, (preset, batch), values(), values(), one_time).unwrap()
}

/// A file whose STARK has the right context and then the given bytes.
fn file(preset: Preset, layout: &'static Layout, batch: u32, hidden: Hidden, tail: &[u8]) -> Vec<u8> {
    let header = header(preset, layout, batch, hidden);
    let (public_inputs, options) = (header.public_inputs(), preset.options(header.mode()));
    let info = trace_info(1 << 22, &public_inputs);
    let air = ModelAir::new(info.clone(), public_inputs, options.clone());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    let context = Context::new::<Goldilocks>(info, options, constraints);
    ProofFile { header, stark: [&context.to_bytes(), tail].concat() }.to_bytes()
}

/// In the smallest layout, with one inference.
fn base(preset: Preset, hidden: Hidden, tail: &[u8]) -> Vec<u8> {
    file(preset, Layout::base(), 1, hidden, tail)
}

/// Verifies against the commitment of the file's own entries, where there are any.
fn error(bytes: &[u8]) -> VerifyError {
    let own = ProofFile::split(bytes).map(|(header, _)| header.entries().commitment());
    let commitment = own.unwrap_or_else(|_| format!("0x{}", "0".repeat(64)).parse().unwrap());
    let (verdict, peak) = measured(|| verify(bytes, &commitment));
    let error = verdict.unwrap_err();
    // The content of a long file says nothing.
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
        error(&few(&mut random, length % 300));
    }
    let wholes = Hidden::ALL.map(|hidden| file(Preset::Onchain, Layout::base(), 2, hidden, &[1; 100]));
    for index in 0..20_000 {
        let whole = &wholes[index / 3 % wholes.len()];
        let mut bytes = whole.clone();
        let position = random.next() as usize % bytes.len();
        let length = 1 + index % 3;
        bytes.splice(position..(position + length).min(whole.len()), few(&mut random, length));
        error(&bytes);
    }
}

#[test]
fn arbitrary_starks_with_the_right_context_are_refused() {
    let _alone = alone();
    let mut random = Random(2);
    for index in 0..10_000 {
        let length = random.next() as usize % 600;
        let (preset, hidden) = (Preset::ALL[index % 4], Hidden::ALL[index / 4 % 4]);
        let layouts = hidden.layouts(preset);
        error(&file(preset, layouts[index / 16 % layouts.len()], 1, hidden, &few(&mut random, length)));
    }
}

#[test]
fn counts_that_nothing_follows_are_refused() {
    let _alone = alone();
    for (preset, hidden) in Preset::ALL.into_iter().flat_map(|preset| Hidden::ALL.map(|hidden| (preset, hidden))) {
        // One position; no commitments; then a list of 2^56 and more bytes.
        let huge = [&[1, 0, 0][..], &[0; 1], &[255; 8]].concat();
        assert!(matches!(error(&base(preset, hidden, &huge)), VerifyError::Malformed { part: "trace queries", .. }));
        // The most that two bytes can say.
        assert!(matches!(error(&base(preset, hidden, &[1, 255, 255])), VerifyError::Malformed { part: "commitments", .. }));
    }
}

#[test]
fn a_claim_with_the_most_values_stays_within_the_memory() {
    let _alone = alone();
    let most = (maat_verifier::MAX_VALUES / 2) as u32;
    let refused = error(&file(Preset::Balanced, Layout::wide(), most, Hidden::Nothing, &[]));
    assert!(matches!(refused, VerifyError::Malformed { part: "number of positions", .. }));
    let refused = error(&file(Preset::Balanced, Layout::base(), most, Hidden::Committed, &[]));
    assert!(matches!(refused, VerifyError::Malformed { part: "number of positions", .. }));
    let mut long = base(Preset::Fast, Hidden::Nothing, &[]);
    long.resize(maat_verifier::MAX_FILE_BYTES - 64, 0);
    assert!(matches!(error(&long), VerifyError::Length { .. }));
}

/// The assertion about such a digest would be of a row that there is not, or of one that no constraint reaches.
#[test]
fn a_digest_for_which_the_trace_is_too_short_is_refused_before_the_stark_is_read() {
    let _alone = alone();
    for preset in Preset::ALL {
        let mut bytes = file(preset, Layout::base(), 1 << 19, Hidden::Committed, &[]);
        // The rows of the only entry, after its preset, layout and batch size.
        let rows = 16 + 1 + 2 + 4;
        assert_eq!(bytes[rows..rows + 4], (1u32 << 22).to_le_bytes());
        for log_rows in 11..20 {
            bytes[rows..rows + 4].copy_from_slice(&(1u32 << log_rows).to_le_bytes());
            assert_eq!(error(&bytes), VerifyError::File(FileError::NoRows { side: "inputs", rows: 1 << log_rows }));
        }
        bytes[rows..rows + 4].copy_from_slice(&(1u32 << 20).to_le_bytes());
        assert!(matches!(error(&bytes), VerifyError::TraceLength { expected: 20, found: 22 }));
    }
}

/// A trace with the masks' columns would have more of them than winterfell allows, which panics.
#[test]
fn a_hiding_proof_for_which_the_layout_has_no_room_is_refused_before_the_stark_is_read() {
    let _alone = alone();
    let cannot_hide = |layout: &&Layout| !layout.can_hide();
    for layout in LAYOUTS.iter().filter(cannot_hide) {
        for (preset, hidden) in
            [Preset::Fast, Preset::Balanced, Preset::Onchain].into_iter().flat_map(|preset| Hidden::ALL.map(|hidden| (preset, hidden)))
        {
            let mut bytes = base(preset, hidden, &[]);
            // The layout of the only entry, after its preset.
            bytes[16 + 1 + 1] = layout.code;
            let found = error(&bytes);
            if hidden == Hidden::Nothing {
                let (expected, found_width) = (layout.main_width(0), Layout::base().main_width(0));
                assert_eq!(found, VerifyError::TraceWidth { expected, found: found_width }, "{preset}");
            } else {
                assert_eq!(found, VerifyError::File(FileError::CannotHide { layout: layout.name }), "{preset}, {hidden:?}");
            }
        }
    }
}

#[test]
fn a_proof_for_another_model_is_refused_before_the_stark_is_read() {
    let _alone = alone();
    let bytes = base(Preset::Fast, Hidden::Nothing, &[]);
    let (header, _) = ProofFile::split(&bytes).unwrap();
    let expected = format!("0x00{}", "1".repeat(62)).parse().unwrap();
    let found = header.entries().commitment();
    assert_eq!(verify(&bytes, &expected), Err(VerifyError::Commitment { expected, found }));
    assert_eq!(verify(b"MAAT", &expected), Err(VerifyError::File(FileError::Magic)));
}

/// The fixed columns of a proof of a private model are those of a one-time root, and only of one that the commitment binds.
#[test]
fn a_one_time_root_that_is_not_the_models_is_refused_before_the_stark_is_read() {
    let _alone = alone();
    for preset in Preset::ALL {
        let bytes = base(preset, Hidden::Model, &[]);
        let header = header(preset, Layout::base(), 1, Hidden::Model);
        let one_time = header.one_time().unwrap().to_bytes();
        let (_, stark) = ProofFile::split(&bytes).unwrap();
        let end = bytes.len() - stark.len();
        assert_eq!(bytes[end - one_time.len()..end], one_time);
        // The number, which the bytes begin with; the root; and the siblings.
        for position in
            (end - one_time.len()..end).filter(|position| !(end - one_time.len() + 1..end - one_time.len() + 4).contains(position))
        {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            let index = changed[end - one_time.len()].into();
            assert_eq!(error(&changed), VerifyError::OneTime(OneTimeError::Elsewhere { index }), "{preset}, {position}");
        }
        for index in [4u32, 5, 1 << 16, u32::MAX] {
            let mut changed = bytes.clone();
            changed[end - one_time.len()..][..4].copy_from_slice(&index.to_le_bytes());
            assert_eq!(error(&changed), VerifyError::OneTime(OneTimeError::Index { index, count: 4 }));
        }
        // As it is, the STARK is what is missing.
        assert!(matches!(error(&bytes), VerifyError::Malformed { part: "number of positions", .. }));
    }
}

// CAIRO PROOFS
// ================================================================================================

/// The most memory that the verification of a Cairo proof may take: that of the longest bytecode and the longest output there may be, which
/// fill few bytes of a file when they are zeros.
const CAIRO_LIMIT: usize = 256 << 20;

/// The header that every program begins with, and then zeros.
fn program(length: usize) -> Program {
    let builtins = Builtin::ALL.to_vec();
    let header = [0x0407_8001_7fff_7fff, builtins.len() as u64, 0x1104_8001_8001_8000, 4, 0x0107_8001_7fff_7fff];
    let bytecode = header.into_iter().chain(std::iter::repeat(0)).take(length).map(Felt252::new).collect();
    Program::new(bytecode, builtins).unwrap()
}

/// A claim about a program with bytecode and output of these lengths, in the longest trace.
fn claim(preset: Preset, bytecode: usize, output: usize) -> Claim {
    Claim {
        program: program(bytecode),
        preset,
        rows: MAX_ROWS as u32,
        steps: 2,
        last_pc: 7,
        final_ap: bytecode as u32 + 7,
        offsets: [0, u16::MAX],
        output_start: 1,
        output: vec![Felt252::new(0); output],
        range_checks: 1,
    }
}

/// The AIR of a claim's proofs, and the context that they have.
fn cairo_context(claim: &Claim) -> (CairoAir, Context) {
    let air = CairoAir::new(cairo::air::trace_info(claim.rows as usize), claim.public_inputs(), claim.preset.cairo_options());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    let context = Context::new::<Felt252>(air.trace_info().clone(), air.options().clone(), constraints);
    (air, context)
}

/// A file whose STARK has the right context and then the given bytes.
fn cairo_file(claim: Claim, tail: &[u8]) -> Vec<u8> {
    let stark = [&cairo_context(&claim).1.to_bytes(), tail].concat();
    CairoProof { claim, stark }.to_bytes()
}

/// A STARK of zeros that has the claim's shape in every respect: it passes all checks before the one out of the domain, which takes the sum
/// over the public memory.
fn hollow(claim: &Claim) -> Vec<u8> {
    const ELEMENT: usize = Felt252::ELEMENT_BYTES;
    let (air, context) = cairo_context(claim);
    let (fri, domain) = (air.options().to_fri_options(), air.lde_domain_size());
    let (quotients, layers) = (air.context().num_constraint_composition_columns(), fri.num_fri_layers(domain));

    // One tree of the domain's depth, and no nodes of it.
    let opening = |domain: usize| vec![1_u8, domain.ilog2() as u8, 0, 0];
    let queries = |width: usize| {
        let values = vec![0_u8; width * ELEMENT];
        Queries::read_from_bytes(&[values.to_bytes(), opening(domain).to_bytes()].concat()).unwrap()
    };
    let frame = |width: usize| [&(1 + 2 * (width * ELEMENT) as u16).to_le_bytes()[..], &[2], &vec![0; 2 * width * ELEMENT]].concat();
    let layer = |layer: u32| {
        let (values, opening) = (vec![0; fri.folding_factor() * ELEMENT], opening(domain / fri.folding_factor().pow(layer)));
        [&(values.len() as u32).to_le_bytes()[..], &values, &(opening.len() as u32).to_le_bytes(), &opening].concat()
    };
    let remainder = vec![Felt252::new(0); claim.rows as usize / fri.folding_factor().pow(layers as u32)];
    let committed = match claim.preset.hash() {
        Hash::Blake3 => WholeHasher::<Blake3_256<Felt252>>::hash_elements(&remainder),
        Hash::Blake2s => WholeHasher::<Blake2s256<Felt252>>::hash_elements(&remainder),
        Hash::Poseidon => panic!("no Cairo proof has it"),
    };
    let size = (remainder.len() * ELEMENT) as u16;
    let layer_bytes: Vec<u8> = (1..=layers as u32).flat_map(layer).collect();
    let low_degree = [&[layers as u8][..], &layer_bytes, &size.to_le_bytes(), &vec![0; size.into()], &[0]].concat();

    let [main, auxiliary, constraints] = [Digest::default(); 3];
    let roots = [vec![Digest::default(); layers], vec![committed]].concat();
    let proof = Proof {
        context,
        num_unique_queries: 1,
        commitments: Commitments::new::<WholeHasher<Blake3_256<Felt252>>>(vec![main, auxiliary], constraints, roots),
        trace_queries: vec![queries(MAIN_WIDTH), queries(AUXILIARY_WIDTH)],
        constraint_queries: queries(quotients),
        ood_frame: OodFrame::read_from_bytes(&[frame(MAIN_WIDTH + AUXILIARY_WIDTH), frame(quotients)].concat()).unwrap(),
        fri_proof: Deserializable::read_from_bytes(&low_degree).unwrap(),
        pow_nonce: 0,
    };
    proof.to_bytes()
}

/// Verifies a Cairo proof for whatever program it names, in as much memory.
fn cairo_error(bytes: &[u8], limit: usize) -> VerifyError {
    let (verdict, peak) = measured(|| cairo::verify_any(bytes));
    let error = verdict.unwrap_err();
    let start = &bytes[..bytes.len().min(2_000)];
    assert_ne!(error, VerifyError::Panicked, "{start:02x?}");
    assert!(peak <= limit, "{peak} bytes for {start:02x?}");
    error
}

/// The felts of a file's output or bytecode: their number, and then the bytes to be compressed.
fn packed(count: u32, raw: &[u8]) -> Vec<u8> {
    let compressed = compress_to_vec(raw, 1);
    [&count.to_le_bytes()[..], &(compressed.len() as u32).to_le_bytes(), &compressed].concat()
}

/// A file up to its output.
fn before_the_output() -> Vec<u8> {
    const FIXED_PART: usize = 12 + 1 + 3 * 4 + 2 * 2 + 1 + 2 * 4;
    let mut bytes = cairo_file(claim(Preset::Fast, 8, 0), &[]);
    bytes.truncate(FIXED_PART);
    bytes
}

#[test]
fn arbitrary_bytes_are_no_cairo_proof() {
    let _alone = alone();
    let mut random = Random(3);
    let start = &before_the_output()[..11];
    for length in 0..2_000 {
        cairo_error(&[start, &few(&mut random, length % 300)].concat(), LIMIT);
    }
    let whole = cairo_file(claim(Preset::Onchain, 30, 5), &[1; 100]);
    for index in 0..20_000 {
        let mut bytes = whole.clone();
        let position = random.next() as usize % bytes.len();
        let length = 1 + index % 3;
        bytes.splice(position..(position + length).min(whole.len()), few(&mut random, length));
        cairo_error(&bytes, LIMIT);
    }
}

#[test]
fn arbitrary_cairo_starks_with_the_right_context_are_refused() {
    let _alone = alone();
    let mut random = Random(4);
    for index in 0..3_000 {
        let length = random.next() as usize % 600;
        cairo_error(&cairo_file(claim(Preset::OF_CAIRO[index % 3], 8, 3), &few(&mut random, length)), LIMIT);
    }
    for preset in Preset::OF_CAIRO {
        let huge = [&[1, 0, 0][..], &[0; 1], &[255; 8]].concat();
        let error = cairo_error(&cairo_file(claim(preset, 8, 3), &huge), LIMIT);
        assert!(matches!(error, VerifyError::Malformed { part: "trace queries", .. }), "{error}");
    }
}

#[test]
fn counts_of_felts_that_no_proof_may_have_are_refused_before_anything_is_reserved() {
    let _alone = alone();
    let refused = |part, reason| VerifyError::File(FileError::Packed { part, reason });
    let start = before_the_output();
    for count in [MAX_OUTPUT as u32 + 1, u32::MAX] {
        let error = cairo_error(&[&start[..], &packed(count, &[0; 100])].concat(), 1 << 20);
        assert_eq!(error, refused("output", "there are more felts than a proof may speak of"));
    }
    let start = [start, packed(0, &[])].concat();
    for count in [MAX_BYTECODE as u32 + 1, u32::MAX] {
        let error = cairo_error(&[&start[..], &packed(count, &[0; 100])].concat(), 1 << 20);
        assert_eq!(error, refused("bytecode", "there are more felts than a proof may speak of"));
    }
    // As many bytes as four can count, and then none.
    let error = cairo_error(&[&start[..], &[1, 0, 0, 0], &[255; 4]].concat(), 1 << 20);
    assert_eq!(error, VerifyError::File(FileError::Truncated { part: "bytecode" }));
}

#[test]
fn what_decompresses_to_more_than_its_felts_fill_is_refused() {
    let _alone = alone();
    let start = before_the_output();
    let bomb = vec![0; 256 << 20];
    for count in [0, 1, 1_000, MAX_OUTPUT as u32] {
        let bytes = [&start[..], &packed(count, &bomb)].concat();
        let refused = FileError::Packed { part: "output", reason: "it cannot be decompressed" };
        assert_eq!(cairo_error(&bytes, LIMIT), VerifyError::File(refused), "{count}");
    }
    // The most that it may decompress to, in felts of 32 bytes, none of which may follow.
    let most = [&[32_u8][..], &[0; 32]].concat().repeat(MAX_OUTPUT);
    let error = cairo_error(&[&start[..], &packed(MAX_OUTPUT as u32, &most)].concat(), LIMIT);
    assert_eq!(error, VerifyError::File(FileError::Truncated { part: "bytecode" }));
}

#[test]
fn a_trace_that_is_longer_than_any_is_refused_at_once() {
    let _alone = alone();
    let bytes = cairo_file(claim(Preset::Fast, 8, 3), &[]);
    for (log_rows, found) in [(0, 1), (8, 1 << 8), (23, 1 << 23), (31, 1 << 31), (32, 0), (255, 0)] {
        let mut bytes = bytes.clone();
        bytes[12] = log_rows;
        assert_eq!(cairo_error(&bytes, 1 << 20), VerifyError::File(FileError::Claim(ClaimError::Rows { found })));
    }
}

#[test]
fn the_longest_program_and_output_are_refused_within_their_memory() {
    let _alone = alone();
    for preset in Preset::OF_CAIRO {
        let longest = claim(preset, MAX_BYTECODE, MAX_OUTPUT);
        let stark = hollow(&longest);
        let bytes = CairoProof { claim: longest, stark }.to_bytes();
        // They are a small part of a small file.
        assert!(bytes.len() < 20_000, "{} bytes", bytes.len());
        let expected = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);
        assert_eq!(cairo_error(&bytes, CAIRO_LIMIT), expected, "{preset}");
    }
}
