#[feature("corelib-internal-use")]
use core::integer::u128_overflowing_sub;

#[inline(always)]
pub fn halves(packed: felt252) -> (u128, u128) {
    let u256 { low, high } = packed.into();
    (low, high)
}

#[inline(always)]
pub fn relu(lane: u128, zero: u128, limit: u128) -> felt252 {
    match u128_overflowing_sub(lane, zero) {
        Ok(v) => match u128_overflowing_sub(v, limit) { Ok(_) => limit.into() - 1, Err(_) => v.into() },
        Err(_) => 0,
    }
}
#[inline(always)]
pub fn relu1(lane: u128, zero: u128) -> felt252 {
    match u128_overflowing_sub(lane, zero) {
        Ok(v) => v.into(),
        Err(_) => 0,
    }
}
