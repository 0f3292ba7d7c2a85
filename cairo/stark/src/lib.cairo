//! The parts of a STARK's verifier that know nothing of its AIR: the field, hashes, the transcript, openings, and the low-degree test.
//!
//! Nothing here makes a system call. The parameters are those of the preset `starknet`: docs/proofs.md.

pub mod deep;
pub mod fold;
pub mod goldilocks;
pub mod low_degree;
pub mod opening;
pub mod poseidon;
pub mod positions;
pub mod quadratic;
pub mod reading;
pub mod transcript;
pub mod work;
