//! Verifies Maat's proofs: *the model with this commitment, on these inputs, gives these outputs*, or *the Cairo program with this hash ran to
//! its end, and gave this output*.
//!
//! [`verify`] is all that a third party needs, with the commitment of the model that it trusts, and [`cairo::verify`] with the hash of the
//! program. Both take any bytes: see [`VerifyError`] for what they refuse. The rest of this crate is what prover and verifier must agree on:
//! the AIRs, the commitments, the presets and the file formats.
//!
//! A *plain* proof, whose statement names everything, is succinct and **not zero-knowledge**. A *hiding* one ([`Mode::Hiding`]) hides inputs,
//! outputs or weights: docs/zero-knowledge.md says what, and under which conditions. A Cairo proof holds the whole program.

#![deny(unsafe_code)]

pub mod air;
mod blake2s;
mod bounded;
pub mod cairo;
pub mod chain_format;
mod coin;
mod commitment;
mod digest;
mod error;
mod felt252;
mod goldilocks;
mod hasher;
mod hex;
mod kind;
pub mod layout;
pub mod log_up;
mod one_time;
mod opening;
mod pedersen;
mod poseidon;
mod preset;
mod proof_file;
mod salt;
mod stark;
mod statement;
mod value_digest;
mod vector_commitment;
mod verify;

pub use blake2s::{Blake2s256, TreeDigest};
pub use coin::PoseidonCoin;
pub use commitment::{Entries, EntriesError, Entry, MAX_ENTRIES, MAX_VALUES, ModelCommitment, ParseCommitmentError};
pub use digest::{Digest, MAX_PARTS};
pub use error::VerifyError;
pub use felt252::{Felt252, ParseFeltError};
pub use goldilocks::{Goldilocks, signed_element};
pub use hasher::{SplitHasher, TreeHasher, WholeHasher};
pub use hex::{hex, hex_digits, parse_hex};
pub use kind::Kind;
pub use one_time::{MAX_ONE_TIME_ROOTS, OneTimeError, OneTimeRoot, OneTimeTree};
pub use opening::{Opening, OpeningError, SideOpening};
pub use poseidon::Poseidon;
pub use preset::{Hash, Mode, ParsePresetError, Preset, Security};
pub use proof_file::{FILE_VERSION, FileError, Header, MAX_FILE_BYTES, ProofFile, TRANSCRIPT};
pub use salt::Salt;
pub use statement::{Statement, Values};
pub use value_digest::{ValueDigest, ValueDigestError};
pub use vector_commitment::{SplitOpening, SplitTree, SplitTreeError, TreeHash};
pub use verify::verify;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
