//! The file `strategy.toml`, as its owner writes it, and how it becomes a strategy with a model.

use std::path::PathBuf;

use maat_runtime::{Interval, Model, quantise};
use maat_verifier::ModelCommitment;
use serde::Deserialize;
use thiserror::Error;

use crate::features::{Feature, Features, InputRule};
use crate::fees::Fees;
use crate::hour::{Hour, HourError};
use crate::limits::Limits;
use crate::policy::{Policy, Rule, Target};
use crate::rate::Pair;
use crate::strategy::{BacktestRules, Strategy, StrategyError};

/// `strategy.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyFile {
    name: String,
    /// The network.
    pub model: ModelSection,
    pair: Pair,
    features: Vec<FeatureSection>,
    policy: PolicySection,
    limits: LimitsSection,
    fees: Fees,
    backtest: BacktestSection,
}

/// Where the network is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSection {
    /// The package's folder; relative to that of the file.
    pub package: PathBuf,
    /// What the package's commitment must be, if it is named.
    #[serde(default)]
    pub commitment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum FeatureSection {
    Difference { lags: Lags },
    Return { lags: Lags },
}

/// A list, or a range with both ends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "lags are a list such as [0, 1, 24], or a range such as { from = 0, to = 35 }")]
enum Lags {
    List(Vec<u32>),
    Range(LagRange),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LagRange {
    from: u32,
    to: u32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum PolicySection {
    Class {
        output: String,
        #[serde(default)]
        element: u32,
        targets: Vec<Target>,
    },
    Edges {
        output: String,
        #[serde(default)]
        element: u32,
        edges: Vec<f64>,
        targets: Vec<Target>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsSection {
    max_weight_bps: u16,
    max_trade_bps: u16,
    max_turnover_bps: u32,
    cooldown_hours: u32,
    min_trade_bps: u16,
    min_slip_bps: u16,
    max_slip_bps: u16,
    max_drift_bps: u16,
    max_drawdown_bps: u16,
    max_saturated: u32,
    /// In whole quote tokens.
    deposit_cap: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct BacktestSection {
    /// In whole quote tokens.
    deposit: u64,
    costs_bps: Vec<u16>,
    train_until: String,
    trials: u32,
}

/// Why a file does not become a strategy.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StrategyFileError {
    /// The text is not TOML, or not of a strategy; with line and column.
    #[error("{0}")]
    Toml(String),
    /// The named commitment is not one, or not the package's.
    #[error("model.commitment: {0}")]
    Commitment(String),
    /// The network has no output of this name.
    #[error("policy.output: the network has no output {name:?}; it has {}", known.join(", "))]
    Output {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The output has fewer values.
    #[error("policy.element: output {name:?} has {elements} values, counted from 0, so that there is no {element}")]
    Element {
        /// The output.
        name: String,
        /// Which value was asked for.
        element: u32,
        /// How many there are.
        elements: usize,
    },
    /// A class must be a whole number, which the output does not hold.
    #[error(
        "policy: output {name:?} holds multiples of 2^-{scale}, and a class is a whole number: take an output of ArgMax, or the kind \"edges\""
    )]
    NotAClass {
        /// The output.
        name: String,
        /// Its scale exponent.
        scale: i32,
    },
    /// An edge is not a number.
    #[error("policy.edges: {0} is not a finite number")]
    Edge(f64),
    /// The end of training is not an hour.
    #[error("backtest.train_until: {0}")]
    TrainUntil(#[from] HourError),
    /// The parts do not make a strategy.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
}

impl StrategyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It is not TOML, or not of a strategy.
    pub fn parse(text: &str) -> Result<Self, StrategyFileError> {
        toml::from_str(text).map_err(|error| StrategyFileError::Toml(error.to_string().trim_end().to_owned()))
    }

    /// The strategy with a model, which its features and its policy must fit.
    ///
    /// # Errors
    /// [`StrategyFileError`] names the section.
    pub fn resolve(&self, model: &Model, commitment: ModelCommitment) -> Result<Strategy, StrategyFileError> {
        if let Some(expected) = &self.model.commitment
            && *expected != commitment.to_string()
        {
            return Err(StrategyFileError::Commitment(format!("the file names {expected}, and the package has {commitment}")));
        }
        let features =
            Features::new(self.features.iter().map(FeatureSection::feature).collect(), input_rules(model)).map_err(StrategyError::from)?;
        let quote = self.pair.quote.unit();
        let amount = |whole: u64| u128::from(whole).saturating_mul(quote);
        let LimitsSection {
            max_weight_bps,
            max_trade_bps,
            max_turnover_bps,
            cooldown_hours,
            min_trade_bps,
            min_slip_bps,
            max_slip_bps,
            max_drift_bps,
            max_drawdown_bps,
            max_saturated,
            deposit_cap,
        } = self.limits;
        let strategy = Strategy {
            name: self.name.clone(),
            commitment,
            outputs: model.outputs().iter().map(|output| model.tensor(output.tensor).shape.elements() as u32).sum(),
            pair: self.pair.clone(),
            features,
            policy: self.policy.resolve(model)?,
            limits: Limits {
                max_weight_bps,
                max_trade_bps,
                max_turnover_bps,
                cooldown_hours,
                min_trade_bps,
                min_slip_bps,
                max_slip_bps,
                max_drift_bps,
                max_drawdown_bps,
                max_saturated,
                deposit_cap: amount(deposit_cap),
            },
            fees: self.fees.clone(),
            backtest: BacktestRules {
                deposit: amount(self.backtest.deposit),
                costs_bps: self.backtest.costs_bps.clone(),
                train_until: self.backtest.train_until.parse::<Hour>()?,
                trials: self.backtest.trials,
            },
        };
        strategy.check()?;
        Ok(strategy)
    }
}

/// The rule of each element of the model's inputs, in order.
pub fn input_rules(model: &Model) -> Vec<InputRule> {
    let of = |bound: i64| i32::try_from(bound).unwrap_or(if bound < 0 { i32::MIN } else { i32::MAX });
    let rules = model.inputs().iter().flat_map(|input| {
        let (lo, hi) = (of(input.range.lo), of(input.range.hi));
        (0..input.shape.elements()).map(move |element| InputRule { scale: input.scale_of(element), lo, hi })
    });
    rules.collect()
}

impl FeatureSection {
    fn feature(&self) -> Feature {
        match self {
            Self::Difference { lags } => Feature::Difference { lags: lags.list() },
            Self::Return { lags } => Feature::Return { lags: lags.list() },
        }
    }
}

impl Lags {
    /// All lags. A range is cut where it is longer than features may be, which are refused for it.
    fn list(&self) -> Vec<u32> {
        match self {
            Self::List(lags) => lags.clone(),
            Self::Range(LagRange { from, to }) => (*from..=*to).take(crate::features::MAX_VALUES + 1).collect(),
        }
    }
}

impl PolicySection {
    fn resolve(&self, model: &Model) -> Result<Policy, StrategyFileError> {
        let (name, element, targets) = match self {
            Self::Class { output, element, targets } | Self::Edges { output, element, targets, .. } => (output, *element, targets),
        };
        let mut before = 0;
        let mut outputs = model.outputs().iter();
        let tensor = loop {
            let Some(output) = outputs.next() else {
                let known = model.outputs().iter().map(|output| output.name.clone()).collect();
                return Err(StrategyFileError::Output { name: name.clone(), known });
            };
            let tensor = model.tensor(output.tensor);
            if output.name == *name {
                break tensor;
            }
            before += tensor.shape.elements() as u32;
        };
        let elements = tensor.shape.elements();
        if element as usize >= elements {
            return Err(StrategyFileError::Element { name: name.clone(), element, elements });
        }
        let rule = match self {
            Self::Class { .. } if tensor.scale != 0 => {
                return Err(StrategyFileError::NotAClass { name: name.clone(), scale: tensor.scale });
            }
            Self::Class { .. } => Rule::Class,
            Self::Edges { edges, .. } => {
                let integer = |edge: &f64| quantise(*edge, tensor.scale, Interval::of_bits(32)).ok_or(StrategyFileError::Edge(*edge));
                Rule::Edges(edges.iter().map(integer).collect::<Result<_, _>>()?)
            }
        };
        Ok(Policy::new(before + element, rule, targets.clone()).map_err(StrategyError::from)?)
    }
}
