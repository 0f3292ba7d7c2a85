//! Proofs of executions of Cairo programs: *the program with this hash ran to its end, and gave this output*.
//!
//! One AIR proves all programs. It is the Cairo CPU with read-only memory and the builtins `output` and `range_check`:
//!
//! | part | file | what it enforces |
//! |---|---|---|
//! | CPU | [`cpu`] | each row is a step of the CPU, from the registers before it to those after it |
//! | bus | [`bus`] | instructions and operands are what memory holds, offsets have 16 bits, and range-checked values 128 |
//! | tables | [`tables`] | what the bus takes from is in its place |
//! | ends | [`air`] | the execution begins and ends as claimed, and memory holds the program and its output |
//!
//! A transition constraint holds in all rows but the last, so nothing happens in the last row: see docs/cairo-proofs.md.

pub mod air;
pub mod bus;
mod claim;
pub mod columns;
pub mod cpu;
mod execution;
mod packed;
mod program;
mod proof_file;
mod public_inputs;
pub mod tables;
mod verify;

pub use air::CairoAir;
pub use claim::{Claim, ClaimError, MAX_OUTPUT};
pub use execution::{Execution, Registers, Value};
pub use program::{Builtin, HALT, HEADER_LENGTH, MAX_BYTECODE, Program, ProgramError, ProgramHash};
pub use proof_file::CairoProof;
pub use public_inputs::PublicInputs;
pub use verify::{CairoStatement, verify, verify_any, verify_program};
