//! Products and quotients of amounts, exact in any width, with the rounding named. `cairo/vault/src/math.cairo` computes the same.

use num_bigint::BigUint;

/// Basis points in one.
pub const BASIS_POINTS: u128 = 10_000;

/// The largest amount of a token, in its smallest unit: less than 2^112.
pub const MAX_AMOUNT: u128 = (1 << 112) - 1;

/// `floor(a * b / den)`, or nothing if it has more than 128 bits or `den` is 0.
pub fn mul_div_floor(a: u128, b: u128, den: u128) -> Option<u128> {
    mul_div(a, b, den, false)
}

/// `ceil(a * b / den)`, or nothing if it has more than 128 bits or `den` is 0.
pub fn mul_div_ceil(a: u128, b: u128, den: u128) -> Option<u128> {
    mul_div(a, b, den, true)
}

fn mul_div(a: u128, b: u128, den: u128, up: bool) -> Option<u128> {
    if den == 0 {
        return None;
    }
    // Nearly all products of a strategy fit; the others take a slower way to the same number.
    if let Some(product) = a.checked_mul(b) {
        return Some(if up { product.div_ceil(den) } else { product / den });
    }
    let (product, den) = (BigUint::from(a) * BigUint::from(b), BigUint::from(den));
    let quotient = if up { (product + &den - 1u8) / den } else { product / den };
    quotient.try_into().ok()
}

/// `floor(amount * bps / 10,000)`: the share of an amount. Never more than the amount if `bps` is at most 10,000.
pub fn share_floor(amount: u128, bps: u32) -> Option<u128> {
    mul_div_floor(amount, bps.into(), BASIS_POINTS)
}

/// `ceil(amount * bps / 10,000)`.
pub fn share_ceil(amount: u128, bps: u32) -> Option<u128> {
    mul_div_ceil(amount, bps.into(), BASIS_POINTS)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floors_and_ceilings_differ_where_something_is_left() {
        assert_eq!((mul_div_floor(7, 3, 4), mul_div_ceil(7, 3, 4)), (Some(5), Some(6)));
        assert_eq!((mul_div_floor(8, 3, 4), mul_div_ceil(8, 3, 4)), (Some(6), Some(6)));
        assert_eq!((share_floor(999, 50), share_ceil(999, 50)), (Some(4), Some(5)));
    }

    #[test]
    fn products_beyond_128_bits_are_exact_and_results_beyond_are_refused() {
        let wide = u128::MAX;
        assert_eq!(mul_div_floor(wide, wide, wide), Some(wide));
        assert_eq!(mul_div_floor(wide, wide - 1, wide), Some(wide - 1));
        assert_eq!(mul_div_ceil(wide, wide - 1, wide - 2), None);
        // (2^128 - 1) * 3 / 4 = 3 * 2^126 - 3/4
        assert_eq!(mul_div_floor(wide, 3, 4), Some(3 * (1 << 126) - 1));
        assert_eq!(mul_div_ceil(wide, 3, 4), Some(3 * (1 << 126)));
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!((mul_div_floor(1, 1, 0), mul_div_ceil(u128::MAX, 2, 0)), (None, None));
    }

    /// Numbers of every size.
    fn any_amount() -> impl Strategy<Value = u128> {
        (0..=128u32, any::<u128>()).prop_map(|(size, random)| random.checked_shr(128 - size).unwrap_or(0))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn quotients_are_those_of_rational_numbers(a in any_amount(), b in any_amount(), den in any_amount()) {
            prop_assume!(den > 0);
            let exact = BigRational::new(BigInt::from(a) * BigInt::from(b), den.into());
            let integer = |rational: BigRational| u128::try_from(rational.to_integer()).ok();
            prop_assert_eq!(mul_div_floor(a, b, den), integer(exact.floor()));
            prop_assert_eq!(mul_div_ceil(a, b, den), integer(exact.ceil()));
        }
    }
}
