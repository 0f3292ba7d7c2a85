//! The contract's verifier of model proofs: what the verifier in Rust accepts it accepts, with the same statement, and nothing else.
//!
//! | file | what it tests |
//! |---|---|
//! | `honest` | proofs of models, and what is returned for them |
//! | `mutants` | proofs with one felt or one part changed |
//! | `forged` | proofs whose makers choose where their queries fall, which is possible without the proof of work |
//! | `field`, `hashes`, `transcript`, `openings`, `constraints` | the verifier's parts by themselves, next to those in Rust |
//! | `costs` | steps and gas |
//!
//! What these use: `proofs` makes proofs, `anatomy` says which felts are which, `verified` reads what is returned, and `library`
//! calls the parts.

mod anatomy;
mod constraints;
mod costs;
mod field;
mod forged;
mod hashes;
mod honest;
mod library;
mod mutants;
mod openings;
mod proofs;
mod transcript;
mod verified;

use std::sync::LazyLock;

use maat_cairo::{CairoPackage, CairoRunError, CallResult, Compiler, Contract};
use maat_verifier::{Felt252, TreeDigest};
use starknet_types_core::felt::Felt;
use winter_verifier::crypto::Digest as _;

/// The class, which is compiled once.
static CLASS: LazyLock<Contract> = LazyLock::new(|| Compiler::default().contract(&package()).unwrap_or_else(|error| panic!("{error}")));

/// The verifier's crates.
fn package() -> CairoPackage {
    CairoPackage::proof_verifier()
}

/// Calls the class with a proof, which is the calldata.
fn verify(felts: &[Felt]) -> Result<CallResult, CairoRunError> {
    CLASS.call("verify", felts)
}

/// A list as calldata.
fn span(felts: &[Felt]) -> Vec<Felt> {
    [&[Felt::from(felts.len())], felts].concat()
}

/// What a panic says, without the number that it is.
fn message(error: &CairoRunError) -> String {
    let CairoRunError::Panicked { message } = error else { panic!("{error}") };
    match message.split_once("('").and_then(|(_, rest)| rest.split_once("')")) {
        Some((message, _)) => message.to_owned(),
        None => message.clone(),
    }
}

/// A felt of the verifier in Rust.
pub fn felt(felt: Felt252) -> Felt {
    Felt::from_bytes_le(&felt.to_le_bytes())
}

/// A felt for the verifier in Rust.
fn felt252(felt: &Felt) -> Felt252 {
    Felt252::from_le_bytes(&felt.to_bytes_le()).expect("both are of one field")
}

fn digest(digest: &TreeDigest) -> Felt {
    Felt::from_bytes_le(&digest.as_bytes())
}

/// Values, seven a felt, each plus 2^31.
fn packed_values(values: &[i32]) -> Vec<Felt> {
    let biased = |value: &i32| Felt::from(i64::from(*value) + (1 << 31));
    values.chunks(7).map(|seven| seven.iter().rfold(Felt::ZERO, |felt, value| felt * Felt::from(1u64 << 32) + biased(value))).collect()
}
