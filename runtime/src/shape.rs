//! Shapes of tensors, bounded when they are made, so that no later code has to think of overflowing products.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// The lengths of a tensor's axes, row-major. The number of elements is bounded, so products of lengths never overflow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The largest number of elements of a tensor.
    pub const MAX_ELEMENTS: usize = 1 << 26;
    /// The largest number of axes of a tensor.
    pub const MAX_AXES: usize = 16;

    /// A shape with the given axis lengths; no lengths at all make a scalar.
    ///
    /// # Errors
    /// [`Fault::TooLarge`] above [`Self::MAX_ELEMENTS`] or [`Self::MAX_AXES`]; [`Fault::Attribute`] for an axis of length 0.
    pub fn new(dims: &[usize]) -> Result<Self, Fault> {
        if dims.contains(&0) {
            return Err(Fault::Attribute { attribute: "shape", reason: format!("axis of length 0 in [{}]", join(dims)) });
        }
        let elements = dims.iter().try_fold(1usize, |product, dim| product.checked_mul(*dim));
        match elements {
            Some(elements) if elements <= Self::MAX_ELEMENTS && dims.len() <= Self::MAX_AXES => Ok(Self(dims.to_vec())),
            _ => Err(Fault::TooLarge { dims: join(dims), limit: Self::MAX_ELEMENTS, axes: Self::MAX_AXES }),
        }
    }

    /// The axis lengths.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.0.iter().product()
    }

    /// The length of the last axis; 1 for a scalar.
    pub fn last(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// This shape with an axis, counted from the front, reduced to one element: dropped, or kept with length 1.
    ///
    /// # Errors
    /// [`Fault::InputShape`] when there is no such axis.
    pub fn reduced(&self, axis: u32, keep_axis: bool) -> Result<Self, Fault> {
        let axis = axis as usize;
        if axis >= self.0.len() {
            return Err(Fault::InputShape { found: self.to_string(), reason: format!("there is no axis {axis}") });
        }
        let mut dims = self.0.clone();
        if keep_axis {
            dims[axis] = 1;
        } else {
            dims.remove(axis);
        }
        Self::new(&dims)
    }

    /// The length of an axis, and the number of elements after it.
    pub(crate) fn extents(&self, axis: u32) -> (usize, usize) {
        let axis = axis as usize;
        (self.0[axis], self.0[axis + 1..].iter().product())
    }

    /// This shape with another last axis; a scalar becomes a vector.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_last(&self, last: usize) -> Result<Self, Fault> {
        let leading = self.0.split_last().map_or(&[][..], |(_, leading)| leading);
        Self::new(&[leading, &[last]].concat())
    }
}

fn join(dims: &[usize]) -> String {
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", join(&self.0))
    }
}

impl TryFrom<Vec<u32>> for Shape {
    type Error = Fault;

    fn try_from(dims: Vec<u32>) -> Result<Self, Fault> {
        Self::new(&dims.into_iter().map(|dim| dim as usize).collect::<Vec<_>>())
    }
}

impl From<Shape> for Vec<u32> {
    fn from(shape: Shape) -> Self {
        shape.0.into_iter().map(|dim| u32::try_from(dim).expect("a length is at most MAX_ELEMENTS")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_whose_product_overflows_is_refused() {
        assert!(matches!(Shape::new(&[usize::MAX, 3]), Err(Fault::TooLarge { .. })));
        assert!(matches!(Shape::new(&[1 << 13, 1 << 14]), Err(Fault::TooLarge { .. })));
        assert!(matches!(Shape::new(&[1; 17]), Err(Fault::TooLarge { .. })));
    }

    #[test]
    fn an_empty_axis_is_refused() {
        assert!(matches!(Shape::new(&[2, 0]), Err(Fault::Attribute { attribute: "shape", .. })));
    }

    #[test]
    fn a_reduced_axis_is_dropped_or_kept() {
        let shape = Shape::new(&[2, 3, 5]).unwrap();
        let dims = |axis, keep_axis| shape.reduced(axis, keep_axis).unwrap().dims().to_vec();
        assert_eq!((dims(1, false), dims(1, true), shape.extents(1)), (vec![2, 5], vec![2, 1, 5], (3, 5)));
        assert_eq!((dims(2, false), dims(0, true), shape.extents(2)), (vec![2, 3], vec![1, 3, 5], (5, 1)));
        assert!(matches!(shape.reduced(3, true), Err(Fault::InputShape { .. })));
        assert!(matches!(Shape::new(&[]).unwrap().reduced(0, true), Err(Fault::InputShape { .. })));
    }

    #[test]
    fn a_scalar_has_one_element() {
        let scalar = Shape::new(&[]).unwrap();
        assert_eq!((scalar.elements(), scalar.last()), (1, 1));
        assert_eq!(scalar.with_last(3).unwrap().dims(), [3]);
    }
}
