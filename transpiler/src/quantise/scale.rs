//! The arithmetic of scales, which the primitives' rules share: real numbers, bounds and thresholds as integers.

use maat_runtime::Interval;

use crate::calibrate::largest_exponent;
use crate::float::{Bounds, Kind};

/// Rounds half up, as the runtime does.
pub fn round(value: f64) -> f64 {
    (value + 0.5).floor()
}

/// The integer for a number that the integers of a scale are compared with.
///
/// Reals are already rounded, and the number is rounded in the same way, so what equals it still equals it as an integer. If it is compared
/// with integers, `whole` gives an integer that means the same: `x > 1.7` is `x > 1`, and `x < 1.3` is `x < 2`.
pub fn threshold(value: f64, scale: i32, kind: Kind, whole: fn(f64) -> f64) -> f64 {
    let value = value * 2f64.powi(scale);
    match kind {
        Kind::Integer(_) => whole(value),
        Kind::Real => round(value),
    }
}

/// The bounds of a result as integers, within its width.
pub fn saturation(bounds: Bounds, scale: i32, bits: u32) -> (i32, i32) {
    let range = Interval::of_bits(bits);
    let bound = |value: f64| round(value * 2f64.powi(scale)).clamp(range.lo as f64, range.hi as f64) as i32;
    (bound(bounds.lo), bound(bounds.hi))
}

/// The largest exponent at which a bias leaves the accumulator enough room below 2^62.
pub fn bias_exponent(bias: f64) -> i32 {
    if bias == 0.0 { i32::MAX / 2 } else { largest_exponent(bias.abs(), 2f64.powi(60)) }
}

/// The least exponent `e` at which `value * 2^e` is whole, if it is below a limit.
pub fn exact_exponent(value: f64, limit: i32) -> Option<i32> {
    if value == 0.0 {
        return Some(i32::MIN / 2);
    }
    let whole = |exponent: i32| (value * 2f64.powi(exponent)).fract() == 0.0;
    let mut exponent = -(value.abs().log2().floor() as i32);
    while exponent <= limit && !whole(exponent) {
        exponent += 1;
    }
    (exponent <= limit).then_some(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_rounded_as_reals_are_and_not_past_integers() {
        let (real, integer) = (Kind::Real, Kind::Integer(Interval::new(-9, 9)));
        for (value, of_reals, below, above) in [(1.7, 2.0, 1.0, 2.0), (1.5, 2.0, 1.0, 2.0), (1.3, 1.0, 1.0, 2.0), (-1.7, -2.0, -2.0, -1.0)]
        {
            let of = |kind, whole| threshold(value, 0, kind, whole);
            assert_eq!((of(real, f64::floor), of(real, f64::ceil)), (of_reals, of_reals), "{value}");
            assert_eq!((of(integer, f64::floor), of(integer, f64::ceil)), (below, above), "{value}");
            assert_eq!(threshold(value / 8.0, 3, real, f64::floor), of_reals, "{value}");
        }
        for eighth in -100..100 {
            let value = f64::from(eighth) / 8.0;
            assert_eq!(threshold(value, 2, real, f64::floor), round(value * 4.0), "equal numbers are equal integers");
        }
    }

    #[test]
    fn bounds_become_saturation() {
        let relu6 = Bounds { lo: 0.0, hi: 6.0 };
        assert_eq!(saturation(relu6, 3, 8), (0, 48));
        assert_eq!(saturation(relu6, 6, 8), (0, 127));
    }

    #[test]
    fn the_exact_exponent_makes_a_value_whole() {
        assert_eq!(exact_exponent(0.375, 30), Some(3));
        assert_eq!(exact_exponent(12.0, 30), Some(-2));
        assert_eq!(exact_exponent(-1.0, 30), Some(0));
        assert_eq!(exact_exponent(0.1, 30), None);
    }
}
