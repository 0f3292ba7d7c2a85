//! `Select`: one of two values for each element, by a condition that is 0 or 1.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly, same_shape};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// An elementwise choice: `y = a` where `c = 1`, `y = b` where `c = 0`.
///
/// The inputs `c`, `a` and `b` have one shape, and `c` must be proven to lie within 0 and 1: a [`Table`](super::Table) makes such a
/// condition. `a`, `b` and `y` have one scale. Nothing is rounded: `y = c * (a - b) + b`, exactly.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{Rules, Select}};
/// let (x, mut y) = (Shape::new(&[3])?, [0; 3]);
/// Select {}.evaluate(&[(&x, &[1, 0, 1]), (&x, &[10, 20, 30]), (&x, &[-1, -2, -3])], &mut y);
/// assert_eq!(y, [10, -2, 30]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {}

impl Rules for Select {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let inputs: [&Shape; 3] = exactly(inputs)?;
        same_shape(&inputs)
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, c), (_, a), (_, b)] = exactly(inputs)?;
        match (c.lo, c.hi) {
            (1, 1) => Ok(a),
            (0, 0) => Ok(b),
            (0, 1) => Ok(a.hull(b)),
            _ => Err(Fault::Condition { range: c }),
        }
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        for (((c, a), b), y) in inputs[0].1.iter().zip(inputs[1].1).zip(inputs[2].1).zip(output) {
            *y = if *c == 1 { *a } else { *b };
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(c: (i64, i64)) -> Result<Interval, Fault> {
        let shape = Shape::new(&[1]).unwrap();
        let intervals = [Interval::new(c.0, c.1), Interval::new(5, 9), Interval::new(-3, 6)];
        Select {}.output_range(&intervals.map(|interval| (&shape, interval)))
    }

    #[test]
    fn extreme_values_are_chosen_exactly() {
        let (shape, mut y) = (Shape::new(&[2]).unwrap(), [0; 2]);
        Select {}.evaluate(&[(&shape, &[1, 0]), (&shape, &[i32::MIN, 0]), (&shape, &[0, i32::MAX])], &mut y);
        assert_eq!(y, [i32::MIN, i32::MAX]);
    }

    #[test]
    fn the_range_is_that_of_what_can_be_chosen() {
        assert_eq!(range((0, 1)).unwrap(), Interval::new(-3, 9));
        assert_eq!(range((1, 1)).unwrap(), Interval::new(5, 9));
        assert_eq!(range((0, 0)).unwrap(), Interval::new(-3, 6));
    }

    #[test]
    fn a_condition_that_could_be_neither_0_nor_1_is_refused() {
        for c in [(0, 2), (-1, 0), (2, 2), (-1, -1), (i64::MIN, i64::MAX)] {
            assert!(matches!(range(c), Err(Fault::Condition { .. })), "{c:?}");
        }
    }

    #[test]
    fn inputs_of_several_shapes_are_refused() {
        let (two, three) = (Shape::new(&[2]).unwrap(), Shape::new(&[3]).unwrap());
        assert!(matches!(Select {}.output_shape(&[&two, &two, &three]), Err(Fault::InputShape { .. })));
        assert!(matches!(Select {}.output_shape(&[&two, &three, &three]), Err(Fault::InputShape { .. })));
        assert!(matches!(Select {}.output_shape(&[&two, &two]), Err(Fault::Arity { expected: 3, found: 2 })));
    }
}
