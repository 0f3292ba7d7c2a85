//! A lane holds a result plus an offset that makes it non-negative; these functions take the offset away and clamp the result to `[lo,
//! hi]`. The generator leaves out a bound that no input can reach.

#[feature("corelib-internal-use")]
use core::integer::u128_overflowing_sub;

/// `clamp(lane - offset, lo, hi)`, with `floor = offset + lo` and `above = hi - lo + 1`.
#[inline(always)]
pub fn both(lane: u128, floor: u128, above: u128, lo: felt252, hi: felt252) -> felt252 {
    match u128_overflowing_sub(lane, floor) {
        Ok(excess) => match u128_overflowing_sub(excess, above) {
            Ok(_) => hi,
            Err(_) => excess.into() + lo,
        },
        Err(_) => lo,
    }
}

/// `max(lane - offset, lo)`, with `floor = offset + lo`.
#[inline(always)]
pub fn below(lane: u128, floor: u128, lo: felt252) -> felt252 {
    match u128_overflowing_sub(lane, floor) {
        Ok(excess) => excess.into() + lo,
        Err(_) => lo,
    }
}

/// `min(lane - offset, hi)`, with `ceiling = offset + hi + 1`.
#[inline(always)]
pub fn above(lane: u128, ceiling: u128, offset: felt252, hi: felt252) -> felt252 {
    match u128_overflowing_sub(lane, ceiling) {
        Ok(_) => hi,
        Err(_) => lane.into() - offset,
    }
}

/// `lane - offset`.
#[inline(always)]
pub fn neither(lane: u128, offset: felt252) -> felt252 {
    lane.into() - offset
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_bounds_hold() {
        // offset 100, lo -3, hi 5
        let clamp = |lane| super::both(lane, 97, 9, -3, 5);
        assert_eq!(clamp(0), -3);
        assert_eq!(clamp(96), -3);
        assert_eq!(clamp(97), -3);
        assert_eq!(clamp(98), -2);
        assert_eq!(clamp(100), 0);
        assert_eq!(clamp(105), 5);
        assert_eq!(clamp(106), 5);
        assert_eq!(clamp(0xffffffffffffffffffffffffffffffff), 5);
    }

    #[test]
    fn the_lower_bound_holds_alone() {
        assert_eq!(super::below(99, 100, 0), 0);
        assert_eq!(super::below(100, 100, 0), 0);
        assert_eq!(super::below(107, 100, 0), 7);
        assert_eq!(super::below(94, 95, -5), -5);
        assert_eq!(super::below(96, 95, -5), -4);
    }

    #[test]
    fn the_upper_bound_holds_alone() {
        // offset 100, hi 5
        assert_eq!(super::above(0, 106, 100, 5), -100);
        assert_eq!(super::above(105, 106, 100, 5), 5);
        assert_eq!(super::above(106, 106, 100, 5), 5);
        assert_eq!(super::above(900, 106, 100, 5), 5);
    }

    #[test]
    fn without_bounds_the_offset_goes() {
        assert_eq!(super::neither(93, 100), -7);
    }
}
