use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::error::Fault;
use crate::interval::{ACCUMULATOR_LIMIT, Interval};
use crate::requantise::Requantise;
use crate::shape::Shape;

/// Products of rows of two computed tensors: `y[b, i, j] = requantise(sum_k x0[b, i, k] * x1[b, j, k])`.
///
/// `x0` holds `batch * rows * inner` elements, `x1` holds `batch * columns * inner`, and `y`, of the given shape, `batch * rows *
/// columns`; nothing else of the inputs' shapes matters. One row, one column and one inner element make an elementwise product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Rows of the first factor.
    pub rows: u32,
    /// Rows of the second factor: columns of the product.
    pub columns: u32,
    /// Length of the rows of both.
    pub inner: u32,
    /// The output's shape.
    pub shape: Shape,
    /// One shift.
    pub requantise: Requantise,
}

impl Product {
    /// The range of the accumulator.
    ///
    /// # Errors
    /// [`Fault::Accumulator`] when it could reach 2^62.
    pub fn accumulator(&self, a: Interval, b: Interval) -> Result<Interval, Fault> {
        let corners = [a.lo, a.hi].into_iter().flat_map(|x| [b.lo, b.hi].map(|y| i128::from(x) * i128::from(y)));
        let inner = i128::from(self.inner);
        let (lo, hi) = corners.fold((i128::MAX, i128::MIN), |(lo, hi), value| (lo.min(value), hi.max(value)));
        // Elements are 32-bit, so this stays far below 2^127.
        let (lo, hi) = (lo * inner, hi * inner);
        if lo.abs().max(hi.abs()) >= i128::from(ACCUMULATOR_LIMIT) {
            return Err(Fault::Accumulator { channel: 0, range: Interval::new(i64::MIN, i64::MAX) });
        }
        Ok(Interval { lo: lo as i64, hi: hi as i64 })
    }

    fn lengths(&self) -> (usize, usize, usize) {
        (self.rows as usize, self.columns as usize, self.inner as usize)
    }
}

impl Rules for Product {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [a, b] = exactly(inputs)?;
        let (rows, columns, inner) = self.lengths();
        let product = |x: usize, y: usize| x.checked_mul(y).filter(|product| *product > 0);
        let Some(((block, left), right)) = product(rows, columns).zip(product(rows, inner)).zip(product(columns, inner)) else {
            let reason = format!("{rows} x {columns} products of {inner} elements");
            return Err(Fault::Attribute { attribute: "rows", reason });
        };
        if !self.shape.elements().is_multiple_of(block) {
            let reason = format!("{} elements are no multiple of {rows} x {columns}", self.shape.elements());
            return Err(Fault::Attribute { attribute: "shape", reason });
        }
        let batch = self.shape.elements() / block;
        for (shape, size) in [(a, left), (b, right)] {
            if Some(shape.elements()) != batch.checked_mul(size) {
                return Err(Fault::InputShape { found: shape.clone(), reason: format!("{batch} times {size} elements are needed") });
            }
        }
        self.requantise.check(1)?;
        Ok(self.shape.clone())
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, a), (_, b)] = exactly(inputs)?;
        self.requantise.range(0, self.accumulator(a, b)?)
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let (rows, columns, inner) = self.lengths();
        let blocks = inputs[0].1.chunks_exact(rows * inner).zip(inputs[1].1.chunks_exact(columns * inner));
        for ((a, b), y) in blocks.zip(output.chunks_exact_mut(rows * columns)) {
            for (a, y) in a.chunks_exact(inner).zip(y.chunks_exact_mut(columns)) {
                for (b, y) in b.chunks_exact(inner).zip(y) {
                    let acc = a.iter().zip(b).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
                    *y = self.requantise.apply(0, acc);
                }
            }
        }
    }

    fn macs(&self, inputs: &[&Shape]) -> u64 {
        inputs[0].elements() as u64 * u64::from(self.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(rows: u32, columns: u32, inner: u32, dims: &[usize], shift: i8) -> Product {
        let requantise = Requantise { shift: vec![shift], lo: -100, hi: 100 };
        Product { rows, columns, inner, shape: Shape::new(dims).unwrap(), requantise }
    }

    fn evaluate(op: &Product, a: &[i32], b: &[i32]) -> Vec<i32> {
        let (left, right) = (Shape::new(&[a.len()]).unwrap(), Shape::new(&[b.len()]).unwrap());
        let mut y = vec![0; op.output_shape(&[&left, &right]).unwrap().elements()];
        op.evaluate(&[(&left, a), (&right, b)], &mut y);
        y
    }

    #[test]
    fn elements_are_multiplied_rounded_and_saturated() {
        assert_eq!(evaluate(&product(1, 1, 1, &[4], 1), &[3, -3, 5, 100], &[1, 1, 2, 100]), [2, -1, 5, 100]);
    }

    #[test]
    fn rows_meet_rows_in_each_batch() {
        // [[1, 2], [3, 4]] times the transpose of [[5, 6], [7, 8], [0, 1]]
        let op = product(2, 3, 2, &[1, 2, 3], 0);
        assert_eq!(evaluate(&op, &[1, 2, 3, 4], &[5, 6, 7, 8, 0, 1]), [17, 23, 2, 39, 53, 4]);
        let op = product(1, 1, 2, &[2, 1], 0);
        assert_eq!(evaluate(&op, &[1, 2, 3, 4], &[5, 6, 7, 8]), [17, 53]);
    }

    #[test]
    fn the_range_is_the_accumulators() {
        let shape = Shape::new(&[6]).unwrap();
        let op = product(1, 1, 3, &[2], 1);
        let range = op.output_range(&[(&shape, Interval::new(-2, 3)), (&shape, Interval::new(-5, 1))]);
        assert_eq!(range.unwrap(), Interval::new(-22, 15));
        let wide = Interval::of_bits(32);
        assert!(matches!(op.output_range(&[(&shape, wide), (&shape, wide)]), Err(Fault::Accumulator { .. })));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let x = Shape::new(&[6]).unwrap();
        let fault = |op: Product| op.output_shape(&[&x, &x]).unwrap_err();
        assert!(matches!(fault(product(0, 1, 1, &[6], 0)), Fault::Attribute { attribute: "rows", .. }));
        assert!(matches!(fault(product(u32::MAX, u32::MAX, 1, &[6], 0)), Fault::Attribute { attribute: "shape", .. }));
        assert!(matches!(fault(product(4, 1, 1, &[6], 0)), Fault::Attribute { attribute: "shape", .. }));
        assert!(matches!(fault(product(1, 1, 2, &[6], 0)), Fault::InputShape { .. }));
        assert!(matches!(product(1, 1, 1, &[6], 0).output_shape(&[&x]), Err(Fault::Arity { .. })));
        let two = Product { requantise: Requantise { shift: vec![0, 1], lo: 0, hi: 1 }, ..product(1, 1, 1, &[6], 0) };
        assert!(matches!(fault(two), Fault::Attribute { attribute: "shift", .. }));
    }
}
