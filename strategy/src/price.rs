//! Prices: integers of 1e-8 USD, as oracles on Starknet give them, and the rate of a pair.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Units of a price in one USD.
pub const USD: u64 = 100_000_000;

/// Decimal digits of a price after the point.
const DECIMALS: usize = 8;

/// The price of a whole token in 1e-8 USD: at least 1, less than 2^60, so that four of them fit into a felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Price(u64);

impl Price {
    /// The largest price.
    pub const MAX: Self = Self((1 << 60) - 1);
    /// One USD.
    pub const ONE_USD: Self = Self(USD);

    /// A price of so many 1e-8 USD.
    ///
    /// # Errors
    /// It is 0, or 2^60 or more.
    pub fn new(units: u64) -> Result<Self, PriceError> {
        if (1..=Self::MAX.0).contains(&units) { Ok(Self(units)) } else { Err(PriceError::Range(units.to_string())) }
    }

    /// In 1e-8 USD.
    pub fn units(self) -> u64 {
        self.0
    }

    /// In USD, for charts and words.
    pub fn usd(self) -> f64 {
        self.0 as f64 / USD as f64
    }
}

/// Why a number or text is not a price.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceError {
    /// It is out of range.
    #[error("a price is from 0.00000001 to 11529215046.06846975 USD, not {0}")]
    Range(String),
    /// The text is not a decimal number of at most eight places.
    #[error("a price is a decimal number such as 2649.16, with at most 8 digits after the point, not {0:?}")]
    Text(String),
}

impl FromStr for Price {
    type Err = PriceError;

    /// Reads USD with up to eight decimal places, exactly.
    fn from_str(text: &str) -> Result<Self, PriceError> {
        let malformed = || PriceError::Text(text.to_owned());
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(places) || places.len() > DECIMALS {
            return Err(malformed());
        }
        let units = format!("{whole}{places:0<DECIMALS$}");
        Self::new(units.parse().map_err(|_| PriceError::Range(text.to_owned()))?).map_err(|_| PriceError::Range(text.to_owned()))
    }
}

impl fmt::Display for Price {
    /// USD, without zeros at the end, but with cents.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = format!("{:0DECIMALS$}", self.0 % USD);
        let shown = places.trim_end_matches('0');
        write!(formatter, "{}.{shown:0<2}", self.0 / USD)
    }
}

impl TryFrom<u64> for Price {
    type Error = PriceError;

    fn try_from(units: u64) -> Result<Self, PriceError> {
        Self::new(units)
    }
}

impl From<Price> for u64 {
    fn from(price: Price) -> Self {
        price.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_and_shown_as_they_were() {
        for (text, units) in [("2649.16", 264_916_000_000), ("0.00000001", 1), ("1", USD), ("11529215046.06846975", Price::MAX.0)] {
            assert_eq!(text.parse::<Price>().unwrap().units(), units);
        }
        for text in ["2649.16", "1.00", "0.00000001", "3.10", "1234.5678"] {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_price_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "0x1", "1.123456789", "NaN", "\u{661}"] {
            assert_eq!(text.parse::<Price>(), Err(PriceError::Text(text.to_owned())), "{text}");
        }
        for text in ["0", "0.0", "11529215046.06846976", "99999999999999999999999"] {
            assert_eq!(text.parse::<Price>(), Err(PriceError::Range(text.to_owned())), "{text}");
        }
    }
}
