//! `Divide`: elementwise division by a positive value that the model computes.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly, same_shape};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// Elementwise division by a computed value: `y = clamp(floor((2 * num * 2^shift + den) / (2 * den)), lo, hi)`.
///
/// That is the exact quotient `num * 2^shift / den`, rounded half up, then saturated. The inputs `num` and `den` have one shape. `den`
/// must be proven to be at least 1, so there is no division by zero; `2 * |num| * 2^shift + den` must stay below 2^62.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{Divide, Rules}};
/// let op = Divide { shift: 1, lo: -100, hi: 100 };
/// let (x, mut y) = (Shape::new(&[4])?, [0; 4]);
/// // 14 / 4 = 3.5, -14 / 4 = -3.5, 2 / 3, 1000 / 1
/// op.evaluate(&[(&x, &[7, -7, 1, 500]), (&x, &[4, 4, 3, 1])], &mut y);
/// assert_eq!(y, [4, -3, 1, 100]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divide {
    /// Bits by which the numerator is enlarged, 0 to 40.
    pub shift: u8,
    /// The least result.
    pub lo: i32,
    /// The greatest result.
    pub hi: i32,
}

impl Divide {
    /// The greatest shift.
    pub const MAX_SHIFT: u8 = 40;

    /// The quotient of one pair before saturation.
    fn quotient(&self, num: i64, den: i64) -> i64 {
        // The divisor is positive, so that this rounds down.
        (((num << self.shift) << 1) + den).div_euclid(2 * den)
    }

    /// The result for one pair.
    fn apply(&self, num: i64, den: i64) -> i32 {
        // Within i32 because both bounds are.
        self.quotient(num, den).clamp(self.lo.into(), self.hi.into()) as i32
    }

    /// The quotients before saturation, for inputs that [`Rules::output_range`] has accepted: the quotient rises with `num`, and for each
    /// `num` it only rises or only falls with `den`, so the extremes are at the corners.
    pub fn unsaturated(&self, num: Interval, den: Interval) -> Interval {
        let of = |num| Interval::new(self.quotient(num, den.lo), self.quotient(num, den.hi));
        of(num.lo).hull(of(num.hi))
    }
}

impl Rules for Divide {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let inputs: [&Shape; 2] = exactly(inputs)?;
        if self.shift > Self::MAX_SHIFT {
            return Err(Fault::Attribute { attribute: "shift", reason: format!("{} is above {}", self.shift, Self::MAX_SHIFT) });
        }
        if self.lo > self.hi {
            return Err(Fault::Attribute { attribute: "lo", reason: format!("{} is above hi = {}", self.lo, self.hi) });
        }
        same_shape(&inputs)
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, num), (_, den)] = exactly(inputs)?;
        if den.lo < 1 {
            return Err(Fault::Divisor { range: den });
        }
        if Interval::of_linear_form(0, [(2 << self.shift, num), (1, den)]).is_none() {
            return Err(Fault::Accumulator { channel: 0, range: Interval::new(i64::MIN, i64::MAX) });
        }
        let (unsaturated, lo, hi) = (self.unsaturated(num, den), self.lo.into(), self.hi.into());
        Ok(Interval::new(unsaturated.lo.clamp(lo, hi), unsaturated.hi.clamp(lo, hi)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        for ((num, den), y) in inputs[0].1.iter().zip(inputs[1].1).zip(output) {
            *y = self.apply((*num).into(), (*den).into());
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar() -> Shape {
        Shape::new(&[]).unwrap()
    }

    fn evaluate(op: &Divide, num: i32, den: i32) -> i32 {
        let (shape, mut y) = (scalar(), [0]);
        op.evaluate(&[(&shape, &[num]), (&shape, &[den])], &mut y);
        y[0]
    }

    fn range(op: &Divide, num: (i64, i64), den: (i64, i64)) -> Result<Interval, Fault> {
        op.output_range(&[(&scalar(), Interval::new(num.0, num.1)), (&scalar(), Interval::new(den.0, den.1))])
    }

    const WIDE: Divide = Divide { shift: 0, lo: i32::MIN, hi: i32::MAX };

    #[test]
    fn ties_round_up_on_both_sides_of_zero() {
        let halves = [-5, -3, -2, -1, 0, 1, 2, 3, 5].map(|num| evaluate(&WIDE, num, 2));
        assert_eq!(halves, [-2, -1, -1, 0, 0, 1, 1, 2, 3]);
        let thirds = [-5, -4, -2, -1, 1, 2, 4, 5].map(|num| evaluate(&WIDE, num, 3));
        assert_eq!(thirds, [-2, -1, -1, 0, 0, 1, 1, 2]);
    }

    #[test]
    fn results_saturate_at_both_ends() {
        let op = Divide { shift: 8, lo: 0, hi: 255 };
        assert_eq!([(1, 1), (-1, 1), (1, 2), (0, 5)].map(|(num, den)| evaluate(&op, num, den)), [255, 0, 128, 0]);
    }

    #[test]
    fn extreme_inputs_are_exact() {
        assert_eq!(evaluate(&WIDE, i32::MIN, i32::MAX), -1);
        assert_eq!(evaluate(&WIDE, i32::MIN, 1), i32::MIN);
        assert_eq!(evaluate(&WIDE, 1, i32::MAX), 0);
        let op = Divide { shift: 29, ..WIDE };
        assert_eq!(evaluate(&op, i32::MAX, i32::MAX), 1 << 29);
        assert_eq!(evaluate(&Divide { shift: 40, ..WIDE }, -3, i32::MAX), -1536);
    }

    #[test]
    fn the_range_is_exact_for_every_box() {
        for op in [Divide { shift: 1, ..WIDE }, Divide { shift: 0, lo: -2, hi: 3 }] {
            for (a, b) in (-6..7).flat_map(|a| (a..7).map(move |b| (a, b))) {
                for (c, d) in (1..6).flat_map(|c| (c..6).map(move |d| (c, d))) {
                    let results = (a..=b).flat_map(|num| (c..=d).map(move |den| (num, den)));
                    let exact = results.map(|(num, den)| Interval::point(evaluate(&op, num, den).into())).reduce(Interval::hull);
                    assert_eq!(range(&op, (a.into(), b.into()), (c.into(), d.into())).ok(), exact, "{op:?} {a}..={b} / {c}..={d}");
                }
            }
        }
    }

    #[test]
    fn a_divisor_that_could_be_below_one_is_refused() {
        for den in [(0, 5), (-3, -1), (-1, 1)] {
            assert!(matches!(range(&WIDE, (0, 1), den), Err(Fault::Divisor { .. })));
        }
    }

    #[test]
    fn a_numerator_that_could_reach_the_limit_is_refused() {
        let op = Divide { shift: 40, ..WIDE };
        let greatest = (1 << 21) - 1;
        assert!(range(&op, (-greatest, greatest), (1, (1 << 31) - 1)).is_ok());
        assert!(matches!(range(&op, (0, greatest + 1), (1, 1)), Err(Fault::Accumulator { .. })));
        assert!(matches!(range(&op, (-greatest - 1, 0), (1, 1)), Err(Fault::Accumulator { .. })));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let (two, three) = (Shape::new(&[2]).unwrap(), Shape::new(&[3]).unwrap());
        assert!(matches!(WIDE.output_shape(&[&two]), Err(Fault::Arity { expected: 2, found: 1 })));
        assert!(matches!(WIDE.output_shape(&[&two, &three]), Err(Fault::InputShape { .. })));
        let fault = |op: Divide| op.output_shape(&[&two, &two]).unwrap_err();
        assert!(matches!(fault(Divide { shift: 41, ..WIDE }), Fault::Attribute { attribute: "shift", .. }));
        assert!(matches!(fault(Divide { lo: 1, hi: 0, ..WIDE }), Fault::Attribute { attribute: "lo", .. }));
    }
}
