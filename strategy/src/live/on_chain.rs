//! What is read from a chain before a record is held against it. None of it is believed beyond that.

use starknet_types_core::felt::Felt;

use super::events::{Decided, Traded};
use crate::features::Features;
use crate::fees::Fees;
use crate::history::Observation;
use crate::hour::Hour;
use crate::limits::Limits;
use crate::policy::Policy;

/// What happened, with its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The number of the block.
    pub block: u64,
    /// What happened.
    pub entry: Entry,
}

/// What a change of the owner's made of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// Another policy.
    Policy(Policy),
    /// Other limits.
    Limits(Limits),
    /// Nothing: the adapter or the guardian is another one.
    Nothing,
}

/// What the history or the vault told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The history has one more hour.
    Recorded {
        /// Hour and prices.
        observation: Observation,
        /// The price chain with it.
        chain: Felt,
    },
    /// The network decided.
    Decided(Decided),
    /// The vault swapped.
    Traded(Traded),
    /// The owner changed the policy, the limits, the adapter or the guardian.
    Changed {
        /// The proposal's number.
        number: u64,
        /// What it proposed.
        changed: Changed,
    },
    /// The vault halted for good.
    Halted {
        /// At the price of this hour.
        hour: Hour,
    },
}

/// A vault with its price history, up to a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnChain {
    /// When the vault was made, in seconds after 1970: nothing before it is the vault's.
    pub deployed_at: u64,
    /// The commitment of its model, by the registry's word.
    pub commitment: Felt,
    /// The registry's version of it.
    pub version: u64,
    /// How many values the network gives.
    pub outputs: u32,
    /// Decimals of the base and the quote token.
    pub decimals: (u8, u8),
    /// What the network sees.
    pub features: Features,
    /// What followed from its answer when the vault was made.
    pub first_policy: Policy,
    /// What follows from it at the end.
    pub policy: Policy,
    /// How much is traded, at the end.
    pub limits: Limits,
    /// What investors pay.
    pub fees: Fees,
    /// The price chain at the end.
    pub chain: Felt,
    /// What the history told since its first hour, and the vault since it was made, in order.
    pub log: Vec<Logged>,
}
