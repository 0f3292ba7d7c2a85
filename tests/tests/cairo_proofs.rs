//! Cairo programs from their sources to verified statements: what a proof says is what the program gives, or there is no proof.
//!
//! The tests of `maat-prover` and `maat-verifier` show that dishonest proofs are refused.

use maat_cairo::{CairoRunError, Compiler, Executable};
use maat_prover::cairo::prove;
use maat_tests::cairo_programs::{CARRIED, CairoProgram, Outcome, PROGRAMS};
use maat_verifier::cairo::{Builtin, CairoStatement, ProgramHash, verify, verify_any, verify_program};
use maat_verifier::{Felt252, Preset, VerifyError};
use rayon::prelude::*;

fn compile(row: &CairoProgram) -> Result<Executable, String> {
    Compiler::default().executable(&row.package()).map_err(|error| error.to_string())
}

/// The program's hash as the Cairo VM computes it.
fn hash(program: &Executable) -> ProgramHash {
    program.hash().unwrap().to_fixed_hex_string().parse().unwrap()
}

/// Proves the program of a row, and says how its statement differs from what must be in it.
fn prove_and_compare(row: &CairoProgram, program: &Executable, expected: &[Felt252]) -> Result<String, String> {
    let arguments = row.arguments();
    let run = program.run(&arguments).map_err(|error| error.to_string())?;
    let execution = program.execute(&arguments).map_err(|error| error.to_string())?;
    let proved = prove(&execution, Preset::Fast, &|_| ()).map_err(|error| error.to_string())?;
    let (bytes, hash) = (proved.file.to_bytes(), hash(program));
    let statement = verify(&bytes, &hash).map_err(|error| error.to_string())?;
    let CairoStatement { program: proven, output, steps, builtins, rows, preset, security } = statement;
    if output != expected {
        return Err(format!("the statement's output is {output:?}, not {expected:?}"));
    }
    // The header makes room for the builtins and calls the main function: that is two steps.
    if steps as usize != run.steps + 2 {
        return Err(format!("the statement has {steps} steps, the run {}", run.steps));
    }
    let uses = [(Builtin::Output, run.output.len()), (Builtin::RangeCheck, run.range_checks)];
    for (builtin, used) in uses {
        let stated = builtins.iter().find(|(other, _)| *other == builtin).map_or(0, |(_, used)| *used as usize);
        if stated != used {
            return Err(format!("the statement has {stated} uses of {builtin}, the run {used}"));
        }
    }
    if proven != execution.program || proven.hash() != hash {
        return Err("the statement is about another program".to_owned());
    }
    if preset != Preset::Fast || security.conjectured < 96 || security != proved.security {
        return Err(format!("the statement has {preset} and {security:?}"));
    }
    Ok(format!("{steps} steps, {rows} rows, {} bytes", bytes.len()))
}

/// What the program of a row does, if that is not what the table says.
fn check(row: &CairoProgram) -> Result<String, String> {
    let program = compile(row)?;
    match &row.outcome {
        Outcome::Proven(expected) => prove_and_compare(row, &program, &expected(row.arguments)),
        Outcome::Panics(expected) => match program.execute(&row.arguments()) {
            Err(CairoRunError::Panicked { message }) if message.contains(expected) => Ok(message),
            other => Err(format!("it does not panic with {expected:?}: {:?}", other.map(|execution| execution.registers.len()))),
        },
        Outcome::Refused(builtin) => {
            // The program itself runs.
            let run = program.run(&row.arguments()).map_err(|error| error.to_string())?;
            match program.execute(&row.arguments()) {
                Err(error @ CairoRunError::Unprovable { .. }) => {
                    let expected = format!("the program uses the builtin {builtin}, but proofs support only output and range_check");
                    let found = error.to_string();
                    if found == expected { Ok(format!("{} steps, but {builtin}", run.steps)) } else { Err(found) }
                }
                other => Err(format!("it is not refused: {:?}", other.map(|execution| execution.registers.len()))),
            }
        }
    }
}

fn check_all(table: &[CairoProgram]) {
    assert!(!table.is_empty());
    let failures: Vec<String> = table
        .par_iter()
        .filter_map(|row| match check(row) {
            Ok(facts) => {
                println!("{}: {facts}", row.name);
                None
            }
            Err(error) => Some(format!("{}: {error}", row.name)),
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_program_is_proven_or_refused_as_the_table_says() {
    check_all(PROGRAMS);
}

#[test]
#[cfg_attr(not(carried_programs), ignore = "needs the sources of the package cairo-native in cargo's registry")]
fn the_programs_beside_the_core_library_are_proven_too() {
    check_all(CARRIED);
}

#[test]
fn a_proof_of_one_program_does_not_prove_another() {
    let find = |name: &str| PROGRAMS.iter().find(|row| row.name == name).unwrap();
    let [(proof, hash, program), (_, other_hash, other)] = ["fibonacci by a loop", "no panic"].map(|name| {
        let compiled = compile(find(name)).unwrap();
        let execution = compiled.execute(&find(name).arguments()).unwrap();
        let proof = prove(&execution, Preset::Fast, &|_| ()).unwrap().file.to_bytes();
        (proof, hash(&compiled), execution.program)
    });
    let statement = verify_any(&proof).unwrap();
    assert_eq!(statement.program, program);
    assert_eq!(verify(&proof, &hash), Ok(statement.clone()));
    assert_eq!(verify_program(&proof, &program), Ok(statement));

    assert_eq!(verify(&proof, &other_hash), Err(VerifyError::ProgramHash { expected: other_hash, found: hash }));
    assert_eq!(verify_program(&proof, &other), Err(VerifyError::Program));
    // A hash that no program is known to have.
    let wrong: ProgramHash = "0x1".parse().unwrap();
    assert_eq!(verify(&proof, &wrong), Err(VerifyError::ProgramHash { expected: wrong, found: hash }));
    let message = verify(&proof, &wrong).unwrap_err().to_string();
    assert_eq!(message, format!("the proof is for the program {hash}, not for 0x{:064x}", 1));
}
