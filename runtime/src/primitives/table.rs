//! `Table`: functions of one variable, such as activations, by interpolation between knots.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// A function of one variable, by knots at a distance of `2^f` and a straight line between two of them; `f` is `fraction`.
///
/// With `x' = clamp(x, lo, top) - lo`, `i = floor(x' / 2^f)` and `r = x' mod 2^f`:
/// - `f > 0`: `y = floor((knots[i] * (2^f - r) + knots[i + 1] * r + 2^(f - 1)) / 2^f)`, that is, round half up;
///   `top = lo + (K - 1) * 2^f - 1` for `K` knots, so that `i + 1` always exists.
/// - `f = 0`: `y = knots[i]`, with `top = lo + K - 1`.
///
/// Any input may come: below `lo` the result is the first knot, above `top` it is that of `top`. A result lies between its two knots.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{Rules, Table}};
/// let op = Table { lo: -4, fraction: 2, knots: vec![0, 10, -10] };
/// assert_eq!(op.top(), 3);
/// let (x, mut y) = (Shape::new(&[6])?, [0; 6]);
/// op.evaluate(&[(&x, &[-99, -4, -3, 0, 3, 99])], &mut y);
/// assert_eq!(y, [0, 0, 3, 10, -5, -5]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The input at the first knot.
    pub lo: i32,
    /// The distance of two knots is `2^fraction`; 0 to 24.
    pub fraction: u8,
    /// The results at the knots: at least two, or at least one for `fraction = 0`.
    pub knots: Vec<i32>,
}

impl Table {
    /// The greatest number of knots.
    pub const MAX_KNOTS: usize = 1 << 17;
    /// The greatest fraction.
    pub const MAX_FRACTION: u8 = 24;

    /// The greatest input that is told apart from those below it. It may lie above the 32-bit values.
    pub fn top(&self) -> i64 {
        let last = ((self.knots.len() as i64 - 1) << self.fraction) - i64::from(self.fraction > 0);
        i64::from(self.lo) + last
    }

    /// The knot at or before an input, clamped, and the distance to it.
    fn locate(&self, x: i64) -> (usize, i64) {
        let x = x.clamp(i64::from(self.lo), self.top()) - i64::from(self.lo);
        ((x >> self.fraction) as usize, x & ((1 << self.fraction) - 1))
    }

    /// The result for one input. Below 2^56 on the way, so nothing wraps.
    fn apply(&self, x: i64) -> i32 {
        let (i, r) = self.locate(x);
        if self.fraction == 0 {
            return self.knots[i];
        }
        let (one, knot) = (1 << self.fraction, |i: usize| i64::from(self.knots[i]));
        // Between two 32-bit knots.
        ((knot(i) * (one - r) + knot(i + 1) * r + one / 2) >> self.fraction) as i32
    }
}

impl Rules for Table {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [x] = exactly(inputs)?;
        if self.fraction > Self::MAX_FRACTION {
            let reason = format!("{} is above {}", self.fraction, Self::MAX_FRACTION);
            return Err(Fault::Attribute { attribute: "fraction", reason });
        }
        let least = if self.fraction > 0 { 2 } else { 1 };
        if !(least..=Self::MAX_KNOTS).contains(&self.knots.len()) {
            let reason = format!("{} values, must be {least} to {}", self.knots.len(), Self::MAX_KNOTS);
            return Err(Fault::Attribute { attribute: "knots", reason });
        }
        Ok(x.clone())
    }

    /// The exact range: a straight line is least and greatest at its ends, which are the ends of the input's range or knots within it.
    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, x)] = exactly(inputs)?;
        let ends = Interval::new(self.apply(x.lo).into(), self.apply(x.hi).into());
        let within = &self.knots[self.locate(x.lo).0..=self.locate(x.hi).0];
        Ok(within[1..].iter().fold(ends, |range, knot| range.hull(Interval::point((*knot).into()))))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        for (x, y) in inputs[0].1.iter().zip(output) {
            *y = self.apply((*x).into());
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(lo: i32, fraction: u8, knots: &[i32]) -> Table {
        Table { lo, fraction, knots: knots.to_vec() }
    }

    fn evaluate<const N: usize>(table: &Table, x: [i32; N]) -> [i32; N] {
        let shape = Shape::new(&[N]).unwrap();
        assert_eq!(table.output_shape(&[&shape]).unwrap(), shape);
        let mut y = [0; N];
        table.evaluate(&[(&shape, &x)], &mut y);
        y
    }

    fn range(table: &Table, lo: i64, hi: i64) -> Interval {
        table.output_range(&[(&Shape::new(&[1]).unwrap(), Interval::new(lo, hi))]).unwrap()
    }

    #[test]
    fn without_a_fraction_each_input_has_its_knot() {
        let op = table(-1, 0, &[7, -3, 5]);
        assert_eq!(evaluate(&op, [i32::MIN, -2, -1, 0, 1, 2, i32::MAX]), [7, 7, 7, -3, 5, 5, 5]);
        assert_eq!(evaluate(&table(9, 0, &[4]), [i32::MIN, 9, i32::MAX]), [4; 3]);
    }

    #[test]
    fn ties_between_knots_round_up_on_both_sides_of_zero() {
        assert_eq!(evaluate(&table(0, 1, &[0, 1, 0, -1, -4]), [0, 1, 2, 3, 4, 5, 6, 7]), [0, 1, 1, 1, 0, 0, -1, -2]);
    }

    #[test]
    fn extreme_knots_and_inputs_are_exact() {
        let op = table(i32::MIN, 24, &[i32::MIN, i32::MAX]);
        let quarter = i32::MIN + (1 << 22);
        assert_eq!(evaluate(&op, [i32::MIN, quarter, i32::MAX]), [i32::MIN, -(1 << 30), i32::MAX - 256]);
        let op = table(i32::MAX, 24, &[i32::MAX, i32::MIN]);
        assert_eq!(evaluate(&op, [i32::MIN, i32::MAX]), [i32::MAX; 2]);
        let op = table(i32::MAX, 24, &vec![-5; Table::MAX_KNOTS]);
        assert_eq!((op.top(), evaluate(&op, [i32::MAX])), (i64::from(i32::MAX) + ((Table::MAX_KNOTS as i64 - 1) << 24) - 1, [-5]));
    }

    #[test]
    fn the_range_is_exact_for_every_pair_of_ends() {
        for op in [table(-3, 0, &[4, -9, 2, 2, 8]), table(-5, 2, &[10, -7, 100, 3]), table(2, 1, &[-1, 6])] {
            for lo in -12..14 {
                for hi in lo..14 {
                    let results: Vec<i64> = (lo..=hi).map(|x| evaluate(&op, [x])[0].into()).collect();
                    let exact = Interval::new(*results.iter().min().unwrap(), *results.iter().max().unwrap());
                    assert_eq!(range(&op, lo.into(), hi.into()), exact, "{op:?} {lo}..={hi}");
                }
            }
        }
        assert_eq!(range(&table(0, 3, &[5, -5]), i64::from(i32::MIN), i64::from(i32::MAX)), Interval::new(-4, 5));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let fault = |op: Table| op.output_shape(&[&Shape::new(&[1]).unwrap()]).unwrap_err();
        assert!(matches!(fault(table(0, 25, &[0, 0])), Fault::Attribute { attribute: "fraction", .. }));
        assert!(matches!(fault(table(0, 255, &[0, 0])), Fault::Attribute { attribute: "fraction", .. }));
        assert!(matches!(fault(table(0, 1, &[0])), Fault::Attribute { attribute: "knots", .. }));
        assert!(matches!(fault(table(0, 0, &[])), Fault::Attribute { attribute: "knots", .. }));
        assert!(matches!(fault(table(0, 0, &vec![0; Table::MAX_KNOTS + 1])), Fault::Attribute { attribute: "knots", .. }));
    }
}
