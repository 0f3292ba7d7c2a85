//! Division by a computed value.
use crate::saturate;

/// `y = clamp(floor((2 * (num << shift) + den) / (2 * den)), lo, hi)` for each element: division rounding half up.
///
/// `scale` is `2^(shift + 1)`. `2 * offset * den` is added to the numerator, which makes it non-negative, and `offset` taken away from the
/// quotient; `floor = offset + lo` and `above = hi - lo + 1`.
///
/// Panics if `den` is shorter than `num`, or if the caller breaks its word: that each `den` is above 0, each numerator with its offset
/// non-negative and below 2^128, and `offset + lo` non-negative.
pub fn divide(
    mut num: Span<felt252>,
    mut den: Span<felt252>,
    scale: felt252,
    offset: felt252,
    floor: u128,
    above: u128,
    lo: felt252,
    hi: felt252,
) -> Span<felt252> {
    let mut y = array![];
    // `2 * offset * den + den`
    let factor = 2 * offset + 1;
    while let Some(num) = num.pop_front() {
        let den = *den.pop_front().unwrap();
        let numerator: u128 = (*num * scale + den * factor).try_into().unwrap();
        let divisor: u128 = (2 * den).try_into().unwrap();
        y.append(saturate::both(numerator / divisor, floor, above, lo, hi));
    }
    y.span()
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn halves_round_up_on_both_sides_of_zero() {
        // shift 0, offset 10, lo -9, hi 9
        let divided = divide([5, -5, 6, -6, 7, -7, 1, -1].span(), [2, 2, 4, 4, 4, 4, 2, 2].span(), 2, 10, 1, 19, -9, 9);
        assert_eq!(divided, [3, -2, 2, -1, 2, -2, 1, 0].span());
    }

    #[test]
    fn a_shift_lifts_the_numerator() {
        // shift 4
        assert_eq!(divide([1, -1, 1].span(), [3, 3, 1].span(), 32, 100, 0, 201, -100, 100), [5, -5, 16].span());
    }

    #[test]
    fn quotients_saturate() {
        assert_eq!(divide([50, -50, 3].span(), [1, 1, 1].span(), 2, 50, 47, 7, -3, 3), [3, -3, 3].span());
    }
}
