//! The file `strategy.toml`, as its owner writes it, and how it becomes a strategy with a model.

use std::path::PathBuf;

use maat_runtime::{Interval, Model, inert, quantise};
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
use crate::vault_table::{VaultTable, VaultTableError};

/// How much of a text of the file an error repeats, in characters.
const MAX_REASON: usize = 400;

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
    /// What a vault of the strategy is made with, if the file says.
    #[serde(default)]
    pub vault: Option<VaultTable>,
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
    train_until: Time,
    trials: u32,
}

/// A time, as TOML's own or as text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a time is a UTC time such as \"2021-06-01T07:00:00Z\"")]
enum Time {
    Toml(toml::value::Datetime),
    Text(String),
}

impl Time {
    fn text(&self) -> String {
        match self {
            Self::Toml(time) => time.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Why a file does not become a strategy.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StrategyFileError {
    /// The text is not TOML, or not of a strategy.
    #[error("line {line}, column {column}: {reason}")]
    Toml {
        /// The line, from 1 on.
        line: usize,
        /// The character in it, from 1 on.
        column: usize,
        /// What is wrong, on one line.
        reason: String,
    },
    /// The named commitment is not one.
    #[error("model.commitment: it is 0x00 and 62 hexadecimal digits, not {0:?}")]
    NotACommitment(String),
    /// The named commitment is not the package's.
    #[error("model.commitment: the file names {named}, and the package has {found}")]
    Commitment {
        /// The one in the file.
        named: String,
        /// The package's.
        found: ModelCommitment,
    },
    /// The network has no output of this name.
    #[error("policy.output: the network has no output {:?}; it has {}", shortened(name), known.join(", "))]
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
    TrainUntil(HourError),
    /// The parts do not make a strategy.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// The strategy's vault cannot be made.
    #[error(transparent)]
    Vault(#[from] VaultTableError),
}

impl StrategyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It is not TOML, or not of a strategy.
    pub fn parse(text: &str) -> Result<Self, StrategyFileError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or(text);
            let (line, column) = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or("").chars().count() + 1);
            // The message repeats names of the file, which may be long.
            let reason = shortened(&inert(error.message()));
            StrategyFileError::Toml { line, column, reason }
        })
    }

    /// The strategy with a model, which its features and its policy must fit.
    ///
    /// # Errors
    /// [`StrategyFileError`] names the section.
    pub fn resolve(&self, model: &Model, commitment: ModelCommitment) -> Result<Strategy, StrategyFileError> {
        if let Some(expected) = &self.model.commitment
            && expected.parse::<ModelCommitment>().map_err(|_| StrategyFileError::NotACommitment(shortened(expected)))? != commitment
        {
            return Err(StrategyFileError::Commitment { named: expected.clone(), found: commitment });
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
                train_until: self.backtest.train_until.text().parse::<Hour>().map_err(StrategyFileError::TrainUntil)?,
                trials: self.backtest.trials,
            },
        };
        strategy.check()?;
        if let Some(vault) = &self.vault {
            vault.check(strategy.pair.quote.decimals, strategy.limits.deposit_cap)?;
        }
        Ok(strategy)
    }
}

/// A text, or its beginning and two points, where a whole one would fill a page.
fn shortened(text: &str) -> String {
    let beginning: String = text.chars().take(MAX_REASON).collect();
    if beginning.len() < text.len() { beginning + ".." } else { beginning }
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

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::{Affine, ArgMax};
    use maat_runtime::{ModelBuilder, Primitive, Requantise, Shape};

    use super::*;

    const FILE: &str = r#"
        name = "sample"

        [model]
        package = "package"

        [pair]
        base = { symbol = "WETH", decimals = 18 }
        quote = { symbol = "USDC", decimals = 6 }

        [[features]]
        kind = "difference"
        lags = { from = 0, to = 1 }

        [[features]]
        kind = "return"
        lags = [24]

        [policy]
        kind = "class"
        output = "class"
        targets = [0, "hold", 10000]

        [limits]
        max_weight_bps = 9000
        max_trade_bps = 5000
        max_turnover_bps = 20000
        cooldown_hours = 1
        min_trade_bps = 100
        min_slip_bps = 10
        max_slip_bps = 50
        max_drift_bps = 100
        max_drawdown_bps = 3000
        max_saturated = 1
        deposit_cap = 1000000

        [fees]
        management_bps = 100
        settle_bps = 30

        [backtest]
        deposit = 10000
        costs_bps = [0, 10, 30]
        train_until = "2022-05-01T00:00:00Z"
        trials = 1
    "#;

    /// Three inputs with scales of their own, three logits at 2^-2 and their class.
    fn model() -> Model {
        let mut builder = ModelBuilder::new("sample");
        let x = builder.input_by_column("x", Shape::new(&[1, 3]).unwrap(), 7, &[7, 7, 12], Interval::of_bits(16)).unwrap();
        let requantise = Requantise { shift: vec![7; 3], lo: -100, hi: 100 };
        let weights = vec![1, 0, 0, 0, 1, 0, 0, 0, 1];
        let affine = Affine { groups: 1, inputs: 3, weights, bias: vec![0; 3], requantise };
        let logits = builder.node("logits", Primitive::Affine(affine), &[x], 2).unwrap();
        let class = builder.node("class", Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }), &[logits], 0).unwrap();
        builder.finish(&[("logits", logits), ("class", class)]).unwrap()
    }

    fn commitment() -> ModelCommitment {
        format!("0x00{}", "5".repeat(62)).parse().unwrap()
    }

    fn resolved(from: &str, to: &str) -> Result<Strategy, StrategyFileError> {
        assert!(FILE.contains(from), "{from}");
        StrategyFile::parse(&FILE.replace(from, to))?.resolve(&model(), commitment())
    }

    #[test]
    fn a_file_becomes_a_strategy_with_the_models_integers() {
        let strategy = resolved("name", "name").unwrap();
        assert_eq!(
            strategy.features.rules().iter().map(|rule| (rule.scale, rule.lo, rule.hi)).collect::<Vec<_>>(),
            [(7, -32_768, 32_767), (7, -32_768, 32_767), (12, -32_768, 32_767)]
        );
        assert_eq!((strategy.outputs, strategy.policy.output(), strategy.features.window()), (4, 3, 25));
        assert_eq!((strategy.limits.deposit_cap, strategy.backtest.deposit), (1_000_000_000_000, 10_000_000_000));
        assert_eq!(strategy.features.groups()[0], Feature::Difference { lags: vec![0, 1] });
    }

    #[test]
    fn a_vaults_table_is_checked_and_not_a_part_of_the_strategy() {
        let table = "[vault]\nname = \"Sample\"\nsymbol = \"S\"\nmin_nav = \"100\"\nkeeper_cap = \"0.5\"\n\n[backtest]";
        assert_eq!(resolved("[backtest]", table).unwrap(), resolved("name", "name").unwrap());
        let error = resolved("[backtest]", &table.replace("\"100\"", "\"0\"")).unwrap_err().to_string();
        assert!(error.starts_with("vault.min_nav: "), "{error}");
    }

    #[test]
    fn a_time_may_be_tomls_own() {
        let written = resolved("train_until = \"2022-05-01T00:00:00Z\"", "train_until = 2022-05-01T00:00:00Z").unwrap();
        assert_eq!(written.backtest.train_until, resolved("name", "name").unwrap().backtest.train_until);
    }

    #[test]
    fn no_cause_is_said_twice() {
        let error = chain(&resolved("to = 1 }", "to = 2 }").unwrap_err());
        assert_eq!(error, ["features: the features give 4 values, but the network takes 3"]);
        let error = chain(&resolved("2022-05-01T00:00:00Z", "2022-05-01").unwrap_err());
        assert_eq!(error.len(), 1, "{error:?}");
    }

    /// An error and its sources.
    fn chain(error: &dyn std::error::Error) -> Vec<String> {
        std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
    }

    #[test]
    fn edges_are_rounded_to_the_outputs_integers() {
        let policy = "kind = \"edges\"\noutput = \"logits\"\nelement = 1\nedges = [-0.5, 0.125]";
        let strategy = resolved("kind = \"class\"\n        output = \"class\"", policy).unwrap();
        assert_eq!((strategy.policy.output(), strategy.policy.rule()), (1, &Rule::Edges(vec![-2, 1])));
    }

    #[test]
    fn what_does_not_fit_the_model_is_named() {
        let error = |from: &str, to: &str| resolved(from, to).unwrap_err().to_string();
        assert_eq!(
            error("output = \"class\"", "output = \"klass\""),
            "policy.output: the network has no output \"klass\"; it has logits, class"
        );
        assert_eq!(
            error("output = \"class\"", "output = \"class\"\nelement = 1"),
            "policy.element: output \"class\" has 1 values, counted from 0, so that there is no 1"
        );
        assert!(error("output = \"class\"", "output = \"logits\"").starts_with("policy: output \"logits\" holds multiples of 2^-2"));
        assert_eq!(error("to = 1 }", "to = 2 }"), "features: the features give 4 values, but the network takes 3");
        assert!(error("to = 1 }", "to = 4000000000 }").starts_with("features: "));
        assert!(error("from = 0, to = 1 }", "from = 1, to = 0 }").starts_with("features: a feature has lags"));
        let named = |commitment: &str| error("package = \"package\"", &format!("package = \"package\"\ncommitment = \"{commitment}\""));
        let other = format!("0x00{}", "6".repeat(62));
        assert!(named(&other).starts_with(&format!("model.commitment: the file names {other}, and the package has 0x0055")));
        assert_eq!(named("0x00\\nand"), r#"model.commitment: it is 0x00 and 62 hexadecimal digits, not "0x00\nand""#);
        assert!(resolved("package = \"package\"", &format!("package = \"package\"\ncommitment = \"{}\"", commitment())).is_ok());
        assert!(error("2022-05-01T00:00:00Z", "2022-05-01").starts_with("backtest.train_until: an hour is a UTC time"));
        let nan = "kind = \"edges\"\noutput = \"logits\"\nedges = [nan, 1.0]";
        assert_eq!(error("kind = \"class\"\n        output = \"class\"", nan), "policy.edges: NaN is not a finite number");
    }

    #[test]
    fn faults_of_the_text_have_their_place() {
        let error = |from: &str, to: &str| resolved(from, to).unwrap_err().to_string();
        assert!(error("cooldown_hours = 1", "").contains("missing field `cooldown_hours`"));
        assert!(error("cooldown_hours = 1", "cooldown_hours = 1\nmax_risk = 3").contains("max_risk"));
        let lags = error("lags = [24]", "lags = \"all\"");
        assert!(lags.contains("lags are a list such as"), "{lags}");
        let target = error("\"hold\"", "\"sell\"");
        assert!(target.contains("a target is a weight in basis points from 0 to 10000, or \"hold\""), "{target}");
        assert!(error("max_slip_bps = 50", "max_slip_bps = -1").starts_with("line 31, column 24: "));
        assert!(StrategyFile::parse("name =").unwrap_err().to_string().starts_with("line 1, column 7: "));
    }

    #[test]
    fn what_a_file_says_stays_on_one_line_and_short() {
        let error = |key: &str| resolved("cooldown_hours = 1", &format!("cooldown_hours = 1\n{key} = 3")).unwrap_err().to_string();
        let forged = error("\"x\\n\\nthe strategy holds\"");
        assert!(forged.contains("x\\n\\nthe strategy") && !forged.contains('\n'), "{forged:?}");
        let long = error(&"k".repeat(100_000));
        assert!(long.len() < 500 && long.ends_with("kk.."), "{}", long.len());
        let name = resolved("output = \"class\"", &format!("output = \"{}\"", "k".repeat(100_000))).unwrap_err().to_string();
        assert!(name.len() < 500, "{}", name.len());
    }
}
