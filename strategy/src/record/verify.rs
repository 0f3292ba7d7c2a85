//! The verifier of records: everything that follows from the prices is derived anew, and compared with what the record claims.

use maat_runtime::{Executor, Model};
use maat_verifier::{ModelCommitment, Preset, Security};
use starknet_types_core::felt::Felt;

use super::Record;
use super::batches::Batches;
use super::compare::{check_order, compare};
use super::error::{VerifyError, WrongAnswer};
use super::results::{Outcome, numbers, results};
use super::visibility::FeatureVisibility;
use super::workers::{cores, side_by_side};
use crate::backtest::{Decision, Market};
use crate::file::input_rules;
use crate::history::{History, Observation};
use crate::strategy::{DecisionPoint, Strategy};

/// Something to compare with, and what messages call it, such as a file's name.
#[derive(Debug)]
pub struct Named<'a, T: ?Sized> {
    /// The thing.
    pub value: &'a T,
    /// Its name.
    pub name: &'a str,
}

/// What whoever verifies a record knows beforehand. What is left out is not compared.
#[derive(Debug, Default)]
pub struct Expectations<'a> {
    /// The strategy. A record that hides features is compared with all of it but these.
    pub strategy: Option<Named<'a, Strategy>>,
    /// Whether features are public.
    pub features: Option<FeatureVisibility>,
    /// The network.
    pub commitment: Option<ModelCommitment>,
    /// The strategy's digest, which its owner published: see [`Strategy::digest`].
    pub digest: Option<[u8; 32]>,
    /// The prices.
    pub observations: Option<Named<'a, [Observation]>>,
    /// The network itself: that its commitment is the expected one is for the caller to check. With it, rules of inputs are compared, and a
    /// wrong answer is named with its hour.
    pub model: Option<&'a Model>,
}

/// Numbers of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Observations.
    pub hours: usize,
    /// Observations that the history refuses, because a price moved too far.
    pub refused: usize,
    /// Places where accepted observations are more than an hour apart.
    pub gaps: usize,
    /// Decisions.
    pub decisions: usize,
    /// Decisions at which a feature was clamped; where features are hidden, those that hold because too many were, by the maker's word.
    pub clamped: usize,
    /// Proofs.
    pub proofs: usize,
}

/// What a record that holds says.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The strategy; without its features if the record hides them.
    pub strategy: Strategy,
    /// The parameters of the proofs.
    pub preset: Preset,
    /// Inferences in each proof.
    pub batch: u32,
    /// The prices, as the vault's history would have them.
    pub history: History,
    /// What the policy made of each answer. All of them were proven.
    pub decisions: Vec<Decision>,
    /// The network's outputs at each decision, one decision after the other.
    pub outputs: Vec<i32>,
    /// What comes of the decisions.
    pub results: Vec<Outcome>,
    /// What binds the accepted prices: see [`History::chain`].
    pub chain: Felt,
    /// How hard a false proof is to find: of the weakest one.
    pub security: Security,
    /// How much there is of everything.
    pub counts: Counts,
}

impl Verified {
    /// Whether each proof is of the strategy's features of the prices, or of inputs that nobody is told.
    pub fn features(&self) -> FeatureVisibility {
        FeatureVisibility::of(&self.strategy)
    }
}

/// Verifies a record.
///
/// Where the record hides the features, the network's inputs are compared with nothing: whoever relies on them asks for public ones.
///
/// In this order: the file and its checksum; the strategy, the network and the observations against what is expected; which hours are
/// decided at, and that there is an answer for each; each proof, several at a time; the results. The bytes may be anything; the memory that
/// this takes stays within a small multiple of their length.
///
/// # Errors
/// The record does not hold; each [`VerifyError`] is one reason, with the field, hour or index.
pub fn verify(bytes: &[u8], expected: &Expectations<'_>) -> Result<Verified, VerifyError> {
    let record = Record::from_bytes(bytes)?;
    let Record { strategy, preset, batch, entries, observations, outputs, held, results: claimed, starks } = &record;
    let features = FeatureVisibility::of(strategy);
    check_strategy(strategy, expected)?;
    if let Some(given) = &expected.observations {
        check_order(observations).map_err(super::BatchesError::from)?;
        check_order(given.value).map_err(|source| VerifyError::Given { name: given.name.to_owned(), source })?;
        if let Some(difference) = compare(observations, given.value) {
            return Err(VerifyError::Observations { difference, name: given.name.to_owned() });
        }
    }

    let batches = Batches::new(strategy, entries, (*preset, *batch), features, observations)?;
    let (decisions, each) = (batches.decisions(), strategy.outputs);
    if Some(outputs.len()) != decisions.checked_mul(each as usize) {
        return Err(VerifyError::Outputs { found: outputs.len(), decisions, each });
    }
    let flags = if features.is_hidden() { decisions } else { 0 };
    if held.len() != flags {
        return Err(VerifyError::Held { found: held.len(), expected: flags });
    }
    if starks.len() != batches.count() {
        return Err(VerifyError::Starks { found: starks.len(), expected: batches.count(), decisions, batch: *batch });
    }

    let per_batch = *batch as usize * each as usize;
    let check = |index: usize| {
        let points = if features.is_hidden() { batches.hidden_points(index, held) } else { batches.points(index) };
        let outputs = &outputs[index * per_batch..outputs.len().min((index + 1) * per_batch)];
        let security = batches.check(&points, outputs, &starks[index]).map_err(|source| {
            let model = expected.model.filter(|_| !features.is_hidden());
            let wrong = model.and_then(|model| wrong_answer(model, &batches.history, &points, outputs)).map(Box::new);
            VerifyError::Proof { span: batches.span(index), source, wrong }
        })?;
        let decide = |(point, outputs)| Decision::new(strategy, &batches.history, point, outputs);
        let decisions = points.iter().zip(outputs.chunks(each as usize)).map(decide).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, VerifyError>((security, decisions))
    };
    let checked = side_by_side(batches.count(), cores(), check)?;
    let least = |least: Security, of: Security| Security {
        conjectured: least.conjectured.min(of.conjectured),
        proven: least.proven.min(of.proven),
    };
    let none = Security { conjectured: 0, proven: 0 };
    let security = checked.iter().map(|(security, _)| *security).reduce(least).unwrap_or(none);
    let decisions: Vec<Decision> = checked.into_iter().flat_map(|(_, decisions)| decisions).collect();

    let history = batches.history;
    let market = Market::new(strategy, &history)?;
    let follows = results(strategy, &market, &decisions)?;
    check_results(claimed, &follows)?;
    let accepted = history.accepted();
    let counts = Counts {
        hours: observations.len(),
        refused: history.refused().len(),
        gaps: accepted.windows(2).filter(|pair| pair[1].hour.since(pair[0].hour) > 1).count(),
        decisions: decisions.len(),
        clamped: decisions.iter().filter(|decision| decision.saturated > 0).count(),
        proofs: starks.len(),
    };
    let chain = history.chain();
    let Record { strategy, preset, batch, outputs, .. } = record;
    Ok(Verified { strategy, preset, batch, history, decisions, outputs, results: follows, chain, security, counts })
}

fn check_strategy(strategy: &Strategy, expected: &Expectations<'_>) -> Result<(), VerifyError> {
    let features = FeatureVisibility::of(strategy);
    if let Some(expected) = expected.features.filter(|expected| *expected != features) {
        return Err(VerifyError::Features { expected, found: features });
    }
    if let Some(given) = &expected.strategy {
        let differences = match features {
            FeatureVisibility::Public => strategy.differences(given.value),
            FeatureVisibility::Hidden => strategy.differences(&given.value.with_hidden_features()),
        };
        if !differences.is_empty() {
            return Err(VerifyError::Strategy { differences, name: given.name.to_owned() });
        }
    }
    if let Some(expected) = expected.commitment.filter(|expected| *expected != strategy.commitment) {
        return Err(VerifyError::Commitment { expected, found: strategy.commitment });
    }
    let found = strategy.digest();
    if let Some(expected) = expected.digest.filter(|expected| *expected != found) {
        return Err(VerifyError::Digest { expected, found, hidden: features.is_hidden() });
    }
    let Some(model) = expected.model else { return Ok(()) };
    let (rules, of_model) = (strategy.features.rules(), input_rules(model));
    if rules.len() != of_model.len() {
        return Err(VerifyError::InputCount { expected: of_model.len(), found: rules.len() });
    }
    match (0..rules.len()).find(|at| rules[*at] != of_model[*at]) {
        Some(at) => Err(VerifyError::Input { at, expected: of_model[at], found: rules[at] }),
        None => Ok(()),
    }
}

/// The first of a batch's outputs that is not the model's.
fn wrong_answer(model: &Model, history: &History, points: &[DecisionPoint], outputs: &[i32]) -> Option<WrongAnswer> {
    let mut executor = Executor::new(model);
    let each = outputs.len() / points.len();
    points.iter().zip(outputs.chunks(each)).find_map(|(point, recorded)| {
        let given = executor.run(&split(model, &point.inputs)).ok()?.concat();
        let output = (0..given.len().min(each)).find(|at| given[*at] != recorded[*at])?;
        let hour = history.accepted()[point.at].hour;
        Some(WrongAnswer { hour, output, recorded: recorded[output], given: given[output] })
    })
}

/// The features as the model's inputs: as many as it has, one after the other.
fn split<'v>(model: &Model, values: &'v [i32]) -> Vec<&'v [i32]> {
    let mut rest = values;
    let take = |elements: usize| {
        let (input, after) = rest.split_at(elements);
        rest = after;
        input
    };
    model.inputs().iter().map(|input| input.shape.elements()).map(take).collect()
}

fn check_results(claimed: &[Outcome], follows: &[Outcome]) -> Result<(), VerifyError> {
    if claimed.len() != follows.len() {
        return Err(VerifyError::ResultCount { expected: follows.len(), found: claimed.len() });
    }
    for (index, (claimed, follows)) in claimed.iter().zip(follows).enumerate() {
        let of = follows.of;
        if claimed.of != of {
            return Err(VerifyError::ResultConditions { index, expected: of, found: claimed.of });
        }
        let differs = numbers(&claimed.run).into_iter().zip(numbers(&follows.run)).find(|(claimed, follows)| claimed != follows);
        if let Some(((field, claimed), (_, follows))) = differs {
            return Err(VerifyError::Result { of, field, claimed, follows });
        }
    }
    Ok(())
}
