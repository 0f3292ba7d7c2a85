//! Contracts for tests and for the local chain: tokens, a pool, a router, a feed and an oracle that whoever calls can set, and a
//! verifier of proofs.
//!
//! Warning: they hold nothing of worth, and believe everybody.
pub mod calls;
pub mod ekubo;
pub mod feed;
pub mod oracle;
pub mod pool;
pub mod token;
pub mod verifier;

#[cfg(test)]
mod tests;
