//! What a proof of an execution binds.
//!
//! | file | shows |
//! |---|---|
//! | `machine` | programs and their executions, without the Cairo VM |
//! | `checker` | the rules of the AIR once more, in plain integers and with look-ups as counted lists |
//! | `attempt` | a trace with changes, which the checker and the AIR judge |
//! | `instructions` | every instruction that means something is executed, and no other one is |
//! | `cells` | every cell is bound, or free for a reason |
//! | `attacks` | what an attacker would write into a trace |
//! | `forged` | provers that depart from the protocol in one place |
//! | `statements` | every part of a claim is bound |

mod attacks;
mod attempt;
mod cells;
mod checker;
mod forged;
mod instructions;
mod machine;
mod programs;
mod statements;

use maat_verifier::Preset;
use maat_verifier::cairo::{Execution, Value, verify_program};

use super::prove;
use machine::{Machine, fibonacci};

#[test]
fn an_execution_is_proven_in_the_least_rows_that_it_fits_into() {
    // Four steps a turn and six besides. The last row is not checked, so 511 steps fit into 512 rows, and 512 do not.
    for (preset, turns, rows) in [(Preset::Fast, 126, 512), (Preset::Balanced, 127, 1024), (Preset::Onchain, 1, 512)] {
        let program = fibonacci(turns);
        let execution = Machine::new(&program).run();
        let proved = prove(&execution, preset, &|_| ()).unwrap();
        let statement = verify_program(&proved.file.to_bytes(), &program).unwrap();
        assert_eq!((statement.rows, statement.steps), (rows, 4 * turns + 6));
        assert_eq!((statement.preset, statement.security), (preset, proved.security));
    }
}

/// The last cells of a trace may be in use, and the stack may end beyond the cells that were written to.
#[test]
fn an_execution_may_fill_the_memory_of_a_trace() {
    let turn = Machine::new(&fibonacci(1)).run();
    let cells = turn.segments.iter().map(Vec::len).sum::<usize>();
    for (filled, rows) in [(1021, 512), (1022, 512), (1023, 1024)] {
        let lines = vec![machine::felt(0); filled - cells];
        let bytecode = [fibonacci(1).bytecode(), &lines].concat();
        let program = maat_verifier::cairo::Program::new(bytecode, vec![]).unwrap();
        let proved = prove(&Machine::new(&program).run(), Preset::Fast, &|_| ()).unwrap();
        assert_eq!(verify_program(&proved.file.to_bytes(), &program).unwrap().rows, rows, "{filled} cells");
    }
    let far = machine::Instruction {
        ap: machine::ApUpdate::AddRes,
        op1: machine::Source::Immediate,
        offsets: [-1, -1, 1],
        ..machine::Instruction::IDLE
    };
    let lines = [machine::Line::With(far, machine::felt(2000)), machine::Line::Plain(machine::Instruction::RETURN)];
    let program = machine::program(&[], &lines);
    let proved = prove(&Machine::new(&program).run(), Preset::Fast, &|_| ()).unwrap();
    assert_eq!(verify_program(&proved.file.to_bytes(), &program).unwrap().rows, 1024);
}

/// An execution comes from a Cairo VM. One that no VM can have made is an error.
#[test]
fn what_is_no_execution_is_refused() {
    let honest = Machine::new(&programs::outputs_and_checks(machine::felt(1))).run();
    let refused = |change: &dyn Fn(&mut Execution)| {
        let mut execution = honest.clone();
        change(&mut execution);
        prove(&execution, Preset::Fast, &|_| ()).unwrap_err().to_string()
    };
    let none = "this is not an execution of a Cairo program: ";
    assert_eq!(refused(&|execution| execution.registers.truncate(1)), format!("{none}it has no steps"));
    assert_eq!(refused(&|execution| execution.registers.clear()), format!("{none}it has no steps"));
    assert_eq!(refused(&|execution| execution.segments.truncate(1)), format!("{none}it has no bytecode or no stack"));
    assert_eq!(refused(&|execution| execution.segments[0][0] = None), format!("{none}its first segment is not the program"));
    let builtins = format!("{none}it does not end with how far it filled the builtins' segments");
    assert_eq!(refused(&|execution| execution.builtin_segments[0] = 3), builtins);
    assert_eq!(refused(&|execution| execution.segments[1].clear()), builtins);
    assert_eq!(refused(&|execution| execution.builtin_segments.clear()), format!("{none}a builtin has no segment"));
    assert_eq!(refused(&|execution| execution.segments[2].clear()), format!("{none}its output has no memory"));
    let large = Some(Value::Felt(-machine::felt(1)));
    assert_eq!(refused(&|execution| execution.segments[3][0] = large), format!("{none}a range-checked value has more than 128 bits"));
    let nowhere = Some(Value::Pointer { segment: 9, offset: 0 });
    assert_eq!(refused(&|execution| execution.segments[1][5] = nowhere), format!("{none}a pointer leads to a segment that there is not"));
    let reads = |step: usize| format!("step {step} of the execution reads at address ");
    assert!(refused(&|execution| execution.registers[2].pc = 1 << 20).starts_with(&reads(2)));
    assert!(refused(&|execution| execution.registers[2].fp = 1 << 20).starts_with(&reads(2)));
    // The two cells below the header's frame are public.
    let mut without = Machine::new(&fibonacci(1)).run();
    without.segments[1].clear();
    assert!(prove(&without, Preset::Fast, &|_| ()).is_err());
}
