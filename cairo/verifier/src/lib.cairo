//! The verifier of model proofs, as a class that contracts call as a library: `verifier/src` in Cairo, for the preset `starknet`.
//!
//! It has no storage and makes no system call, so that it gives the same answer to everybody and for ever.

pub mod air;
pub mod boundary;
pub mod contract;
pub mod layout;
pub mod one_time;
pub mod public_inputs;
pub mod statement;
pub mod verify;
