use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::error::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// A function of one variable, by knots and linear interpolation (DESIGN section 3).
///
/// With `f = fraction`, `K` knots `t`, and `top = lo + (K-1) * 2^f`, less 1 for `f > 0`: `x' = clamp(x, lo, top) - lo`, `i = x' >> f`,
/// `r = x' mod 2^f`, and `y = floor((t[i] * (2^f - r) + t[i+1] * r + 2^(f-1)) / 2^f)`, or `y = t[i]` for `f = 0`. The remainder of the
/// floor division has one sign and one range, so it can be proved.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{Table, Rules}};
/// // |x| on -8..=7: a kink at 0 needs three knots.
/// let (table, shape) = (Table { lo: -8, fraction: 3, knots: vec![8, 0, 8] }, Shape::new(&[4])?);
/// let mut y = [0; 4];
/// table.evaluate(&[(&shape, &[-8, -3, 5, 100])], &mut y);
/// assert_eq!(y, [8, 3, 5, 7]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The input at the first knot.
    pub lo: i32,
    /// The knots stand `2^fraction` apart; 0 to 24.
    pub fraction: u8,
    /// The function's values at the knots; at least two where there is something between them.
    pub knots: Vec<i32>,
}

impl Table {
    /// The largest distance of knots, as an exponent.
    pub const MAX_FRACTION: u8 = 24;
    /// The largest number of knots.
    pub const MAX_KNOTS: usize = 1 << 17;

    /// The greatest input that is not clamped.
    pub fn top(&self) -> i64 {
        let last = i64::from(self.lo) + ((self.knots.len() as i64 - 1) << self.fraction);
        last - i64::from(self.fraction > 0)
    }

    /// Position of the knot at or before an input, and the distance from there.
    fn place(&self, x: i64) -> (usize, i64) {
        let offset = x.clamp(i64::from(self.lo), self.top()) - i64::from(self.lo);
        // Not negative, and below the number of knots.
        ((offset >> self.fraction) as usize, offset & ((1 << self.fraction) - 1))
    }

    fn value(&self, x: i64) -> i32 {
        let (index, rest) = self.place(x);
        if self.fraction == 0 {
            return self.knots[index];
        }
        let width = 1i64 << self.fraction;
        let (left, right) = (i64::from(self.knots[index]), i64::from(self.knots[index + 1]));
        // Between the two knots, so within i32.
        ((left * (width - rest) + right * rest + width / 2) >> self.fraction) as i32
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
            let reason = format!("{} of them: from {least} to {} are possible", self.knots.len(), Self::MAX_KNOTS);
            return Err(Fault::Attribute { attribute: "knots", reason });
        }
        Ok(x.clone())
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, x)] = exactly(inputs)?;
        let (first, last) = (self.place(x.lo).0, self.place(x.hi).0 + usize::from(self.fraction > 0));
        let reached = self.knots[first..=last].iter().map(|knot| i64::from(*knot));
        Ok(reached.map(Interval::point).reduce(|a, b| Interval::new(a.lo.min(b.lo), a.hi.max(b.hi))).unwrap_or(Interval::point(0)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        output.iter_mut().zip(inputs[0].1).for_each(|(y, x)| *y = self.value(i64::from(*x)));
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<const N: usize>(table: &Table, x: [i32; N]) -> [i32; N] {
        let shape = Shape::new(&[N]).unwrap();
        assert!(table.output_shape(&[&shape]).is_ok());
        let mut y = [0; N];
        table.evaluate(&[(&shape, &x)], &mut y);
        y
    }

    #[test]
    fn ties_between_knots_round_up() {
        let table = Table { lo: 0, fraction: 1, knots: vec![0, 1, 0, -1] };
        assert_eq!(values(&table, [0, 1, 2, 3, 4, 5]), [0, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn inputs_beyond_the_ends_are_clamped() {
        let table = Table { lo: -4, fraction: 2, knots: vec![40, 0, 8] };
        assert_eq!(table.top(), 3);
        assert_eq!(values(&table, [i32::MIN, -5, -4, -3, 3, 4, i32::MAX]), [40, 40, 40, 30, 6, 6, 6]);
        let single = Table { lo: 7, fraction: 0, knots: vec![-3] };
        assert_eq!(values(&single, [i32::MIN, 7, i32::MAX]), [-3; 3]);
    }

    #[test]
    fn extreme_knots_do_not_wrap() {
        let table = Table { lo: i32::MAX, fraction: 24, knots: vec![i32::MIN, i32::MAX, i32::MIN] };
        assert_eq!(values(&table, [i32::MAX, i32::MIN]), [i32::MIN; 2]);
        let table = Table { lo: 0, fraction: 1, knots: vec![i32::MAX, i32::MAX] };
        assert_eq!(values(&table, [0, 1]), [i32::MAX; 2]);
    }

    #[test]
    fn only_knots_that_are_reached_count_for_the_range() {
        let table = Table { lo: 0, fraction: 2, knots: vec![100, 3, 5, -9] };
        let shape = Shape::new(&[1]).unwrap();
        let range = |lo, hi| table.output_range(&[(&shape, Interval::new(lo, hi))]).unwrap();
        assert_eq!(range(4, 7), Interval::new(3, 5));
        assert_eq!(range(-10, 0), Interval::new(3, 100));
        assert_eq!(range(8, 1000), Interval::new(-9, 5));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let shape = Shape::new(&[1]).unwrap();
        let fault = |fraction, knots: usize| Table { lo: 0, fraction, knots: vec![0; knots] }.output_shape(&[&shape]).unwrap_err();
        assert!(matches!(fault(25, 2), Fault::Attribute { attribute: "fraction", .. }));
        assert!(matches!(fault(0, 0), Fault::Attribute { attribute: "knots", .. }));
        assert!(matches!(fault(1, 1), Fault::Attribute { attribute: "knots", .. }));
        assert!(matches!(fault(0, (1 << 17) + 1), Fault::Attribute { attribute: "knots", .. }));
    }
}
