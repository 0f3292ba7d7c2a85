//! STARK proofs of models with Winterfell (docs/proofs.md).
//!
//! A model is lowered to a [`TraceProgram`] of the universal AIR of [`maat_verifier`]; its fixed columns are the model's commitment, and a
//! [`ProvingKey`] holds what all proofs of one model, preset and batch size share. Plain proofs are succinct and **not
//! zero-knowledge**; hiding ones are, under the conditions of docs/zero-knowledge.md.

#![forbid(unsafe_code)]

mod auxiliary;
mod cache;
pub mod cairo;
mod error;
mod extension;
mod fractions;
mod further;
mod key;
mod ledger;
mod masks;
mod model_seed;
mod private_file;
mod private_folder;
mod program;
mod random;
mod sponge;
mod stages;
mod stark;
mod trace;
mod trace_lde;
mod witness;

pub use cache::{Cache, Content, Files, Untrusted};
pub use error::{ProveError, TraceProgramError, Unprovable};
pub use further::further_entries;
pub use key::{
    LayoutChoice, Proved, ProvingKey, Visibility, WantedPresets, entries, entries_for, entries_of_batch, private_entries, recomputed,
};
pub use ledger::{Ledger, LedgerError};
pub use model_seed::{ModelSeed, ModelSeedError};
pub use private_file::PrivateFileError;
pub use private_folder::{PrivateFolder, PrivateFolderError};
pub use program::TraceProgram;
pub use random::random_salt;
pub use stages::Stages;

#[cfg(test)]
mod tests;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
