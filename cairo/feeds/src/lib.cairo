//! Feeds: from an oracle's entries to the prices of a pair.
//!
//! The crate `maat-strategy` computes the same in Rust; the test `history` holds the two against each other.
pub mod errors;
pub mod median;
pub mod pragma;
pub mod rule;

#[cfg(test)]
mod tests;
