//! What the local chain has instead of an oracle and a pool: contracts that give and swap as anybody tells them to.

use maat_strategy::price::Price;
use maat_strategy::rate::Rate;
use starknet_rust::core::types::Felt;

use crate::account::Invocation;

/// A feed that gives what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MockFeed(pub Felt);

impl MockFeed {
    /// The call after which it gives these prices, as if they were made at the time at which it is asked.
    pub fn set(self, base: Price, quote: Price) -> Invocation {
        // The third variant of its `Answer`.
        let calldata = vec![Felt::TWO, base.units().into(), quote.units().into()];
        Invocation { contract: self.0, function: "set_answer", calldata }
    }

    /// The call after which it fails, with this as the reason.
    pub fn fail(self, reason: Felt) -> Invocation {
        Invocation { contract: self.0, function: "set_answer", calldata: vec![Felt::ZERO, reason] }
    }
}

/// A pool that swaps at the rate that it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MockPool(pub Felt);

impl MockPool {
    /// The call after which it swaps at this rate.
    pub fn set(self, rate: &Rate) -> Invocation {
        Invocation { contract: self.0, function: "set_rate", calldata: vec![rate.numerator().into(), rate.denominator().into()] }
    }

    /// The call after which it gives so many basis points less than its rate.
    pub fn charge(self, bps: u16) -> Invocation {
        Invocation { contract: self.0, function: "set_conduct", calldata: vec![Felt::ONE, bps.into()] }
    }

    /// The call after which it refuses to swap.
    pub fn empty(self) -> Invocation {
        Invocation { contract: self.0, function: "set_conduct", calldata: vec![Felt::TWO] }
    }
}
