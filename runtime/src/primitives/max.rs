use serde::{Deserialize, Serialize};

use super::{ArgMax, Rules, exactly};
use crate::error::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// The greatest value along an axis: `y[.., k] = max_j x[.., j, k]`.
///
/// Attributes and shapes are those of [`ArgMax`]. The scale exponent stays the input's. A minimum is the maximum of the negated values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Max {
    /// The axis, counted from the front.
    pub axis: u32,
    /// Whether the axis stays, with length 1.
    pub keep_axis: bool,
}

impl Max {
    /// Length of the axis, and number of elements behind it.
    pub fn extents(&self, input: &Shape) -> (usize, usize) {
        self.position().extents(input)
    }

    fn position(&self) -> ArgMax {
        ArgMax { axis: self.axis, keep_axis: self.keep_axis }
    }
}

impl Rules for Max {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        self.position().output_shape(inputs)
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, x)] = exactly(inputs)?;
        Ok(x)
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let (shape, x) = inputs[0];
        let (length, inner) = self.extents(shape);
        for (block, y) in x.chunks_exact(length * inner).zip(output.chunks_exact_mut(inner)) {
            y.copy_from_slice(&block[..inner]);
            for row in block[inner..].chunks_exact(inner) {
                y.iter_mut().zip(row).for_each(|(y, x)| *y = (*y).max(*x));
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
        let (op, shape) = (Max { axis, keep_axis: false }, Shape::new(dims).unwrap());
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
        assert_eq!(max(0, &[1], &[i32::MIN]), [i32::MIN]);
    }

    #[test]
    fn the_range_is_the_inputs() {
        let shape = Shape::new(&[2, 3]).unwrap();
        let range = Interval::new(-3, 8);
        assert_eq!(Max { axis: 1, keep_axis: true }.output_range(&[(&shape, range)]).unwrap(), range);
    }

    #[test]
    fn an_axis_that_is_not_there_is_refused() {
        let shape = Shape::new(&[2, 3]).unwrap();
        assert!(matches!(Max { axis: 2, keep_axis: true }.output_shape(&[&shape]), Err(Fault::InputShape { .. })));
    }
}
