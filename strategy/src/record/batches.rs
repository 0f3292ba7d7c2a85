//! The decisions that follow from prices, in batches, each of which has a proof.

use std::fmt;

use maat_verifier::{Entries, Entry, Header, ModelCommitment, Preset, ProofFile, Security, Values, VerifyError};
use thiserror::Error;

use super::compare::{ObservationsError, check_order};
use crate::history::{History, Observation};
use crate::hour::Hour;
use crate::strategy::{DecisionPoint, Strategy};

/// Why no record can be of a strategy, a network and prices.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BatchesError {
    /// The entries are those of another network.
    #[error("entries: they are of the network {found}, and the strategy names {expected}")]
    Commitment {
        /// The strategy's network.
        expected: ModelCommitment,
        /// The entries' network.
        found: ModelCommitment,
    },
    /// The network takes or gives another number of values than the strategy.
    #[error("entries: the network takes {} values and gives {}, and the strategy has {} features and {} outputs", found.0, found.1, expected.0, expected.1)]
    Values {
        /// Features and outputs of the strategy.
        expected: (usize, u32),
        /// Inputs and outputs of the network.
        found: (u32, u32),
    },
    /// The network's commitment is not for batches of this size.
    #[error(
        "the network's commitment is for batches of {} with the preset {preset}, not for {batch}: list the size with `maat transpile .. --batch {batch}`",
        listed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
    )]
    NoEntry {
        /// The preset.
        preset: Preset,
        /// The batch size.
        batch: u32,
        /// The batch sizes that there are.
        listed: Vec<u32>,
    },
    /// The hours do not rise.
    #[error(transparent)]
    Observations(#[from] ObservationsError),
    /// There is nothing to decide.
    #[error("there is no decision: the network sees {window} hours in a row, and the prices never have as many")]
    NoDecision {
        /// Hours that the network sees.
        window: usize,
    },
}

/// A batch: its place among the others, and its first and last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From 0 on.
    pub index: usize,
    /// The hour of its first decision.
    pub first: Hour,
    /// The hour of its last decision.
    pub last: Hour,
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "batch {} ({} to {})", self.index, self.first, self.last)
    }
}

/// The decisions of a strategy on prices, in batches.
pub(super) struct Batches<'a> {
    pub strategy: &'a Strategy,
    pub entries: &'a Entries,
    pub entry: Entry,
    pub history: History,
    /// The position of each decision in the history's accepted observations.
    positions: Vec<usize>,
}

impl<'a> Batches<'a> {
    pub fn new(
        strategy: &'a Strategy,
        entries: &'a Entries,
        (preset, batch): (Preset, u32),
        observations: &[Observation],
    ) -> Result<Self, BatchesError> {
        let found = entries.commitment();
        if found != strategy.commitment {
            return Err(BatchesError::Commitment { expected: strategy.commitment, found });
        }
        let Some(entry) = entries.find(preset, batch).copied() else {
            let of_preset = entries.as_slice().iter().filter(|entry| entry.preset == preset);
            return Err(BatchesError::NoEntry { preset, batch, listed: of_preset.map(|entry| entry.batch).collect() });
        };
        let (expected, found) = ((strategy.features.rules().len(), strategy.outputs), (entry.inputs, entry.outputs));
        if (found.0 as usize, found.1) != expected {
            return Err(BatchesError::Values { expected, found });
        }
        check_order(observations)?;
        let mut history = History::default();
        for observation in observations {
            // What moves too far is left out, and the history remembers it. The hours rise.
            let _ = history.record(*observation);
        }
        let window = strategy.features.window();
        let positions: Vec<usize> = (0..history.accepted().len()).filter(|at| history.window(*at, window).is_some()).collect();
        if positions.is_empty() {
            return Err(BatchesError::NoDecision { window });
        }
        Ok(Self { strategy, entries, entry, history, positions })
    }

    /// How many there are; at least one.
    pub fn count(&self) -> usize {
        self.positions.len().div_ceil(self.entry.batch as usize)
    }

    /// How many decisions there are in all.
    pub fn decisions(&self) -> usize {
        self.positions.len()
    }

    /// The positions of a batch's decisions: the last batch may have fewer than a proof has inferences.
    fn positions(&self, index: usize) -> &[usize] {
        let batch = self.entry.batch as usize;
        let first = index * batch;
        &self.positions[first..self.positions.len().min(first + batch)]
    }

    /// The decisions of a batch, without padding.
    pub fn points(&self, index: usize) -> Vec<DecisionPoint> {
        let point = |at: &usize| self.strategy.decision_point(&self.history, *at);
        // Each position has a window without a gap: they were chosen for it.
        self.positions(index).iter().filter_map(point).collect()
    }

    /// The place and hours of a batch.
    pub fn span(&self, index: usize) -> Span {
        let hour = |at: usize| self.history.accepted()[at].hour;
        // A batch has at least one decision.
        let positions = self.positions(index);
        Span { index, first: hour(positions[0]), last: hour(positions[positions.len() - 1]) }
    }

    /// Whether a STARK proves that the network, at these decisions, gives these outputs; both without padding.
    pub fn check(&self, points: &[DecisionPoint], outputs: &[i32], stark: &[u8]) -> Result<Security, VerifyError> {
        let inputs: Vec<i32> = points.iter().flat_map(|point| &point.inputs).copied().collect();
        let padded = |values: Vec<i32>| Values::Public(self.padded(values, points.len()));
        let choice = (self.entry.preset, self.entry.batch);
        let header = Header::new(self.entries.clone(), choice, padded(inputs), padded(outputs.to_vec()), None)?;
        let file = ProofFile { header, stark: stark.to_vec() };
        Ok(maat_verifier::verify(&file.to_bytes(), &self.strategy.commitment)?.security)
    }

    /// The values of so many decisions, with the last one's repeated until the batch is full.
    fn padded(&self, mut values: Vec<i32>, decisions: usize) -> Vec<i32> {
        let last = values.len() - values.len() / decisions..values.len();
        for _ in decisions..self.entry.batch as usize {
            values.extend_from_within(last.clone());
        }
        values
    }

    /// The inputs of a batch, an inference after the other, with padding: what a proof is made for.
    pub fn inferences(&self, points: &[DecisionPoint]) -> Vec<Vec<i32>> {
        let mut inferences: Vec<Vec<i32>> = points.iter().map(|point| point.inputs.clone()).collect();
        inferences
            .extend(points.last().map(|last| vec![last.inputs.clone(); self.entry.batch as usize - points.len()]).into_iter().flatten());
        inferences
    }
}
