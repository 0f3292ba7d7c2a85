//! Features: what the network sees of the prices, in integers by its own input rule. In Rust: `features.rs`.
use crate::errors::Errors;
use crate::math::USD;

/// The most values that features give.
pub const MAX_VALUES: u32 = 2_048;
/// The longest lag in hours.
pub const MAX_LAG: u32 = 8_759;
/// Scale exponents of inputs are at most this in size.
const MAX_SCALE: i8 = 62;

/// A group of values, one for each lag `h` in hours, of the base token's price `p`.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Feature {
    /// `p[t] - p[t - h]` in USD.
    Difference: Span<u32>,
    /// `(p[t] - p[t - h]) / p[t - h]`.
    Return: Span<u32>,
}

/// How the network takes one value: the integer for the real value `x` is `clamp(floor(x * 2^scale + 1/2), lo, hi)`, with `scale` from -62
/// to 62 and `lo <= hi`.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct InputRule {
    pub scale: i8,
    pub lo: i32,
    pub hi: i32,
}

/// What the features are at one hour.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Evaluated {
    /// The inputs of the network.
    pub values: Span<i32>,
    /// How many of them were clamped.
    pub saturated: u32,
}

/// Checks that features can be computed, and gives how many hours in a row they look at: the longest lag and one.
///
/// Panics if a group has no lags or one that is too long, if there are too many values or none, if there is another number of rules, or if a
/// rule is out of range.
pub fn check(groups: Span<Feature>, rules: Span<InputRule>) -> u32 {
    let mut values = 0;
    let mut longest = 0;
    for group in groups {
        let lags = match *group {
            Feature::Difference(lags) | Feature::Return(lags) => lags,
        };
        assert(!lags.is_empty(), Errors::BAD_LAGS);
        values += lags.len();
        for lag in lags {
            longest = core::cmp::max(longest, *lag);
        }
    }
    assert(longest <= MAX_LAG, Errors::BAD_LAGS);
    assert(values <= MAX_VALUES, Errors::TOO_MANY_VALUES);
    assert(values == rules.len() && values > 0, Errors::OTHER_INPUTS);
    for rule in rules {
        let InputRule { scale, lo, hi } = *rule;
        assert(-MAX_SCALE <= scale && scale <= MAX_SCALE && lo <= hi, Errors::BAD_INPUT_RULE);
    }
    longest + 1
}

/// The features at the end of a window of prices, oldest first, in 1e-8 USD, each from 1 to 2^60 - 1. There is a rule for each lag, in order.
///
/// Panics if the window is shorter than the longest lag and one, if there are fewer rules than lags, or if a price is 0 or a scale out of
/// range.
pub fn evaluate(groups: Span<Feature>, mut rules: Span<InputRule>, window: Span<u64>) -> Evaluated {
    assert(!window.is_empty(), 'the window is empty');
    let last = window.len() - 1;
    let newest = *window[last];
    let mut values = array![];
    let mut saturated = 0;
    // Most rules have the scale of the one before.
    let mut scale = 0;
    let mut powers = factors(scale);
    for group in groups {
        let (lags, is_return) = match *group {
            Feature::Difference(lags) => (lags, false),
            Feature::Return(lags) => (lags, true),
        };
        for lag in lags {
            assert(*lag <= last, 'the window is too short');
            let older = *window[last - *lag];
            let unit = if is_return {
                older.into()
            } else {
                USD
            };
            let rule = *rules.pop_front().expect('there are too few rules');
            if rule.scale != scale {
                scale = rule.scale;
                powers = factors(scale);
            }
            let (up, down) = powers;
            let exact = scaled(newest, older, up, down * unit);
            // What does not fit 32 bits is beyond both bounds.
            let clamped = match exact.try_into() {
                Some(value) => if value < rule.lo {
                    rule.lo
                } else if value > rule.hi {
                    rule.hi
                } else {
                    value
                },
                None => if newest < older {
                    rule.lo
                } else {
                    rule.hi
                },
            };
            if clamped.into() != exact {
                saturated += 1;
            }
            values.append(clamped);
        }
    }
    Evaluated { values: values.span(), saturated }
}

/// `2^(scale + 1)` as the quotient of two powers of two, one of which is 1.
fn factors(scale: i8) -> (felt252, felt252) {
    let shift: felt252 = scale.into() + 1;
    match shift.try_into() {
        Some(shift) => (power_of_two(shift), 1),
        None => (1, power_of_two((-shift).try_into().unwrap())),
    }
}

/// `floor((newest - older) / unit * 2^scale + 1/2) = floor((newest - older) * up / (2 * half) + 1/2)`, as a felt that may be negative, where
/// `2^(scale + 1) = up / down` and `half = down * unit`.
///
/// Division truncates, so the size `x = n / den` is rounded, and then gets its sign. Above zero the result is `floor(x + 1/2) =
/// floor((n + den/2) / den)`, below it `-ceil(x - 1/2) = -floor((n + den/2 - 1) / den)`: a half goes up on both sides.
#[inline(always)]
fn scaled(newest: u64, older: u64, up: felt252, half: felt252) -> felt252 {
    let divisor: u128 = (2 * half).try_into().unwrap();
    let divisor: NonZero<u128> = divisor.try_into().expect('a price is 0');
    let d: felt252 = newest.into() - older.into();
    // Numerators and divisors have less than 124 bits.
    if newest < older {
        let numerator: u128 = (half - 1 - d * up).try_into().unwrap();
        let (size, _) = DivRem::div_rem(numerator, divisor);
        -size.into()
    } else {
        let numerator: u128 = (d * up + half).try_into().unwrap();
        let (size, _) = DivRem::div_rem(numerator, divisor);
        size.into()
    }
}

/// `2^exponent`, for exponents from 0 to 63.
#[inline(always)]
fn power_of_two(exponent: u32) -> felt252 {
    *POWERS_OF_TWO.span()[exponent]
}

const POWERS_OF_TWO: [felt252; 64] = [
    0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000, 0x4000, 0x8000, 0x10000, 0x20000, 0x40000,
    0x80000, 0x100000, 0x200000, 0x400000, 0x800000, 0x1000000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
    0x80000000, 0x100000000, 0x200000000, 0x400000000, 0x800000000, 0x1000000000, 0x2000000000, 0x4000000000, 0x8000000000,
    0x10000000000, 0x20000000000, 0x40000000000, 0x80000000000, 0x100000000000, 0x200000000000, 0x400000000000, 0x800000000000,
    0x1000000000000, 0x2000000000000, 0x4000000000000, 0x8000000000000, 0x10000000000000, 0x20000000000000, 0x40000000000000,
    0x80000000000000, 0x100000000000000, 0x200000000000000, 0x400000000000000, 0x800000000000000, 0x1000000000000000,
    0x2000000000000000, 0x4000000000000000, 0x8000000000000000,
];

#[cfg(test)]
mod tests {
    use super::{Evaluated, Feature, InputRule, evaluate};

    const LEAST: i32 = -0x80000000;
    const GREATEST: i32 = 0x7fffffff;

    fn value(older: u64, newest: u64, scale: i8) -> i32 {
        let rules = [InputRule { scale, lo: LEAST, hi: GREATEST }].span();
        *evaluate([Feature::Difference([1].span())].span(), rules, [older, newest].span()).values[0]
    }

    #[test]
    fn halves_round_up_on_both_sides_of_zero() {
        // Half a USD, and a unit more or less.
        assert_eq!((value(1, 50_000_001, 0), value(50_000_001, 1, 0)), (1, 0));
        assert_eq!((value(1, 50_000_000, 0), value(50_000_000, 1, 0)), (0, 0));
        assert_eq!((value(1, 50_000_002, 0), value(50_000_002, 1, 0)), (1, -1));
        // 1.5 USD
        assert_eq!((value(1, 150_000_001, 0), value(150_000_001, 1, 0)), (2, -1));
        // 1 USD at 2^-1, and 6 USD at 2^-2
        assert_eq!((value(1, 100_000_001, -1), value(100_000_001, 1, -1)), (1, 0));
        assert_eq!((value(1, 600_000_001, -2), value(600_000_001, 1, -2)), (2, -1));
    }

    #[test]
    fn values_are_clamped_and_counted() {
        let rules = [InputRule { scale: 0, lo: -2, hi: 2 }, InputRule { scale: 0, lo: 5, hi: 7 }, InputRule { scale: 0, lo: -7, hi: -5 }];
        let groups = [Feature::Difference([1, 2, 3].span())].span();
        let rise = evaluate(groups, rules.span(), [1, 1, 1, 300_000_001].span());
        assert_eq!(rise, Evaluated { values: [2, 5, -5].span(), saturated: 3 });
        let fall = evaluate(groups, rules.span(), [600_000_001, 700_000_001, 200_000_001, 1].span());
        assert_eq!(fall, Evaluated { values: [-2, 5, -6].span(), saturated: 1 });
    }

    #[test]
    fn the_ends_of_all_ranges_are_within_the_numbers() {
        let (most, least) = (0xfffffffffffffff, 1);
        assert_eq!((value(least, most, 62), value(most, least, 62)), (GREATEST, LEAST));
        assert_eq!((value(least, most, -62), value(most, least, -62)), (0, 0));
        let rules = [InputRule { scale: 62, lo: LEAST, hi: GREATEST }, InputRule { scale: -62, lo: LEAST, hi: GREATEST }];
        let groups = [Feature::Return([1, 1].span())].span();
        let rise = evaluate(groups, rules.span(), [least, most].span());
        assert_eq!(rise, Evaluated { values: [GREATEST, 0].span(), saturated: 1 });
        let fall = evaluate(groups, rules.span(), [most, least].span());
        assert_eq!(fall, Evaluated { values: [LEAST, 0].span(), saturated: 1 });
    }

    #[test]
    fn a_return_is_of_the_older_price() {
        let rules = [InputRule { scale: 10, lo: LEAST, hi: GREATEST }, InputRule { scale: 10, lo: LEAST, hi: GREATEST }];
        let groups = [Feature::Return([1].span()), Feature::Return([2].span())].span();
        // 3/2 - 1 and 3/4 - 1 of 1,024
        assert_eq!(evaluate(groups, rules.span(), [400, 200, 300].span()).values, [512, -256].span());
    }

    #[test]
    #[should_panic(expected: 'the window is too short')]
    fn a_short_window_is_refused() {
        evaluate([Feature::Difference([2].span())].span(), [InputRule { scale: 0, lo: 0, hi: 1 }].span(), [1, 2].span());
    }

    #[test]
    #[should_panic(expected: 'the window is empty')]
    fn an_empty_window_is_refused() {
        evaluate([].span(), [].span(), [].span());
    }

    #[test]
    #[should_panic(expected: 'there are too few rules')]
    fn too_few_rules_are_refused() {
        evaluate([Feature::Difference([0, 1].span())].span(), [InputRule { scale: 0, lo: 0, hi: 1 }].span(), [1, 2].span());
    }

    #[test]
    #[should_panic(expected: 'a price is 0')]
    fn a_return_since_nothing_is_refused() {
        evaluate([Feature::Return([1].span())].span(), [InputRule { scale: 0, lo: 0, hi: 1 }].span(), [0, 2].span());
    }
}
