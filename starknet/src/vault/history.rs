//! The price history of a pair, and the feed that it records.

use maat_strategy::history::Observation;
use maat_strategy::hour::Hour;
use maat_strategy::price::Price;
use starknet_rust::core::types::Felt;

use super::answers::{Latest, Move, Quote};
use super::calls::{Done, ask, tell};
use super::events::{ContractEvent, HistoryEvent, Logged, logged};
use super::felts::FromFelts;
use crate::account::{Account, Invocation};
use crate::client::Client;
use crate::error::ChainError;

/// A price history on a network.
#[derive(Clone, Copy)]
pub struct History<'c> {
    client: &'c Client,
    address: Felt,
}

/// What an attempt to record an hour gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// There is one more observation.
    Recorded(Observation),
    /// A price moved too far. The hour can be tried again.
    Refused(Move),
}

impl<'c> History<'c> {
    /// The price history at an address.
    pub fn at(client: &'c Client, address: Felt) -> Self {
        Self { client, address }
    }

    /// Its address.
    pub fn address(&self) -> Felt {
        self.address
    }

    fn ask<T: FromFelts>(&self, what: &str, function: &str, calldata: Vec<Felt>) -> Result<T, ChainError> {
        ask(self.client, self.address, what, function, calldata)
    }

    /// The last observation; nothing before the first one.
    ///
    /// # Errors
    /// The node or the contract does not say, as for all questions.
    pub fn latest(&self) -> Result<Option<Latest>, ChainError> {
        self.ask("looking up the last recorded hour", "latest", vec![])
    }

    /// What was recorded for an hour, as far as it still is stored.
    ///
    /// # Errors
    /// As for [`Self::latest`].
    pub fn hour(&self, hour: Hour) -> Result<Option<Observation>, ChainError> {
        self.ask("looking up a recorded hour", "at", vec![hour.count().into()])
    }

    /// The base token's prices of the last `n` hours, oldest first; nothing if an hour is missing among them.
    ///
    /// # Errors
    /// As for [`Self::latest`]; or there are not `n` of them.
    pub fn window(&self, n: u32) -> Result<Option<Vec<Price>>, ChainError> {
        const WHAT: &str = "looking up the window of recorded hours";
        let window: Option<Vec<Price>> = self.ask(WHAT, "window", vec![n.into()])?;
        match window {
            Some(prices) if prices.len() as u64 != u64::from(n) => {
                let reason = format!("{} prices, where {n} were asked for", prices.len());
                Err(ChainError::Malformed { what: WHAT.to_owned(), reason })
            }
            window => Ok(window),
        }
    }

    /// What binds all observations.
    ///
    /// # Errors
    /// As for [`Self::latest`].
    pub fn chain(&self) -> Result<Felt, ChainError> {
        self.ask("looking up the price chain", "chain", vec![])
    }

    /// Where the prices come from.
    ///
    /// # Errors
    /// As for [`Self::latest`].
    pub fn feed(&self) -> Result<Felt, ChainError> {
        self.ask("looking up the feed", "feed", vec![])
    }

    /// What a feed gives now.
    ///
    /// # Errors
    /// As for [`Self::latest`]; or the feed has no price.
    pub fn quote(client: &Client, feed: Felt) -> Result<Quote, ChainError> {
        ask(client, feed, "asking the feed", "quote", vec![])
    }

    /// The call that records the current hour.
    pub fn recording(&self) -> Invocation {
        Invocation { contract: self.address, function: "record", calldata: vec![] }
    }

    /// Records the current hour.
    ///
    /// # Errors
    /// The history or its feed refuses: [`ChainError::Refused`] has the reason.
    pub fn record(&self, account: &Account) -> Result<(Done<HistoryEvent>, Recording), ChainError> {
        self.record_after(account, vec![])
    }

    /// The same, after other calls in the same transaction.
    ///
    /// # Errors
    /// As for [`Self::record`].
    pub fn record_after(&self, account: &Account, before: Vec<Invocation>) -> Result<(Done<HistoryEvent>, Recording), ChainError> {
        const WHAT: &str = "recording the hour";
        let invocations = [before, vec![self.recording()]].concat();
        let (receipt, events) = tell(account, WHAT, invocations)?;
        let done = Done { receipt, events: HistoryEvent::among(&events, self.address)? };
        let recording = done.events.last().map(|event| match *event {
            HistoryEvent::Recorded { hour, base, quote, .. } => Recording::Recorded(Observation { hour, base, quote }),
            HistoryEvent::Refused { hour, side, last, found, hours } => Recording::Refused(Move { hour, side, last, found, hours }),
        });
        let missing = || ChainError::Malformed { what: WHAT.to_owned(), reason: "the history reports nothing".to_owned() };
        recording.map(|recording| (done, recording)).ok_or_else(missing)
    }

    /// All that it logged in a range of blocks, oldest first. Without an end it is the last block.
    ///
    /// # Errors
    /// The node does not say, or one of the events is malformed.
    pub fn events(&self, from: u64, to: Option<u64>) -> Result<Vec<Logged<HistoryEvent>>, ChainError> {
        logged(self.client, "reading the price history's events", self.address, &[], from, to)
    }
}
