use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::error::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// The same elements in the same order under another shape. Costs nothing in any executor but a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The output's shape.
    pub shape: Shape,
}

impl Rules for Move {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [x] = exactly(inputs)?;
        if x.elements() != self.shape.elements() {
            let reason = format!("it has {} elements, shape {} has {}", x.elements(), self.shape, self.shape.elements());
            return Err(Fault::InputShape { found: x.clone(), reason });
        }
        Ok(self.shape.clone())
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, x)] = exactly(inputs)?;
        Ok(x)
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        output.copy_from_slice(inputs[0].1);
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_order() {
        let (from, to) = (Shape::new(&[2, 3]).unwrap(), Shape::new(&[3, 1, 2]).unwrap());
        let op = Move { shape: to.clone() };
        assert_eq!(op.output_shape(&[&from]).unwrap(), to);
        let mut y = [0; 6];
        op.evaluate(&[(&from, &[1, 2, 3, 4, 5, 6])], &mut y);
        assert_eq!(y, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn another_number_of_elements_is_refused() {
        let op = Move { shape: Shape::new(&[4]).unwrap() };
        assert!(matches!(op.output_shape(&[&Shape::new(&[5]).unwrap()]), Err(Fault::InputShape { .. })));
    }
}
