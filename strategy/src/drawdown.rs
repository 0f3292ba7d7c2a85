//! The drawdown rule: the value of a share against its highest. Two breaches in a row halt a vault for good. Its highest takes two hours too,
//! the lower of which counts, so that one hour's price that was wrong neither halts nor is remembered.

use crate::math::{BASIS_POINTS, mul_div_floor};

/// Parts of one in a share's value.
pub const SHARE_ONE: u128 = 1_000_000_000_000_000_000;

/// The highest value that a share had in two hours in a row, and for how many hours in a row it was breached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HighWater {
    /// In parts of [`SHARE_ONE`].
    pub peak: u128,
    /// Breaches in a row.
    pub breaches: u8,
    /// The value when it was looked at last; 0 if it never was.
    pub last: u128,
}

impl HighWater {
    /// Looks at the value of a share at a recorded price, and says whether the vault halts. Nothing if the value has more than 128 bits.
    /// Without shares there is nothing to look at.
    ///
    /// The peak is raised to the lower one of this value and the last. A breach is `value * 10,000 < peak * (10,000 - max_drawdown_bps)`.
    pub fn observe(&mut self, nav: u128, supply: u128, max_drawdown_bps: u16) -> Option<bool> {
        if supply == 0 {
            return Some(false);
        }
        let value = mul_div_floor(nav, SHARE_ONE, supply)?;
        self.peak = self.peak.max(value.min(self.last));
        self.last = value;
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
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_breaches_in_a_row_halt_and_one_does_not() {
        let mut mark = HighWater::default();
        let mut observe = |nav| mark.observe(nav, 1_000, 1_000).unwrap();
        assert_eq!([1_000, 1_000, 899, 950, 899, 899].map(&mut observe), [false, false, false, false, false, true]);
    }

    #[test]
    fn a_fall_to_the_limit_is_not_a_breach() {
        for (nav, breaches) in [(900, 0), (899, 1)] {
            let mut mark = HighWater::default();
            mark.observe(1_000, 1_000, 1_000).unwrap();
            mark.observe(1_000, 1_000, 1_000).unwrap();
            mark.observe(nav, 1_000, 1_000).unwrap();
            assert_eq!(mark.breaches, breaches, "{nav}");
        }
    }

    #[test]
    fn a_peak_counts_whenever_it_was() {
        let mut mark = HighWater::default();
        let mut observe = |nav| mark.observe(nav, 1_000, 1_000).unwrap();
        assert_eq!([1_000, 2_000, 2_000, 1_799, 1_799].map(&mut observe), [false, false, false, false, true]);
    }

    #[test]
    fn a_value_of_one_hour_is_not_remembered() {
        let mut mark = HighWater::default();
        let mut observe = |nav| mark.observe(nav, 1_000, 1_000).unwrap();
        assert_eq!([1_000, 1_000, 1_250, 1_000, 1_000, 1_000].map(&mut observe), [false; 6]);
        assert_eq!(mark, HighWater { peak: SHARE_ONE, breaches: 0, last: SHARE_ONE });
        // Of two hours, the lower one counts.
        mark.observe(1_300, 1_000, 1_000).unwrap();
        mark.observe(1_200, 1_000, 1_000).unwrap();
        assert_eq!(mark.peak, SHARE_ONE / 10 * 12);
    }

    #[test]
    fn without_shares_nothing_is_breached() {
        let before = HighWater { peak: SHARE_ONE, breaches: 1, last: 7 };
        let mut mark = before;
        assert_eq!(mark.observe(0, 0, 1), Some(false));
        assert_eq!(mark, before);
    }

    #[test]
    fn a_value_of_more_than_128_bits_leaves_the_mark_as_it_was() {
        let before = HighWater { peak: SHARE_ONE, breaches: 1, last: 7 };
        let mut mark = before;
        assert_eq!(mark.observe(u128::MAX, 1, 1_000), None);
        assert_eq!(mark, before);
    }

    #[test]
    fn little_that_must_be_kept_and_nothing_are_no_breach() {
        // value * 10,000 / 1 has more than 128 bits.
        let mut mark = HighWater { peak: u128::MAX, breaches: 1, last: 0 };
        assert_eq!(mark.observe(u128::MAX / SHARE_ONE, 1, 9_999), Some(false));
        assert_eq!(mark.breaches, 0);
        for max_drawdown_bps in [10_000, u16::MAX] {
            let mut mark = HighWater { peak: u128::MAX, breaches: 1, last: 0 };
            assert_eq!(mark.observe(0, 1, max_drawdown_bps), Some(false));
            assert_eq!(mark, HighWater { peak: u128::MAX, breaches: 0, last: 0 });
        }
    }

    #[test]
    fn breaches_are_counted_to_255() {
        let mut mark = HighWater { peak: SHARE_ONE, breaches: 255, last: 0 };
        assert_eq!((mark.observe(0, 1, 1_000), mark.breaches), (Some(true), 255));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_breach_is_a_value_below_the_part_of_the_peak_that_is_kept(
            peak in any::<u128>(), size in 0..128u32, supply in 1..1_000_000_000u128, nav in 0..1_000_000_000_000u128,
            max_drawdown_bps in 0..=10_000u16, near in any::<bool>(), around in 0..3u128, last in any::<u128>(), last_size in 0..128u32,
        ) {
            let value = nav * SHARE_ONE / supply;
            let kept = u128::from(10_000 - max_drawdown_bps);
            // Peaks of every size, and those at which a breach begins.
            let edge = (value * 10_000).checked_div(kept).map(|edge| (edge + around).saturating_sub(1));
            let peak = edge.filter(|_| near).unwrap_or(peak >> size);
            let last = last >> last_size;
            let mut mark = HighWater { peak, breaches: 1, last };
            let halts = mark.observe(nav, supply, max_drawdown_bps).unwrap();
            let peak = peak.max(value.min(last));
            let is_breach = BigUint::from(value) * 10_000u32 < BigUint::from(peak) * kept;
            prop_assert_eq!((halts, mark), (is_breach, HighWater { peak, breaches: if is_breach { 2 } else { 0 }, last: value }));
        }
    }
}
