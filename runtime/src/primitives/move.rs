//! `Move`: everything that only changes where elements are, such as transpositions, slices, padding and windows.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// Any fixed re-indexing: `y[i] = list[indices[i]]`, where the list is all inputs, one after the other and row-major, then `constants`.
///
/// Covers transpositions, slices, concatenations, padding, tiling and the windows of convolutions. Without `indices`, the one input's
/// elements keep their order under another shape. No value changes, so inputs, constants and `y` have one scale.
///
/// ```
/// # use maat_runtime::{Shape, primitives::{Move, Rules}};
/// // Transposes a matrix and pads it with a row of -1.
/// let op = Move { shape: Shape::new(&[3, 2])?, indices: vec![0, 2, 1, 3, 4, 4], constants: vec![-1] };
/// let (x, mut y) = (Shape::new(&[2, 2])?, [0; 6]);
/// op.evaluate(&[(&x, &[1, 2, 3, 4])], &mut y);
/// assert_eq!(y, [1, 3, 2, 4, -1, -1]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The output's shape.
    pub shape: Shape,
    /// For each element of the output its position in the list; or nothing, to keep the order.
    pub indices: Vec<u32>,
    /// Values after those of the inputs.
    pub constants: Vec<i32>,
}

impl Move {
    /// The same elements in the same order under another shape.
    pub fn reshape(shape: Shape) -> Self {
        Self { shape, indices: Vec::new(), constants: Vec::new() }
    }
}

/// The list without a copy: an input that is named many times would make it far larger than the model.
pub struct Parts {
    /// The position in the list of each input's first element, then that of the first constant.
    starts: Vec<usize>,
}

impl Parts {
    /// The list of inputs with these numbers of elements, and then the constants.
    pub fn new(lengths: impl Iterator<Item = usize>) -> Self {
        let mut starts = vec![0usize];
        let mut end = 0usize;
        starts.extend(lengths.map(|length| {
            end = end.saturating_add(length);
            end
        }));
        Self { starts }
    }

    /// Which input, or the constants after the last one, and which of its elements.
    pub fn locate(&self, index: u32) -> (usize, usize) {
        let part = self.starts.partition_point(|start| *start <= index as usize) - 1;
        (part, index as usize - self.starts[part])
    }
}

impl Rules for Move {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let elements = self.shape.elements();
        if self.indices.is_empty() {
            let [x] = exactly(inputs)?;
            if x.elements() != elements {
                let reason = format!("it has {} elements, shape {} has {elements}", x.elements(), self.shape);
                return Err(Fault::InputShape { found: x.to_string(), reason });
            }
            if !self.constants.is_empty() {
                return Err(Fault::Attribute { attribute: "constants", reason: "no index refers to them".to_owned() });
            }
            return Ok(self.shape.clone());
        }
        if inputs.is_empty() {
            return Err(Fault::Arity { expected: 1, found: 0 });
        }
        if self.indices.len() != elements {
            let reason = format!("{} values for the {elements} elements of {}", self.indices.len(), self.shape);
            return Err(Fault::Attribute { attribute: "indices", reason });
        }
        let length = inputs.iter().map(|x| x.elements()).fold(self.constants.len(), usize::saturating_add);
        if let Some(index) = self.indices.iter().find(|index| **index as usize >= length) {
            return Err(Fault::Attribute { attribute: "indices", reason: format!("{index} is not below {length}") });
        }
        Ok(self.shape.clone())
    }

    /// Only what an index refers to counts.
    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        if self.indices.is_empty() {
            let [(_, x)] = exactly(inputs)?;
            return Ok(x);
        }
        let parts = Parts::new(inputs.iter().map(|(x, _)| x.elements()));
        let range = |(part, offset): (usize, usize)| {
            inputs.get(part).map_or_else(|| Interval::point(self.constants[offset].into()), |(_, range)| *range)
        };
        let ranges = self.indices.iter().map(|index| range(parts.locate(*index)));
        Ok(ranges.reduce(Interval::hull).unwrap_or(Interval::point(0)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let first = inputs[0].1;
        if self.indices.is_empty() {
            output.copy_from_slice(first);
            return;
        }
        let parts = Parts::new(inputs.iter().map(|(_, x)| x.len()));
        let search = |index: u32| {
            let (part, offset) = parts.locate(index);
            inputs.get(part).map_or(self.constants.as_slice(), |(_, x)| x)[offset]
        };
        for (y, index) in output.iter_mut().zip(&self.indices) {
            // There is usually one input, so it is tried before the search.
            *y = first.get(*index as usize).copied().unwrap_or_else(|| search(*index));
        }
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

    fn gather(dims: &[usize], indices: &[u32], constants: &[i32]) -> Move {
        Move { shape: shape(dims), indices: indices.to_vec(), constants: constants.to_vec() }
    }

    fn evaluate(op: &Move, inputs: &[&[i32]]) -> Vec<i32> {
        let shapes: Vec<Shape> = inputs.iter().map(|x| shape(&[x.len()])).collect();
        let mut y = vec![0; op.output_shape(&shapes.iter().collect::<Vec<_>>()).unwrap().elements()];
        op.evaluate(&shapes.iter().zip(inputs.iter().copied()).collect::<Vec<_>>(), &mut y);
        y
    }

    #[test]
    fn elements_keep_their_order_without_indices() {
        let to = shape(&[3, 1, 2]);
        let op = Move::reshape(to.clone());
        assert_eq!(op.output_shape(&[&shape(&[2, 3])]).unwrap(), to);
        assert_eq!(evaluate(&op, &[&[1, 2, 3, 4, 5, 6]]), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn indices_run_over_all_inputs_and_then_the_constants() {
        let op = gather(&[2, 4], &[0, 1, 2, 3, 4, 5, 6, 0], &[i32::MIN, i32::MAX]);
        assert_eq!(evaluate(&op, &[&[10, 11], &[20], &[30, 31]]), [10, 11, 20, 30, 31, i32::MIN, i32::MAX, 10]);
    }

    #[test]
    fn one_input_may_come_twice_and_another_not_at_all() {
        assert_eq!(evaluate(&gather(&[3], &[3, 0, 3], &[]), &[&[5, 6], &[7, 8]]), [8, 5, 8]);
    }

    #[test]
    fn the_range_covers_what_is_referred_to_and_nothing_else() {
        let (one, two) = (shape(&[1]), shape(&[2]));
        let range = |indices: &[u32]| {
            let inputs = [(&two, Interval::new(-5, 5)), (&one, Interval::new(100, 200)), (&one, Interval::of_bits(32))];
            gather(&[indices.len()], indices, &[-7, 1000]).output_range(&inputs).unwrap()
        };
        assert_eq!(range(&[0]), Interval::new(-5, 5));
        assert_eq!(range(&[1, 2]), Interval::new(-5, 200));
        assert_eq!(range(&[2, 4]), Interval::new(-7, 200));
        assert_eq!(range(&[5]), Interval::point(1000));
        assert_eq!(Move::reshape(one.clone()).output_range(&[(&one, Interval::new(1, 2))]).unwrap(), Interval::new(1, 2));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let (four, five) = (shape(&[4]), shape(&[5]));
        let fault = |op: Move, inputs: &[&Shape]| op.output_shape(inputs).unwrap_err();
        assert!(matches!(fault(Move::reshape(four.clone()), &[&five]), Fault::InputShape { .. }));
        assert!(matches!(fault(Move::reshape(four.clone()), &[&four, &four]), Fault::Arity { expected: 1, found: 2 }));
        assert!(matches!(fault(gather(&[4], &[], &[1]), &[&four]), Fault::Attribute { attribute: "constants", .. }));
        assert!(matches!(fault(gather(&[1], &[0], &[1]), &[]), Fault::Arity { expected: 1, found: 0 }));
        assert!(matches!(fault(gather(&[2], &[0], &[]), &[&four]), Fault::Attribute { attribute: "indices", .. }));
        for index in [10, u32::MAX] {
            assert!(matches!(fault(gather(&[1], &[index], &[1]), &[&four, &five]), Fault::Attribute { attribute: "indices", .. }));
        }
    }

    #[test]
    fn an_input_named_very_often_takes_no_memory() {
        let (large, few) = (shape(&[Shape::MAX_ELEMENTS]), shape(&[1]));
        let inputs = vec![&large; 60];
        let last = (60 << 26) - 1;
        assert_eq!(gather(&[1], &[last], &[]).output_shape(&inputs).unwrap(), few);
        assert!(gather(&[1], &[last + 1], &[]).output_shape(&inputs).is_err());
    }
}
