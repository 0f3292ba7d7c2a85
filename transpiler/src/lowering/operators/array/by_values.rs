//! Compress, NonZero and Unique: the shape of their result depends on values. Shapes are fixed, so these values must be known.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// What to do where the values are computed.
const REFUSED: &str = "the shape of its result depends on computed values, but shapes are fixed; work with a mask instead (Where, or a \
                       product with zeros and ones)";

/// The slices along an axis, or the elements of all, whose condition is true. What the condition is too short for is left out.
pub(super) fn compress(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (mut x, condition) = (scope.input(0)?, scope.input(1)?);
    let kept: Vec<usize> = known(&condition)?.iter().enumerate().filter(|(_, value)| **value != 0.0).map(|(place, _)| place).collect();
    let axis = match scope.optional_attribute::<i64>("axis")? {
        Some(axis) => scope.axis_of(&x, axis)?,
        None => {
            let all = x.elements();
            x = scope.reshape(&x, vec![all])?;
            0
        }
    };
    if condition.axes() != 1 || condition.elements() > x.shape[axis] {
        return Err(format!("a condition of shape {:?} does not fit {} slices", condition.shape, x.shape[axis]));
    }
    let y = scope.pick(&x, axis, &kept)?;
    scope.finish(y)
}

/// The places of all elements but zeros: a row for each axis.
pub(super) fn non_zero(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let found: Vec<usize> = known(&x)?.iter().enumerate().filter(|(_, value)| **value != 0.0).map(|(place, _)| place).collect();
    let steps = crate::float::strides(&x.shape);
    let along = |axis: usize| found.iter().map(|place| (place / steps[axis] % x.shape[axis]) as f64).collect::<Vec<_>>();
    let rows = (0..x.axes()).flat_map(along).collect();
    scope.finish(Operand::constant(vec![x.axes(), found.len()], int64(), rows))
}

/// Each value once, or each slice along an axis; where it was first; which one each element is; and how many are equal.
pub(super) fn unique(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let values = known(&x)?.to_vec();
    let (axis, shape) = match scope.optional_attribute::<i64>("axis")? {
        Some(axis) => (scope.axis_of(&x, axis)?, x.shape.clone()),
        None => (0, vec![x.elements()]),
    };
    let (length, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
    if values.is_empty() {
        return Err("a tensor without elements has no values to compare".to_owned());
    }
    let block = |place: usize| move |outer: &[f64]| outer[place * inner..][..inner].to_vec();
    let slice = |place: usize| values.chunks_exact(length * inner).flat_map(block(place)).collect::<Vec<f64>>();
    let slices: Vec<Vec<f64>> = (0..length).map(slice).collect();
    let mut order: Vec<usize> = (0..length).collect();
    let compare = |a: &usize, b: &usize| {
        let pairs = slices[*a].iter().zip(&slices[*b]).map(|(a, b)| a.total_cmp(b));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    order.sort_by(compare);
    // Sorting is stable, so the first of equal slices is the first one in the tensor.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for place in order {
        match groups.last_mut() {
            Some(group) if slices[group[0]] == slices[place] => group.push(place),
            _ => groups.push(vec![place]),
        }
    }
    if scope.attribute("sorted", 1i64)? == 0 {
        groups.sort_by_key(|group| group[0]);
    }
    let firsts: Vec<usize> = groups.iter().map(|group| group[0]).collect();
    let flat = scope.reshape(&x, shape)?;
    let y = scope.pick(&flat, axis, &firsts)?;
    scope.give(0, y);
    let mut inverse = vec![0.0; length];
    groups.iter().enumerate().for_each(|(group, places)| places.iter().for_each(|place| inverse[*place] = group as f64));
    let counts = groups.iter().map(|group| group.len() as f64).collect();
    for (output, list) in [firsts.iter().map(|place| *place as f64).collect(), inverse, counts].into_iter().enumerate() {
        scope.give(output + 1, Operand::constant(vec![list.len()], int64(), list));
    }
    Ok(())
}

fn known(x: &Operand) -> Result<&[f64], String> {
    x.values().ok_or_else(|| REFUSED.to_owned())
}

fn int64() -> Element {
    Element::Integer(IntegerType::Int64)
}
