//! Intervals of integers: the arithmetic in which a model is proven free of overflow before it ever runs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// No accumulator may reach this value in size (docs/numbers.md): sums stay exact in 64 bits, with room for rounding and offsets.
pub const ACCUMULATOR_LIMIT: i64 = 1 << 62;

/// A closed interval of integers that a value provably stays in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The least value.
    pub lo: i64,
    /// The greatest value, at least `lo`.
    pub hi: i64,
}

impl Interval {
    /// The integers from `lo` to `hi`; the bounds may be given in either order.
    pub fn new(lo: i64, hi: i64) -> Self {
        Self { lo: lo.min(hi), hi: lo.max(hi) }
    }

    /// One value.
    pub fn point(value: i64) -> Self {
        Self { lo: value, hi: value }
    }

    /// The signed integers of a width in bits, 1 to 32.
    pub fn of_bits(bits: u32) -> Self {
        let half = 1i64 << (bits.clamp(1, 32) - 1);
        Self { lo: -half, hi: half - 1 }
    }

    /// Whether `value` lies within.
    pub fn contains(&self, value: i64) -> bool {
        (self.lo..=self.hi).contains(&value)
    }

    /// Whether all of `other` lies within.
    pub fn includes(&self, other: Self) -> bool {
        self.contains(other.lo) && self.contains(other.hi)
    }

    /// The least interval that holds both.
    pub fn hull(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// All products of a value here and one of `other`, or nothing if one could reach [`ACCUMULATOR_LIMIT`] in size.
    pub fn product(self, other: Self) -> Option<Self> {
        let times = |a: i64, b: i64| a.checked_mul(b).filter(|product| product.unsigned_abs() < ACCUMULATOR_LIMIT.unsigned_abs());
        let row = |a: i64| Some(Self::new(times(a, other.lo)?, times(a, other.hi)?));
        Some(row(self.lo)?.hull(row(self.hi)?))
    }

    /// The sum `bias + sum_i coefficient_i * x_i` for any `x_i` in the interval given with each coefficient, or nothing if its size
    /// could reach [`ACCUMULATOR_LIMIT`] at its end or on the way there, in any order of summation.
    pub fn of_linear_form(bias: i64, terms: impl IntoIterator<Item = (i64, Self)>) -> Option<Self> {
        let limit = i128::from(ACCUMULATOR_LIMIT);
        let (mut lo, mut hi) = (i128::from(bias), i128::from(bias));
        // The sum of the terms' sizes bounds every partial sum, whatever the order.
        let mut size = i128::from(bias).abs();
        for (coefficient, x) in terms {
            let (a, b) = (i128::from(coefficient) * i128::from(x.lo), i128::from(coefficient) * i128::from(x.hi));
            lo += a.min(b);
            hi += a.max(b);
            size += a.abs().max(b.abs());
            if size >= limit {
                return None;
            }
        }
        // Both ends are below 2^62 in size here, so they fit; a bias alone may still be too large.
        (size < limit).then_some(Self { lo: lo as i64, hi: hi as i64 })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.lo, self.hi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_form_takes_the_worse_end_of_each_term() {
        let x = Interval::new(-2, 5);
        assert_eq!(Interval::of_linear_form(1, [(3, x), (-1, x)]), Some(Interval::new(1 - 6 - 5, 1 + 15 + 2)));
    }

    #[test]
    fn products_take_the_extremes_of_all_four_corners() {
        let product = |a: (i64, i64), b: (i64, i64)| Interval::new(a.0, a.1).product(Interval::new(b.0, b.1));
        assert_eq!(product((-2, 3), (-5, 4)), Some(Interval::new(-15, 12)));
        assert_eq!(product((-3, -2), (-5, -4)), Some(Interval::new(8, 15)));
        assert_eq!(product((0, 0), (-5, 4)), Some(Interval::point(0)));
        let least = i64::from(i32::MIN);
        assert_eq!(product((least, 0), (least + 1, 0)), Some(Interval::new(0, least * (least + 1))));
        assert_eq!(product((least, 0), (least, 0)), None);
        assert_eq!(product((i64::MIN, 0), (-1, 2)), None);
    }

    #[test]
    fn a_form_that_could_reach_the_limit_on_the_way_is_refused() {
        let x = Interval::point(1 << 31);
        let half = 1i64 << 30;
        assert!(Interval::of_linear_form(0, [(half, x)]).is_some());
        // The total is 0, but a partial sum is not below the limit.
        assert_eq!(Interval::of_linear_form(0, [(half, x), (half, x), (-half, x), (-half, x)]), None);
        assert_eq!(Interval::of_linear_form(ACCUMULATOR_LIMIT, []), None);
        assert_eq!(Interval::of_linear_form(i64::MIN, []), None);
    }
}
