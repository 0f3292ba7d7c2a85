//! Features: what the network sees of the prices, in integers by its own input rule. `cairo/vault/src/features.cairo` computes the same.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::history::Observation;
use crate::price::USD;

/// The most values that features give: those of a transaction's calldata, less some for the rest.
pub const MAX_VALUES: usize = 2_048;
/// The longest lag in hours.
pub const MAX_LAG: u32 = 8_759;
/// Scale exponents of inputs are at most this in size, so that numerators have less than 128 bits.
pub const MAX_SCALE: i32 = 62;

/// A group of values, one for each lag `h`, of the base token's price `p`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Feature {
    /// `p[t] - p[t - h]` in USD.
    Difference {
        /// Each `h` in hours.
        lags: Vec<u32>,
    },
    /// `(p[t] - p[t - h]) / p[t - h]`.
    Return {
        /// Each `h` in hours.
        lags: Vec<u32>,
    },
}

/// How the network takes one value: the integer for the real value `x` is `clamp(floor(x * 2^scale + 1/2), lo, hi)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRule {
    /// The scale exponent.
    pub scale: i32,
    /// The least integer.
    pub lo: i32,
    /// The greatest integer.
    pub hi: i32,
}

/// Features that fit a network's inputs: as many values as the inputs have elements, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    groups: Vec<Feature>,
    rules: Vec<InputRule>,
}

/// What the features are at one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// The inputs of the network.
    pub values: Vec<i32>,
    /// How many of them were clamped.
    pub saturated: u32,
}

/// Why features are not those of a network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeaturesError {
    /// There are no lags, or one is too long.
    #[error("a feature has lags of 0 to {MAX_LAG} hours, at least one of them, not {0:?}")]
    Lags(Vec<u32>),
    /// The features give more values than [`MAX_VALUES`].
    #[error("features give at most {MAX_VALUES} values, not {0}")]
    TooMany(usize),
    /// The features give another number of values than the network takes.
    #[error("the features give {found} values, but the network takes {expected}")]
    Number {
        /// Elements of the network's inputs.
        expected: usize,
        /// Values of the features.
        found: usize,
    },
    /// A rule is beyond what the contract computes with.
    #[error("input {at} has the scale exponent {} and the range {}..{}: scales go from -{MAX_SCALE} to {MAX_SCALE}, and ranges are not empty", rule.scale, rule.lo, rule.hi)]
    Rule {
        /// Which value.
        at: usize,
        /// Its rule.
        rule: InputRule,
    },
}

impl Feature {
    /// Its lags in hours.
    pub fn lags(&self) -> &[u32] {
        match self {
            Self::Difference { lags } | Self::Return { lags } => lags,
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, lags) = match self {
            Self::Difference { lags } => ("price less that of", lags),
            Self::Return { lags } => ("return since", lags),
        };
        let in_a_row = lags.windows(2).all(|pair| pair[1] == pair[0] + 1);
        match lags.as_slice() {
            [first, .., last] if in_a_row => write!(formatter, "{what} {first} to {last} hours before"),
            _ => write!(formatter, "{what} {} hours before", lags.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl Features {
    /// Features for a network with these input rules, one for each element.
    ///
    /// # Errors
    /// [`FeaturesError`] says what does not fit.
    pub fn new(groups: Vec<Feature>, rules: Vec<InputRule>) -> Result<Self, FeaturesError> {
        if let Some(group) = groups.iter().find(|group| group.lags().is_empty() || group.lags().iter().any(|lag| *lag > MAX_LAG)) {
            return Err(FeaturesError::Lags(group.lags().to_vec()));
        }
        let found = groups.iter().map(|group| group.lags().len()).sum();
        if found > MAX_VALUES {
            return Err(FeaturesError::TooMany(found));
        }
        if found != rules.len() || found == 0 {
            return Err(FeaturesError::Number { expected: rules.len(), found });
        }
        let unusable = |rule: &InputRule| rule.scale.unsigned_abs() > MAX_SCALE.unsigned_abs() || rule.lo > rule.hi;
        if let Some(at) = rules.iter().position(unusable) {
            return Err(FeaturesError::Rule { at, rule: rules[at] });
        }
        Ok(Self { groups, rules })
    }

    /// The groups, in the order of the network's inputs.
    pub fn groups(&self) -> &[Feature] {
        &self.groups
    }

    /// The rule of each value.
    pub fn rules(&self) -> &[InputRule] {
        &self.rules
    }

    /// How many hours in a row they look at: the longest lag and one.
    pub fn window(&self) -> usize {
        let longest = self.groups.iter().flat_map(Feature::lags).max();
        longest.map_or(1, |lag| *lag as usize + 1)
    }

    /// The features at the end of a window.
    ///
    /// # Panics
    /// The window has fewer hours than [`Self::window`].
    pub fn evaluate(&self, window: &[Observation]) -> Evaluated {
        let price = |lag: u32| window[window.len() - 1 - lag as usize].base.units();
        let newest = price(0);
        let quotients = self.groups.iter().flat_map(|group| {
            group.lags().iter().map(move |lag| {
                let older = price(*lag);
                let unit = if matches!(group, Feature::Difference { .. }) { USD } else { older };
                (newest, older, unit)
            })
        });
        let mut saturated = 0;
        let values = quotients.zip(&self.rules).map(|((newest, older, unit), rule)| {
            let exact = scaled(newest, older, unit, rule.scale);
            let clamped = exact.clamp(rule.lo.into(), rule.hi.into());
            saturated += u32::from(clamped != exact);
            // Within the bounds of the rule, which are 32-bit integers.
            clamped as i32
        });
        Evaluated { values: values.collect(), saturated }
    }
}

/// `floor((newest - older) / unit * 2^scale + 1/2)`, for prices and units below 2^60 and scales from -62 to 62.
///
/// With `d = newest - older` it is `floor((2^(s+1) d + unit) / (2 unit))` where `s >= -1`; for smaller `s` the power of two moves into the
/// divisor: `floor((d + 2^(-s-1) unit) / (2^-s unit))`. Numerators and divisors have less than 124 bits.
fn scaled(newest: u64, older: u64, unit: u64, scale: i32) -> i128 {
    let (d, unit) = (i128::from(newest) - i128::from(older), i128::from(unit));
    let (numerator, divisor) =
        if scale >= -1 { ((d << (scale + 1)) + unit, 2 * unit) } else { (d + (unit << (-scale - 1)), unit << -scale) };
    numerator.div_euclid(divisor)
}
