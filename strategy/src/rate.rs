//! The rate of a pair: what an amount of the base token is worth in the quote token. `cairo/vault/src/math.cairo` computes the same.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::history::Observation;
use crate::math::{mul_div_ceil, mul_div_floor};
use crate::price::{Price, USD};

/// The fewest decimals that a token may have: with fewer, a unit of it is dear.
pub const MIN_DECIMALS: u8 = 6;
/// The most decimals that a token may have: a vault's shares have three more, and there are less than 2^112 units of anything.
pub const MAX_DECIMALS: u8 = 18;

/// Decimals of a rate: it is in 1e-8 quote tokens for one base token.
const RATE_DECIMALS: u32 = 8;

/// How far the quote token may be from its peg of 1 USD, in 1e-8 USD: 2 %. Beyond that, nothing is settled, traded or unwound.
pub const MAX_OFF_PEG: u64 = USD / 50;

/// A token, for words and for the size of its smallest unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its name in a few letters.
    pub symbol: String,
    /// An amount of `10^decimals` is one whole token.
    pub decimals: u8,
}

/// What is traded against what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The token that the network decides about.
    pub base: Token,
    /// The token that it is paid with, in which the vault keeps its books.
    pub quote: Token,
}

/// Why a pair cannot be traded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PairError {
    /// A symbol is empty, too long, or has other characters.
    #[error("a symbol is 1 to 31 letters, digits, dots or dashes, not {0:?}")]
    Symbol(String),
    /// Both tokens have one name.
    #[error("base and quote are both {0}")]
    Same(String),
    /// A token has too few or too many decimals.
    #[error("{symbol} has {decimals} decimals, and not {MIN_DECIMALS} to {MAX_DECIMALS}")]
    Decimals {
        /// The token.
        symbol: String,
        /// Its decimals.
        decimals: u8,
    },
}

/// The worth of base amounts in the quote token at one observation: `amount * numerator / denominator`, both in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    numerator: u128,
    denominator: u128,
}

/// Whether the quote token is near enough to its peg of 1 USD.
pub fn is_pegged(quote: Price) -> bool {
    quote.units().abs_diff(USD) <= MAX_OFF_PEG
}

impl Token {
    /// Whether it can be used: see [`PairError`].
    fn check(&self) -> Result<(), PairError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if !(1..=31).contains(&self.symbol.len()) || !self.symbol.bytes().all(known) {
            return Err(PairError::Symbol(self.symbol.clone()));
        }
        if !(MIN_DECIMALS..=MAX_DECIMALS).contains(&self.decimals) {
            return Err(PairError::Decimals { symbol: self.symbol.clone(), decimals: self.decimals });
        }
        Ok(())
    }

    /// The amount of one whole token.
    pub fn unit(&self) -> u128 {
        10u128.pow(u32::from(self.decimals.min(MAX_DECIMALS)))
    }
}

impl Pair {
    /// Whether it can be traded.
    ///
    /// # Errors
    /// A symbol or a number of decimals is out of bounds.
    pub fn check(&self) -> Result<(), PairError> {
        self.base.check()?;
        self.quote.check()?;
        if self.base.symbol == self.quote.symbol { Err(PairError::Same(self.base.symbol.clone())) } else { Ok(()) }
    }

    /// The rate at an observation: `P = floor(base * 10^8 / quote)`, then `10^(quote decimals) / 10^(8 + base decimals)`.
    ///
    /// Nothing if the base token is worth less than 1e-8 of the quote token, or too much for 128 bits.
    pub fn rate(&self, observation: &Observation) -> Option<Rate> {
        let price = u128::from(observation.base.units()) * u128::from(USD) / u128::from(observation.quote.units());
        let ten = |exponent: u32| 10u128.checked_pow(exponent);
        let (above, below) = (u32::from(self.quote.decimals), RATE_DECIMALS + u32::from(self.base.decimals));
        let numerator = price.checked_mul(ten(above.saturating_sub(below))?)?;
        let denominator = ten(below.saturating_sub(above))?;
        (numerator > 0).then_some(Rate { numerator, denominator })
    }
}

impl Rate {
    /// Quote units for [`Self::denominator`] base units; at least 1.
    pub fn numerator(&self) -> u128 {
        self.numerator
    }

    /// Base units for [`Self::numerator`] quote units; at least 1.
    pub fn denominator(&self) -> u128 {
        self.denominator
    }

    /// The worth of an amount of the base token, rounded down. Nothing if it has more than 128 bits.
    pub fn value_floor(&self, base: u128) -> Option<u128> {
        mul_div_floor(base, self.numerator, self.denominator)
    }

    /// The worth of an amount of the base token, rounded up.
    pub fn value_ceil(&self, base: u128) -> Option<u128> {
        mul_div_ceil(base, self.numerator, self.denominator)
    }

    /// The amount of the base token that is worth so much, rounded down.
    pub fn base_floor(&self, value: u128) -> Option<u128> {
        mul_div_floor(value, self.denominator, self.numerator)
    }

    /// The amount of the base token that is worth so much, rounded up.
    pub fn base_ceil(&self, value: u128) -> Option<u128> {
        mul_div_ceil(value, self.denominator, self.numerator)
    }
}

#[cfg(test)]
mod tests {
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::*;
    use crate::hour::Hour;

    fn pair(base: u8, quote: u8) -> Pair {
        let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
        Pair { base: token("WETH", base), quote: token("USDC", quote) }
    }

    fn at(base: &str, quote: &str) -> Observation {
        Observation { hour: Hour::new(1).unwrap(), base: base.parse().unwrap(), quote: quote.parse().unwrap() }
    }

    #[test]
    fn a_whole_token_is_worth_its_price_whatever_the_decimals() {
        for (base, quote) in [(18, 6), (6, 18), (8, 8), (18, 18), (6, 6)] {
            let pair = pair(base, quote);
            let rate = pair.rate(&at("2000", "1")).unwrap();
            assert_eq!(rate.value_floor(pair.base.unit()), Some(2000 * pair.quote.unit()), "{base}, {quote}");
            assert_eq!(rate.base_floor(2000 * pair.quote.unit()), Some(pair.base.unit()), "{base}, {quote}");
        }
    }

    #[test]
    fn the_quote_tokens_price_counts() {
        let rate = pair(18, 6).rate(&at("2000", "0.98")).unwrap();
        // floor(2000 / 0.98 * 10^8) * 10^-8 = 2040.81632653 USDC
        assert_eq!((rate.value_floor(10u128.pow(18)), rate.value_ceil(10u128.pow(18))), (Some(2_040_816_326), Some(2_040_816_327)));
    }

    #[test]
    fn worthless_and_priceless_pairs_have_no_rate() {
        assert_eq!(pair(18, 6).rate(&Observation { base: Price::new(1).unwrap(), ..at("1", "100000000.00000001") }), None);
        let rate = Pair { base: Token { symbol: "A".to_owned(), decimals: 0 }, ..pair(0, 24) }
            .rate(&Observation { quote: Price::new(1).unwrap(), ..at("11529215046", "1") });
        assert_eq!(rate, None);
    }

    #[test]
    fn two_per_cent_off_the_peg_is_near_enough() {
        let pegged = |units| is_pegged(Price::new(units).unwrap());
        assert_eq!([97_999_999, 98_000_000, 102_000_000, 102_000_001].map(pegged), [false, true, true, false]);
    }

    #[test]
    fn symbols_and_decimals_are_checked() {
        assert_eq!(pair(18, 6).check(), Ok(()));
        for decimals in [5, 19] {
            for pair in [pair(decimals, 6), pair(18, decimals)] {
                assert!(matches!(pair.check(), Err(PairError::Decimals { decimals: found, .. }) if found == decimals));
            }
        }
        assert_eq!((pair(6, 18).check(), pair(18, 18).check()), (Ok(()), Ok(())));
        let twice = Pair { base: pair(6, 6).quote, ..pair(6, 6) };
        assert_eq!(twice.check(), Err(PairError::Same("USDC".to_owned())));
        for symbol in ["", "a b", "\u{1b}[2J", &"x".repeat(32)] {
            let token = Token { symbol: symbol.to_owned(), decimals: 6 };
            assert_eq!(Pair { quote: token, ..pair(18, 6) }.check(), Err(PairError::Symbol(symbol.to_owned())));
        }
    }

    #[test]
    fn what_a_value_buys_is_rounded_as_it_says() {
        let rate = pair(18, 6).rate(&at("2000", "0.98")).unwrap();
        // 10^-6 USDC at 2040.81632653 USDC: 490,000,000.0007..
        assert_eq!((rate.base_floor(1), rate.base_ceil(1)), (Some(490_000_000), Some(490_000_001)));
        assert_eq!((rate.base_floor(0), rate.base_ceil(0), rate.value_ceil(0)), (Some(0), Some(0), Some(0)));
    }

    #[test]
    fn unchecked_decimals_overflow_no_arithmetic() {
        assert_eq!(pair(255, 6).rate(&at("2000", "1")), None);
        assert_eq!(pair(0, 255).rate(&at("2000", "1")), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn worth_is_that_of_rational_numbers(
            base in 1..=Price::MAX.units(), quote in 1..=Price::MAX.units(), size in 0..60u32,
            base_decimals in 0..=MAX_DECIMALS, quote_decimals in 0..=MAX_DECIMALS,
            amount in any::<u128>(), amount_size in 0..128u32,
        ) {
            // Quote prices, and amounts, of every size.
            let (quote, amount) = ((quote >> size).max(1), amount >> amount_size);
            let observation = Observation { hour: Hour::new(1).unwrap(), base: Price::new(base).unwrap(), quote: Price::new(quote).unwrap() };
            let whole = |number: u128| BigRational::from_integer(number.into());
            let price = (whole(base.into()) * whole(USD.into()) / whole(quote.into())).floor();
            let exact = price.clone() * whole(10).pow(i32::from(quote_decimals) - i32::from(base_decimals) - 8);
            let integer = |rational: BigRational| u128::try_from(rational.to_integer()).ok();

            let Some(rate) = pair(base_decimals, quote_decimals).rate(&observation) else {
                let wide = whole(10).pow(i32::from(quote_decimals) - i32::from(base_decimals) - 8).max(whole(1)) * price.clone();
                prop_assert!(price == whole(0) || integer(wide).is_none());
                return Ok(());
            };
            prop_assert_eq!(&exact, &BigRational::new(rate.numerator().into(), rate.denominator().into()));
            let (worth, bought) = (whole(amount) * &exact, whole(amount) / &exact);
            prop_assert_eq!(rate.value_floor(amount), integer(worth.floor()));
            prop_assert_eq!(rate.value_ceil(amount), integer(worth.ceil()));
            prop_assert_eq!(rate.base_floor(amount), integer(bought.floor()));
            prop_assert_eq!(rate.base_ceil(amount), integer(bought.ceil()));
        }
    }
}
