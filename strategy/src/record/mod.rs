//! The record of a strategy: the prices it saw, what the network answered at each hour, proofs of every answer, and the results that follow.
//!
//! Nothing in a record is believed. Its inputs are not even stored: whoever verifies it derives them from the prices, and with them which
//! hours are decided at, so that no decision can be left out and no padding can count.
//!
//! A record can hide the features. Its proofs are then of inputs that nobody is told, and that these are the strategy's features of the prices
//! is the maker's word. All else is as before.

mod batches;
mod compare;
mod error;
mod format;
mod make;
mod parts;
mod results;
mod verify;
mod visibility;
mod workers;

#[cfg(test)]
mod tests;

use maat_verifier::{Entries, Preset};

use crate::history::Observation;
use crate::strategy::Strategy;

pub use self::batches::{BatchesError, Span};
pub use self::compare::{Difference, ObservationsError, compare};
pub use self::error::{VerifyError, WrongAnswer};
pub use self::format::{FormatError, MAGIC, MAX_RECORD_BYTES, RECORD_VERSION, is_record};
pub use self::make::{Job, Made, MakeError, Progress, Proof};
pub use self::parts::{Parts, PartsError};
pub use self::results::{Conditions, Outcome, results};
pub use self::verify::{Counts, Expectations, Named, Verified, verify};
pub use self::visibility::{FeatureVisibility, ParseFeatureVisibilityError};

/// Inferences in a proof, if nobody asks for another number.
pub const DEFAULT_BATCH: u32 = 1_000;

/// A record, as its maker claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The strategy; without its features if the record hides them.
    pub strategy: Strategy,
    /// The parameters of the proofs.
    pub preset: Preset,
    /// Inferences in each proof. The last proof repeats its last decision until it has as many.
    pub batch: u32,
    /// The network's entries, which its commitment binds.
    pub entries: Entries,
    /// The prices as they were given, those that the history refuses included.
    pub observations: Vec<Observation>,
    /// The network's outputs at each decision, one decision after the other.
    pub outputs: Vec<i32>,
    /// For each decision whether it holds because too many features were clamped; nothing where features are public, from which it follows.
    pub held: Vec<bool>,
    /// What comes of the decisions, in the order of [`results()`].
    pub results: Vec<Outcome>,
    /// The STARK of each batch, as winterfell writes it.
    pub starks: Vec<Vec<u8>>,
}
