//! The chain as a keeper sees it: one trait, so that the keeper's hours can be tried on the vault's twin.

use std::fmt;
use std::sync::atomic::AtomicBool;

use crate::history::Observation;
use crate::hour::Hour;
use crate::live::{Decided, Traded};
use crate::vault::State;

/// A call that the keeper makes. None carries anything that the keeper chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Has the history take the hour's prices.
    Record,
    /// Fills the requests that are due.
    Settle,
    /// Sells base tokens for redemptions that lack quote tokens.
    Raise,
    /// Has the network decide.
    Step(Hour),
    /// Sells a piece of a vault that does not decide any more.
    Unwind,
    /// Opens an hour in which nothing else did, so that the drawdown sees it.
    Observe,
}

/// The hour that the history has last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Hour and prices.
    pub observation: Observation,
    /// When they were recorded, in seconds after 1970.
    pub at: u64,
}

/// The hour that the vault opened last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The hour.
    pub hour: Hour,
    /// Nothing more could be filled when it was settled.
    pub swept: bool,
    /// What may still leave in this hour, in the quote token.
    pub room: u128,
}

/// What a keeper sees at a moment. Amounts are in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// The chain's clock, in seconds after 1970.
    pub now: u64,
    /// What the history has last.
    pub recorded: Option<Recorded>,
    /// The vault's state.
    pub state: State,
    /// The hour that was opened last.
    pub opened: Option<Opened>,
    /// The hour of the last decision.
    pub last_step: Option<Hour>,
    /// The hour of the last sale for redemptions.
    pub last_raise: Option<Hour>,
    /// The hour in which a piece was sold last.
    pub last_unwind: Option<Hour>,
    /// The oldest epoch of deposits that is not filled.
    pub oldest_deposit: Option<u64>,
    /// The oldest epoch of redemptions that is not filled.
    pub oldest_redemption: Option<u64>,
    /// Base tokens that the vault manages.
    pub base: u128,
    /// Quote tokens that it manages.
    pub quote: u128,
}

/// What the chain tells of an hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourEvents {
    /// The decision, if there was one.
    pub decided: Option<Decided>,
    /// Every swap, oldest first.
    pub traded: Vec<Traded>,
}

/// Why the chain did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It refused, and nothing has changed.
    Refused {
        /// Why, in its words.
        reason: String,
        /// Nothing can change that within the hour.
        lasting: bool,
    },
    /// Nobody answered, or a call may have been made or may still be.
    Lost(String),
    /// No repetition helps: the account cannot pay, or the key is not its own.
    Final(String),
}

/// A chain with a vault.
pub trait Chain {
    /// How things stand.
    ///
    /// # Errors
    /// [`Failure::Lost`] or [`Failure::Final`].
    fn look(&mut self) -> Result<Sight, Failure>;

    /// Makes a call, and waits until it is done.
    ///
    /// # Errors
    /// [`Failure`] says why it was not done, or that nobody knows.
    fn act(&mut self, action: Action) -> Result<(), Failure>;

    /// What happened in an hour, whoever did it.
    ///
    /// # Errors
    /// [`Failure::Lost`] or [`Failure::Final`].
    fn events(&mut self, hour: Hour) -> Result<HourEvents, Failure>;

    /// Waits until the chain's clock shows a time, or until it is to stop. May return earlier. An hour's start is waited for with its first
    /// second: where prices are replayed, that is when the next ones come.
    ///
    /// # Errors
    /// [`Failure::Lost`] or [`Failure::Final`]; there is nothing more to wait for.
    fn wait(&mut self, until: u64, stop: &AtomicBool) -> Result<(), Failure>;

    /// Waits until a chain that was lost may be back, the longer the more often it was asked in vain, or until it is to stop.
    ///
    /// # Errors
    /// [`Failure::Final`]: it is not waited for any longer.
    fn rest(&mut self, failures: u32, stop: &AtomicBool) -> Result<(), Failure>;
}

impl Action {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Settle => "settle",
            Self::Raise => "raise",
            Self::Step(_) => "step",
            Self::Unwind => "unwind",
            Self::Observe => "observe",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
