use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::error::Fault;
use crate::interval::{ACCUMULATOR_LIMIT, Interval};
use crate::shape::Shape;

/// Division by a computed value: `y = clamp(floor((2 * num * 2^shift + den) / (2 * den)), lo, hi)`, that is, the quotient rounded half up.
///
/// The inputs are `num` and `den`, of one shape; `den` must be proven to be positive. Floor division can be proved with one remainder of
/// one sign: `0 <= 2 * num * 2^shift + den - 2 * den * y < 2 * den`.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{Divide, Rules}};
/// let (divide, shape) = (Divide { shift: 1, lo: -9, hi: 9 }, Shape::new(&[4])?);
/// let mut y = [0; 4];
/// divide.evaluate(&[(&shape, &[1, -1, 5, 100]), (&shape, &[4, 4, 3, 1])], &mut y);
/// assert_eq!(y, [1, 0, 3, 9]); // 2/4, -2/4, 10/3, saturated
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divide {
    /// Bits by which the dividend is shifted up, 0 to 40.
    pub shift: u8,
    /// The least result.
    pub lo: i32,
    /// The greatest result.
    pub hi: i32,
}

impl Divide {
    /// The largest shift.
    pub const MAX_SHIFT: u8 = 40;

    /// The rounded quotient before saturation.
    fn quotient(&self, num: i64, den: i64) -> i64 {
        (2 * (num << self.shift) + den).div_euclid(2 * den)
    }

    /// The quotients before saturation.
    ///
    /// # Errors
    /// [`Fault::InputRange`] for a divisor that could be 0 or less, [`Fault::Accumulator`] when `2 * num * 2^shift + den` could reach 2^62.
    pub fn unsaturated(&self, num: Interval, den: Interval) -> Result<Interval, Fault> {
        if den.lo < 1 {
            return Err(Fault::InputRange { range: den, reason: "a divisor is positive".to_owned() });
        }
        let size = i128::from(num.lo).abs().max(i128::from(num.hi).abs());
        if ((2 * size) << self.shift) + i128::from(den.hi) >= i128::from(ACCUMULATOR_LIMIT) {
            return Err(Fault::Accumulator { channel: 0, range: num });
        }
        let corners = [num.lo, num.hi].into_iter().flat_map(|num| [den.lo, den.hi].map(|den| self.quotient(num, den)));
        let (lo, hi) = corners.fold((i64::MAX, i64::MIN), |(lo, hi), value| (lo.min(value), hi.max(value)));
        Ok(Interval::new(lo, hi))
    }
}

impl Rules for Divide {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [num, den] = exactly(inputs)?;
        if num != den {
            return Err(Fault::InputShape { found: den.clone(), reason: format!("the dividend has shape {num}") });
        }
        if self.shift > Self::MAX_SHIFT {
            return Err(Fault::Attribute { attribute: "shift", reason: format!("{} is above {}", self.shift, Self::MAX_SHIFT) });
        }
        if self.lo > self.hi {
            return Err(Fault::Attribute { attribute: "lo", reason: format!("{} is above hi = {}", self.lo, self.hi) });
        }
        Ok(num.clone())
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, num), (_, den)] = exactly(inputs)?;
        let quotients = self.unsaturated(num, den)?;
        let (lo, hi) = (i64::from(self.lo), i64::from(self.hi));
        Ok(Interval::new(quotients.lo.clamp(lo, hi), quotients.hi.clamp(lo, hi)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        for ((num, den), y) in inputs[0].1.iter().zip(inputs[1].1).zip(output) {
            let quotient = self.quotient(i64::from(*num), i64::from(*den));
            // Within i32 because both bounds are.
            *y = quotient.clamp(i64::from(self.lo), i64::from(self.hi)) as i32;
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divide(num: i32, den: i32, shift: u8) -> i32 {
        let (op, shape) = (Divide { shift, lo: i32::MIN, hi: i32::MAX }, Shape::new(&[1]).unwrap());
        let mut y = [0];
        op.evaluate(&[(&shape, &[num]), (&shape, &[den])], &mut y);
        y[0]
    }

    #[test]
    fn ties_round_up_on_both_sides_of_zero() {
        assert_eq!([-5, -3, -1, 1, 3, 5].map(|num| divide(num, 2, 0)), [-2, -1, 0, 1, 2, 3]);
        assert_eq!([-7, -6, -4, -2, 4, 7].map(|num| divide(num, 3, 0)), [-2, -2, -1, -1, 1, 2]);
        assert_eq!(divide(-1, i32::MAX, 0), 0);
        assert_eq!(divide(1, 3, 10), 341);
    }

    #[test]
    fn the_range_comes_from_the_corners() {
        let (op, shape) = (Divide { shift: 2, lo: -100, hi: 7 }, Shape::new(&[1]).unwrap());
        let range = |num, den| op.output_range(&[(&shape, num), (&shape, den)]);
        assert_eq!(range(Interval::new(-6, 3), Interval::new(2, 4)).unwrap(), Interval::new(-12, 6));
        assert_eq!(range(Interval::new(3, 6), Interval::new(2, 4)).unwrap(), Interval::new(3, 7));
        assert!(matches!(range(Interval::new(0, 1), Interval::new(0, 4)), Err(Fault::InputRange { .. })));
        let large = Divide { shift: 40, ..op };
        assert!(matches!(
            large.output_range(&[(&shape, Interval::of_bits(24)), (&shape, Interval::point(1))]),
            Err(Fault::Accumulator { .. })
        ));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let (one, two) = (Shape::new(&[1]).unwrap(), Shape::new(&[2]).unwrap());
        let fault = |shift, lo, hi, inputs: &[&Shape]| Divide { shift, lo, hi }.output_shape(inputs).unwrap_err();
        assert!(matches!(fault(41, 0, 1, &[&one, &one]), Fault::Attribute { attribute: "shift", .. }));
        assert!(matches!(fault(0, 1, 0, &[&one, &one]), Fault::Attribute { attribute: "lo", .. }));
        assert!(matches!(fault(0, 0, 1, &[&one, &two]), Fault::InputShape { .. }));
        assert!(matches!(fault(0, 0, 1, &[&one]), Fault::Arity { .. }));
    }
}
