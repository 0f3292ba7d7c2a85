//! Mutants of valid Cairo proofs: truncated, with bits flipped, bytes set, removed, inserted or swapped. None is a proof of another statement,
//! none panics, and none takes more than 64 MB of memory.
//!
//! The proofs are of every preset, and of programs with and without builtins. 6,000 mutants are tried, 60,000 with the feature `slow`. Some of
//! them hold: felts are compressed in a file, and other compressed bytes can be the same felts. They say what the proof says, with its STARK.

#[path = "../src/cairo/tests/machine.rs"]
mod machine;
#[path = "../../verifier/tests/memory/mod.rs"]
mod memory;
mod mutation;
#[path = "../src/cairo/tests/programs.rs"]
mod programs;
#[path = "../../verifier/tests/random/mod.rs"]
mod random;

use maat_prover::cairo::prove;
use maat_verifier::cairo::{CairoStatement, Program, verify_any, verify_program};
use maat_verifier::{Felt252, Preset, VerifyError};

use machine::{Machine, fibonacci};
use memory::alone;
use mutation::{Valid, refuse_other_lengths, try_mutants};
use programs::outputs_and_checks;

/// Mutants of all proofs together, as many of each.
const MUTANTS: usize = if cfg!(feature = "slow") { 60_000 } else { 6_000 };

/// Where the output is in a file: after the preamble, the preset and the numbers.
const OUTPUT: usize = 38;

/// What a proof proves, and its STARK.
struct Proven {
    statement: CairoStatement,
    stark: Vec<u8>,
}

fn proof(name: &'static str, program: &Program, preset: Preset) -> Valid<Proven> {
    let file = prove(&Machine::new(program).run(), preset, &|_| ()).unwrap().file;
    let bytes = file.to_bytes();
    let statement = verify_program(&bytes, program).unwrap();
    // Packed felts come after two numbers of four bytes, the second of which is the number of bytes that follow.
    let packed = |start: usize| 8 + u32::from_le_bytes(bytes[start + 4..start + 8].try_into().unwrap()) as usize;
    let output = packed(OUTPUT);
    let header = [("preamble", 12), ("numbers", OUTPUT - 12), ("output", output), ("bytecode", packed(OUTPUT + output))];
    Valid::new(name, bytes, Proven { statement, stark: file.stark }, &header)
}

#[test]
fn no_mutant_of_a_cairo_proof_proves_another_statement() {
    let _alone = alone();
    let builtins = outputs_and_checks(Felt252::from(u128::MAX));
    let proofs = [
        proof("both builtins", &builtins, Preset::Fast),
        proof("no builtins", &fibonacci(100), Preset::Balanced),
        proof("both builtins, for the chain", &builtins, Preset::Onchain),
    ];
    // Whatever program a mutant is for, and for the program that it should be for.
    let verify = |bytes: &[u8], known: &Proven| {
        let verdict = verify_any(bytes);
        let of_program = verify_program(bytes, &known.statement.program);
        match &verdict {
            Ok(statement) if statement.program != known.statement.program => assert_eq!(of_program, Err(VerifyError::Program)),
            verdict => assert_eq!(of_program, *verdict),
        }
        verdict
    };
    let may_hold =
        |bytes: &[u8], statement: &CairoStatement, known: &Proven| *statement == known.statement && bytes.ends_with(&known.stark);
    let held = try_mutants(&proofs, MUTANTS, verify, may_hold);
    println!("{held} mutants hold");
}

#[test]
fn truncated_and_lengthened_cairo_proofs_are_refused() {
    let _alone = alone();
    let valid = proof("no builtins", &fibonacci(2), Preset::Fast);
    refuse_other_lengths(&valid, |bytes, _| verify_any(bytes));
}
