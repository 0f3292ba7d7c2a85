//! A strategy: everything that decides what is traded, checked, with a digest that binds it.

use maat_verifier::ModelCommitment;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::features::{Feature, Features, FeaturesError, InputRule};
use crate::fees::Fees;
use crate::history::History;
use crate::hour::Hour;
use crate::limits::{LimitError, Limits};
use crate::math::MAX_AMOUNT;
use crate::policy::{Policy, PolicyError, Rule, Target};
use crate::rate::{Pair, PairError};

/// The version of the rules by which decisions and trades follow from prices. It rises whenever another trade could come out.
pub const RULE_VERSION: u32 = 1;
/// The most costs that a backtest is made with.
pub const MAX_COSTS: usize = 8;
/// The longest JSON form of a strategy in bytes.
pub const MAX_JSON_BYTES: usize = 1 << 20;

/// How a strategy is tried on the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestRules {
    /// What it starts with, in the quote token's smallest unit.
    #[serde(with = "crate::decimal")]
    pub deposit: u128,
    /// What trades cost, in basis points of their value. The backtest is made with each of them.
    pub costs_bps: Vec<u16>,
    /// The first hour whose price the network was not trained on, by the owner's word.
    pub train_until: Hour,
    /// How many strategies the owner tried on these prices, this one included, by the owner's word.
    pub trials: u32,
}

/// A strategy: everything that decides what is traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Strategy {
    /// What the owner calls it.
    pub name: String,
    /// The network.
    pub commitment: ModelCommitment,
    /// How many values the network gives.
    pub outputs: u32,
    /// What is traded.
    pub pair: Pair,
    /// What the network sees.
    pub features: Features,
    /// What follows from its answer.
    pub policy: Policy,
    /// How much of that is traded.
    pub limits: Limits,
    /// What investors pay.
    pub fees: Fees,
    /// How it is tried.
    pub backtest: BacktestRules,
}

/// Why a strategy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StrategyError {
    /// The name is empty, long, or acts on a terminal.
    #[error("name: it has 1 to 64 printable characters, not {0:?}")]
    Name(String),
    /// The rules are of another version.
    #[error("rule_version: it is {found}, and this program knows {RULE_VERSION}")]
    Version {
        /// The strategy's version.
        found: u32,
    },
    /// The commitment is not one.
    #[error("commitment: {0}")]
    Commitment(String),
    /// The pair cannot be traded.
    #[error("pair: {0}")]
    Pair(#[from] PairError),
    /// The features do not fit.
    #[error("features: {0}")]
    Features(#[from] FeaturesError),
    /// The policy cannot be used.
    #[error("policy: {0}")]
    Policy(#[from] PolicyError),
    /// The policy reads an output value that the network does not have.
    #[error("policy: it reads output value {output}, and the network gives {outputs} of them")]
    Output {
        /// Which one it reads, from 0 on.
        output: u32,
        /// How many there are.
        outputs: u32,
    },
    /// A limit is out of bounds.
    #[error("limits: {0}")]
    Limit(LimitError),
    /// A fee is out of bounds.
    #[error("fees: {0}")]
    Fee(LimitError),
    /// What the backtest starts with is nothing, or more than the cap on deposits.
    #[error("backtest: deposit must be at least 1 and at most deposit_cap")]
    Deposit,
    /// A backtest's costs are not usable.
    #[error("backtest: costs_bps must be 1 to {MAX_COSTS} numbers that rise, each at most max_slip_bps, not {0:?}")]
    Costs(Vec<u16>),
    /// No strategy was tried.
    #[error("backtest: trials counts this strategy too, so it is at least 1")]
    Trials,
    /// The JSON form is malformed.
    #[error("it is not a strategy: {0}")]
    Json(String),
}

/// An hour at which the network decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionPoint {
    /// The position in the history's accepted observations.
    pub at: usize,
    /// What the network sees.
    pub inputs: Vec<i32>,
    /// How many of those were clamped.
    pub saturated: u32,
}

impl Strategy {
    /// Whether all of it can be used.
    ///
    /// # Errors
    /// The first part that cannot.
    pub fn check(&self) -> Result<(), StrategyError> {
        let Self { name, commitment: _, outputs, pair, features: _, policy, limits, fees, backtest } = self;
        if !(1..=64).contains(&name.chars().count()) || name.chars().any(maat_runtime::is_active) {
            return Err(StrategyError::Name(name.chars().take(80).collect()));
        }
        pair.check()?;
        if policy.output() >= *outputs {
            return Err(StrategyError::Output { output: policy.output(), outputs: *outputs });
        }
        limits.check().map_err(StrategyError::Limit)?;
        fees.check().map_err(StrategyError::Fee)?;
        if !(1..=limits.deposit_cap.min(MAX_AMOUNT)).contains(&backtest.deposit) {
            return Err(StrategyError::Deposit);
        }
        let costs = &backtest.costs_bps;
        let rising = costs.windows(2).all(|pair| pair[0] < pair[1]);
        if !(1..=MAX_COSTS).contains(&costs.len()) || !rising || costs.iter().any(|cost| *cost > limits.max_slip_bps) {
            return Err(StrategyError::Costs(costs.clone()));
        }
        if backtest.trials == 0 {
            return Err(StrategyError::Trials);
        }
        Ok(())
    }

    /// The canonical form: JSON without spaces, fields in a fixed order.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Written::from(self.clone()))
            .unwrap_or_else(|error| unreachable!("no map has keys that are not texts: {error}"))
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// It is not JSON, not a strategy, not checked, or not in the canonical form.
    pub fn from_json(json: &str) -> Result<Self, StrategyError> {
        if json.len() > MAX_JSON_BYTES {
            return Err(StrategyError::Json(format!("it has {} bytes, more than {MAX_JSON_BYTES}", json.len())));
        }
        let written: Written = serde_json::from_str(json).map_err(|error| StrategyError::Json(error.to_string()))?;
        let strategy = Self::try_from(written)?;
        if strategy.to_json() != json {
            return Err(StrategyError::Json("its JSON is not in the canonical form".to_owned()));
        }
        Ok(strategy)
    }

    /// sha256 of the canonical form: what an owner publishes before the results are known.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_json()).into()
    }

    /// How two strategies differ: the path of each field that does, such as `limits.max_trade_bps`, with both values.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let json = |strategy: &Self| serde_json::to_value(strategy).unwrap_or_default();
        let mut found = Vec::new();
        differ("", &json(self), &json(other), &mut found);
        found
    }

    /// Every hour at which the network decides: all those whose window has no gap. None is left out.
    pub fn decision_points<'h>(&'h self, history: &'h History) -> impl Iterator<Item = DecisionPoint> + 'h {
        let window = self.features.window();
        (0..history.accepted().len()).filter_map(move |at| {
            let evaluated = self.features.evaluate(history.window(at, window)?);
            Some(DecisionPoint { at, inputs: evaluated.values, saturated: evaluated.saturated })
        })
    }
}

/// A field in which two strategies differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is, such as `limits.max_trade_bps`.
    pub field: String,
    /// Its value here, as JSON.
    pub here: String,
    /// Its value in the other one, as JSON.
    pub there: String,
}

fn differ(at: &str, here: &Value, there: &Value, found: &mut Vec<Difference>) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match (here, there) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let only_theirs = theirs.keys().filter(|name| !ours.contains_key(*name));
            for name in ours.keys().chain(only_theirs) {
                let of = |object: &serde_json::Map<String, Value>| object.get(name).cloned().unwrap_or_default();
                differ(&below(name), &of(ours), &of(theirs), found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differ(&below(&index.to_string()), ours, theirs, found);
            }
        }
        _ if here == there => {}
        _ => found.push(Difference { field: at.to_owned(), here: here.to_string(), there: there.to_string() }),
    }
}

/// The canonical form.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rule_version: u32,
    name: String,
    commitment: String,
    outputs: u32,
    pair: Pair,
    features: Vec<Feature>,
    inputs: Vec<InputRule>,
    policy: WrittenPolicy,
    limits: Limits,
    fees: Fees,
    backtest: BacktestRules,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPolicy {
    output: u32,
    /// Absent where the answer is a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edges: Option<Vec<i32>>,
    targets: Vec<Target>,
}

impl From<Strategy> for Written {
    fn from(strategy: Strategy) -> Self {
        let Strategy { name, commitment, outputs, pair, features, policy, limits, fees, backtest } = strategy;
        let edges = match policy.rule() {
            Rule::Class => None,
            Rule::Edges(edges) => Some(edges.clone()),
        };
        Self {
            rule_version: RULE_VERSION,
            name,
            commitment: commitment.to_string(),
            outputs,
            pair,
            features: features.groups().to_vec(),
            inputs: features.rules().to_vec(),
            policy: WrittenPolicy { output: policy.output(), edges, targets: policy.targets().to_vec() },
            limits,
            fees,
            backtest,
        }
    }
}

impl TryFrom<Written> for Strategy {
    type Error = StrategyError;

    fn try_from(written: Written) -> Result<Self, StrategyError> {
        let Written { rule_version, name, commitment, outputs, pair, features, inputs, policy, limits, fees, backtest } = written;
        if rule_version != RULE_VERSION {
            return Err(StrategyError::Version { found: rule_version });
        }
        let rule = policy.edges.map_or(Rule::Class, Rule::Edges);
        let strategy = Self {
            name,
            commitment: commitment
                .parse()
                .map_err(|error: maat_verifier::ParseCommitmentError| StrategyError::Commitment(error.to_string()))?,
            outputs,
            pair,
            features: Features::new(features, inputs)?,
            policy: Policy::new(policy.output, rule, policy.targets)?,
            limits,
            fees,
            backtest,
        };
        strategy.check()?;
        Ok(strategy)
    }
}
