//! A vault on a chain, as its events tell, and a record held against it.
//!
//! A record proves what a network answers to prices. What a vault did is on its chain: the prices that were recorded, each decision with the
//! hashes of what the network saw and answered, and each swap. [`compare()`] holds the one against the other, hour by hour.

mod compare;
mod events;
mod on_chain;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, Coverage, Finding, Segment, Simulated, Trading, compare};
pub use events::{Decided, Traded};
pub use on_chain::{Changed, Entry, Logged, OnChain};
