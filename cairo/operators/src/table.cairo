//! A function of one variable, given by knots.
#[feature("corelib-internal-use")]
use core::integer::u128_overflowing_sub;
use crate::power_of_two::PowerOfTwo;

/// `y = (knots[i] * (2^f - r) + knots[i + 1] * r + 2^(f-1)) >> f` for each element, with `x - lo = i * 2^f + r`: linear interpolation,
/// rounding half up. `f` is `FRACTION`, `unit` is `2^f`, and `start` is `2^(f-1) + offset * 2^f`, where `offset` makes results non-negative.
///
/// Panics if an element is below `lo` or too far above it. The caller guarantees that no knot is below `-offset`.
pub fn interpolate<const FRACTION: usize, +PowerOfTwo<FRACTION>>(
    mut x: Span<felt252>, lo: felt252, knots: Span<felt252>, unit: felt252, start: felt252, offset: felt252,
) -> Span<felt252> {
    let mut y = array![];
    while let Some(value) = x.pop_front() {
        let (index, rest) = PowerOfTwo::<FRACTION>::div_rem((*value - lo).try_into().unwrap());
        let pair: @Box<[felt252; 2]> = knots.slice(index.try_into().unwrap(), 2).try_into().unwrap();
        let [from, to] = pair.as_snapshot().unbox();
        let packed = *from * unit + (*to - *from) * rest.into() + start;
        let (result, _) = PowerOfTwo::<FRACTION>::div_rem(packed.try_into().unwrap());
        y.append(result.into() - offset);
    }
    y.span()
}

/// `y = knots[x - lo]` for each element.
///
/// Panics if an element is below `lo` or too far above it.
pub fn look_up(mut x: Span<felt252>, lo: felt252, knots: Span<felt252>) -> Span<felt252> {
    let mut y = array![];
    while let Some(value) = x.pop_front() {
        let index: u32 = (*value - lo).try_into().unwrap();
        y.append(*knots[index]);
    }
    y.span()
}

/// As `interpolate`, for elements that may lie outside: they are clamped to `[lo, lo + reach]`.
///
/// The caller guarantees that elements lie within 32 bits, and no knot below `-offset`.
pub fn interpolate_clamped<const FRACTION: usize, +PowerOfTwo<FRACTION>>(
    mut x: Span<felt252>, lo: felt252, reach: u128, knots: Span<felt252>, unit: felt252, start: felt252, offset: felt252,
) -> Span<felt252> {
    let mut y = array![];
    while let Some(value) = x.pop_front() {
        let (index, rest) = PowerOfTwo::<FRACTION>::div_rem(clamped(*value - lo, reach));
        let pair: @Box<[felt252; 2]> = knots.slice(index.try_into().unwrap(), 2).try_into().unwrap();
        let [from, to] = pair.as_snapshot().unbox();
        let packed = *from * unit + (*to - *from) * rest.into() + start;
        let (result, _) = PowerOfTwo::<FRACTION>::div_rem(packed.try_into().unwrap());
        y.append(result.into() - offset);
    }
    y.span()
}

/// As `look_up`, for elements that may lie outside: they are clamped to `[lo, lo + reach]`.
///
/// The caller guarantees that elements lie within 32 bits.
pub fn look_up_clamped(mut x: Span<felt252>, lo: felt252, reach: u128, knots: Span<felt252>) -> Span<felt252> {
    let mut y = array![];
    while let Some(value) = x.pop_front() {
        let index: u32 = clamped(*value - lo, reach).try_into().unwrap();
        y.append(*knots[index]);
    }
    y.span()
}

/// `clamp(distance, 0, reach)` for a distance of less than 2^64 in size.
#[inline(always)]
fn clamped(distance: felt252, reach: u128) -> u128 {
    // Lifted, because unsigned numbers are cheaper to compare.
    match u128_overflowing_sub((distance + LIFT.into()).try_into().unwrap(), LIFT) {
        Ok(above) => if above > reach {
            reach
        } else {
            above
        },
        Err(_) => 0,
    }
}

const LIFT: u128 = 0x10000000000000000;

#[cfg(test)]
mod tests {
    use super::{interpolate, interpolate_clamped, look_up, look_up_clamped};

    #[test]
    fn results_between_knots_round_half_up() {
        // f = 2: knots at -4, 0, 4; offset 10
        let y = interpolate::<2>([-4, -3, -2, -1, 0, 1, 2, 3].span(), -4, [-10, 0, 6].span(), 4, 42, 10);
        // -10, -7.5, -5, -2.5, 0, 1.5, 3, 4.5
        assert_eq!(y, [-10, -7, -5, -2, 0, 2, 3, 5].span());
    }

    #[test]
    #[should_panic]
    fn a_value_below_the_first_knot_panics() {
        interpolate::<2>([-5].span(), -4, [-10, 0, 6].span(), 4, 42, 10);
    }

    #[test]
    fn knots_are_looked_up() {
        assert_eq!(look_up([-1, 1, 0].span(), -1, [5, -6, 7].span()), [5, 7, -6].span());
    }

    #[test]
    fn values_outside_are_clamped() {
        let x = [-0x80000000, -5, -4, 3, 4, 0x7fffffff].span();
        assert_eq!(interpolate_clamped::<2>(x, -4, 7, [-10, 0, 6].span(), 4, 42, 10), [-10, -10, -10, 5, 5, 5].span());
        assert_eq!(look_up_clamped(x, -4, 2, [7, 8, 9].span()), [7, 7, 7, 9, 9, 9].span());
    }
}
