//! The decisions that follow from prices, in batches, each of which has a proof.

use std::fmt;

use maat_verifier::{Entries, Entry, Header, Mode, ModelCommitment, Preset, ProofFile, Security, Values, VerifyError};
use thiserror::Error;

use super::compare::{ObservationsError, check_order};
use super::visibility::FeatureVisibility;
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
    #[error(
        "entries: the network takes {} values and gives {}, and the strategy has {} features and {} outputs",
        found.0, found.1, expected.0, expected.1
    )]
    Values {
        /// Features and outputs of the strategy.
        expected: (usize, u32),
        /// Inputs and outputs of the network.
        found: (u32, u32),
    },
    /// The network's weights are secret.
    #[error("the network is private: each proof spends one of its one-time roots, which records do not support")]
    Private,
    /// Nothing can be proven without the features.
    #[error("features: they are hidden, so that no inputs of the network follow from the prices")]
    Hidden,
    /// The network's commitment is not for batches of this size.
    #[error(
        "the network's commitment is for batches of {} with the preset {preset}{}, not for {batch}: list the size with `maat transpile .. \
         --batch {batch}{}`",
        sizes(listed), needed(*preset, *mode), if *preset == Preset::Starknet { " --contract-proofs" } else { "" }
    )]
    NoEntry {
        /// The preset of the entry.
        preset: Preset,
        /// How the proofs are made.
        mode: Mode,
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

fn sizes(listed: &[u32]) -> String {
    let listed: Vec<String> = listed.iter().map(u32::to_string).collect();
    if listed.is_empty() { "no size".to_owned() } else { listed.join(", ") }
}

/// For what an entry of the preset is needed.
fn needed(preset: Preset, mode: Mode) -> &'static str {
    match (preset, mode) {
        (Preset::Balanced, Mode::Hiding) => ", whose entry is that of hiding proofs with `fast` too",
        _ => "",
    }
}

/// The decisions of a strategy on prices, in batches.
pub(super) struct Batches<'a> {
    pub strategy: &'a Strategy,
    pub entries: &'a Entries,
    /// That of the proofs, which is not always that of the entry.
    pub preset: Preset,
    pub entry: Entry,
    pub features: FeatureVisibility,
    pub history: History,
    /// The position of each decision in the history's accepted observations.
    positions: Vec<usize>,
}

impl<'a> Batches<'a> {
    pub fn new(
        strategy: &'a Strategy,
        entries: &'a Entries,
        (preset, batch): (Preset, u32),
        features: FeatureVisibility,
        observations: &[Observation],
    ) -> Result<Self, BatchesError> {
        let found = entries.commitment();
        if found != strategy.commitment {
            return Err(BatchesError::Commitment { expected: strategy.commitment, found });
        }
        if entries.are_private() {
            return Err(BatchesError::Private);
        }
        let mode = features.mode();
        let tree = preset.tree(mode);
        let Some(entry) = entries.find(tree, batch).copied() else {
            let of_preset = entries.as_slice().iter().filter(|entry| entry.preset == tree);
            return Err(BatchesError::NoEntry { preset: tree, mode, batch, listed: of_preset.map(|entry| entry.batch).collect() });
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
        Ok(Self { strategy, entries, preset, entry, features, history, positions })
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

    /// The same where features are not known: `held` tells of all decisions which of them hold because too many features were clamped.
    pub fn hidden_points(&self, index: usize, held: &[bool]) -> Vec<DecisionPoint> {
        let (positions, first) = (self.positions(index), index * self.entry.batch as usize);
        let saturated = |held: bool| if held { self.strategy.limits.max_saturated.saturating_add(1) } else { 0 };
        let point = |(at, held): (&usize, &bool)| DecisionPoint { at: *at, inputs: Vec::new(), saturated: saturated(*held) };
        positions.iter().zip(&held[first..]).map(point).collect()
    }

    /// Whether a decision holds because too many features were clamped.
    pub fn is_held(&self, point: &DecisionPoint) -> bool {
        point.saturated > self.strategy.limits.max_saturated
    }

    /// The place and hours of a batch.
    pub fn span(&self, index: usize) -> Span {
        let hour = |at: usize| self.history.accepted()[at].hour;
        // A batch has at least one decision.
        let positions = self.positions(index);
        Span { index, first: hour(positions[0]), last: hour(positions[positions.len() - 1]) }
    }

    /// Whether a STARK proves that the network, at these decisions, gives these outputs; both without padding. Where features are hidden, the
    /// STARK must be one that hides them, and the inputs that the decisions have do not count.
    pub fn check(&self, points: &[DecisionPoint], outputs: &[i32], stark: &[u8]) -> Result<Security, VerifyError> {
        let padded = |values: Vec<i32>| Values::Public(self.padded(values, points.len()));
        let inputs = match self.features {
            FeatureVisibility::Public => padded(points.iter().flat_map(|point| &point.inputs).copied().collect()),
            FeatureVisibility::Hidden => Values::Hidden,
        };
        let choice = (self.preset, self.entry.batch);
        let header = Header::new(self.entries.clone(), choice, inputs, padded(outputs.to_vec()), None)?;
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
