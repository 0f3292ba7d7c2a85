//! Verifies Maat's proofs.

#![forbid(unsafe_code)]

pub mod air;
pub mod layout;
