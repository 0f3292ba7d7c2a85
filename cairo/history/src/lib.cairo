//! The price history of a pair: which observations count, what a gap does, and the chain that binds them.
//!
//! The crate `maat-strategy` keeps the same in Rust; the test `history` holds the two against each other.
pub mod checks;
pub mod errors;
pub mod price_history;
pub mod ring;

#[cfg(test)]
mod tests;
