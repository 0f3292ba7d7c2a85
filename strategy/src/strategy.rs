//! A strategy: everything that decides what is traded, checked, with a digest that binds it.

use maat_runtime::inert;
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
pub const RULE_VERSION: u32 = 2;
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
    /// The name is empty or long, or has a character that could pretend to be something else beside other text.
    #[error("name: it has 1 to 64 letters, digits, spaces and . _ - + only, and neither begins nor ends with a space; not {0:?}")]
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
    Pair(PairError),
    /// The features do not fit.
    #[error("features: {0}")]
    Features(FeaturesError),
    /// The policy cannot be used.
    #[error("policy: {0}")]
    Policy(PolicyError),
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

// Not as sources: the messages have them already, and whoever prints a chain of causes would say them twice.
impl From<PairError> for StrategyError {
    fn from(error: PairError) -> Self {
        Self::Pair(error)
    }
}

impl From<FeaturesError> for StrategyError {
    fn from(error: FeaturesError) -> Self {
        Self::Features(error)
    }
}

impl From<PolicyError> for StrategyError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
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
        let of_name = |character: char| character.is_alphanumeric() || " ._-+".contains(character);
        if !(1..=64).contains(&name.chars().count()) || !name.chars().all(of_name) || name.trim() != name {
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
        let written: Written = serde_json::from_str(json).map_err(|error| StrategyError::Json(inert(&error.to_string())))?;
        let strategy = Self::try_from(written)?;
        if strategy.to_json() != json {
            return Err(StrategyError::Json("its JSON is not in the canonical form".to_owned()));
        }
        Ok(strategy)
    }

    /// The same, with nothing of its features but how many hours they look at and the network's input rules. It has a digest of its own.
    #[must_use]
    pub fn with_hidden_features(&self) -> Self {
        Self { features: self.features.to_hidden(), ..self.clone() }
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
        (0..history.accepted().len()).filter_map(|at| self.decision_point(history, at))
    }

    /// The decision at the `at`-th accepted observation: nothing if its window has a gap.
    pub fn decision_point(&self, history: &History, at: usize) -> Option<DecisionPoint> {
        let evaluated = self.features.evaluate(history.window(at, self.features.window())?);
        Some(DecisionPoint { at, inputs: evaluated.values, saturated: evaluated.saturated })
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
    /// Absent where features are not hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hidden_window: Option<u32>,
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
            hidden_window: features.hidden_window(),
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
        let Written { rule_version, name, commitment, outputs, pair, features, hidden_window, inputs, policy, limits, fees, backtest } =
            written;
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
            features: match hidden_window {
                None => Features::new(features, inputs)?,
                Some(window) if features.is_empty() => Features::hidden(window, inputs)?,
                Some(_) => return Err(FeaturesError::Mixed.into()),
            },
            policy: Policy::new(policy.output, rule, policy.targets)?,
            limits,
            fees,
            backtest,
        };
        strategy.check()?;
        Ok(strategy)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::history::Observation;
    use crate::policy::Target::{Hold, Weight};
    use crate::price::Price;
    use crate::rate::Token;

    /// A strategy on three differences and a class, as small as one can be.
    pub(crate) fn sample() -> Strategy {
        let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
        let features = vec![Feature::Difference { lags: vec![0, 1] }, Feature::Return { lags: vec![2] }];
        let rules = [7, 7, 12].map(|scale| InputRule { scale, lo: -32_768, hi: 32_767 });
        Strategy {
            name: "sample".to_owned(),
            commitment: format!("0x00{}", "5".repeat(62)).parse().unwrap(),
            outputs: 4,
            pair: Pair { base: token("WETH", 18), quote: token("USDC", 6) },
            features: Features::new(features, rules.to_vec()).unwrap(),
            policy: Policy::new(3, Rule::Class, vec![Weight(0), Hold, Weight(10_000)]).unwrap(),
            limits: Limits {
                max_weight_bps: 9_000,
                max_trade_bps: 5_000,
                max_turnover_bps: 20_000,
                cooldown_hours: 1,
                min_trade_bps: 100,
                min_slip_bps: 10,
                max_slip_bps: 50,
                max_drift_bps: 100,
                max_drawdown_bps: 3_000,
                max_saturated: 1,
                deposit_cap: 1_000_000_000_000,
            },
            fees: Fees { management_bps: 100, settle_bps: 30 },
            backtest: BacktestRules {
                deposit: 10_000_000_000,
                costs_bps: vec![0, 10, 30],
                train_until: "2022-05-01T00:00:00Z".parse().unwrap(),
                trials: 1,
            },
        }
    }

    #[test]
    fn the_canonical_form_is_read_back_and_binds() {
        let strategy = sample();
        assert_eq!(strategy.check(), Ok(()));
        let json = strategy.to_json();
        assert_eq!(Strategy::from_json(&json), Ok(strategy.clone()));
        let edges = Policy::new(0, Rule::Edges(vec![-5]), vec![Weight(0), Hold]).unwrap();
        let other = Strategy { policy: edges, ..strategy.clone() };
        assert_eq!(Strategy::from_json(&other.to_json()), Ok(other.clone()));
        assert_ne!(other.digest(), strategy.digest());
    }

    #[test]
    fn hidden_features_are_not_in_the_canonical_form_and_give_another_digest() {
        let strategy = sample();
        let hidden = strategy.with_hidden_features();
        let json = hidden.to_json();
        assert!(json.contains("\"features\":[],\"hidden_window\":3,\"inputs\":[") && !json.contains("lags"), "{json}");
        assert!(!strategy.to_json().contains("hidden_window"));
        assert_eq!(Strategy::from_json(&json), Ok(hidden.clone()));
        assert_ne!(hidden.digest(), strategy.digest());
        assert_eq!(hidden.with_hidden_features(), hidden);
        let refused = |from: &str, to: &str| Strategy::from_json(&json.replace(from, to)).unwrap_err().to_string();
        let open = "\"features\":[{\"kind\":\"return\",\"lags\":[0,1,2]}]";
        assert_eq!(refused("\"features\":[]", open), "features: all of them are hidden, or none");
        assert_eq!(refused(":3,\"inputs", ":0,\"inputs"), "features: hidden features look at 1 to 8760 hours in a row, not 0");
        assert_eq!(refused("\"hidden_window\":3,", ""), "features: the features give 0 values, but the network takes 3");
        assert!(refused(":3,\"inputs", ":null,\"inputs").starts_with("features: "));
    }

    #[test]
    fn another_form_of_the_same_json_is_refused() {
        let json = sample().to_json();
        assert!(matches!(Strategy::from_json(&json.replace("{\"rule", "{ \"rule")), Err(StrategyError::Json(_))));
        assert!(matches!(Strategy::from_json(&json.replace("\"trials\":1", "\"trials\":1,\"more\":0")), Err(StrategyError::Json(_))));
        assert!(matches!(Strategy::from_json(&json.replace("\"deposit\":\"1", "\"deposit\":\"01")), Err(StrategyError::Json(_))));
        // An error repeats what stands there, on one line.
        let forged = json.replace("\"name\"", "\"x\\n\\nthe record holds\"");
        assert!(
            matches!(Strategy::from_json(&forged), Err(StrategyError::Json(reason)) if reason.contains("x\\n\\nthe") && !reason.contains('\n'))
        );
        let long = " ".repeat(MAX_JSON_BYTES + 1);
        assert!(matches!(Strategy::from_json(&long), Err(StrategyError::Json(reason)) if reason.contains("more than")));
    }

    #[test]
    fn another_version_of_the_rules_is_refused() {
        let json = sample().to_json().replace("\"rule_version\":2", "\"rule_version\":1");
        assert_eq!(Strategy::from_json(&json), Err(StrategyError::Version { found: 1 }));
    }

    #[test]
    fn each_part_is_checked_when_it_is_read() {
        let refused = |from: &str, to: &str| {
            let json = sample().to_json();
            assert!(json.contains(from), "{from}");
            Strategy::from_json(&json.replace(from, to)).unwrap_err().to_string()
        };
        for (from, to, field) in [
            ("\"name\":\"sample\"", "\"name\":\"\"", "name: "),
            ("\"name\":\"sample\"", "\"name\":\"a\\u001b[2J\"", "name: "),
            ("\"name\":\"sample\"", "\"name\":\"a: b\"", "name: "),
            ("\"name\":\"sample\"", "\"name\":\"a\u{200b}\"", "name: "),
            ("\"name\":\"sample\"", "\"name\":\" a\"", "name: "),
            ("\"commitment\":\"0x00", "\"commitment\":\"0x01", "commitment: "),
            ("\"decimals\":6", "\"decimals\":99", "pair: "),
            ("\"lags\":[0,1]", "\"lags\":[0]", "features: "),
            ("\"scale\":12", "\"scale\":63", "features: "),
            ("10000]", "10001]", "policy: "),
            ("\"output\":3", "\"output\":4", "policy: it reads output value 4"),
            ("\"max_slip_bps\":50", "\"max_slip_bps\":101", "limits: max_slip_bps"),
            ("\"settle_bps\":30", "\"settle_bps\":51", "fees: settle_bps"),
            ("\"deposit\":\"10000000000\"", "\"deposit\":\"1000000000001\"", "backtest: deposit"),
            ("\"deposit\":\"10000000000\"", "\"deposit\":\"0\"", "backtest: deposit"),
            ("[0,10,30]", "[0,10,51]", "backtest: costs_bps"),
            ("[0,10,30]", "[10,10]", "backtest: costs_bps"),
            ("[0,10,30]", "[]", "backtest: costs_bps"),
            ("[0,10,30]", "[0,1,2,3,4,5,6,7,8]", "backtest: costs_bps"),
            ("\"trials\":1", "\"trials\":0", "backtest: trials"),
        ] {
            let error = refused(from, to);
            assert!(error.starts_with(field), "{to}: {error}");
        }
    }

    #[test]
    fn differences_have_the_path_of_their_field() {
        let (ours, mut theirs) = (sample(), sample());
        assert_eq!(ours.differences(&theirs), []);
        theirs.limits.max_trade_bps = 1_000;
        theirs.pair.quote.symbol = "USDT".to_owned();
        theirs.policy = Policy::new(3, Rule::Edges(vec![1, 2]), vec![Weight(0), Hold, Weight(5_000)]).unwrap();
        let difference =
            |field: &str, here: &str, there: &str| Difference { field: field.to_owned(), here: here.to_owned(), there: there.to_owned() };
        assert_eq!(
            ours.differences(&theirs),
            [
                difference("pair.quote.symbol", "\"USDC\"", "\"USDT\""),
                difference("policy.targets.2", "10000", "5000"),
                difference("policy.edges", "null", "[1,2]"),
                difference("limits.max_trade_bps", "5000", "1000"),
            ]
        );
    }

    #[test]
    fn the_network_decides_at_each_hour_whose_window_has_no_gap() {
        let mut history = History::default();
        for (hour, usd) in [(10, 100), (11, 101), (12, 102), (13, 500), (14, 103), (15, 104), (16, 105)] {
            let base = Price::new(usd * crate::price::USD).unwrap();
            let _ = history.record(Observation { hour: Hour::new(hour).unwrap(), base, quote: Price::ONE_USD });
        }
        let strategy = sample();
        let points: Vec<DecisionPoint> = strategy.decision_points(&history).collect();
        let hours: Vec<u64> = points.iter().map(|point| history.accepted()[point.at].hour.count()).collect();
        assert_eq!(hours, [12, 16], "13 jumps and is left out");
        // 1 USD at 2^7, and 2/100 at 2^12.
        assert_eq!(points[0].inputs, [0, 128, 82]);
        assert_eq!(points[0].saturated, 0);
    }
}
