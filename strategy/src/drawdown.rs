//! The drawdown rule: the value of a share against its highest. Two breaches in a row halt a vault for good.

use crate::math::{BASIS_POINTS, mul_div_floor};

/// Parts of one in a share's value.
pub const SHARE_ONE: u128 = 1_000_000_000_000_000_000;

/// The highest value of a share so far, and how many hours in a row it was breached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HighWater {
    /// In parts of [`SHARE_ONE`].
    pub peak: u128,
    /// Breaches in a row.
    pub breaches: u8,
}

impl HighWater {
    /// Looks at the value of a share at a recorded price, and says whether the vault halts. Nothing if the value has more than 128 bits.
    /// Without shares there is nothing to look at.
    ///
    /// A breach is `value * 10,000 < peak * (10,000 - max_drawdown_bps)`.
    pub fn observe(&mut self, nav: u128, supply: u128, max_drawdown_bps: u16) -> Option<bool> {
        if supply == 0 {
            return Some(false);
        }
        let value = mul_div_floor(nav, SHARE_ONE, supply)?;
        self.peak = self.peak.max(value);
        let kept = BASIS_POINTS.saturating_sub(max_drawdown_bps.into());
        // floor(v * 10,000 / kept) < peak for whole numbers exactly where v * 10,000 < peak * kept. A quotient of more than 128 bits is above
        // any peak, and where nothing need be kept there is no breach.
        let breached = mul_div_floor(value, BASIS_POINTS, kept).is_some_and(|least| least < self.peak);
        self.breaches = if breached { self.breaches.saturating_add(1) } else { 0 };
        Some(self.breaches >= 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_breaches_in_a_row_halt_and_one_does_not() {
        let mut mark = HighWater::default();
        let mut observe = |nav| mark.observe(nav, 1_000, 1_000).unwrap();
        assert_eq!([1_000, 899, 950, 899, 899].map(&mut observe), [false, false, false, false, true]);
    }

    #[test]
    fn a_fall_to_the_limit_is_not_a_breach() {
        for (nav, breaches) in [(900, 0), (899, 1)] {
            let mut mark = HighWater::default();
            mark.observe(1_000, 1_000, 1_000).unwrap();
            mark.observe(nav, 1_000, 1_000).unwrap();
            assert_eq!(mark.breaches, breaches, "{nav}");
        }
    }

    #[test]
    fn a_peak_counts_whenever_it_was() {
        let mut mark = HighWater::default();
        let mut observe = |nav| mark.observe(nav, 1_000, 1_000).unwrap();
        assert_eq!([1_000, 2_000, 1_799, 1_799].map(&mut observe), [false, false, false, true]);
    }

    #[test]
    fn without_shares_nothing_is_breached() {
        let mut mark = HighWater { peak: SHARE_ONE, breaches: 1 };
        assert_eq!(mark.observe(0, 0, 1), Some(false));
        assert_eq!(mark, HighWater { peak: SHARE_ONE, breaches: 1 });
    }
}
