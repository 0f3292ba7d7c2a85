//! Between real values and integers, at the edges of a model: the only floats of the runtime.

use crate::interval::Interval;

/// The integer for a real value at a scale exponent: `clamp(floor(x * 2^s + 1/2), range)`. Nothing for NaN and the infinities.
///
/// The one place where floats enter: inputs, before execution. Both steps are exact in `f64`: a product with a power of two rounds
/// only where the result is subnormal (far below 1/2), and the tie is decided on the exact fraction.
///
/// ```
/// # use maat_runtime::{Interval, quantise};
/// assert_eq!([-1.5, -0.75, 0.25, 0.75, 99.0].map(|x| quantise(x, 1, Interval::of_bits(4)).unwrap()), [-3, -1, 1, 2, 7]);
/// assert_eq!(quantise(f64::NAN, 1, Interval::of_bits(4)), None);
/// ```
pub fn quantise(x: f64, scale: i32, range: Interval) -> Option<i32> {
    if !x.is_finite() {
        return None;
    }
    let scaled = x * 2f64.powi(scale);
    let floor = scaled.floor();
    let rounded = if scaled - floor >= 0.5 { floor + 1.0 } else { floor };
    // `as` saturates, an overflow of the product to infinity included.
    let clamped = (rounded as i64).clamp(range.lo, range.hi);
    i32::try_from(clamped).ok()
}

/// The real value of an integer at a scale exponent: `q * 2^-s`.
pub fn dequantise(q: i32, scale: i32) -> f64 {
    f64::from(q) * 2f64.powi(-scale)
}

/// The unit that integers of a scale stand for, or those that columns have: `2^-12`, or `2^-20..2^-7 by column`.
pub fn units(scales: &[i32]) -> String {
    let exponent = |scale: &i32| -i64::from(*scale);
    match (scales.iter().max().map(exponent), scales.iter().min().map(exponent)) {
        (Some(finest), Some(coarsest)) if finest != coarsest => format!("2^{finest}..2^{coarsest} by column"),
        (Some(unit), _) => format!("2^{unit}"),
        (None, _) => "1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_just_below_a_tie_rounds_down() {
        let wide = Interval::of_bits(32);
        assert_eq!(quantise(0.499_999_999_999_999_94, 0, wide), Some(0));
        assert_eq!(quantise(-0.5, 0, wide), Some(0));
        assert_eq!(quantise(-0.500_000_000_000_000_1, 0, wide), Some(-1));
    }

    #[test]
    fn values_out_of_range_saturate_and_non_numbers_are_refused() {
        let narrow = Interval::of_bits(16);
        assert_eq!(quantise(1e300, 200, narrow), Some(32767));
        assert_eq!(quantise(-1e300, 200, narrow), Some(-32768));
        assert_eq!(quantise(f64::INFINITY, 0, narrow), None);
    }

    #[test]
    fn units_of_columns_are_a_range() {
        assert_eq!([&[12][..], &[7, 20, 9], &[-3, -3], &[i32::MIN]].map(units), ["2^-12", "2^-20..2^-7 by column", "2^3", "2^2147483648"]);
    }
}
