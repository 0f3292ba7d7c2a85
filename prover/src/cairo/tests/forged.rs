//! Provers that follow the protocol and depart from it in one place.
//!
//! | place | tests |
//! |---|---|
//! | a cell of the main segment, all that is counted in it counted again | the first section |
//! | the execution that the main segment is made of | the second section |
//! | the auxiliary segment, or the challenges that it is made for | the third section |
//! | the seed of the transcript, the parameters, the hash function, the remainder | the fourth section |
//!
//! Winterfell proves whatever it is given unless its debug assertions are on, and the workspace turns them off. So each of these has a proof,
//! and the verifier must object. A claim that is not the trace's is in [`super::statements`]; every cell, without proofs, in [`super::cells`].

use std::marker::PhantomData;

use maat_verifier::cairo::air::trace_info;
use maat_verifier::cairo::bus::Challenges;
use maat_verifier::cairo::columns::*;
use maat_verifier::cairo::{Builtin, CairoProof, CairoStatement, Claim, Execution, Value, verify_any, verify_program};
use maat_verifier::{Blake2s256, Felt252, Hash, Preset, TreeDigest, TreeHash, VerifyError, WholeHasher};
use winter_air::proof::Commitments;
use winter_fri::VerifierError as FriError;
use winter_verifier::{Serializable, VerifierError};
use winterfell::crypto::ElementHasher;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{AuxRandElements, BatchingMethod, FieldExtension, Proof, ProofOptions, Prover, Trace};

use super::attempt::{Attempt, Violation};
use super::machine::*;
use super::programs::{large, outputs_and_checks};
use super::prove;
use crate::cairo::auxiliary::auxiliary_columns;
use crate::cairo::error::CairoProveError;
use crate::cairo::stark::CairoProver;
use crate::cairo::witness::Witness;
use crate::stages::Clock;
use crate::tests::forger::{Depart, Forger, with_changed_cell};
use crate::tests::low_degree::{BROKEN_CONSTRAINT, Lie, assert_lies_are_found, of_queries};
use crate::trace::MainTrace;

// THE FORGER
// ================================================================================================

/// Where the auxiliary segment departs from the honest one.
#[derive(Clone, Copy)]
enum Auxiliary {
    Honest,
    /// One is added to the cell in this column and row.
    Cell(usize, usize),
    /// It is made for other challenges than were drawn.
    Challenges,
}

/// A trace that is to be proven, and the claim of the file that the proof goes to.
#[derive(Clone)]
pub(super) struct Forge {
    /// What the file claims.
    pub(super) claim: Claim,
    /// The main segment, and the claim as the prover takes it.
    pub(super) attempt: Attempt,
    options: ProofOptions,
    auxiliary: Auxiliary,
    /// What is told once the trace is committed to, if winterfell is not to do the rest.
    lie: Option<Lie>,
}

impl Forge {
    /// The honest prover's view of an execution, honest or not.
    pub(super) fn of(execution: &Execution, preset: Preset) -> Self {
        let Witness { claim, public_inputs, columns } = Witness::new(execution, preset).unwrap();
        let attempt = Attempt { main: columns, public_inputs };
        Self { claim, attempt, options: preset.cairo_options(), auxiliary: Auxiliary::Honest, lie: None }
    }

    /// The honest execution of the test program.
    pub(super) fn honest() -> Self {
        Self::of(&honest_execution(), Preset::Fast)
    }

    /// The same trace, for another claim.
    pub(super) fn claiming(&self, claim: Claim) -> Self {
        let attempt = Attempt { public_inputs: claim.public_inputs(), ..self.attempt.clone() };
        Self { claim, attempt, ..self.clone() }
    }

    fn file_with<H>(&self) -> CairoProof
    where
        H: ElementHasher<BaseField = Felt252, Digest = TreeDigest> + TreeHash + Send + Sync,
    {
        let clock = Clock::new(&|_| ());
        let Attempt { main, public_inputs } = self.attempt.clone();
        let honest = CairoProver::<H> { options: self.options.clone(), public_inputs, clock: &clock, hasher: PhantomData };
        let trace = MainTrace::new(trace_info(main[0].len()), main);
        let proof = Forger { honest, departure: self.auxiliary }.forge::<Felt252>(trace, self.lie);
        CairoProof { claim: self.claim.clone(), stark: proof.to_bytes() }
    }

    /// The proof file.
    pub(super) fn file(&self) -> CairoProof {
        match self.claim.preset.hash() {
            Hash::Blake3 => self.file_with::<Blake3_256<Felt252>>(),
            Hash::Blake2s => self.file_with::<Blake2s256<Felt252>>(),
            Hash::Poseidon => panic!("no Cairo proof has it"),
        }
    }

    /// The verifier's word on it.
    pub(super) fn verdict(&self) -> Result<CairoStatement, VerifyError> {
        verify_program(&self.file().to_bytes(), &self.claim.program)
    }
}

impl<H> Depart<CairoProver<'_, H>> for Auxiliary
where
    H: ElementHasher<BaseField = Felt252, Digest = TreeDigest> + TreeHash + Send + Sync,
{
    fn auxiliary<E>(&self, prover: &CairoProver<H>, trace: &MainTrace<Felt252>, random: &AuxRandElements<E>) -> ColMatrix<E>
    where
        E: FieldElement<BaseField = Felt252>,
    {
        match *self {
            Self::Honest => prover.build_aux_trace(trace, random),
            Self::Cell(column, row) => with_changed_cell(&prover.build_aux_trace(trace, random), (column, row)),
            Self::Challenges => {
                let drawn = Challenges::new(random.rand_elements());
                auxiliary_columns(trace.main_segment(), &Challenges { z: drawn.z + E::ONE, ..drawn })
            }
        }
    }
}

/// The execution that the tests begin with.
pub(super) fn honest_execution() -> Execution {
    Machine::new(&outputs_and_checks(Felt252::from(u128::MAX))).run()
}

#[test]
fn the_forger_without_a_departure_is_the_honest_prover() {
    for preset in Preset::OF_CAIRO {
        let forge = Forge::of(&honest_execution(), preset);
        assert_eq!(forge.attempt.violations(), []);
        let honest = prove(&honest_execution(), preset, &|_| ()).unwrap().file;
        assert_eq!(honest.claim, forge.claim);
        assert_eq!(verify_any(&honest.to_bytes()), forge.verdict());
        assert_eq!(forge.verdict().unwrap().output, [felt(-5), felt(35), large()]);
    }
}

// CELLS OF THE MAIN SEGMENT
// ================================================================================================

/// The first row whose step satisfies a condition on a cell.
fn row_where(forge: &Forge, column: usize, condition: impl Fn(Felt252) -> bool) -> usize {
    forge.attempt.main[column].iter().position(|cell| condition(*cell)).unwrap()
}

#[test]
fn a_changed_cell_of_the_trace_is_rejected() {
    let honest = Forge::honest();
    let product = row_where(&honest, FLAG.at(6), |flag| flag == Felt252::ONE);
    let read = |lane: usize| row_where(&honest, CELL_READERS.at(lane), |readers| readers != Felt252::ZERO);
    let operands = [DST, OP0, OP1, RES, DST_RES, PC, AP, FP].map(|column| (column.start, product));
    let instruction = [(FLAG.at(0), product), (FLAG.at(14), product), (OFFSET.at(0), product), (OFFSET.at(2), product)];
    let memory = [(CELL.at(0), read(0)), (CELL.at(1), read(1)), (ROW.start, 20)];
    // The first value is 2^128 - 1, and the second one 35, whose lowest byte is in row 15.
    let tables = [(OFFSET_ENTRY.start, 20), (BYTE.at(0), 15), (BYTE.at(1), 0), (CHECKED.start, 5), (CHECKED.start, 15)];
    for (column, row) in [&operands[..], &instruction, &memory, &tables].concat() {
        for change in [Felt252::ONE, -Felt252::ONE, large()] {
            let mut forge = honest.clone();
            forge.attempt.main[column][row] += change;
            forge.attempt.recount();
            assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "column {column}, row {row}, {change}");
        }
    }
}

#[test]
fn a_changed_number_of_uses_is_rejected() {
    let honest = Forge::honest();
    for column in [CELL_READERS.at(0), CELL_READERS.at(1), OFFSET_USES.start, BYTE_USES.start, CHECKED_READERS.start] {
        let row = row_where(&honest, column, |uses| uses != Felt252::ZERO);
        for uses in [Felt252::ZERO, -honest.attempt.main[column][row]] {
            let mut forge = honest.clone();
            forge.attempt.main[column][row] = uses;
            let bus: Violation = ("BUS", forge.attempt.last_row());
            assert_eq!(forge.attempt.violations(), [bus], "column {column}, row {row}");
            assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "column {column}, row {row}");
        }
    }
}

/// The word of an instruction is a sum, and says nothing of parts that are not in their ranges.
#[test]
fn other_parts_of_the_same_instruction_are_rejected() {
    let honest = Forge::honest();
    let product = row_where(&honest, FLAG.at(6), |flag| flag == Felt252::ONE);
    let by_fp = row_where(&honest, FLAG.at(0), |flag| flag == Felt252::ONE);
    for (row, [(more, number), (less, one)]) in [
        (product, [(FLAG.at(5), 2), (FLAG.at(6), -1)]),
        (product, [(OFFSET.at(0), 1 << 16), (OFFSET.at(1), -1)]),
        (by_fp, [(OFFSET.at(2), 1 << 16), (FLAG.at(0), -1)]),
    ] {
        let mut forge = honest.clone();
        forge.attempt.main[more][row] += felt(number);
        forge.attempt.main[less][row] += felt(one);
        forge.attempt.recount();
        assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "{more} {less}");
    }
}

// FALSE EXECUTIONS
// ================================================================================================

/// The trace and the claim of an execution that was changed. All else follows from it: memory, uses and public inputs agree with one another.
fn forged(change: impl FnOnce(&mut Execution)) -> Forge {
    let mut execution = honest_execution();
    change(&mut execution);
    Forge::of(&execution, Preset::Fast)
}

/// Puts another value everywhere outside of the bytecode where this one is.
fn replace(execution: &mut Execution, old: Value, new: Value) {
    let cells = execution.segments[1..].iter_mut().flatten().filter(|cell| **cell == Some(old));
    cells.for_each(|cell| *cell = Some(new));
}

/// The trace breaks these constraints only, and the verifier rejects its proof.
#[track_caller]
fn assert_rejected(forge: &Forge, violations: &[Violation]) {
    assert_eq!(forge.attempt.violations(), violations);
    assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT));
}

/// The steps of the test program: which one multiplies, and which ones move the builtins' pointers.
const PRODUCT: usize = 8;
const ADVANCE_OUTPUT: usize = 15;
const ADVANCE_RANGE_CHECK: usize = 16;

#[test]
fn a_false_output_is_rejected() {
    let forge = forged(|execution| replace(execution, Value::Felt(felt(35)), Value::Felt(felt(36))));
    assert_eq!(forge.claim.output, [felt(-5), felt(36), large()]);
    assert_rejected(&forge, &[("assertion", PRODUCT)]);
}

#[test]
fn an_output_that_was_not_written_is_rejected() {
    for length in [2, 4] {
        let forge = forged(|execution| {
            let [old, new] = [3, length].map(|offset| Value::Pointer { segment: 2, offset });
            execution.segments[2].push(Some(Value::Felt(felt(99))));
            replace(execution, old, new);
        });
        assert_eq!(forge.claim.output.len(), length as usize);
        assert_rejected(&forge, &[("assertion", ADVANCE_OUTPUT)]);
    }
}

#[test]
fn another_number_of_range_checks_is_rejected() {
    for range_checks in [0, 2, 4] {
        let forge = forged(|execution| {
            let [old, new] = [3, range_checks].map(|offset| Value::Pointer { segment: 3, offset });
            replace(execution, old, new);
        });
        assert_eq!(forge.claim.range_checks, range_checks);
        assert_rejected(&forge, &[("assertion", ADVANCE_RANGE_CHECK)]);
    }
}

#[test]
fn a_skipped_step_is_rejected() {
    let steps = honest_execution().registers.len() - 1;
    for step in [1, PRODUCT, PRODUCT + 1, ADVANCE_RANGE_CHECK, steps - 1] {
        let forge = forged(|execution| _ = execution.registers.remove(step));
        assert_eq!(forge.claim.steps as usize, steps - 1);
        let violations = forge.attempt.violations();
        assert!(violations.iter().all(|(name, row)| ["pc", "ap", "fp"].contains(name) && *row == step - 1), "{violations:?}");
        assert_rejected(&forge, &violations);
    }
}

#[test]
fn an_execution_that_halts_early_is_rejected() {
    let steps = honest_execution().registers.len() - 1;
    for kept in [1, 3, PRODUCT, steps - 2] {
        let forge = forged(|execution| drop(execution.registers.drain(kept + 1..steps)));
        let violations = forge.attempt.violations();
        assert!(violations.iter().all(|(name, row)| ["pc", "ap", "fp"].contains(name) && *row == kept), "{violations:?}");
        assert_rejected(&forge, &violations);
    }
}

#[test]
fn an_execution_that_begins_or_ends_elsewhere_is_rejected() {
    // It begins with the call, with what the header does before it done.
    let forge = forged(|execution| _ = execution.registers.remove(0));
    assert_rejected(&forge, &[("PC", 0), ("AP", 0)]);
    // It ends in the frame of the main function.
    let frame = honest_execution().registers[3].fp;
    let forge = forged(|execution| execution.registers.last_mut().unwrap().fp = frame);
    let last_step = forge.claim.steps as usize - 1;
    assert_rejected(&forge, &[("fp", last_step), ("FP", last_step + 1)]);
}

/// A product of 6 and 7, where the cell of the first factor holds 5.
fn other_factor() -> Forge {
    let mut forge = forged(|execution| replace(execution, Value::Felt(felt(35)), Value::Felt(felt(42))));
    for (column, value) in [(OP0, 6), (RES, 42), (DST_RES, 42 * 42)] {
        forge.attempt.main[column.start][PRODUCT] = felt(value);
    }
    forge
}

#[test]
fn a_cell_of_memory_that_is_read_as_two_values_is_rejected() {
    let mut forge = other_factor();
    let bus = [("BUS", forge.attempt.last_row())];
    assert_rejected(&forge, &bus);
    // The other value is given, too, in a row that has nothing else to give: under the cell's address, or in its place.
    let address = (forge.attempt.main[AP.start][PRODUCT] - felt(2)).to_u64().unwrap() as usize;
    let (row, lane, idle) = ((address - 1) / LANES, (address - 1) % LANES, 300);
    forge.attempt.main[CELL.at(lane)][idle] = felt(6);
    forge.attempt.recount();
    assert_rejected(&forge, &bus);
    forge.attempt.main[ROW.start][idle] = felt(row as i64);
    forge.attempt.recount();
    assert_rejected(&forge, &[("row number", idle - 1), ("row number", idle)]);
}

/// The step that reads the last range-checked value, and the first row of this one.
const READS_CHECKED: usize = 5;
const CHECKED_ROW: usize = 2 * CHECK_PERIOD;

/// The trace of a range-checked value whose low 128 bits are zeros, up to what holds the others. `above` is the byte to stand on the top of
/// the 128 bits, and the number to stand above them.
fn wide(value: Felt252, above: [Felt252; 2]) -> Forge {
    let mut execution = Machine::new(&outputs_and_checks(value)).run();
    let refused = prove(&execution, Preset::Fast, &|_| ()).unwrap_err();
    assert!(matches!(refused, CairoProveError::Execution { reason: "a range-checked value has more than 128 bits" }), "{refused}");
    execution.segments[3][2] = Some(Value::Felt(Felt252::ZERO));
    let mut forge = Forge::of(&execution, Preset::Fast);
    let main = &mut forge.attempt.main;
    for (column, cell) in [(OP1, value), (RES, value), (DST_RES, value * value)] {
        main[column.start][READS_CHECKED] = cell;
    }
    [main[BYTE.at(1)][CHECKED_ROW], main[CHECKED.start][CHECKED_ROW]] = above;
    for row in CHECKED_ROW + 1..CHECKED_ROW + CHECK_PERIOD {
        let [bits, high, low] = [CHECKED.start, BYTE.at(1), BYTE.at(0)].map(|column| main[column][row - 1]);
        main[CHECKED.start][row] = (bits * felt(256) + high) * felt(256) + low;
    }
    forge.attempt.recount();
    forge
}

#[test]
fn a_range_checked_value_of_129_bits_is_rejected() {
    let two_to_128 = Felt252::from(1u128 << 127) + Felt252::from(1u128 << 127);
    let forge = wide(two_to_128, [felt(256), felt(0)]);
    assert_rejected(&forge, &[("BUS", forge.attempt.last_row())]);
    for value in [two_to_128, -Felt252::ONE] {
        let forge = wide(value, [felt(0), value / two_to_128]);
        assert_rejected(&forge, &[("checked value", CHECKED_ROW - 1)]);
    }
}

/// An execution whose output is where the bytecode is.
fn output_on_the_program(output: Felt252) -> Execution {
    let pointer = Instruction { offsets: [-1, -3, 0], dst: Register::Ap, op1: Source::Op0, ..Instruction::IDLE };
    let store = Instruction { opcode: Opcode::AssertEqual, ..pointer };
    let advance = Instruction { offsets: [0, -3, 1], op1: Source::Immediate, res: Res::Add, ..Instruction::PUSH };
    let program = program(
        &[Builtin::Output],
        &[
            Line::With(Instruction::PUSH_IMMEDIATE, output),
            Line::Plain(store),
            Line::With(advance, felt(1)),
            Line::Plain(Instruction::RETURN),
        ],
    );
    let mut execution = Machine::new(&program).run();
    for offset in 0..2 {
        replace(&mut execution, Value::Pointer { segment: 2, offset }, Value::Pointer { segment: 0, offset });
    }
    execution.segments.truncate(2);
    execution.builtin_segments = vec![0];
    execution
}

#[test]
fn an_output_may_stand_on_the_program_but_not_differ_from_it() {
    let first = honest_execution().program.bytecode()[0];
    let forge = Forge::of(&output_on_the_program(first), Preset::Fast);
    assert_eq!((forge.claim.output_start, &forge.claim.output), (1, &vec![first]));
    assert_eq!(forge.verdict().unwrap().output, [first]);
    let mut forge = Forge::of(&output_on_the_program(felt(77)), Preset::Fast);
    assert_rejected(&forge, &[("assertion", 3)]);
    forge = forge.claiming(Claim { output: vec![felt(77)], ..forge.claim.clone() });
    assert_rejected(&forge, &[("assertion", 3), ("BUS", forge.attempt.last_row())]);
}

// THE AUXILIARY SEGMENT
// ================================================================================================

#[test]
fn other_auxiliary_columns_are_rejected() {
    let honest = Forge::honest();
    let last = honest.attempt.last_row();
    let helpers = (0..BUS.start).flat_map(|column| [(column, PRODUCT), (column, last - 1)]);
    for (column, row) in helpers.chain([0, PRODUCT, last - 1, last].map(|row| (BUS.start, row))) {
        let forge = Forge { auxiliary: Auxiliary::Cell(column, row), ..honest.clone() };
        assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "column {column}, row {row}");
    }
}

#[test]
fn an_auxiliary_segment_for_other_challenges_is_rejected() {
    let forge = Forge { auxiliary: Auxiliary::Challenges, ..Forge::honest() };
    assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT));
}

// THE PROTOCOL
// ================================================================================================

#[test]
fn a_transcript_that_begins_otherwise_is_rejected() {
    let honest = Forge::honest();
    for position in [0, 1, honest.attempt.public_inputs.seed.len() - 1] {
        let mut forge = honest.clone();
        forge.attempt.public_inputs.seed[position] += Felt252::ONE;
        assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "{position}");
    }
    let mut forge = honest.clone();
    forge.attempt.public_inputs.seed.pop();
    assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT));
}

#[test]
fn other_options_are_rejected() {
    let (batching, none) = (BatchingMethod::Horner, FieldExtension::None);
    let options = |queries, blowup, grinding, folding, remainder| {
        ProofOptions::new(queries, blowup, grinding, none, folding, remainder, batching, batching)
    };
    assert_eq!(options(40, 4, 18, 8, 255), Preset::Fast.cairo_options());
    for options in [
        options(39, 4, 18, 8, 255),
        options(1, 4, 18, 8, 255),
        options(41, 4, 18, 8, 255),
        options(40, 2, 18, 8, 255),
        options(40, 8, 18, 8, 255),
        options(40, 4, 17, 8, 255),
        options(40, 4, 0, 8, 255),
        options(40, 4, 18, 4, 255),
        options(40, 4, 18, 8, 127),
        ProofOptions::new(40, 4, 18, none, 8, 255, BatchingMethod::Linear, batching),
        ProofOptions::new(40, 4, 18, none, 8, 255, batching, BatchingMethod::Algebraic),
    ] {
        let forge = Forge { options: options.clone(), ..Forge::honest() };
        assert_eq!(forge.verdict(), Err(VerifyError::Options { preset: Preset::Fast, found: options.to_bytes() }));
    }
}

/// Winterfell makes no proof over an extension that the field does not have, so that only the bytes can say that there is one.
#[test]
fn every_bit_of_the_options_is_compared() {
    let file = Forge::honest().file();
    let options = Preset::Fast.cairo_options().to_bytes();
    // After the shape of the trace and the modulus.
    let start = 4 + 2 + 1 + 32;
    assert_eq!(file.stark[start..start + options.len()], options);
    for (byte, bit) in (0..options.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut file = file.clone();
        file.stark[start + byte] ^= 1 << bit;
        let found = file.stark[start..start + options.len()].to_vec();
        assert_eq!(verify_any(&file.to_bytes()), Err(VerifyError::Options { preset: Preset::Fast, found }), "{byte} {bit}");
    }
}

#[test]
fn the_proof_of_another_preset_is_rejected() {
    let forges = Preset::OF_CAIRO.map(|preset| Forge::of(&honest_execution(), preset));
    for (forge, other) in forges.iter().flat_map(|forge| forges.iter().map(move |other| (forge, other))) {
        let [preset, claimed] = [forge, other].map(|forge| forge.claim.preset);
        if preset == claimed {
            continue;
        }
        let found = preset.cairo_options().to_bytes();
        // The proof as it is, and one that is made for the claim.
        let of_preset = CairoProof { claim: other.claim.clone(), ..forge.file() };
        for file in [of_preset, Forge { options: preset.cairo_options(), ..other.clone() }.file()] {
            let verdict = verify_any(&file.to_bytes()).unwrap_err();
            match verdict {
                VerifyError::Length { limit, found } => assert!(found > limit && found == file.stark.len()),
                error => assert_eq!(error, VerifyError::Options { preset: claimed, found: found.clone() }),
            }
        }
    }
}

#[test]
fn another_hash_function_is_rejected() {
    for preset in Preset::OF_CAIRO {
        let forge = Forge::of(&honest_execution(), preset);
        let file = match preset.hash() {
            Hash::Blake3 => forge.file_with::<Blake2s256<Felt252>>(),
            Hash::Blake2s => forge.file_with::<Blake3_256<Felt252>>(),
            Hash::Poseidon => panic!("no Cairo proof has it"),
        };
        // The remainder's commitment is the first hash that the verifier computes.
        assert_eq!(verify_any(&file.to_bytes()), Err(VerifyError::RemainderCommitment), "{preset}");
    }
}

#[test]
fn another_remainder_is_rejected() {
    let file = Forge::honest().file();
    // After it come one byte for the partitions and eight for the nonce. 2^9 rows fold to 64 coefficients of 32 bytes.
    let (size, end) = (64 * 32, file.stark.len() - 9);
    for byte in (end - size..end).step_by(8) {
        let mut file = file.clone();
        file.stark[byte] ^= 1;
        assert_eq!(verify_any(&file.to_bytes()), Err(VerifyError::RemainderCommitment), "{byte}");
    }
    // Half of it, with its length.
    let start = end - size;
    let half = [&file.stark[..start - 2], &(size as u16 / 2).to_le_bytes(), &file.stark[start + size / 2..]].concat();
    let verdict = verify_any(&CairoProof { stark: half, ..file.clone() }.to_bytes());
    assert_eq!(verdict, Err(VerifyError::RemainderLength { expected: 64, found: 32 }));
    // Others of low degree, committed to when the queries are known: the commitment is another, and with it the queries.
    for coefficients in [vec![Felt252::ZERO; 64], (0..64).map(Felt252::new).collect()] {
        let mut proof = Proof::from_bytes(&file.stark).unwrap();
        let (trace, constraints, mut layers) = proof.commitments.parse::<WholeHasher<Blake3_256<Felt252>>>(2, 1).unwrap();
        layers[1] = WholeHasher::<Blake3_256<Felt252>>::hash_elements(&coefficients);
        proof.commitments = Commitments::new::<WholeHasher<Blake3_256<Felt252>>>(trace, constraints, layers);
        let mut stark = proof.to_bytes();
        let bytes: Vec<u8> = coefficients.iter().flat_map(|coefficient| coefficient.to_le_bytes()).collect();
        stark[start..end].copy_from_slice(&bytes);
        let verdict = verify_any(&CairoProof { stark, ..file.clone() }.to_bytes());
        assert_eq!(verdict, Err(VerifyError::Stark(VerifierError::QuerySeedProofOfWorkVerificationFailed)));
    }
}

// THE LOW-DEGREE TEST
// ================================================================================================

#[test]
fn quotients_that_are_right_out_of_the_domain_alone_fail_the_low_degree_test() {
    let honest = Forge::honest();
    let told = |forge: &Forge, lie: Lie| Forge { lie: Some(lie), ..forge.clone() }.verdict();
    assert_eq!(told(&honest, Lie::None).unwrap(), honest.verdict().unwrap());
    // Another output, in the claim and in the trace.
    let forged = forged(|execution| replace(execution, Value::Felt(felt(35)), Value::Felt(felt(36))));
    assert_lies_are_found(told, &honest, &forged);
}

#[test]
fn another_remainder_that_is_committed_to_fails_the_low_degree_test() {
    let verdict = Forge { lie: Some(Lie::Remainder), ..Forge::honest() }.verdict();
    assert_eq!(verdict, of_queries(FriError::InvalidRemainderFolding));
}
