//! `ArgMax`: where along an axis the greatest value is.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// The position of the greatest value along an axis; the first of several, as in ONNX with `select_last_index = 0`.
///
/// `x` has shape `[.., length, inner..]`, where `inner` counts the elements after the axis; `y` drops the axis or keeps it with length
/// 1. The result's scale exponent is 0. Positions count from 0; nothing is rounded, and every 32-bit value may be compared.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{ArgMax, Rules}};
/// let (op, x) = (ArgMax { axis: 0, keep_axis: false }, Shape::new(&[2, 3])?);
/// let mut y = [0; 3];
/// op.evaluate(&[(&x, &[1, 5, -7, 2, 5, -8])], &mut y);
/// assert_eq!(y, [1, 0, 0]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgMax {
    /// The axis, counted from the front.
    pub axis: u32,
    /// Whether the axis stays, with length 1.
    pub keep_axis: bool,
}

impl ArgMax {
    /// Length of the axis, and number of elements after it.
    pub fn extents(&self, input: &Shape) -> (usize, usize) {
        input.extents(self.axis)
    }
}

impl Rules for ArgMax {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [x] = exactly(inputs)?;
        x.reduced(self.axis, self.keep_axis)
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(shape, _)] = exactly(inputs)?;
        Ok(Interval::new(0, self.extents(shape).0 as i64 - 1))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let (shape, x) = inputs[0];
        let (length, inner) = self.extents(shape);
        for (position, y) in output.iter_mut().enumerate() {
            let start = position / inner * length * inner + position % inner;
            let mut best = 0;
            for k in 1..length {
                if x[start + k * inner] > x[start + best * inner] {
                    best = k;
                }
            }
            *y = i32::try_from(best).expect("an axis is at most MAX_ELEMENTS long");
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg_max(axis: u32, dims: &[usize], x: &[i32]) -> Vec<i32> {
        let (op, shape) = (ArgMax { axis, keep_axis: false }, Shape::new(dims).unwrap());
        let mut y = vec![-1; op.output_shape(&[&shape]).unwrap().elements()];
        op.evaluate(&[(&shape, x)], &mut y);
        y
    }

    #[test]
    fn the_first_of_equal_values_wins() {
        assert_eq!(arg_max(0, &[4], &[1, 3, 3, 2]), [1]);
        assert_eq!(arg_max(0, &[3], &[-5, -5, -5]), [0]);
        assert_eq!(arg_max(0, &[3], &[i32::MIN, i32::MAX, 0]), [1]);
    }

    #[test]
    fn any_axis_can_be_reduced() {
        let x = [1, 9, 3, 4, 5, 6];
        assert_eq!(arg_max(1, &[2, 3], &x), [1, 2]);
        assert_eq!(arg_max(0, &[2, 3], &x), [1, 0, 1]);
        assert_eq!(arg_max(1, &[1, 3, 2], &x), [2, 0]);
    }

    #[test]
    fn the_range_is_that_of_the_axis() {
        let shape = Shape::new(&[2, 3]).unwrap();
        let range = ArgMax { axis: 1, keep_axis: false }.output_range(&[(&shape, Interval::of_bits(16))]);
        assert_eq!(range.unwrap(), Interval::new(0, 2));
    }

    #[test]
    fn an_axis_that_is_not_there_is_refused() {
        let shape = Shape::new(&[2, 3]).unwrap();
        assert!(matches!(ArgMax { axis: 2, keep_axis: true }.output_shape(&[&shape]), Err(Fault::InputShape { .. })));
    }
}
