//! A packed accumulator holds several lanes, each a non-negative integer of one width: the first ones from bit 0 on, the others from bit
//! 128 on, so that no lane lies across the middle.

/// Splits a packed accumulator into its lanes below and from bit 128.
#[inline(always)]
pub fn halves(packed: felt252) -> (u128, u128) {
    let u256 { low, high } = packed.into();
    (low, high)
}
