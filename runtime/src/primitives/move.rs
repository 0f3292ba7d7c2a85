use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::error::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// Any fixed re-indexing: reshape, transpose, slice, concatenate, pad, tile, gather.
///
/// The inputs stand one behind the other, each row-major, then the constants; `y[i]` is the element at `indices[i]` of that list. Without
/// indices there is one input, and its elements keep their order under the output's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The output's shape.
    pub shape: Shape,
    /// A position for each element of the output, or none at all.
    pub indices: Vec<u32>,
    /// Values beside those of the inputs.
    pub constants: Vec<i32>,
}

impl Rules for Move {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        if self.indices.is_empty() {
            let [x] = exactly(inputs)?;
            if x.elements() != self.shape.elements() {
                let reason = format!("it has {} elements, shape {} has {}", x.elements(), self.shape, self.shape.elements());
                return Err(Fault::InputShape { found: x.clone(), reason });
            }
            if !self.constants.is_empty() {
                return Err(Fault::Attribute { attribute: "constants", reason: "without indices nothing looks at them".to_owned() });
            }
            return Ok(self.shape.clone());
        }
        if inputs.is_empty() {
            return Err(Fault::Arity { expected: 1, found: 0 });
        }
        if self.indices.len() != self.shape.elements() {
            let reason = format!("{} positions for shape {}", self.indices.len(), self.shape);
            return Err(Fault::Attribute { attribute: "indices", reason });
        }
        let available = inputs.iter().map(|shape| shape.elements()).sum::<usize>() + self.constants.len();
        match self.indices.iter().find(|index| **index as usize >= available) {
            Some(index) => Err(Fault::Attribute { attribute: "indices", reason: format!("position {index} of {available}") }),
            None => Ok(self.shape.clone()),
        }
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        if self.indices.is_empty() {
            let [(_, x)] = exactly(inputs)?;
            return Ok(x);
        }
        let mut ends = Vec::new();
        let mut start = 0;
        for (shape, range) in inputs {
            ends.push((start + shape.elements(), *range));
            start += shape.elements();
        }
        let mut used = vec![false; inputs.len()];
        let mut range: Option<Interval> = None;
        let mut include = |other: Interval| {
            range = Some(range.map_or(other, |range| Interval::new(range.lo.min(other.lo), range.hi.max(other.hi))));
        };
        for index in self.indices.iter().map(|index| *index as usize) {
            match index.checked_sub(start) {
                Some(constant) => include(Interval::point(i64::from(self.constants[constant]))),
                None => {
                    let input = ends.partition_point(|(end, _)| *end <= index);
                    if !std::mem::replace(&mut used[input], true) {
                        include(ends[input].1);
                    }
                }
            }
        }
        range.ok_or(Fault::Arity { expected: 1, found: 0 })
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        if self.indices.is_empty() {
            output.copy_from_slice(inputs[0].1);
            return;
        }
        if let ([(_, x)], true) = (inputs, self.constants.is_empty()) {
            output.iter_mut().zip(&self.indices).for_each(|(y, index)| *y = x[*index as usize]);
            return;
        }
        let all: Vec<i32> = inputs.iter().flat_map(|(_, x)| x.iter()).chain(&self.constants).copied().collect();
        output.iter_mut().zip(&self.indices).for_each(|(y, index)| *y = all[*index as usize]);
    }

    fn macs(&self, _inputs: &[&Shape]) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).unwrap()
    }

    #[test]
    fn elements_keep_their_order_without_indices() {
        let (from, to) = (shape(&[2, 3]), shape(&[3, 1, 2]));
        let op = Move { shape: to.clone(), indices: Vec::new(), constants: Vec::new() };
        assert_eq!(op.output_shape(&[&from]).unwrap(), to);
        let mut y = [0; 6];
        op.evaluate(&[(&from, &[1, 2, 3, 4, 5, 6])], &mut y);
        assert_eq!(y, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn positions_run_over_all_inputs_and_then_the_constants() {
        let (a, b) = (shape(&[2]), shape(&[1]));
        let op = Move { shape: shape(&[2, 2]), indices: vec![3, 2, 0, 3], constants: vec![-9] };
        assert_eq!(op.output_shape(&[&a, &b]).unwrap(), op.shape);
        let mut y = [0; 4];
        op.evaluate(&[(&a, &[5, 6]), (&b, &[7])], &mut y);
        assert_eq!(y, [-9, 7, 5, -9]);
    }

    #[test]
    fn only_what_is_taken_counts_for_the_range() {
        let (a, b) = (shape(&[2]), shape(&[1]));
        let inputs = [(&a, Interval::new(-1, 1)), (&b, Interval::new(-500, 500))];
        let range = |indices: &[u32]| {
            let op = Move { shape: shape(&[indices.len()]), indices: indices.to_vec(), constants: vec![-9, 70] };
            op.output_range(&inputs).unwrap()
        };
        assert_eq!(range(&[0, 1]), Interval::new(-1, 1));
        assert_eq!(range(&[1, 3]), Interval::new(-9, 1));
        assert_eq!(range(&[2]), Interval::new(-500, 500));
        assert_eq!(range(&[4]), Interval::point(70));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let x = shape(&[2]);
        let fault = |indices: &[u32], constants: &[i32], dims: &[usize], inputs: &[&Shape]| {
            Move { shape: shape(dims), indices: indices.to_vec(), constants: constants.to_vec() }.output_shape(inputs).unwrap_err()
        };
        assert!(matches!(fault(&[], &[], &[3], &[&x]), Fault::InputShape { .. }));
        assert!(matches!(fault(&[], &[1], &[2], &[&x]), Fault::Attribute { attribute: "constants", .. }));
        assert!(matches!(fault(&[], &[], &[2], &[&x, &x]), Fault::Arity { expected: 1, found: 2 }));
        assert!(matches!(fault(&[0], &[], &[1], &[]), Fault::Arity { .. }));
        assert!(matches!(fault(&[0], &[], &[2], &[&x]), Fault::Attribute { attribute: "indices", .. }));
        assert!(matches!(fault(&[2], &[], &[1], &[&x]), Fault::Attribute { attribute: "indices", .. }));
        assert!(matches!(fault(&[u32::MAX], &[1], &[1], &[&x]), Fault::Attribute { attribute: "indices", .. }));
    }
}
