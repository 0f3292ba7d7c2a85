//! What a vault's events say, whichever chain they come from. Amounts are in smallest units.

use starknet_types_core::felt::Felt;

use crate::hour::Hour;
use crate::vault::{Outcome, Purpose, Side};

/// The network decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The hour.
    pub hour: Hour,
    /// The output value that the policy reads.
    pub class: i32,
    /// The commitment that the registry has of the version.
    pub model: Felt,
    /// The registry's version.
    pub version: u64,
    /// The hash of what the network saw.
    pub input_hash: Felt,
    /// The hash of all that it answered.
    pub output_hash: Felt,
    /// The price chain.
    pub chain: Felt,
    /// The share of the base token before, in basis points.
    pub weight_before: u16,
    /// What the policy asks for; nothing where it holds.
    pub weight_target: Option<u16>,
    /// What came of it.
    pub outcome: Outcome,
}

/// A swap was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traded {
    /// The hour.
    pub hour: Hour,
    /// Why.
    pub purpose: Purpose,
    /// Which token was given.
    pub sold: Side,
    /// How much of it left.
    pub spent: u128,
    /// How much of the other one arrived.
    pub received: u128,
}
