//! From an exact accumulator to a value: the one rounding rule that all primitives with accumulators share.

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::interval::{ACCUMULATOR_LIMIT, Interval};

/// How an exact accumulator becomes a tensor element: rescaling by `k` bits, then saturation (docs/numbers.md).
///
/// `y = clamp(floor((acc + 2^(k-1)) / 2^k), lo, hi)` for `k > 0`, that is, round half up; `y = clamp(acc * 2^-k, lo, hi)` for `k <= 0`.
/// Floor division can be proved with one remainder of one sign: `0 <= acc + 2^(k-1) - y * 2^k < 2^k`.
///
/// ```
/// # use maat_runtime::Requantise;
/// let requantise = Requantise { shift: vec![1], lo: -3, hi: 3 };
/// assert_eq!([-7, -3, -1, 1, 3, 7].map(|acc| requantise.apply(0, acc)), [-3, -1, 0, 1, 2, 3]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requantise {
    /// The shift `k` of each output channel, -62 to 62; or one for all of them.
    pub shift: Vec<i8>,
    /// The least result.
    pub lo: i32,
    /// The greatest result.
    pub hi: i32,
}

impl Requantise {
    /// The largest shift in size.
    pub const MAX_SHIFT: i8 = 62;

    /// The shift of an output channel.
    #[inline]
    pub fn shift_of(&self, channel: usize) -> i8 {
        if self.shift.len() == 1 { self.shift[0] } else { self.shift[channel] }
    }

    /// The result for an accumulator of an output channel. Exact for every accumulator that [`Self::range`] has accepted.
    #[inline]
    pub fn apply(&self, channel: usize, acc: i64) -> i32 {
        let scaled = rescale(acc, self.shift_of(channel));
        // Within i32 because both bounds are.
        scaled.clamp(i64::from(self.lo), i64::from(self.hi)) as i32
    }

    /// Checks the attributes for a node with this many output channels.
    ///
    /// # Errors
    /// [`Fault::Attribute`] names the attribute.
    pub fn check(&self, channels: usize) -> Result<(), Fault> {
        let fault = |attribute, reason: String| Err(Fault::Attribute { attribute, reason });
        if self.shift.len() != 1 && self.shift.len() != channels {
            return fault("shift", format!("{} values for {channels} output channels", self.shift.len()));
        }
        if let Some(shift) = self.shift.iter().find(|shift| shift.unsigned_abs() > Self::MAX_SHIFT.unsigned_abs()) {
            return fault("shift", format!("{shift} is outside -62..=62"));
        }
        if self.lo > self.hi {
            return fault("lo", format!("{} is above hi = {}", self.lo, self.hi));
        }
        Ok(())
    }

    /// The results for the accumulators of an output channel within `acc`, before saturation.
    ///
    /// # Errors
    /// [`Fault::Accumulator`] when an accumulator, or its left shift, could reach 2^62.
    pub fn unsaturated(&self, channel: usize, acc: Interval) -> Result<Interval, Fault> {
        let shift = self.shift_of(channel);
        let limit = i128::from(ACCUMULATOR_LIMIT) >> (-shift).max(0);
        if [acc.lo, acc.hi].into_iter().any(|end| i128::from(end).abs() >= limit) {
            return Err(Fault::Accumulator { channel, range: acc });
        }
        Ok(Interval::new(rescale(acc.lo, shift), rescale(acc.hi, shift)))
    }

    /// The results for the accumulators of an output channel within `acc`.
    ///
    /// # Errors
    /// As for [`Self::unsaturated`].
    pub fn range(&self, channel: usize, acc: Interval) -> Result<Interval, Fault> {
        let (lo, hi) = (i64::from(self.lo), i64::from(self.hi));
        let unsaturated = self.unsaturated(channel, acc)?;
        Ok(Interval::new(unsaturated.lo.clamp(lo, hi), unsaturated.hi.clamp(lo, hi)))
    }
}

/// `acc` rescaled by `shift` bits. The caller has bounded `acc` (and its left shift) below 2^62, so nothing wraps.
#[inline]
fn rescale(acc: i64, shift: i8) -> i64 {
    if shift > 0 { (acc + (1 << (shift - 1))) >> shift } else { acc << -shift }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(shift: i8) -> Requantise {
        Requantise { shift: vec![shift], lo: i32::MIN, hi: i32::MAX }
    }

    #[test]
    fn ties_round_up_on_both_sides_of_zero() {
        assert_eq!([-6, -5, -4, -3, -2, -1, 0, 1, 2, 3].map(|acc| by(2).apply(0, acc)), [-1, -1, -1, -1, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn a_negative_shift_is_exact() {
        assert_eq!(by(-3).apply(0, -5), -40);
        assert_eq!(by(0).apply(0, -5), -5);
    }

    #[test]
    fn the_largest_shift_of_the_largest_accumulator_does_not_wrap() {
        assert_eq!(by(62).apply(0, ACCUMULATOR_LIMIT - 1), 1);
        assert_eq!(by(62).apply(0, -ACCUMULATOR_LIMIT + 1), -1);
        assert_eq!(by(62).apply(0, ACCUMULATOR_LIMIT / 2), 1);
        assert_eq!(by(62).apply(0, ACCUMULATOR_LIMIT / 2 - 1), 0);
    }

    #[test]
    fn an_accumulator_whose_left_shift_could_reach_the_limit_is_refused() {
        assert!(by(-30).range(0, Interval::point((1 << 32) - 1)).is_ok());
        assert!(matches!(by(-30).range(0, Interval::point(1 << 32)), Err(Fault::Accumulator { .. })));
        assert!(matches!(by(5).range(0, Interval::point(-ACCUMULATOR_LIMIT)), Err(Fault::Accumulator { .. })));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let check = |shift: Vec<i8>, lo, hi| Requantise { shift, lo, hi }.check(3);
        assert!(check(vec![1], 0, 1).is_ok());
        assert!(check(vec![1, 2, 3], 0, 0).is_ok());
        assert!(matches!(check(vec![1, 2], 0, 1), Err(Fault::Attribute { attribute: "shift", .. })));
        assert!(matches!(check(vec![63], 0, 1), Err(Fault::Attribute { attribute: "shift", .. })));
        assert!(matches!(check(vec![-128], 0, 1), Err(Fault::Attribute { attribute: "shift", .. })));
        assert!(matches!(check(vec![1], 1, 0), Err(Fault::Attribute { attribute: "lo", .. })));
    }
}
