//! STARK proofs of models with Winterfell (docs/proofs.md).
//!
//! A model is lowered to a [`TraceProgram`] of the universal AIR of [`maat_verifier`]; its fixed columns are the model's commitment, and a
//! [`ProvingKey`] holds what all proofs of one model, preset and batch size share. Proofs are succinct and **not zero-knowledge**.

#![forbid(unsafe_code)]

mod auxiliary;
mod cache;
pub mod cairo;
mod error;
mod extension;
mod fractions;
mod key;
mod program;
mod salt;
pub mod sponge;
mod stages;
mod stark;
mod trace;
mod trace_lde;
mod witness;

pub use cache::{Cache, Content, Files, Untrusted};
pub use error::{ProveError, TraceProgramError, Unprovable};
pub use key::{Proved, ProvingKey, Visibility, entries, entries_for};
pub use program::TraceProgram;
pub use salt::random_salt;
pub use stages::Stages;

#[cfg(test)]
mod tests;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
