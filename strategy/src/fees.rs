//! Fees: what managing and settling cost. `cairo/vault/src/math.cairo` computes the same.

use serde::{Deserialize, Serialize};

use crate::hour::SECONDS;
use crate::limits::LimitError;
use crate::math::{BASIS_POINTS, mul_div_floor};

/// Seconds of a year of 365 days.
pub const YEAR: u64 = 31_536_000;

/// What investors pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// For the owner, in basis points a year, as new shares.
    pub management_bps: u16,
    /// For those who stay, in basis points of what enters or leaves.
    pub settle_bps: u16,
}

impl Fees {
    /// Whether each fee is within its bounds.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check(&self) -> Result<(), LimitError> {
        let over = |field, found: u16, most: u16, bounds| {
            if found > most { Err(LimitError { field, found: found.into(), bounds }) } else { Ok(()) }
        };
        over("management_bps", self.management_bps, 200, "at most 200")?;
        over("settle_bps", self.settle_bps, 50, "at most 50")
    }

    /// Whether the fee of an hour is less than one of so many shares, and so is never paid where every hour settles.
    pub fn is_lost(&self, supply: u128) -> bool {
        self.management_bps > 0 && self.management_shares(supply, SECONDS) == Some(0)
    }

    /// The shares that the owner gets for so many seconds, rounded down: `floor(supply * management_bps * seconds / (10,000 * year))`.
    /// Nothing if they have more than 128 bits.
    pub fn management_shares(&self, supply: u128, seconds: u64) -> Option<u128> {
        let rate = u128::from(self.management_bps) * u128::from(seconds);
        mul_div_floor(supply, rate, BASIS_POINTS * u128::from(YEAR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_costs_the_rate_and_less_than_a_share_costs_nothing() {
        let fees = Fees { management_bps: 200, settle_bps: 30 };
        assert_eq!(fees.management_shares(1_000_000, YEAR), Some(20_000));
        assert_eq!(fees.management_shares(1_000_000, 3_600), Some(2));
        assert_eq!(fees.management_shares(100, 3_600), Some(0));
    }

    #[test]
    fn a_fee_of_less_than_a_share_an_hour_is_lost() {
        let fees = |management_bps| Fees { management_bps, settle_bps: 30 };
        // 10,000 * 31,536,000 / (200 * 3,600) = 438,000 shares.
        assert_eq!([fees(200).is_lost(437_999), fees(200).is_lost(438_000), fees(0).is_lost(1)], [true, false, false]);
    }

    #[test]
    fn fees_are_bounded() {
        assert!(Fees { management_bps: 200, settle_bps: 50 }.check().is_ok());
        assert_eq!(Fees { management_bps: 201, settle_bps: 0 }.check().unwrap_err().field, "management_bps");
        assert_eq!(Fees { management_bps: 0, settle_bps: 51 }.check().unwrap_err().field, "settle_bps");
    }

    #[test]
    fn shares_of_more_than_128_bits_are_nothing() {
        let fees = Fees { management_bps: 200, settle_bps: 0 };
        // 2 % of the largest supply for 50 years is all of it, and a second more is too much.
        assert_eq!(fees.management_shares(u128::MAX, 50 * YEAR), Some(u128::MAX));
        assert_eq!(fees.management_shares(u128::MAX, 50 * YEAR + 1), None);
        assert_eq!(Fees { management_bps: u16::MAX, settle_bps: 0 }.management_shares(1, u64::MAX), Some(3_833_420_132_136));
    }
}
