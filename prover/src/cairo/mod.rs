//! Proofs of executions of Cairo programs with the AIR of [`maat_verifier::cairo`].
//!
//! An [`Execution`](maat_verifier::cairo::Execution) is what a Cairo VM gives in proof mode, as plain data: this crate does not depend on one.
//! [`prove`] fills a trace with it and proves that with Winterfell. Proofs are succinct and **not zero-knowledge**.

mod auxiliary;
mod error;
mod instruction;
mod lde;
mod memory;
mod prove;
mod stark;
mod witness;

pub use error::CairoProveError;
pub use prove::{CairoProved, prove};

#[cfg(test)]
mod tests;
