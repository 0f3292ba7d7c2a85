//! Why there is no proof of an execution.

use maat_verifier::Preset;
use maat_verifier::cairo::ClaimError;
use maat_verifier::cairo::columns::MAX_ROWS;
use winterfell::ProverError;

/// Why there is no proof of an execution.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CairoProveError {
    /// The trace would be too long.
    #[error(
        "the execution has {steps} steps, {cells} cells of memory and {range_checks} range checks; a trace of {MAX_ROWS} rows is too short"
    )]
    TooLong {
        /// How many steps it has.
        steps: usize,
        /// How many cells of memory, those of range checks aside.
        cells: usize,
        /// How many range-checked values.
        range_checks: usize,
    },
    /// No Cairo proof has this preset.
    #[error("there are no Cairo proofs with the preset {0}; their presets are fast, balanced and onchain")]
    Preset(Preset),
    /// This is not an execution of the program.
    #[error("this is not an execution of a Cairo program: {reason}")]
    Execution {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A step reads where there is no memory.
    #[error("step {step} of the execution reads at address {address}, where the execution has no memory")]
    Address {
        /// The step, counted from zero.
        step: usize,
        /// The address, in the bytecode or in the memory of the proof.
        address: String,
    },
    /// The word that a step executes is not an instruction.
    #[error("step {step} of the execution is not an instruction: {word}")]
    Instruction {
        /// The step, counted from zero.
        step: usize,
        /// The word that was to be executed.
        word: String,
    },
    /// The execution makes no claim that can be proven.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// Winterfell gives no proof.
    #[error("the proof could not be made: {0}")]
    Stark(ProverError),
}
