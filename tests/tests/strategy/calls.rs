//! Calls of the functions that the crate `maat-strategy` and the Cairo package `maat_vault` share: what each gives in Rust, and calls and
//! results as Cairo serialises them. The Cairo side of this file is `tests/fixtures/vault/calls.cairo`.

use std::fmt;

use maat_strategy::drawdown::HighWater;
use maat_strategy::features::{Evaluated, Feature, Features, InputRule};
use maat_strategy::fees::Fees;
use maat_strategy::history::Observation;
use maat_strategy::hour::Hour;
use maat_strategy::limits::{Limits, Plan, Position, Reason, unwind};
use maat_strategy::math::{mul_div_ceil, mul_div_floor, share_ceil, share_floor};
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::price::Price;
use maat_strategy::rate::{Pair, Rate, Token};
use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;

/// An amount: a decimal text in JSON, because most readers of JSON do not keep 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(pub u128);

impl TryFrom<String> for Amount {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.0.to_string()
    }
}

/// Prices in 1e-8 USD, and decimals of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    pub base_price: Price,
    pub quote_price: Price,
    pub base_decimals: u8,
    pub quote_decimals: u8,
}

/// A function with its arguments, in the order in which Cairo has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    MulDivFloor { a: Amount, b: Amount, den: Amount },
    MulDivCeil { a: Amount, b: Amount, den: Amount },
    ShareFloor { amount: Amount, bps: u32 },
    ShareCeil { amount: Amount, bps: u32 },
    Rate { quote: Quote },
    ValueFloor { quote: Quote, base: Amount },
    ValueCeil { quote: Quote, base: Amount },
    BaseFloor { quote: Quote, value: Amount },
    BaseCeil { quote: Quote, value: Amount },
    ManagementShares { supply: Amount, management_bps: u16, seconds: u64 },
    Observe { peak: Amount, breaches: u8, last: Amount, nav: Amount, supply: Amount, max_drawdown_bps: u16 },
    Features { groups: Vec<Feature>, rules: Vec<InputRule>, window: Vec<Price> },
    Target { edges: Option<Vec<i32>>, targets: Vec<Target>, answer: i32 },
    Plan { limits: Limits, position: Position, quote: Quote, hour: Hour, target: Target, saturated: u32 },
    Unwind { limits: Limits, position: Position, quote: Quote },
    Filled { position: Position, plan: Plan, received: Amount, hour: Hour },
}

/// What a call gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Amount(Option<u128>),
    Rate(Option<Rate>),
    /// The mark, and whether the vault halts.
    HighWater(Option<(HighWater, bool)>),
    Features(Evaluated),
    Target(Option<Target>),
    Plan(Option<Plan>),
    Position(Option<Position>),
}

impl Quote {
    pub fn rate(&self) -> Option<Rate> {
        let token = |decimals| Token { symbol: "T".to_owned(), decimals };
        let pair = Pair { base: token(self.base_decimals), quote: token(self.quote_decimals) };
        let hour = Hour::new(0).expect("the first hour");
        pair.rate(&Observation { hour, base: self.base_price, quote: self.quote_price })
    }
}

impl Call {
    /// The name of the function, as it is in JSON.
    pub fn function(&self) -> String {
        let json = serde_json::to_value(self).expect("a call serialises");
        json.as_object().and_then(|object| object.keys().next().cloned()).expect("a call is an object with one key")
    }

    /// What Rust gives.
    ///
    /// # Panics
    /// The features or the policy are not what their constructors take.
    pub fn in_rust(&self) -> Outcome {
        let convert = |quote: &Quote, amount: &Amount, function: fn(&Rate, u128) -> Option<u128>| {
            Outcome::Amount(quote.rate().and_then(|rate| function(&rate, amount.0)))
        };
        match self {
            Self::MulDivFloor { a, b, den } => Outcome::Amount(mul_div_floor(a.0, b.0, den.0)),
            Self::MulDivCeil { a, b, den } => Outcome::Amount(mul_div_ceil(a.0, b.0, den.0)),
            Self::ShareFloor { amount, bps } => Outcome::Amount(share_floor(amount.0, *bps)),
            Self::ShareCeil { amount, bps } => Outcome::Amount(share_ceil(amount.0, *bps)),
            Self::Rate { quote } => Outcome::Rate(quote.rate()),
            Self::ValueFloor { quote, base } => convert(quote, base, Rate::value_floor),
            Self::ValueCeil { quote, base } => convert(quote, base, Rate::value_ceil),
            Self::BaseFloor { quote, value } => convert(quote, value, Rate::base_floor),
            Self::BaseCeil { quote, value } => convert(quote, value, Rate::base_ceil),
            Self::ManagementShares { supply, management_bps, seconds } => {
                let fees = Fees { management_bps: *management_bps, settle_bps: 0 };
                Outcome::Amount(fees.management_shares(supply.0, *seconds))
            }
            Self::Observe { peak, breaches, last, nav, supply, max_drawdown_bps } => {
                let mut mark = HighWater { peak: peak.0, breaches: *breaches, last: last.0 };
                let halts = mark.observe(nav.0, supply.0, *max_drawdown_bps);
                Outcome::HighWater(halts.map(|halts| (mark, halts)))
            }
            Self::Features { groups, rules, window } => {
                let features = Features::new(groups.clone(), rules.clone()).unwrap_or_else(|error| panic!("{error}"));
                let observed = window.iter().zip(0..).map(|(price, hour)| Observation {
                    hour: Hour::new(hour).expect("few hours"),
                    base: *price,
                    quote: Price::ONE_USD,
                });
                Outcome::Features(features.evaluate(&observed.collect::<Vec<_>>()))
            }
            Self::Target { edges, targets, answer } => {
                let rule = edges.clone().map_or(Rule::Class, Rule::Edges);
                let policy = Policy::new(0, rule, targets.clone()).unwrap_or_else(|error| panic!("{error}"));
                Outcome::Target(policy.target(*answer).ok())
            }
            Self::Plan { limits, position, quote, hour, target, saturated } => {
                Outcome::Plan(quote.rate().and_then(|rate| limits.plan(position, &rate, *hour, *target, *saturated)))
            }
            Self::Unwind { limits, position, quote } => Outcome::Plan(quote.rate().and_then(|rate| unwind(limits, position, &rate))),
            Self::Filled { position, plan, received, hour } => Outcome::Position(position.filled(*plan, received.0, *hour)),
        }
    }
}

impl fmt::Display for Outcome {
    /// As the golden vectors have it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => write!(formatter, "{amount:?}"),
            Self::Rate(rate) => write!(formatter, "{rate:?}"),
            Self::HighWater(mark) => write!(formatter, "{mark:?}"),
            Self::Features(evaluated) => write!(formatter, "{evaluated:?}"),
            Self::Target(target) => write!(formatter, "{target:?}"),
            Self::Plan(plan) => write!(formatter, "{plan:?}"),
            Self::Position(position) => write!(formatter, "{position:?}"),
        }
    }
}

/// What Cairo serialises.
pub trait Cairo {
    /// Appends the felts.
    fn write(&self, felts: &mut Vec<Felt>);
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Cairo for $integer {
            fn write(&self, felts: &mut Vec<Felt>) {
                felts.push(Felt::from(*self));
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, u128, i32, bool);

/// Structs and tuples are their fields, one after the other; values of enums come after the number of their variant.
macro_rules! write_all {
    ($felts:ident, $($value:expr),+) => {{ $($value.write($felts);)+ }};
}

impl<T: Cairo> Cairo for [T] {
    fn write(&self, felts: &mut Vec<Felt>) {
        felts.push(Felt::from(self.len()));
        for value in self {
            value.write(felts);
        }
    }
}

impl<T: Cairo> Cairo for Option<T> {
    fn write(&self, felts: &mut Vec<Felt>) {
        match self {
            Some(value) => write_all!(felts, 0u8, value),
            None => 1u8.write(felts),
        }
    }
}

impl Cairo for Amount {
    fn write(&self, felts: &mut Vec<Felt>) {
        self.0.write(felts);
    }
}

impl Cairo for Price {
    fn write(&self, felts: &mut Vec<Felt>) {
        self.units().write(felts);
    }
}

impl Cairo for Hour {
    fn write(&self, felts: &mut Vec<Felt>) {
        self.count().write(felts);
    }
}

impl Cairo for Quote {
    fn write(&self, felts: &mut Vec<Felt>) {
        let Self { base_price, quote_price, base_decimals, quote_decimals } = self;
        write_all!(felts, base_price, quote_price, base_decimals, quote_decimals);
    }
}

impl Cairo for Rate {
    fn write(&self, felts: &mut Vec<Felt>) {
        write_all!(felts, self.numerator(), self.denominator());
    }
}

impl Cairo for (HighWater, bool) {
    fn write(&self, felts: &mut Vec<Felt>) {
        let (HighWater { peak, breaches, last }, halts) = self;
        write_all!(felts, peak, breaches, last, halts);
    }
}

impl Cairo for Feature {
    fn write(&self, felts: &mut Vec<Felt>) {
        let variant = match self {
            Self::Difference { .. } => 0u8,
            Self::Return { .. } => 1,
        };
        write_all!(felts, variant, self.lags());
    }
}

impl Cairo for InputRule {
    fn write(&self, felts: &mut Vec<Felt>) {
        let Self { scale, lo, hi } = self;
        write_all!(felts, scale, lo, hi);
    }
}

impl Cairo for Evaluated {
    fn write(&self, felts: &mut Vec<Felt>) {
        let Self { values, saturated } = self;
        write_all!(felts, values.as_slice(), saturated);
    }
}

impl Cairo for Target {
    fn write(&self, felts: &mut Vec<Felt>) {
        match self {
            Self::Weight(weight) => write_all!(felts, 0u8, weight),
            Self::Hold => 1u8.write(felts),
        }
    }
}

impl Cairo for Limits {
    fn write(&self, felts: &mut Vec<Felt>) {
        let Self {
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
        } = self;
        write_all!(felts, max_weight_bps, max_trade_bps, max_turnover_bps, cooldown_hours, min_trade_bps, min_slip_bps, max_slip_bps);
        write_all!(felts, max_drift_bps, max_drawdown_bps, max_saturated, deposit_cap);
    }
}

impl Cairo for Position {
    fn write(&self, felts: &mut Vec<Felt>) {
        let Self { base, quote, last_trade, day, turned_over } = self;
        write_all!(felts, base, quote, last_trade, day, turned_over);
    }
}

impl Cairo for Reason {
    fn write(&self, felts: &mut Vec<Felt>) {
        let variant = match self {
            Self::Saturated => 0u8,
            Self::Policy => 1,
            Self::Small => 2,
            Self::Cooldown => 3,
            Self::Turnover => 4,
        };
        variant.write(felts);
    }
}

impl Cairo for Plan {
    fn write(&self, felts: &mut Vec<Felt>) {
        match self {
            Self::Hold(reason) => write_all!(felts, 0u8, reason),
            Self::Buy { quote } => write_all!(felts, 1u8, quote),
            Self::Sell { base, value } => write_all!(felts, 2u8, base, value),
        }
    }
}

impl Cairo for Call {
    fn write(&self, felts: &mut Vec<Felt>) {
        match self {
            Self::MulDivFloor { a, b, den } => write_all!(felts, 0u8, a, b, den),
            Self::MulDivCeil { a, b, den } => write_all!(felts, 1u8, a, b, den),
            Self::ShareFloor { amount, bps } => write_all!(felts, 2u8, amount, bps),
            Self::ShareCeil { amount, bps } => write_all!(felts, 3u8, amount, bps),
            Self::Rate { quote } => write_all!(felts, 4u8, quote),
            Self::ValueFloor { quote, base } => write_all!(felts, 5u8, quote, base),
            Self::ValueCeil { quote, base } => write_all!(felts, 6u8, quote, base),
            Self::BaseFloor { quote, value } => write_all!(felts, 7u8, quote, value),
            Self::BaseCeil { quote, value } => write_all!(felts, 8u8, quote, value),
            Self::ManagementShares { supply, management_bps, seconds } => write_all!(felts, 9u8, supply, management_bps, seconds),
            Self::Observe { peak, breaches, last, nav, supply, max_drawdown_bps } => {
                write_all!(felts, 10u8, peak, breaches, last, nav, supply, max_drawdown_bps);
            }
            Self::Features { groups, rules, window } => {
                write_all!(felts, 11u8, groups.as_slice(), rules.as_slice(), window.as_slice());
            }
            Self::Target { edges, targets, answer } => {
                12u8.write(felts);
                match edges {
                    None => 0u8.write(felts),
                    Some(edges) => write_all!(felts, 1u8, edges.as_slice()),
                }
                write_all!(felts, targets.as_slice(), answer);
            }
            Self::Plan { limits, position, quote, hour, target, saturated } => {
                write_all!(felts, 13u8, limits, position, quote, hour, target, saturated);
            }
            Self::Unwind { limits, position, quote } => write_all!(felts, 14u8, limits, position, quote),
            Self::Filled { position, plan, received, hour } => write_all!(felts, 15u8, position, plan, received, hour),
        }
    }
}

impl Cairo for Outcome {
    fn write(&self, felts: &mut Vec<Felt>) {
        match self {
            Self::Amount(amount) => amount.write(felts),
            Self::Rate(rate) => rate.write(felts),
            Self::HighWater(mark) => mark.write(felts),
            Self::Features(evaluated) => evaluated.write(felts),
            Self::Target(target) => target.write(felts),
            Self::Plan(plan) => plan.write(felts),
            Self::Position(position) => position.write(felts),
        }
    }
}
