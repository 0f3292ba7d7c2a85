//! A Cairo proof holds for its own program and output only.
//!
//! Each test begins with an honest proof that verifies, changes one thing of its claim, and names the error. The STARK is the honest one as it
//! is, or one that is made for the changed claim. What the trace binds is in [`super::cells`] and [`super::forged`]; claims that no proof can
//! be made for, and bytes that are not a file, are in the verifier's own tests.

use maat_verifier::cairo::{
    self, Builtin, CairoProof, CairoStatement, Claim, ClaimError, HEADER_LENGTH, Program, verify_any, verify_program,
};
use maat_verifier::{Felt252, FileError, Kind, Mode, Preset, Security, VerifyError};
use winter_verifier::Serializable;
use winterfell::math::FieldElement;

use super::forged::{Forge, honest_execution};
use super::machine::*;
use super::programs::{large, outputs_and_checks};
use super::prove;
use crate::cairo::CairoProveError;
use crate::tests::low_degree::BROKEN_CONSTRAINT;
use crate::tests::models;
use crate::{ProvingKey, Visibility, entries};

/// An honest proof.
struct Proven {
    forge: Forge,
    file: CairoProof,
}

impl Proven {
    fn new() -> Self {
        let forge = Forge::honest();
        let file = forge.file();
        verify_program(&file.to_bytes(), &file.claim.program).unwrap();
        Self { forge, file }
    }

    /// The proof's claim with a change.
    fn claim(&self, change: impl FnOnce(&mut Claim)) -> Claim {
        let mut claim = self.file.claim.clone();
        change(&mut claim);
        assert_ne!(claim, self.file.claim);
        claim
    }

    /// The verifier's word on the proof's STARK under another claim.
    fn under(&self, claim: Claim) -> Result<CairoStatement, VerifyError> {
        verify_any(&CairoProof { claim, ..self.file.clone() }.to_bytes())
    }

    /// Neither the proof's STARK nor one that is made for the other claim proves it.
    #[track_caller]
    fn assert_not_proven(&self, change: impl FnOnce(&mut Claim)) {
        let claim = self.claim(change);
        assert_eq!(claim.check(), Ok(()));
        assert_eq!(self.under(claim.clone()), Err(BROKEN_CONSTRAINT));
        assert_eq!(self.forge.claiming(claim).verdict(), Err(BROKEN_CONSTRAINT));
    }

    /// No proof can be made for the other claim.
    #[track_caller]
    fn assert_no_claim(&self, change: impl FnOnce(&mut Claim), error: ClaimError) {
        assert_eq!(self.under(self.claim(change)), Err(VerifyError::File(FileError::Claim(error))));
    }
}

/// A program with one felt of its bytecode changed.
fn with_felt(program: &Program, position: usize, felt: Felt252) -> Program {
    let mut bytecode = program.bytecode().to_vec();
    bytecode[position] = felt;
    Program::new(bytecode, program.builtins().to_vec()).unwrap()
}

#[test]
fn the_statement_is_what_the_machine_did() {
    for preset in Preset::OF_CAIRO {
        let execution = honest_execution();
        let proved = prove(&execution, preset, &|_| ()).unwrap();
        let statement = verify_program(&proved.file.to_bytes(), &execution.program).unwrap();
        let expected = CairoStatement {
            program: execution.program,
            output: vec![felt(-5), felt(35), large()],
            steps: execution.registers.len() as u32 - 1,
            builtins: vec![(Builtin::Output, 3), (Builtin::RangeCheck, 3)],
            rows: 512,
            preset,
            security: proved.security,
        };
        assert_eq!(statement, expected);
        assert_eq!(statement.steps, 18);
    }
    let program = fibonacci(300);
    let proved = prove(&Machine::new(&program).run(), Preset::Fast, &|_| ()).unwrap();
    let CairoStatement { program: found, output, steps, builtins, rows, preset, security } = verify_any(&proved.file.to_bytes()).unwrap();
    assert_eq!((found, output, builtins, preset), (program, vec![], vec![], Preset::Fast));
    // Two steps of the header, three before the loop, four in each turn, and the return.
    assert_eq!((steps, rows), (2 + 3 + 4 * 300 + 1, 2048));
    assert_eq!(security, Security { conjectured: 97, proven: 57 });
}

#[test]
fn no_cairo_proof_has_the_preset_for_contracts_that_verify() {
    let error = prove(&honest_execution(), Preset::Starknet, &|_| ()).unwrap_err();
    assert!(matches!(error, CairoProveError::Preset(Preset::Starknet)), "{error}");
    let proven = Proven::new();
    let found = Preset::Starknet.code();
    assert_eq!(proven.under(proven.claim(|claim| claim.preset = Preset::Starknet)), Err(VerifyError::File(FileError::Preset { found })));
}

#[test]
fn another_number_of_steps_is_rejected() {
    let proven = Proven::new();
    proven.assert_not_proven(|claim| claim.steps += 1);
    proven.assert_not_proven(|claim| claim.steps -= 1);
    proven.assert_not_proven(|claim| claim.steps = 511);
    proven.assert_no_claim(|claim| claim.steps = 512, ClaimError::Steps { rows: 512, found: 512 });
    proven.assert_no_claim(|claim| claim.steps = 1, ClaimError::Steps { rows: 512, found: 1 });
}

#[test]
fn other_ends_are_rejected() {
    let proven = Proven::new();
    for change in [1, 1_u32.wrapping_neg()] {
        proven.assert_not_proven(|claim| claim.last_pc = claim.last_pc.wrapping_add(change));
        proven.assert_not_proven(|claim| claim.final_ap = claim.final_ap.wrapping_add(change));
    }
    proven.assert_no_claim(|claim| claim.last_pc = 5, ClaimError::Halted);
}

#[test]
fn another_range_of_offsets_is_rejected() {
    let proven = Proven::new();
    let [least, greatest] = proven.file.claim.offsets;
    for offsets in [[least - 1, greatest], [least + 1, greatest], [least, greatest - 1], [least, greatest + 1], [0, u16::MAX]] {
        proven.assert_not_proven(|claim| claim.offsets = offsets);
    }
    proven.assert_no_claim(|claim| claim.offsets.reverse(), ClaimError::Offsets { least: greatest, greatest: least });
}

#[test]
fn another_output_is_rejected() {
    let proven = Proven::new();
    for position in 0..3 {
        for change in [Felt252::ONE, -Felt252::ONE, Felt252::from(1u128 << 100)] {
            proven.assert_not_proven(|claim| claim.output[position] += change);
        }
    }
    for [one, other] in [[0, 1], [1, 2], [0, 2]] {
        proven.assert_not_proven(|claim| claim.output.swap(one, other));
    }
    proven.assert_not_proven(|claim| claim.output.truncate(2));
    proven.assert_not_proven(|claim| _ = claim.output.remove(0));
    proven.assert_not_proven(|claim| claim.output.clear());
    for longer in [Felt252::ZERO, Felt252::ONE] {
        proven.assert_not_proven(|claim| claim.output.push(longer));
    }
    for start in [1, proven.file.claim.output_start - 1, proven.file.claim.output_start + 1, 900] {
        proven.assert_not_proven(|claim| claim.output_start = start);
    }
    // After the first felt, which is not said to be one.
    proven.assert_not_proven(|claim| (claim.output_start, _) = (claim.output_start + 1, claim.output.remove(0)));
}

#[test]
fn another_number_of_range_checks_is_rejected() {
    let proven = Proven::new();
    for range_checks in [0, 2, 4, 63] {
        proven.assert_not_proven(|claim| claim.range_checks = range_checks);
    }
    proven.assert_no_claim(|claim| claim.range_checks = 64, ClaimError::RangeChecks { limit: 63, found: 64 });
}

#[test]
fn other_bytecode_is_rejected() {
    let proven = Proven::new();
    let program = &proven.file.claim.program;
    // The header binds all of its felts but the call's operand; of the others, all are executed or read as immediates.
    for position in [3].into_iter().chain(HEADER_LENGTH..program.bytecode().len()) {
        let other = with_felt(program, position, program.bytecode()[position] - Felt252::ONE);
        let claim = proven.claim(|claim| claim.program = other.clone());
        assert_eq!(proven.under(claim.clone()), Err(BROKEN_CONSTRAINT), "{position}");
        if position % 6 == 3 {
            assert_eq!(proven.forge.claiming(claim).verdict(), Err(BROKEN_CONSTRAINT), "{position}");
        }
    }
    let [shorter, longer] = [&program.bytecode()[..program.bytecode().len() - 1], &[program.bytecode(), &[Felt252::ZERO]].concat()]
        .map(|bytecode| Program::new(bytecode.to_vec(), Builtin::ALL.to_vec()).unwrap());
    proven.assert_not_proven(|claim| claim.program = shorter);
    proven.assert_not_proven(|claim| claim.program = longer);
}

#[test]
fn other_builtins_are_rejected() {
    let proven = Proven::new();
    let with = |builtins: &[Builtin]| {
        let mut bytecode = proven.file.claim.program.bytecode().to_vec();
        bytecode[1] = felt(builtins.len() as i64);
        Program::new(bytecode, builtins.to_vec()).unwrap()
    };
    let unused = |builtin| ClaimError::Builtin { builtin };
    proven.assert_no_claim(|claim| claim.program = with(&[Builtin::Output]), unused(Builtin::RangeCheck));
    proven.assert_no_claim(|claim| claim.program = with(&[Builtin::RangeCheck]), unused(Builtin::Output));
    proven.assert_no_claim(|claim| claim.program = with(&[]), unused(Builtin::Output));
    // With what is said to be used of them taken away, too.
    let without_output = |claim: &mut Claim| (claim.output_start, claim.output) = (0, vec![]);
    proven.assert_not_proven(|claim| (claim.program, claim.range_checks) = (with(&[Builtin::Output]), 0));
    proven.assert_not_proven(|claim| {
        claim.program = with(&[Builtin::RangeCheck]);
        without_output(claim);
    });
    proven.assert_not_proven(|claim| {
        (claim.program, claim.range_checks) = (with(&[]), 0);
        without_output(claim);
    });
}

#[test]
fn another_number_of_rows_is_rejected() {
    let proven = Proven::new();
    for log_rows in 10..=22 {
        let claim = proven.claim(|claim| claim.rows = 1 << log_rows);
        assert_eq!(proven.under(claim), Err(VerifyError::TraceLength { expected: log_rows, found: 9 }));
    }
    proven.assert_no_claim(|claim| claim.rows = 256, ClaimError::Rows { found: 256 });
}

#[test]
fn another_preset_is_rejected() {
    let proven = Proven::new();
    let found = Preset::Fast.cairo_options().to_bytes();
    let under = |preset| proven.under(proven.claim(|claim| claim.preset = preset));
    assert_eq!(under(Preset::Balanced), Err(VerifyError::Options { preset: Preset::Balanced, found }));
    // It is longer than any that has half the queries.
    assert!(
        matches!(under(Preset::Onchain), Err(VerifyError::Length { limit, found }) if limit < found && found == proven.file.stark.len())
    );
}

#[test]
fn fields_that_change_places_are_rejected() {
    let proven = Proven::new();
    proven.assert_not_proven(|claim| std::mem::swap(&mut claim.steps, &mut claim.last_pc));
    proven.assert_not_proven(|claim| std::mem::swap(&mut claim.output_start, &mut claim.range_checks));
    // The frame begins at 33, and both builtins have a first and a last address in it.
    let found = proven.file.claim.last_pc;
    let error = ClaimError::Stack { limit: 37, found };
    proven.assert_no_claim(|claim| std::mem::swap(&mut claim.last_pc, &mut claim.final_ap), error);
}

#[test]
fn the_claim_of_one_proof_does_not_fit_the_stark_of_another() {
    let proven = Proven::new();
    let other = Forge::of(&Machine::new(&outputs_and_checks(felt(1))).run(), Preset::Fast).file();
    verify_any(&other.to_bytes()).unwrap();
    assert_eq!(proven.under(other.claim.clone()), Err(BROKEN_CONSTRAINT));
    assert_eq!(verify_any(&CairoProof { claim: proven.file.claim, ..other }.to_bytes()), Err(BROKEN_CONSTRAINT));
}

#[test]
fn a_proof_is_for_its_program_only() {
    let proven = Proven::new();
    let (bytes, program) = (proven.file.to_bytes(), &proven.file.claim.program);
    let other = outputs_and_checks(felt(1));
    assert_eq!(cairo::verify(&bytes, &program.hash()), verify_any(&bytes));
    assert_eq!(verify_program(&bytes, program), verify_any(&bytes));
    let (expected, found) = (other.hash(), program.hash());
    assert_eq!(cairo::verify(&bytes, &expected), Err(VerifyError::ProgramHash { expected, found }));
    assert_eq!(verify_program(&bytes, &other), Err(VerifyError::Program));
    // Neither verdict is given on a proof that does not hold.
    let mut broken = proven.file.clone();
    broken.claim.steps += 1;
    assert_eq!(cairo::verify(&broken.to_bytes(), &expected), Err(BROKEN_CONSTRAINT));
    assert_eq!(verify_program(&broken.to_bytes(), &other), Err(BROKEN_CONSTRAINT));
}

#[test]
fn a_proof_of_one_kind_is_none_of_the_other() {
    let model = models::every_primitive();
    let entries = entries(&model, &[1]).unwrap();
    let key = ProvingKey::new(&model, entries.clone(), (Preset::Fast, Mode::Plain), 1).unwrap();
    let public = (Visibility::Public, Visibility::Public);
    let of_model = key.prove(&models::inputs(&model, 1, 1), public, &|_| ()).unwrap().file.to_bytes();
    let of_program = Proven::new().file.to_bytes();
    maat_verifier::verify(&of_model, &entries.commitment()).unwrap();
    assert_eq!([&of_model, &of_program].map(|bytes| Kind::of(bytes)), [Ok(Kind::Model), Ok(Kind::Cairo)]);

    let error = |expected, found| VerifyError::File(FileError::Kind { expected, found });
    let (model_error, cairo_error) = (error(Kind::Model, Kind::Cairo), error(Kind::Cairo, Kind::Model));
    let program = outputs_and_checks(felt(1));
    assert_eq!(maat_verifier::verify(&of_program, &entries.commitment()), Err(model_error));
    assert_eq!(verify_any(&of_model), Err(cairo_error.clone()));
    assert_eq!(verify_program(&of_model, &program), Err(cairo_error.clone()));
    assert_eq!(cairo::verify(&of_model, &program.hash()), Err(cairo_error));
}
