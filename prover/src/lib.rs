//! STARK proofs of models.
#![forbid(unsafe_code)]

mod error;
mod program;

pub use error::{ProgramError, ProveError, Unprovable};
pub use program::Program;
