//! Amounts of STRK, the token that fees are paid in: 1 STRK is 10^18 fri.

/// Decimals of the token.
const DECIMALS: usize = 18;
/// The most that a transaction on a configured network may cost, unless its entry says something else: 100 STRK, in fri. The largest
/// classes take about as much, and no account loses all it has to a node that invents prices.
pub(crate) const DEFAULT_CEILING: u128 = 100 * 10u128.pow(DECIMALS as u32);

/// The fri of a decimal number of STRK above 0, if it has no more than 18 decimals.
pub(crate) fn fri(strk: &str) -> Option<u128> {
    let (whole, decimals) = strk.split_once('.').unwrap_or((strk, ""));
    let digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
    let fits = !whole.is_empty() && digits(whole) && digits(decimals) && decimals.len() <= DECIMALS;
    let fri = fits.then(|| format!("{whole}{decimals:0<DECIMALS$}").parse().ok()).flatten();
    fri.filter(|fri| *fri > 0)
}

/// An amount of fri as the shortest decimal number of STRK.
pub(crate) fn strk(fri: u128) -> String {
    let one = 10u128.pow(DECIMALS as u32);
    let text = format!("{}.{:0DECIMALS$}", fri / one, fri % one);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_in_both_directions() {
        for (text, amount) in [("1", 10u128.pow(18)), ("0.5", 5 * 10u128.pow(17)), ("12.000000000000000001", 12 * 10u128.pow(18) + 1)] {
            assert_eq!((fri(text), strk(amount).as_str()), (Some(amount), text));
        }
        assert_eq!(strk(DEFAULT_CEILING), "100");
        assert_eq!(fri("2.50"), Some(25 * 10u128.pow(17)));
        for text in ["", "0", "0.0", "-1", "+1", "1e3", ".5", "x", "1.0000000000000000001", "340282366920938463464"] {
            assert_eq!(fri(text), None, "{text}");
        }
    }
}
