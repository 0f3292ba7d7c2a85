//! Amounts of tokens as people write them: decimal numbers, exact, and integers of the smallest unit.

use thiserror::Error;

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// It is not a decimal number.
    #[error("an amount is a decimal number such as 1000.5, not {0:?}")]
    Text(String),
    /// It has digits that the token does not have.
    #[error("{text} has more digits after the point than the token, which has {decimals}")]
    Decimals {
        /// The text.
        text: String,
        /// The token's decimals.
        decimals: u8,
    },
    /// It has more than 128 bits.
    #[error("{0} is more than a token can have")]
    Range(String),
}

/// The integer of smallest units that a decimal number of whole tokens is, without any rounding.
///
/// # Errors
/// It is not a decimal number, has more digits than the token, or is too large.
pub fn parse(text: &str, decimals: u8) -> Result<u128, AmountError> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) {
        return Err(AmountError::Text(text.chars().take(80).collect()));
    }
    let places = places.trim_end_matches('0');
    let width = usize::from(decimals);
    if places.len() > width {
        return Err(AmountError::Decimals { text: text.chars().take(80).collect(), decimals });
    }
    let units = format!("{whole}{places:0<width$}");
    units.parse().map_err(|_| AmountError::Range(text.chars().take(80).collect()))
}

/// A number of smallest units as whole tokens: all of its digits, without zeros at the end.
pub fn show(units: u128, decimals: u8) -> String {
    let width = usize::from(decimals);
    let digits = format!("{units:0>length$}", length = width + 1);
    let (whole, places) = digits.split_at(digits.len() - width);
    let places = places.trim_end_matches('0');
    if places.is_empty() { whole.to_owned() } else { format!("{whole}.{places}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_shown_as_they_were() {
        for (text, decimals, units) in [
            ("1000.5", 6, 1_000_500_000),
            ("0.000001", 6, 1),
            ("7", 0, 7),
            ("0", 18, 0),
            ("340282366920938463463.374607431768211455", 18, u128::MAX),
        ] {
            assert_eq!(parse(text, decimals), Ok(units), "{text}");
            assert_eq!(show(units, decimals), text);
        }
        assert_eq!(parse("1.50", 1), Ok(15));
        assert_eq!(parse("007.0", 0), Ok(7));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1_000", " 1", "0x1", "NaN", "\u{661}"] {
            assert_eq!(parse(text, 6), Err(AmountError::Text(text.to_owned())), "{text}");
        }
        assert_eq!(parse("1.0000001", 6), Err(AmountError::Decimals { text: "1.0000001".to_owned(), decimals: 6 }));
        let large = "340282366920938463463.374607431768211456";
        assert_eq!(parse(large, 18), Err(AmountError::Range(large.to_owned())));
        assert_eq!(parse("1", 39), Err(AmountError::Range("1".to_owned())));
    }
}
