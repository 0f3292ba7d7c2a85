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
    /// How many hours in a row they look at, where nothing else is known of them.
    hidden: Option<u32>,
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
    /// Hidden features look at no hour, or at more than lags allow.
    #[error("hidden features look at 1 to {most} hours in a row, not {0}", most = MAX_LAG + 1)]
    Window(u32),
    /// Some features are hidden and others are not.
    #[error("all of them are hidden, or none")]
    Mixed,
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
        Self { groups, rules, hidden: None }.checked(found)
    }

    /// Features of which nothing is known but how many hours in a row they look at, and the network's input rules.
    ///
    /// # Errors
    /// [`FeaturesError`] says what does not fit.
    pub fn hidden(window: u32, rules: Vec<InputRule>) -> Result<Self, FeaturesError> {
        if !(1..=MAX_LAG + 1).contains(&window) {
            return Err(FeaturesError::Window(window));
        }
        let found = rules.len();
        Self { groups: Vec::new(), rules, hidden: Some(window) }.checked(found)
    }

    /// These features, if they give so many values and their rules can be computed with.
    fn checked(self, found: usize) -> Result<Self, FeaturesError> {
        let rules = &self.rules;
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
        Ok(self)
    }

    /// The same, with nothing known of them but their window and the rules.
    #[must_use]
    pub fn to_hidden(&self) -> Self {
        // Lags are at most MAX_LAG.
        let window = self.window() as u32;
        Self { groups: Vec::new(), rules: self.rules.clone(), hidden: Some(window) }
    }

    /// The window of features of which nothing else is known.
    pub fn hidden_window(&self) -> Option<u32> {
        self.hidden
    }

    /// Whether nothing but their window and the rules is known.
    pub fn are_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    /// The groups, in the order of the network's inputs; none if they are hidden.
    pub fn groups(&self) -> &[Feature] {
        &self.groups
    }

    /// The rule of each value.
    pub fn rules(&self) -> &[InputRule] {
        &self.rules
    }

    /// How many hours in a row they look at: the longest lag and one.
    pub fn window(&self) -> usize {
        if let Some(window) = self.hidden {
            return window as usize;
        }
        let longest = self.groups.iter().flat_map(Feature::lags).max();
        longest.map_or(1, |lag| *lag as usize + 1)
    }

    /// The features at the end of a window; no values if they are hidden.
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

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::*;
    use crate::hour::Hour;
    use crate::price::Price;

    const WHOLE: (i32, i32) = (i32::MIN, i32::MAX);

    fn rule(scale: i32, (lo, hi): (i32, i32)) -> InputRule {
        InputRule { scale, lo, hi }
    }

    fn window(prices: &[u64]) -> Vec<Observation> {
        let observed = prices.iter().zip(0..).map(|(units, hour)| Observation {
            hour: Hour::new(hour).unwrap(),
            base: Price::new(*units).unwrap(),
            quote: Price::ONE_USD,
        });
        observed.collect()
    }

    fn differences(lags: &[u32]) -> Feature {
        Feature::Difference { lags: lags.to_vec() }
    }

    fn returns(lags: &[u32]) -> Feature {
        Feature::Return { lags: lags.to_vec() }
    }

    /// The values of groups whose rules are all the same.
    fn evaluate(groups: &[Feature], rule: InputRule, prices: &[u64]) -> Evaluated {
        let number = groups.iter().map(|group| group.lags().len()).sum();
        Features::new(groups.to_vec(), vec![rule; number]).unwrap().evaluate(&window(prices))
    }

    /// `floor(x * 2^scale + 1/2)` by the book, clamped, and whether it was.
    fn exact(x: BigRational, InputRule { scale, lo, hi }: InputRule) -> (i32, bool) {
        let half = BigRational::new(BigInt::from(1), BigInt::from(2));
        let floor = (x * BigRational::from_integer(BigInt::from(2)).pow(scale) + half).floor().to_integer();
        let clamped = floor.clone().clamp(lo.into(), hi.into());
        (i32::try_from(&clamped).unwrap(), clamped != floor)
    }

    #[test]
    fn a_difference_is_in_dollars_and_a_return_is_of_the_older_price() {
        let prices = [4 * USD, 10 * USD, 5 * USD];
        assert_eq!(evaluate(&[differences(&[0, 1, 2])], rule(3, WHOLE), &prices).values, [0, -40, 8]);
        assert_eq!(evaluate(&[returns(&[0, 1, 2])], rule(3, WHOLE), &prices).values, [0, -4, 2]);
    }

    #[test]
    fn groups_follow_one_another_each_value_with_its_own_rule() {
        let rules = vec![rule(0, WHOLE), rule(4, WHOLE), rule(0, (2, 3)), rule(-1, WHOLE)];
        let features = Features::new(vec![differences(&[1]), returns(&[2, 1]), differences(&[2])], rules).unwrap();
        let evaluated = features.evaluate(&window(&[4 * USD, 10 * USD, 5 * USD]));
        // -5, 1/4 * 16, -1/2 -> 0 clamped to 2, and 1/2 rounded up.
        assert_eq!(evaluated, Evaluated { values: vec![-5, 4, 2, 1], saturated: 1 });
    }

    #[test]
    fn the_window_may_be_longer_than_the_longest_lag() {
        let features = Features::new(vec![differences(&[2, 1])], vec![rule(0, WHOLE); 2]).unwrap();
        assert_eq!(features.window(), 3);
        assert_eq!(features.evaluate(&window(&[99 * USD, USD, 2 * USD, 5 * USD])).values, [4, 3]);
    }

    #[test]
    fn halves_round_up_on_both_sides_of_zero_at_every_scale() {
        // At scales above 8 a half is no whole number of 1e-8 USD.
        for scale in -20..=7 {
            let half = if scale >= 0 { (USD / 2) >> scale } else { (USD / 2) << -scale };
            let origin = 4 * half + 10;
            for (halves, above, below) in [(1, 1, 0), (3, 2, -1)] {
                let of = |older, newest| evaluate(&[differences(&[1])], rule(scale, WHOLE), &[older, newest]).values[0];
                let d = halves * half;
                assert_eq!([of(origin, origin + d - 1), of(origin, origin + d)], [above - 1, above], "scale {scale}: {halves}/2");
                assert_eq!([of(origin + d, origin), of(origin + d + 1, origin)], [below, below - 1], "scale {scale}: -{halves}/2");
            }
        }
        // 1/2, -1/2 and -3/2 as returns.
        assert_eq!(evaluate(&[returns(&[1])], rule(0, WHOLE), &[2, 3]).values, [1]);
        assert_eq!(evaluate(&[returns(&[1])], rule(0, WHOLE), &[2, 1]).values, [0]);
        assert_eq!(evaluate(&[returns(&[1])], rule(1, WHOLE), &[4, 1]).values, [-1]);
    }

    #[test]
    fn what_is_clamped_is_counted_and_what_reaches_a_bound_is_not() {
        let rise = [USD, 4 * USD];
        for ((lo, hi), value, saturated) in [((-9, 2), 2, 1), ((-9, 3), 3, 0), ((3, 9), 3, 0), ((4, 9), 4, 1), ((5, 5), 5, 1)] {
            assert_eq!(evaluate(&[differences(&[1])], rule(0, (lo, hi)), &rise), Evaluated { values: vec![value], saturated });
        }
        assert_eq!(evaluate(&[differences(&[1, 0, 1])], rule(0, (0, 1)), &rise), Evaluated { values: vec![1, 0, 1], saturated: 2 });
    }

    #[test]
    fn the_ends_of_all_ranges_are_exact() {
        let (least, most) = (1, Price::MAX.units());
        for scale in [-MAX_SCALE, -2, -1, 0, MAX_SCALE] {
            for (older, newest) in [(least, most), (most, least), (most, most), (most - 1, most), (most, most - 1)] {
                let d = BigInt::from(newest) - BigInt::from(older);
                for (group, unit) in [(differences(&[1]), USD), (returns(&[1]), older)] {
                    let (value, clamped) = exact(BigRational::new(d.clone(), unit.into()), rule(scale, WHOLE));
                    let evaluated = evaluate(&[group], rule(scale, WHOLE), &[older, newest]);
                    assert_eq!(evaluated, Evaluated { values: vec![value], saturated: clamped.into() }, "{older}, {newest}, {scale}");
                }
            }
        }
    }

    #[test]
    fn features_that_fit_no_network_are_refused() {
        let new = |groups: &[Feature], rules: &[InputRule]| Features::new(groups.to_vec(), rules.to_vec()).unwrap_err();
        let fair = rule(0, WHOLE);
        assert_eq!(new(&[differences(&[1]), returns(&[])], &[fair]), FeaturesError::Lags(vec![]));
        assert_eq!(new(&[differences(&[MAX_LAG, MAX_LAG + 1])], &[fair; 2]), FeaturesError::Lags(vec![MAX_LAG, MAX_LAG + 1]));
        assert_eq!(new(&[differences(&[0; MAX_VALUES]), returns(&[0])], &[fair]), FeaturesError::TooMany(MAX_VALUES + 1));
        assert_eq!(new(&[], &[]), FeaturesError::Number { expected: 0, found: 0 });
        assert_eq!(new(&[differences(&[0, 1])], &[fair]), FeaturesError::Number { expected: 1, found: 2 });
        for unusable in [rule(MAX_SCALE + 1, WHOLE), rule(-MAX_SCALE - 1, WHOLE), rule(i32::MIN, WHOLE), rule(0, (1, 0))] {
            assert_eq!(new(&[differences(&[0, 1])], &[fair, unusable]), FeaturesError::Rule { at: 1, rule: unusable });
        }
        assert!(Features::new(vec![differences(&[MAX_LAG; MAX_VALUES])], vec![rule(-MAX_SCALE, (0, 0)); MAX_VALUES]).is_ok());
    }

    #[test]
    fn of_hidden_features_the_window_and_the_rules_are_left() {
        let rules = vec![rule(0, WHOLE), rule(4, (2, 3))];
        let open = Features::new(vec![differences(&[1]), returns(&[7])], rules.clone()).unwrap();
        let hidden = open.to_hidden();
        assert_eq!(Features::hidden(8, rules.clone()).as_ref(), Ok(&hidden));
        assert_eq!((hidden.window(), hidden.hidden_window(), hidden.rules()), (open.window(), Some(8), open.rules()));
        assert!(hidden.are_hidden() && hidden.groups().is_empty() && !open.are_hidden());
        // Nobody can take them for features that are all 0.
        assert_eq!(hidden.evaluate(&window(&[USD; 8])), Evaluated { values: vec![], saturated: 0 });
        for window in [0, MAX_LAG + 2] {
            assert_eq!(Features::hidden(window, rules.clone()), Err(FeaturesError::Window(window)));
        }
        assert_eq!(Features::hidden(1, vec![]), Err(FeaturesError::Number { expected: 0, found: 0 }));
        assert_eq!(Features::hidden(1, vec![rule(0, WHOLE); MAX_VALUES + 1]), Err(FeaturesError::TooMany(MAX_VALUES + 1)));
        assert_eq!(Features::hidden(1, vec![rule(0, (1, 0))]), Err(FeaturesError::Rule { at: 0, rule: rule(0, (1, 0)) }));
    }

    #[test]
    fn lags_are_shown_as_a_range_where_they_are_one() {
        assert_eq!(differences(&[0, 1, 2]).to_string(), "price less that of 0 to 2 hours before");
        assert_eq!(returns(&[1, 3, 24]).to_string(), "return since 1, 3, 24 hours before");
        assert_eq!(returns(&[24]).to_string(), "return since 24 hours before");
    }

    /// Prices of every size.
    fn any_price() -> impl Strategy<Value = u64> {
        (0..60u32, any::<u64>()).prop_map(|(size, random)| (1 << size) | (random & ((1 << size) - 1)))
    }

    /// Two prices of every size, or two that differ by a whole number of halves at a scale, give or take a unit.
    fn two_prices() -> impl Strategy<Value = (u64, u64)> {
        let tie = (0..7u32, 1..1_000u64, 1..1_000_000u64, 0..3u64).prop_map(|(scale, halves, origin, around)| {
            let d = halves * ((USD / 2) >> scale);
            (origin, origin + d + around - 1)
        });
        prop_oneof![(any_price(), any_price()), tie.clone(), tie.prop_map(|(older, newest)| (newest, older))]
    }

    fn any_range() -> impl Strategy<Value = (i32, i32)> {
        let any = (any::<i32>(), any::<i32>()).prop_map(|(one, other)| (one.min(other), one.max(other)));
        prop_oneof![Just(WHOLE), Just((-32_768, 32_767)), Just((0, 255)), any]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn values_are_those_of_rational_numbers(
            (older, newest) in two_prices(), scale in -MAX_SCALE..=MAX_SCALE, near in -8..=8i32, range in any_range(),
        ) {
            let d = BigInt::from(newest) - BigInt::from(older);
            for scale in [scale, near] {
                for (group, unit) in [(differences(&[1]), USD), (returns(&[1]), older)] {
                    let (value, clamped) = exact(BigRational::new(d.clone(), unit.into()), rule(scale, range));
                    let evaluated = evaluate(&[group], rule(scale, range), &[older, newest]);
                    prop_assert_eq!(evaluated, Evaluated { values: vec![value], saturated: clamped.into() });
                }
            }
        }
    }
}
