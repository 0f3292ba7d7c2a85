//! What a vault computes before it trades: amounts, features, the policy's target, and the trade that the limits leave of it.
//!
//! The crate `maat-strategy` computes the same in Rust; the test `strategy` holds the two against each other. Nothing here reads or writes
//! storage. Where Rust gives nothing because a number has more than 128 bits, these functions give `None`. They panic only where their
//! caller breaks what their documentation asks for.
pub mod features;
pub mod limits;
pub mod math;
pub mod policy;
