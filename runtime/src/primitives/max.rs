//! `Max`: the greatest value along an axis, and with it pooling.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// The greatest value along an axis: `y[.., i] = max_k x[.., k, i]`.
///
/// `x` has shape `[.., length, inner..]`, where `inner` counts the elements after the axis; `y` drops the axis or keeps it with length
/// 1, as for [`ArgMax`](super::ArgMax). Nothing is rounded, and every 32-bit value may be compared. A window is an axis that a
/// [`Move`](super::Move) has gathered; a minimum is the negated maximum of negated values.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{Max, Rules}};
/// let (op, x, mut y) = (Max { axis: 0, keep_axis: false }, Shape::new(&[2, 3])?, [0; 3]);
/// op.evaluate(&[(&x, &[1, 5, -7, 2, 5, -8])], &mut y);
/// assert_eq!(y, [2, 5, -7]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Max {
    /// The axis, counted from the front.
    pub axis: u32,
    /// Whether the axis stays, with length 1.
    pub keep_axis: bool,
}

impl Max {
    /// Length of the axis, and number of elements after it.
    pub fn extents(&self, input: &Shape) -> (usize, usize) {
        input.extents(self.axis)
    }
}

impl Rules for Max {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [x] = exactly(inputs)?;
        x.reduced(self.axis, self.keep_axis)
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, x)] = exactly(inputs)?;
        Ok(x)
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let (shape, x) = inputs[0];
        let (length, inner) = self.extents(shape);
        for (x, y) in x.chunks_exact(length * inner).zip(output.chunks_exact_mut(inner)) {
            let (first, rest) = x.split_at(inner);
            y.copy_from_slice(first);
            for x in rest.chunks_exact(inner) {
                y.iter_mut().zip(x).for_each(|(y, x)| *y = (*y).max(*x));
            }
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn max(axis: u32, dims: &[usize], x: &[i32]) -> Vec<i32> {
        let (op, shape) = (Max { axis, keep_axis: true }, Shape::new(dims).unwrap());
        let mut y = vec![0; op.output_shape(&[&shape]).unwrap().elements()];
        op.evaluate(&[(&shape, x)], &mut y);
        y
    }

    #[test]
    fn any_axis_can_be_reduced() {
        let x = [1, 9, 3, 4, 5, 6];
        assert_eq!(max(1, &[2, 3], &x), [9, 6]);
        assert_eq!(max(0, &[2, 3], &x), [4, 9, 6]);
        assert_eq!(max(1, &[1, 3, 2], &x), [5, 9]);
        assert_eq!(max(0, &[1, 6], &x), x);
    }

    #[test]
    fn negative_and_extreme_values_are_compared() {
        assert_eq!(max(0, &[3], &[-5, -3, -9]), [-3]);
        assert_eq!(max(0, &[2], &[i32::MIN, i32::MIN]), [i32::MIN]);
        assert_eq!(max(0, &[3], &[i32::MIN, i32::MAX, 0]), [i32::MAX]);
    }

    #[test]
    fn the_range_is_that_of_the_input() {
        let (shape, x) = (Shape::new(&[2, 3]).unwrap(), Interval::new(-4, 9));
        assert_eq!(Max { axis: 1, keep_axis: false }.output_range(&[(&shape, x)]).unwrap(), x);
    }

    #[test]
    fn an_axis_that_is_not_there_is_refused() {
        let shape = Shape::new(&[2, 3]).unwrap();
        for axis in [2, u32::MAX] {
            assert!(matches!(Max { axis, keep_axis: true }.output_shape(&[&shape]), Err(Fault::InputShape { .. })));
        }
    }
}
