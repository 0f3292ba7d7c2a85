//! Operations of a [`Scope`] that move elements, from which operators are composed.

use super::scope::{Operand, Scope};
use crate::float::{FloatOp, Kind, broadcast_indices, permutation, strides};

impl Scope<'_> {
    /// Elements of `x` by position, in the order of a tensor of shape `shape`. Positions after the last element mean `constants`.
    pub(super) fn gather(&mut self, x: &Operand, shape: Vec<usize>, indices: Vec<u32>, constants: Vec<f64>) -> Result<Operand, String> {
        if shape.contains(&0) {
            // Nothing is left to compute. Computations of shapes split and join such tensors.
            return Ok(Operand::constant(shape, x.element, Vec::new()));
        }
        let same_order =
            constants.is_empty() && indices.len() == x.elements() && indices.iter().zip(0..).all(|(index, position)| *index == position);
        if same_order {
            return self.reshape(x, shape);
        }
        let kind = with_constants(self.kind(x), &constants);
        self.emit(FloatOp::Move { indices, constants }, &[x], shape, (x.element, kind))
    }

    /// The same elements in the same order under another shape.
    pub(super) fn reshape(&mut self, x: &Operand, shape: Vec<usize>) -> Result<Operand, String> {
        let elements = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
        if elements != Some(x.elements()) {
            return Err(format!("{} elements cannot take shape {shape:?}", x.elements()));
        }
        if x.shape == shape {
            return Ok(x.clone());
        }
        let kind = self.kind(x);
        self.emit(FloatOp::Move { indices: Vec::new(), constants: Vec::new() }, &[x], shape, (x.element, kind))
    }

    /// The two inputs of an operator that broadcasts. Before opset 7 the attribute `broadcast` asks for it, and `axis` is the axis of the
    /// first input at which those of the second begin. Without `axis` they end together, as from opset 7 on.
    pub(super) fn pair(&mut self) -> Result<(Operand, Operand), String> {
        self.arity(2, 2)?;
        let (a, b) = (self.input(0)?, self.input(1)?);
        let begins = if self.opset() < 7 && self.attribute("broadcast", 0i64)? != 0 { self.optional_attribute("axis")? } else { None };
        let b = match begins {
            Some(axis) if b.elements() > 1 => self.aligned(&a, &b, axis)?,
            _ => b,
        };
        Ok((a, b))
    }

    /// `b` with axes of length 1 after its own, so that these begin at an axis of `a`.
    pub(super) fn aligned(&mut self, a: &Operand, b: &Operand, axis: i64) -> Result<Operand, String> {
        let axis = self.axis_of(a, axis)?;
        let behind = a.axes().checked_sub(axis + b.axes());
        let behind = behind.ok_or_else(|| format!("shape {:?} does not fit {:?} from axis {axis} on", b.shape, a.shape))?;
        self.reshape(b, [b.shape.clone(), vec![1; behind]].concat())
    }

    /// Axis `k` of the result is axis `axes[k]` of `x`.
    pub(super) fn transpose(&mut self, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
        let shape = axes.iter().map(|axis| x.shape[*axis]).collect();
        self.gather(x, shape, permutation(&x.shape, axes), Vec::new())
    }

    /// `x` broadcast to a shape by ONNX's rule.
    pub(super) fn expand(&mut self, x: &Operand, shape: &[usize]) -> Result<Operand, String> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        let refused = || format!("a tensor of shape {:?} does not broadcast to {shape:?}", x.shape);
        check_size(shape)?;
        let indices = broadcast_indices(&x.shape, shape).ok_or_else(refused)?;
        self.gather(x, shape.to_vec(), indices, Vec::new())
    }

    /// Tensors one after another along an axis.
    pub(super) fn concat(&mut self, parts: &[Operand], axis: usize) -> Result<Operand, String> {
        // Parts without elements add nothing.
        let some: Vec<Operand> = parts.iter().filter(|part| part.elements() > 0).cloned().collect();
        let parts = if some.is_empty() { &parts[..1] } else { &some[..] };
        let first = &parts[0];
        let fits = |part: &&Operand| {
            part.axes() == first.axes()
                && part.element == first.element
                && (0..first.axes()).all(|k| k == axis || part.shape[k] == first.shape[k])
        };
        if let Some(other) = parts.iter().find(|part| !fits(part)) {
            return Err(format!("tensors of shapes {:?} and {:?} cannot be joined along axis {axis}", first.shape, other.shape));
        }
        let mut shape = first.shape.clone();
        shape[axis] = parts.iter().map(|part| part.shape[axis]).sum();
        check_size(&shape)?;
        let inner: usize = shape[axis + 1..].iter().product();
        let outer: usize = shape[..axis].iter().product();
        let mut starts = Vec::new();
        let mut total = 0;
        for part in parts {
            starts.push(total);
            total += part.elements();
        }
        let row = |outer: usize| {
            parts.iter().zip(&starts).flat_map(move |(part, start)| {
                let run = part.shape[axis] * inner;
                start + outer * run..start + (outer + 1) * run
            })
        };
        let indices = narrow((0..outer).flat_map(row));
        let kind = parts.iter().map(|part| self.kind(part)).reduce(Kind::union).unwrap_or(Kind::Real);
        let inputs: Vec<&Operand> = parts.iter().collect();
        let element = first.element;
        self.emit(FloatOp::Move { indices, constants: Vec::new() }, &inputs, shape, (element, kind))
    }

    /// The elements at `positions` along an axis.
    pub(super) fn pick(&mut self, x: &Operand, axis: usize, positions: &[usize]) -> Result<Operand, String> {
        let mut shape = x.shape.clone();
        shape[axis] = positions.len();
        check_size(&shape)?;
        let inner = strides(&x.shape)[axis];
        let block = x.shape[axis] * inner;
        let outer: usize = shape[..axis].iter().product();
        let run = |start: usize| start..start + inner;
        let indices = (0..outer).flat_map(|outer| positions.iter().flat_map(move |k| run(outer * block + k * inner)));
        self.gather(x, shape, narrow(indices), Vec::new())
    }

    /// The elements at `positions` along each axis; `None` gives `fill`.
    pub(super) fn pick_all(&mut self, x: &Operand, positions: &[Vec<Option<usize>>], fill: f64) -> Result<Operand, String> {
        let outside = x.elements();
        let shape: Vec<usize> = positions.iter().map(Vec::len).collect();
        check_size(&shape)?;
        let mut indices: Vec<Option<usize>> = vec![Some(0)];
        for (along, stride) in positions.iter().zip(strides(&x.shape)) {
            let step = |start: Option<usize>| along.iter().map(move |position| Some(start? + (*position)? * stride));
            indices = indices.into_iter().flat_map(step).collect();
        }
        let filled = indices.iter().any(Option::is_none);
        let indices = narrow(indices.into_iter().map(|index| index.unwrap_or(outside)));
        self.gather(x, shape, indices, if filled { vec![fill] } else { Vec::new() })
    }

    /// `x` with `value` in the elements that are chosen by position.
    pub(super) fn fill(&mut self, x: &Operand, chosen: impl Fn(usize) -> bool, value: f64) -> Result<Operand, String> {
        let elements = x.elements();
        let places: Vec<usize> = (0..elements).map(|element| if chosen(element) { elements } else { element }).collect();
        let constants = if places.contains(&elements) { vec![value] } else { Vec::new() };
        self.gather(x, x.shape.clone(), narrow(places), constants)
    }

    /// Moves the named axes after the others, in their order. Gives the result, the others' shape, and the product of the named axes'
    /// lengths.
    pub(super) fn axes_last(&mut self, x: &Operand, axes: &[usize]) -> Result<(Operand, Vec<usize>, usize), String> {
        let kept: Vec<usize> = (0..x.axes()).filter(|axis| !axes.contains(axis)).collect();
        let moved = self.transpose(x, &[&kept[..], axes].concat())?;
        let outer = kept.iter().map(|axis| x.shape[*axis]).collect();
        Ok((moved, outer, axes.iter().map(|axis| x.shape[*axis]).product()))
    }
}

/// Refuses shapes of tensors that are too large, before lists of that length are made.
pub(super) fn check_size(shape: &[usize]) -> Result<(), String> {
    let elements = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    if elements.is_some_and(|elements| elements <= maat_runtime::Shape::MAX_ELEMENTS) {
        Ok(())
    } else {
        Err(format!("a tensor of shape {shape:?} is too large"))
    }
}

/// Positions as those of a Move.
pub(super) fn narrow(positions: impl IntoIterator<Item = usize>) -> Vec<u32> {
    positions.into_iter().map(|position| u32::try_from(position).expect("tensors are small")).collect()
}

/// An order of axes that exchanges one with the last, and is its own inverse.
pub(super) fn axis_last(axes: usize, axis: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..axes).collect();
    order.swap(axis, axes - 1);
    order
}

/// The order of axes that undoes another.
pub(super) fn inverse(order: &[usize]) -> Vec<usize> {
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, axis)| back[*axis] = place);
    back
}

/// The shape that all of these broadcast to.
pub(super) fn common_shape<'a>(shapes: impl IntoIterator<Item = &'a [usize]>) -> Result<Vec<usize>, String> {
    let mut common: Vec<usize> = Vec::new();
    for shape in shapes {
        let axes = common.len().max(shape.len());
        let length = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(axes).map_or(1, |axis| shape[axis]);
        let joined = (0..axes).map(|axis| match (length(&common, axis), length(shape, axis)) {
            (a, b) if a == b || b == 1 => Ok(a),
            (1, b) => Ok(b),
            _ => Err(format!("shapes {common:?} and {shape:?} do not broadcast to one another")),
        });
        common = joined.collect::<Result<_, _>>()?;
    }
    Ok(common)
}

fn with_constants(kind: Kind, constants: &[f64]) -> Kind {
    let point = |value: &f64| Kind::Integer(maat_runtime::Interval::point(*value as i64));
    constants.iter().map(point).fold(kind, Kind::union)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast_to_the_longest_of_each_axis() {
        assert_eq!(common_shape([&[2, 1][..], &[3], &[]]).unwrap(), [2, 3]);
        assert_eq!(common_shape([&[][..]]).unwrap(), [0usize; 0]);
        assert!(common_shape([&[2][..], &[3]]).is_err());
    }

    #[test]
    fn an_order_of_axes_is_undone_by_its_inverse() {
        assert_eq!(inverse(&[0, 2, 3, 1]), [0, 3, 1, 2]);
        assert_eq!(axis_last(4, 1), [0, 3, 2, 1]);
        assert_eq!(inverse(&axis_last(4, 1)), axis_last(4, 1));
    }
}
