use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::error::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// A choice for each element: `y = a` where `c = 1`, and `b` where `c = 0`; that is, `y = b + c * (a - b)`.
///
/// The inputs are `c`, `a`, `b`, of one shape; `a` and `b` have the output's scale. `c` must be proven to be 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {}

impl Rules for Select {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [c, a, b] = exactly(inputs)?;
        match [a, b].into_iter().find(|shape| *shape != c) {
            Some(other) => Err(Fault::InputShape { found: other.clone(), reason: format!("the condition has shape {c}") }),
            None => Ok(c.clone()),
        }
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, c), (_, a), (_, b)] = exactly(inputs)?;
        if !Interval::new(0, 1).includes(c) {
            return Err(Fault::InputRange { range: c, reason: "a condition is 0 or 1".to_owned() });
        }
        Ok(match (c.lo, c.hi) {
            (1, _) => a,
            (_, 0) => b,
            _ => Interval::new(a.lo.min(b.lo), a.hi.max(b.hi)),
        })
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let [(_, c), (_, a), (_, b)] = inputs else { unreachable!("the shape rule asks for three inputs") };
        for (position, y) in output.iter_mut().enumerate() {
            *y = if c[position] == 1 { a[position] } else { b[position] };
        }
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_chooses() {
        let shape = Shape::new(&[3]).unwrap();
        let mut y = [0; 3];
        Select {}.evaluate(&[(&shape, &[1, 0, 1]), (&shape, &[10, 20, i32::MIN]), (&shape, &[-1, -2, -3])], &mut y);
        assert_eq!(y, [10, -2, i32::MIN]);
    }

    #[test]
    fn the_range_holds_what_can_be_chosen() {
        let shape = Shape::new(&[1]).unwrap();
        let range = |lo, hi| {
            Select {}.output_range(&[(&shape, Interval::new(lo, hi)), (&shape, Interval::new(0, 9)), (&shape, Interval::point(-5))])
        };
        assert_eq!(range(0, 1).unwrap(), Interval::new(-5, 9));
        assert_eq!(range(1, 1).unwrap(), Interval::new(0, 9));
        assert_eq!(range(0, 0).unwrap(), Interval::point(-5));
        assert!(matches!(range(0, 2), Err(Fault::InputRange { .. })));
        assert!(matches!(range(-1, 1), Err(Fault::InputRange { .. })));
    }

    #[test]
    fn other_shapes_are_refused() {
        let (two, three) = (Shape::new(&[2]).unwrap(), Shape::new(&[3]).unwrap());
        assert!(matches!(Select {}.output_shape(&[&two, &two, &three]), Err(Fault::InputShape { .. })));
        assert!(matches!(Select {}.output_shape(&[&two, &two]), Err(Fault::Arity { expected: 3, found: 2 })));
    }
}
