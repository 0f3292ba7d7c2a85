//! Why a record does not hold: one variant for each check that it can fail.

use maat_verifier::ModelCommitment;
use maat_verifier::hex;
use thiserror::Error;

use super::batches::{BatchesError, Span};
use super::compare::{Difference, ObservationsError};
use super::format::FormatError;
use super::results::Conditions;
use super::visibility::FeatureVisibility;
use crate::backtest::SimulationError;
use crate::features::InputRule;
use crate::hour::Hour;
use crate::strategy;

/// How many differences of strategies are shown, and how many characters of each value.
const SHOWN: (usize, usize) = (6, 100);
/// Why the digest may differ where the strategy is the same.
const HIDDEN_DIGEST: &str =
    ". The record hides the features, so that its strategy has the digest that `maat strategy check` shows for hidden features";

/// An output of the network that is not the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongAnswer {
    /// When.
    pub hour: Hour,
    /// Which output value, from 0 on.
    pub output: usize,
    /// The value in the record.
    pub recorded: i32,
    /// The value that the network gives.
    pub given: i32,
}

/// Why a record does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The bytes are not a record.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The strategy is another one than the expected one.
    #[error("the strategy is another one: {}", listed(differences, name))]
    Strategy {
        /// Each field that differs, with its value in the record first.
        differences: Vec<strategy::Difference>,
        /// What the expected strategy is called.
        name: String,
    },
    /// The strategy is for another network than the expected one.
    #[error("commitment: {found} in the record, and {expected} was expected")]
    Commitment {
        /// The expected network.
        expected: ModelCommitment,
        /// The record's network.
        found: ModelCommitment,
    },
    /// Features are hidden and were expected to be public, or the other way round.
    #[error("features: they are {found} in the record, and {expected} ones were expected")]
    Features {
        /// What was expected.
        expected: FeatureVisibility,
        /// What the record has.
        found: FeatureVisibility,
    },
    /// The strategy has another digest than the expected one.
    #[error("digest: the record's strategy has {}, and {} was expected{}", hex(found), hex(expected), if *hidden { HIDDEN_DIGEST } else { "" })]
    Digest {
        /// The expected digest.
        expected: [u8; 32],
        /// The digest of the record's strategy.
        found: [u8; 32],
        /// Whether the record hides the features.
        hidden: bool,
    },
    /// The strategy takes inputs in another way than the network.
    #[error("inputs: the strategy has rules for {found} values, and the network takes {expected}")]
    InputCount {
        /// Values that the network takes.
        expected: usize,
        /// Values of the strategy.
        found: usize,
    },
    /// The strategy takes an input in another way than the network.
    #[error("inputs.{at}: {} in the record, and the network's is {}", rule(found), rule(expected))]
    Input {
        /// Which value, from 0 on.
        at: usize,
        /// The network's rule.
        expected: InputRule,
        /// The strategy's rule.
        found: InputRule,
    },
    /// The expected observations are not a list whose hours rise.
    #[error("{name}: {source}")]
    Given {
        /// What they are called.
        name: String,
        /// What is wrong.
        source: ObservationsError,
    },
    /// The observations are not the expected ones.
    #[error("observations: {}", difference.describe(name))]
    Observations {
        /// The first difference.
        difference: Difference,
        /// What the expected ones are called.
        name: String,
    },
    /// No record can be of what the record names.
    #[error(transparent)]
    Batches(#[from] BatchesError),
    /// There are more or fewer outputs than the decisions have.
    #[error("outputs: {}", outputs(*found, *decisions, *each))]
    Outputs {
        /// Outputs in the record.
        found: usize,
        /// Decisions that follow from the prices.
        decisions: usize,
        /// Outputs of each.
        each: u32,
    },
    /// There is not a flag for each decision where features are hidden, or there is one where they are public.
    #[error("held: the record tells of {found} decisions whether they hold for clamped features, and must tell of {expected}")]
    Held {
        /// Flags in the record.
        found: usize,
        /// Flags that there must be.
        expected: usize,
    },
    /// There are more or fewer proofs than batches.
    #[error("starks: the record has {found} proofs, and {decisions} decisions in batches of {batch} have {expected}")]
    Starks {
        /// Proofs in the record.
        found: usize,
        /// Batches.
        expected: usize,
        /// Decisions that follow from the prices.
        decisions: usize,
        /// Decisions in a batch.
        batch: u32,
    },
    /// A proof does not hold.
    #[error("{span}: {source}{}", wrong.as_deref().map(answer).unwrap_or_default())]
    Proof {
        /// The batch.
        span: Span,
        /// Why the proof is rejected.
        source: maat_verifier::VerifyError,
        /// The first answer that is not the network's, where the network is at hand and there is one.
        wrong: Option<Box<WrongAnswer>>,
    },
    /// A decision, or what follows from it, cannot be computed.
    #[error("decisions: {0}")]
    Decisions(#[from] SimulationError),
    /// There are more or fewer results than the strategy has costs and fills.
    #[error("results: the record has {found}, and the strategy's costs and fills have {expected}")]
    ResultCount {
        /// Results of the strategy.
        expected: usize,
        /// Results in the record.
        found: usize,
    },
    /// A result is of something else than it must be.
    #[error("results[{index}]: it is of `{found}`, and must be of `{expected}`")]
    ResultConditions {
        /// Which one, from 0 on.
        index: usize,
        /// What it must be of, in the order of records.
        expected: Conditions,
        /// What it is of in the record.
        found: Conditions,
    },
    /// A result is not what follows from the decisions.
    #[error("results[{of}].{field}: {claimed} in the record, and {follows} follows from the decisions")]
    Result {
        /// What it is of.
        of: Conditions,
        /// Which number.
        field: &'static str,
        /// The number in the record.
        claimed: String,
        /// The number that follows.
        follows: String,
    },
}

fn listed(differences: &[strategy::Difference], name: &str) -> String {
    let (fields, characters) = SHOWN;
    let cut = |value: &str| match value.char_indices().nth(characters) {
        Some((end, _)) => format!("{}..", &value[..end]),
        None => value.to_owned(),
    };
    let shown = differences.iter().take(fields);
    let shown = shown.map(|found| format!("{}: {} in the record, {} in {name}", found.field, cut(&found.here), cut(&found.there)));
    let more = differences.len().checked_sub(fields).filter(|more| *more > 0).map(|more| format!("{more} more differences"));
    shown.chain(more).collect::<Vec<_>>().join("; ")
}

fn rule(rule: &InputRule) -> String {
    format!("scale {} from {} to {}", rule.scale, rule.lo, rule.hi)
}

fn outputs(found: usize, decisions: usize, each: u32) -> String {
    let each = each as usize;
    let whole = if found.is_multiple_of(each) { format!("{} decisions", found / each) } else { format!("{found} values of {each} each") };
    format!("the record has those of {whole}, and {decisions} decisions follow from the prices")
}

fn answer(wrong: &WrongAnswer) -> String {
    let WrongAnswer { hour, output, recorded, given } = wrong;
    format!(". At {hour}, output value {output} of the network is {given}, and {recorded} in the record")
}
