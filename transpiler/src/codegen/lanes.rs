//! The layout of lanes: how many results fit into a field element, and at which bits (docs/cairo.md).

use maat_runtime::Interval;
use num_bigint::BigInt;

/// How the results of several output channels share one field element (docs/cairo.md).
///
/// A lane holds `acc * 2^d + 2^(fraction - 1) + offset * 2^fraction`, where `d` aligns the channel's shift to `fraction`, the largest
/// shift of all channels. Dividing by `2^fraction` rounds half up, exactly as the runtime does, and leaves `y + offset >= 0`. Lanes never
/// lie across bit 128, so each half can be taken apart as a `u128`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    /// Bits to drop: the largest shift, or 0.
    pub fraction: u32,
    /// Bits of a result before saturation, including the offset; at least 1.
    pub integer: u32,
    /// Makes every result before saturation non-negative.
    pub offset: i64,
}

/// A value below 2^251 is always below the field's prime.
const HIGH_BITS: u32 = 251 - 128;

impl Lanes {
    /// Lanes for channels with these shifts and these ranges before saturation.
    ///
    /// # Errors
    /// A reason when a lane would not fit into half a field element, or a divisor is too large.
    pub fn new(channels: impl IntoIterator<Item = (i8, Interval)>) -> Result<Self, String> {
        let (mut fraction, mut range) = (0, Interval::point(0));
        for (shift, result) in channels {
            fraction = fraction.max(shift.max(0) as u32);
            range = Interval::new(range.lo.min(result.lo), range.hi.max(result.hi));
        }
        let offset = -range.lo;
        let greatest = range.hi.checked_sub(range.lo).ok_or("its results before saturation span more than 2^63")?;
        let lanes = Self { fraction, integer: (64 - greatest.leading_zeros()).max(1), offset };
        if lanes.width() > HIGH_BITS || fraction > 64 {
            return Err(format!("a result needs a lane of {} bits, but {HIGH_BITS} fit", lanes.width()));
        }
        Ok(lanes)
    }

    /// Bits of a lane.
    pub fn width(self) -> u32 {
        self.fraction + self.integer
    }

    /// Lanes in the low half.
    pub fn in_low(self) -> usize {
        (128 / self.width()) as usize
    }

    /// Lanes in a field element.
    pub fn count(self) -> usize {
        self.in_low() + (HIGH_BITS / self.width()) as usize
    }

    /// The bit at which a lane begins.
    pub fn position(self, lane: usize) -> u32 {
        let low = self.in_low();
        let position = |lane: usize| u32::try_from(lane).expect("a field element has few lanes") * self.width();
        if lane < low { position(lane) } else { 128 + position(lane - low) }
    }

    /// What the accumulator of a channel begins with, in the lowest lane: its bias, the rounding and the offset.
    pub fn start(self, bias: i64, shift: i8) -> BigInt {
        let rounding = if self.fraction > 0 { BigInt::from(1) << (self.fraction - 1) } else { BigInt::ZERO };
        (BigInt::from(bias) << self.alignment(shift)) + rounding + (BigInt::from(self.offset) << self.fraction)
    }

    /// A 1 in each of the first `lanes` lanes.
    pub fn ones(self, lanes: usize) -> BigInt {
        (0..lanes).map(|lane| BigInt::from(1) << self.position(lane)).sum()
    }

    /// How far a channel's accumulator is shifted up to align it.
    pub fn alignment(self, shift: i8) -> u32 {
        (i64::from(self.fraction) - i64::from(shift)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_as_wide_as_the_results_need() {
        let lanes = Lanes::new([(15, Interval::new(-100, 1000)), (12, Interval::new(-2000, 47))]).unwrap();
        assert_eq!((lanes.fraction, lanes.integer, lanes.offset), (15, 12, 2000));
        assert_eq!((lanes.width(), lanes.in_low(), lanes.count()), (27, 4, 8));
        assert_eq!((lanes.alignment(15), lanes.alignment(12), lanes.alignment(-2)), (0, 3, 17));
        assert_eq!([0, 3, 4, 7].map(|lane| lanes.position(lane)), [0, 81, 128, 209]);
    }

    #[test]
    fn no_lane_reaches_past_its_half() {
        for width in 1..=123 {
            let lanes = Lanes { fraction: width / 2, integer: width - width / 2, offset: 0 };
            assert!(lanes.position(lanes.in_low() - 1) + width <= 128);
            assert!(lanes.position(lanes.count() - 1) + width <= 251);
            assert!(lanes.count() > lanes.in_low());
        }
    }

    #[test]
    fn a_single_value_still_takes_a_bit() {
        let lanes = Lanes::new([(-3, Interval::point(0))]).unwrap();
        assert_eq!((lanes.fraction, lanes.integer), (0, 1));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Lanes::new([(62, Interval::new(-(1 << 61), 1 << 61))]).is_err());
        assert!(Lanes::new([(0, Interval::new(i64::MIN + 1, i64::MAX))]).is_err());
    }
}
