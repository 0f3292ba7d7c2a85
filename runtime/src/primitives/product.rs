//! `Product`: products of two computed tensors, elementwise or as matrices.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::linear::{multiply, narrow};
use crate::requantise::Requantise;
use crate::shape::Shape;

/// Products of the rows of two computed tensors, batched: `y[b,i,j] = requantise(sum_k a[b,i,k] * b[b,j,k])`.
///
/// Only the numbers of elements of the inputs matter: `a` holds `B * rows * inner`, `b` holds `B * columns * inner` and `y` holds
/// `B * rows * columns`, row-major. That is a matrix product with the second matrix transposed; `rows = columns = inner = 1` is the
/// elementwise product. The sum is exact, then rounded half up and saturated once, by one shift for all ([`Requantise`]).
///
/// ```
/// # use maat_runtime::{Requantise, Shape, primitives::{Product, Rules}};
/// // Row (1, 2) with the rows (3, 4) and (-5, 2), halved: 11 / 2 and -1 / 2.
/// let requantise = Requantise { shift: vec![1], lo: -128, hi: 127 };
/// let op = Product { rows: 1, columns: 2, inner: 2, shape: Shape::new(&[1, 2])?, requantise };
/// let (a, b, mut y) = (Shape::new(&[1, 2])?, Shape::new(&[2, 2])?, [0; 2]);
/// op.evaluate(&[(&a, &[1, 2]), (&b, &[3, 4, -5, 2])], &mut y);
/// assert_eq!(y, [6, 0]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Rows of the first input in a batch.
    pub rows: u32,
    /// Rows of the second input in a batch: the columns of the result.
    pub columns: u32,
    /// Length of a row of either input.
    pub inner: u32,
    /// The output's shape.
    pub shape: Shape,
    /// One shift for all elements.
    pub requantise: Requantise,
}

impl Product {
    /// The range of every accumulator.
    ///
    /// # Errors
    /// [`Fault::Accumulator`] when it could reach 2^62.
    pub fn accumulator(&self, a: Interval, b: Interval) -> Result<Interval, Fault> {
        a.product(b)
            .and_then(|product| Interval::of_linear_form(0, [(i64::from(self.inner), product)]))
            .ok_or_else(|| Fault::Accumulator { channel: 0, range: Interval::new(i64::MIN, i64::MAX) })
    }
}

impl Rules for Product {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let inputs: [&Shape; 2] = exactly(inputs)?;
        let [rows, columns, inner] = [self.rows, self.columns, self.inner].map(u64::from);
        for (attribute, length) in [("rows", rows), ("columns", columns), ("inner", inner)] {
            if length == 0 {
                return Err(Fault::Attribute { attribute, reason: "it is 0".to_owned() });
            }
        }
        // Two 32-bit lengths multiply within 64 bits, and so do the output's elements with one.
        let elements = self.shape.elements() as u64;
        if !elements.is_multiple_of(rows * columns) {
            let reason = format!("{rows} x {columns} results do not divide the {elements} elements of {}", self.shape);
            return Err(Fault::Attribute { attribute: "shape", reason });
        }
        for (x, expected) in inputs.into_iter().zip([elements / columns * inner, elements / rows * inner]) {
            if x.elements() as u64 != expected {
                let reason = format!("it has {} elements, {rows} x {columns} x {inner} for {} takes {expected}", x.elements(), self.shape);
                return Err(Fault::InputShape { found: x.to_string(), reason });
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
        let [rows, columns, inner] = [self.rows, self.columns, self.inner].map(|length| length as usize);
        let (a, b) = (inputs[0].1, inputs[1].1);
        if rows * columns * inner == 1 {
            for ((a, b), y) in a.iter().zip(b).zip(output) {
                *y = self.requantise.apply(0, i64::from(*a) * i64::from(*b));
            }
            return;
        }
        // A block is one row of `a`, which meets all rows of `b` of its batch.
        let finish = |_, sum| self.requantise.apply(0, sum);
        let of_block = |block: usize| {
            let start = block / rows * columns * inner;
            start..start + columns * inner
        };
        // The second is taken as the matrix, so it must not hold -32768.
        match (narrow(a, i16::MIN), narrow(b, -i16::MAX)) {
            (Some(a), Some(b)) => multiply((&a, inner), (output, columns), |block| (&b[of_block(block)], 0), finish),
            _ => multiply((a, inner), (output, columns), |block| (&b[of_block(block)], 0), finish),
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        self.shape.elements() as u64 * u64::from(self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).unwrap()
    }

    fn product([rows, columns, inner]: [u32; 3], dims: &[usize], shift: i8) -> Product {
        Product { rows, columns, inner, shape: shape(dims), requantise: Requantise { shift: vec![shift], lo: -32768, hi: 32767 } }
    }

    fn evaluate(product: &Product, a: &[i32], b: &[i32]) -> Vec<i32> {
        let (of_a, of_b) = (shape(&[a.len()]), shape(&[b.len()]));
        let mut y = vec![0; product.output_shape(&[&of_a, &of_b]).unwrap().elements()];
        product.evaluate(&[(&of_a, a), (&of_b, b)], &mut y);
        y
    }

    #[test]
    fn rows_of_a_batch_meet_the_rows_of_the_same_batch() {
        let op = product([2, 3, 2], &[2, 2, 3], 0);
        let (a, b) = ([1, 0, 0, 1, 2, 1, -1, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(evaluate(&op, &a, &b), [1, 3, 5, 2, 4, 6, 22, 28, 34, 17, 21, 25]);
        assert_eq!(op.macs(&[]), 24);
    }

    #[test]
    fn elements_are_multiplied_rounded_half_up_and_saturated() {
        let op = product([1, 1, 1], &[5], 1);
        assert_eq!(evaluate(&op, &[3, -3, -1, 30_000, -30_000], &[1, 1, 1, 30_000, 30_000]), [2, -1, 0, 32767, -32768]);
    }

    #[test]
    fn extreme_rows_are_exact_on_every_path() {
        for least in [-32767, -32768, -40_000] {
            let op = product([1, 1, 40], &[1], 20);
            let row = vec![least; 40];
            let exact = (40 * i64::from(least) * i64::from(least) + (1 << 19)) >> 20;
            assert_eq!(evaluate(&op, &row, &row), [exact.min(32767) as i32], "{least}");
            assert_eq!(evaluate(&op, &row, &[32767; 40]), [((40 * i64::from(least) * 32767 + (1 << 19)) >> 20).max(-32768) as i32]);
        }
    }

    #[test]
    fn the_range_is_that_of_the_corners_times_the_length_of_a_row() {
        let (op, one) = (product([1, 1, 3], &[1], 1), shape(&[3]));
        let range = |a: (i64, i64), b: (i64, i64)| op.output_range(&[(&one, Interval::new(a.0, a.1)), (&one, Interval::new(b.0, b.1))]);
        assert_eq!(range((-2, 3), (-5, 4)).unwrap(), Interval::new(-22, 18));
        assert_eq!(range((0, 1000), (0, 1000)).unwrap(), Interval::new(0, 32767));
    }

    #[test]
    fn an_accumulator_that_could_reach_the_limit_is_refused() {
        let (one, wide) = (shape(&[1]), Interval::new(0, 1 << 30));
        assert!(product([1, 1, 3], &[1], 40).output_range(&[(&one, wide), (&one, wide)]).is_ok());
        for (inner, input) in [(4, wide), (u32::MAX, wide), (1, Interval::of_bits(32)), (1, Interval::new(0, i64::MAX))] {
            let fault = product([1, 1, inner], &[1], 40).output_range(&[(&one, input), (&one, input)]);
            assert!(matches!(fault, Err(Fault::Accumulator { channel: 0, .. })), "{inner} {input}");
        }
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let fault = |op: Product, a: &[usize], b: &[usize]| op.output_shape(&[&shape(a), &shape(b)]).unwrap_err();
        assert!(matches!(product([1, 1, 1], &[1], 0).output_shape(&[&shape(&[1])]), Err(Fault::Arity { expected: 2, found: 1 })));
        for (lengths, name) in [([0, 1, 1], "rows"), ([1, 0, 1], "columns"), ([1, 1, 0], "inner")] {
            assert!(matches!(fault(product(lengths, &[1], 0), &[1], &[1]), Fault::Attribute { attribute, .. } if attribute == name));
        }
        for lengths in [[2, 1, 1], [u32::MAX, u32::MAX, 1], [1 << 31, 2, 1]] {
            assert!(matches!(fault(product(lengths, &[3], 0), &[3], &[3]), Fault::Attribute { attribute: "shape", .. }));
        }
        assert!(matches!(fault(product([1, 1, u32::MAX], &[3], 0), &[3], &[3]), Fault::InputShape { .. }));
        assert!(matches!(fault(product([2, 3, 1], &[2, 3], 0), &[3], &[3]), Fault::InputShape { .. }));
        assert!(matches!(fault(product([2, 3, 1], &[2, 3], 0), &[2], &[2]), Fault::InputShape { .. }));
        let requantise = Requantise { shift: vec![0, 0], lo: 0, hi: 0 };
        assert!(matches!(
            fault(Product { requantise, ..product([1, 1, 1], &[2], 0) }, &[2], &[2]),
            Fault::Attribute { attribute: "shift", .. }
        ));
    }
}
