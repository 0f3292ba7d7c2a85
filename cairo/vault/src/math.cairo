//! Amounts: products and quotients with the rounding named, the rate of a pair, fees and the drawdown rule.
//!
//! Amounts are in smallest units of their token, shares of them in basis points (bps), prices in 1e-8 USD. In Rust: `math.rs`, `rate.rs`,
//! `fees.rs` and `drawdown.rs`.
use core::cmp::{max, min};
use core::num::traits::{CheckedAdd, CheckedMul, WideMul};

/// Amounts in the books are at most this: 2^112 - 1.
pub const MAX_AMOUNT: u128 = 0xffffffffffffffffffffffffffff;
/// Basis points in one.
pub const BASIS_POINTS: u128 = 10_000;
/// Units of a price in one USD.
pub const USD: felt252 = 100_000_000;
/// Parts of one in a share's value.
pub const SHARE_ONE: u128 = 1_000_000_000_000_000_000;
/// 10,000 basis points for 365 days, in seconds.
const BASIS_POINT_YEAR: u128 = 315_360_000_000;
/// Decimals of a rate: it is in 1e-8 quote tokens for one base token.
const RATE_DECIMALS: u32 = 8;

/// The worth of base amounts in the quote token: `amount * numerator / denominator`, neither of which is 0.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Rate {
    pub numerator: u128,
    pub denominator: u128,
}

/// The highest value that a share had in two hours in a row, in parts of `SHARE_ONE`, how many times in a row it was breached, and the value
/// when it was looked at last, 0 if it never was.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct HighWater {
    pub peak: u128,
    pub breaches: u8,
    pub last: u128,
}

/// `floor(a * b / den)`, or nothing if it has more than 128 bits or `den` is 0.
pub fn mul_div_floor(a: u128, b: u128, den: u128) -> Option<u128> {
    let (quotient, _) = mul_div_rem(a, b, den)?;
    Some(quotient)
}

/// `ceil(a * b / den)`, or nothing if it has more than 128 bits or `den` is 0.
pub fn mul_div_ceil(a: u128, b: u128, den: u128) -> Option<u128> {
    let (quotient, remainder) = mul_div_rem(a, b, den)?;
    if remainder == 0 {
        Some(quotient)
    } else {
        quotient.checked_add(1)
    }
}

/// Quotient and remainder of `a * b / den`.
fn mul_div_rem(a: u128, b: u128, den: u128) -> Option<(u128, u128)> {
    let den: NonZero<u128> = den.try_into()?;
    let product: u256 = a.wide_mul(b);
    if product.high == 0 {
        // Nearly all products of a strategy: a division of 128 bits is much cheaper.
        return Some(DivRem::div_rem(product.low, den));
    }
    let den: u128 = den.into();
    let wide: u256 = den.into();
    let (quotient, remainder) = DivRem::div_rem(product, wide.try_into()?);
    if quotient.high != 0 {
        return None;
    }
    // The remainder is less than `den`.
    Some((quotient.low, remainder.low))
}

/// `floor(amount * bps / 10,000)`.
pub fn share_floor(amount: u128, bps: u32) -> Option<u128> {
    mul_div_floor(amount, bps.into(), BASIS_POINTS)
}

/// `ceil(amount * bps / 10,000)`.
pub fn share_ceil(amount: u128, bps: u32) -> Option<u128> {
    mul_div_ceil(amount, bps.into(), BASIS_POINTS)
}

/// The rate of a pair at prices in 1e-8 USD: `P = floor(base_price * 10^8 / quote_price)`, then `10^quote_decimals / 10^(8 +
/// base_decimals)`.
///
/// Nothing if the base token is worth less than 1e-8 of the quote token, or too much for 128 bits.
pub fn rate(base_price: u64, quote_price: u64, base_decimals: u8, quote_decimals: u8) -> Option<Rate> {
    let quote_price: u128 = quote_price.into();
    // Less than 2^91.
    let scaled: u128 = (base_price.into() * USD).try_into()?;
    let (price, _) = DivRem::div_rem(scaled, quote_price.try_into()?);
    let (above, below) = (quote_decimals.into(), RATE_DECIMALS + base_decimals.into());
    let (numerator, denominator) = if above > below {
        (price.checked_mul(power_of_ten(above - below)?)?, 1)
    } else {
        (price, power_of_ten(below - above)?)
    };
    if numerator == 0 {
        None
    } else {
        Some(Rate { numerator, denominator })
    }
}

/// The worth of an amount of the base token, rounded down.
pub fn value_floor(rate: Rate, base: u128) -> Option<u128> {
    mul_div_floor(base, rate.numerator, rate.denominator)
}

/// The worth of an amount of the base token, rounded up.
pub fn value_ceil(rate: Rate, base: u128) -> Option<u128> {
    mul_div_ceil(base, rate.numerator, rate.denominator)
}

/// The amount of the base token that is worth so much, rounded down.
pub fn base_floor(rate: Rate, value: u128) -> Option<u128> {
    mul_div_floor(value, rate.denominator, rate.numerator)
}

/// The amount of the base token that is worth so much, rounded up.
pub fn base_ceil(rate: Rate, value: u128) -> Option<u128> {
    mul_div_ceil(value, rate.denominator, rate.numerator)
}

/// The owner's shares for so many seconds, rounded down: `floor(supply * management_bps * seconds / (10,000 * year))`.
pub fn management_shares(supply: u128, management_bps: u16, seconds: u64) -> Option<u128> {
    // Less than 2^80.
    let factor: felt252 = management_bps.into() * seconds.into();
    mul_div_floor(supply, factor.try_into()?, BASIS_POINT_YEAR)
}

/// Looks at the value of a share at a recorded price: the new mark, and whether the vault halts, as it does for good after two breaches in a
/// row. Nothing if the value has more than 128 bits. Without shares there is nothing to look at.
///
/// The peak is raised to the lower one of this value and the last, so that a price that was wrong for one hour is not remembered. A breach is
/// `value * 10,000 < peak * (10,000 - max_drawdown_bps)`.
pub fn observe(mark: HighWater, nav: u128, supply: u128, max_drawdown_bps: u16) -> Option<(HighWater, bool)> {
    if supply == 0 {
        return Some((mark, false));
    }
    let value = mul_div_floor(nav, SHARE_ONE, supply)?;
    let peak = max(mark.peak, min(value, mark.last));
    let kept = BASIS_POINTS - min(max_drawdown_bps.into(), BASIS_POINTS);
    let breaches = if value.wide_mul(BASIS_POINTS) < peak.wide_mul(kept) {
        mark.breaches.checked_add(1).unwrap_or(mark.breaches)
    } else {
        0
    };
    Some((HighWater { peak, breaches, last: value }, breaches >= 2))
}

/// `10^exponent`, if it has at most 128 bits.
fn power_of_ten(exponent: u32) -> Option<u128> {
    Some(*POWERS_OF_TEN.span().get(exponent)?.unbox())
}

const POWERS_OF_TEN: [u128; 39] = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
    1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000,
    1_000_000_000_000_000_000, 10_000_000_000_000_000_000, 100_000_000_000_000_000_000, 1_000_000_000_000_000_000_000,
    10_000_000_000_000_000_000_000, 100_000_000_000_000_000_000_000, 1_000_000_000_000_000_000_000_000,
    10_000_000_000_000_000_000_000_000, 100_000_000_000_000_000_000_000_000, 1_000_000_000_000_000_000_000_000_000,
    10_000_000_000_000_000_000_000_000_000, 100_000_000_000_000_000_000_000_000_000, 1_000_000_000_000_000_000_000_000_000_000,
    10_000_000_000_000_000_000_000_000_000_000, 100_000_000_000_000_000_000_000_000_000_000,
    1_000_000_000_000_000_000_000_000_000_000_000, 10_000_000_000_000_000_000_000_000_000_000_000,
    100_000_000_000_000_000_000_000_000_000_000_000, 1_000_000_000_000_000_000_000_000_000_000_000_000,
    10_000_000_000_000_000_000_000_000_000_000_000_000, 100_000_000_000_000_000_000_000_000_000_000_000_000,
];

#[cfg(test)]
mod tests {
    use super::{
        HighWater, Rate, SHARE_ONE, base_ceil, base_floor, management_shares, mul_div_ceil, mul_div_floor, observe, rate, share_ceil,
        share_floor, value_ceil, value_floor,
    };

    const WIDE: u128 = 0xffffffffffffffffffffffffffffffff;

    #[test]
    fn floors_and_ceilings_differ_where_something_is_left() {
        assert_eq!((mul_div_floor(7, 3, 4), mul_div_ceil(7, 3, 4)), (Some(5), Some(6)));
        assert_eq!((mul_div_floor(8, 3, 4), mul_div_ceil(8, 3, 4)), (Some(6), Some(6)));
        assert_eq!((share_floor(999, 50), share_ceil(999, 50)), (Some(4), Some(5)));
    }

    #[test]
    fn products_beyond_128_bits_are_exact_and_results_beyond_are_refused() {
        assert_eq!(mul_div_floor(WIDE, WIDE, WIDE), Some(WIDE));
        assert_eq!(mul_div_ceil(WIDE, WIDE - 1, WIDE - 2), None);
        assert_eq!(mul_div_floor(WIDE, 3, 4), Some(0xbfffffffffffffffffffffffffffffff));
        assert_eq!(mul_div_ceil(WIDE, 3, 4), Some(0xc0000000000000000000000000000000));
        assert_eq!(mul_div_floor(WIDE, 2, 1), None);
        // (2^65 - 1)(2^65 + 1) / 4 = 2^128 - 1/4
        let power = 0x20000000000000000;
        assert_eq!((mul_div_floor(power - 1, power + 1, 4), mul_div_ceil(power - 1, power + 1, 4)), (Some(WIDE), None));
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!((mul_div_floor(1, 1, 0), mul_div_ceil(WIDE, 2, 0)), (None, None));
        assert_eq!(rate(1, 0, 18, 6), None);
    }

    #[test]
    fn a_whole_token_is_worth_its_price_whatever_the_decimals() {
        // 2,000 USD against 1 USD.
        let at = |base: u8, quote: u8| rate(200_000_000_000, 100_000_000, base, quote).unwrap();
        assert_eq!(at(18, 6), Rate { numerator: 200_000_000_000, denominator: 100_000_000_000_000_000_000 });
        assert_eq!(value_floor(at(18, 6), 1_000_000_000_000_000_000), Some(2_000_000_000));
        assert_eq!(value_floor(at(6, 18), 1_000_000), Some(2_000_000_000_000_000_000_000));
        assert_eq!(value_floor(at(0, 24), 1), Some(2_000_000_000_000_000_000_000_000_000));
        assert_eq!(base_floor(at(24, 0), 2_000), Some(1_000_000_000_000_000_000_000_000));
    }

    #[test]
    fn values_and_amounts_round_as_they_say() {
        // 2,000 USD against 0.98 USD.
        let rate = rate(200_000_000_000, 98_000_000, 18, 6).unwrap();
        let one = 1_000_000_000_000_000_000;
        assert_eq!((value_floor(rate, one), value_ceil(rate, one)), (Some(2_040_816_326), Some(2_040_816_327)));
        assert_eq!((base_floor(rate, 1), base_ceil(rate, 1)), (Some(490_000_000), Some(490_000_001)));
    }

    #[test]
    fn worthless_and_priceless_pairs_have_no_rate() {
        assert_eq!(rate(1, 100_000_001, 18, 6), None);
        assert_eq!(rate(0xfffffffffffffff, 1, 0, 24), None);
        assert_eq!(rate(1, 1, 255, 6), None);
    }

    #[test]
    fn a_year_costs_the_rate() {
        assert_eq!(management_shares(1_000_000, 200, 31_536_000), Some(20_000));
        assert_eq!(management_shares(1_000_000, 200, 3_600), Some(2));
        assert_eq!(management_shares(100, 200, 3_600), Some(0));
        assert_eq!(management_shares(WIDE, 0xffff, 0xffffffffffffffff), None);
    }

    #[test]
    fn two_breaches_in_a_row_halt() {
        let mut mark = HighWater { peak: 0, breaches: 0, last: 0 };
        let mut halts = array![];
        for nav in [1_000, 1_000, 900, 899, 900, 899, 899_u128].span() {
            let (seen, halt) = observe(mark, *nav, 1_000, 1_000).unwrap();
            mark = seen;
            halts.append(halt);
        }
        assert_eq!(halts, array![false, false, false, false, false, false, true]);
        assert_eq!(mark, HighWater { peak: SHARE_ONE, breaches: 2, last: SHARE_ONE / 1_000 * 899 });
    }

    #[test]
    fn breaches_are_counted_to_255_and_shares_that_are_none_change_nothing() {
        let mark = HighWater { peak: SHARE_ONE, breaches: 255, last: 0 };
        assert_eq!(observe(mark, 1, 2, 1), Some((HighWater { last: SHARE_ONE / 2, ..mark }, true)));
        assert_eq!(observe(mark, 1, 0, 1), Some((mark, false)));
        // Where nothing need be kept, nothing is breached.
        assert_eq!(observe(mark, 0, 2, 10_000), Some((HighWater { breaches: 0, ..mark }, false)));
        assert_eq!(observe(mark, WIDE, 1, 1), None);
    }
}
