//! Gather, GatherElements and GatherND. Known indices are fixed choices of elements; computed ones choose by `helpers/indices.rs`. Negative
//! indices count from the back.

use crate::float::{Bounds, Rounding, strides};
use crate::lowering::helpers::indices::{place, positions_up_to};
use crate::lowering::moves::{axis_last, check_size, narrow};
use crate::lowering::scope::{Operand, Scope};

/// Whole slices along an axis.
pub(super) fn gather(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, indices, chosen) = inputs(scope)?;
    let axis = scope.axis_of(&x, scope.attribute("axis", 0i64)?)?;
    let shape = [&x.shape[..axis], &indices.shape, &x.shape[axis + 1..]].concat();
    let Some(chosen) = chosen else {
        let (outer, inner) = (x.shape[..axis].iter().product::<usize>(), x.shape[axis + 1..].iter().product::<usize>());
        let length = x.shape[axis];
        let blocks = scope.reshape(&x, vec![outer, length, inner])?;
        let slices = scope.transpose(&blocks, &[1, 0, 2])?;
        let slices = scope.reshape(&slices, vec![1, length, outer * inner])?;
        let count = indices.elements();
        let positions = scope.reshape(&indices, vec![1, count])?;
        let positions = scope.positions(&positions, length)?;
        let y = scope.choose(&slices, &positions)?;
        let y = scope.reshape(&y, vec![count, outer, inner])?;
        let y = scope.transpose(&y, &[1, 0, 2])?;
        let y = scope.reshape(&y, shape)?;
        return scope.finish(y);
    };
    let positions = chosen.iter().map(|index| place(*index, x.shape[axis])).collect::<Result<Vec<_>, _>>()?;
    let picked = scope.pick(&x, axis, &positions)?;
    let y = scope.reshape(&picked, shape)?;
    scope.finish(y)
}

/// Single elements: an index replaces the position along the axis; its own position gives the other axes.
pub(super) fn gather_elements(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, indices, chosen) = inputs(scope)?;
    let axis = scope.axis_of(&x, scope.attribute("axis", 0i64)?)?;
    let fits = indices.axes() == x.axes() && (0..x.axes()).all(|k| k == axis || indices.shape[k] <= x.shape[k]);
    if !fits {
        return Err(format!("indices of shape {:?} do not fit axis {axis} of shape {:?}", indices.shape, x.shape));
    }
    let Some(chosen) = chosen else {
        let part = scope.part(&x, &indices.shape, axis)?;
        let (lines, count, length) = (indices.elements() / indices.shape[axis].max(1), indices.shape[axis], x.shape[axis]);
        let order = axis_last(x.axes(), axis);
        let (part, indices) = (scope.transpose(&part, &order)?, scope.transpose(&indices, &order)?);
        let shape = indices.shape.clone();
        let part = scope.reshape(&part, vec![lines, length, 1])?;
        let positions = scope.reshape(&indices, vec![lines, count])?;
        let positions = scope.positions(&positions, length)?;
        let y = scope.choose(&part, &positions)?;
        let y = scope.reshape(&y, shape)?;
        let y = scope.transpose(&y, &order)?;
        return scope.finish(y);
    };
    let positions = element_positions(&x.shape, &indices.shape, axis, &chosen)?;
    let y = scope.gather(&x, indices.shape, narrow(positions), Vec::new())?;
    scope.finish(y)
}

/// Slices by the indices of their first axes, which are along the last axis of the indices.
pub(super) fn gather_nd(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, indices, chosen) = inputs(scope)?;
    let batch = usize::try_from(scope.attribute("batch_dims", 0i64)?).map_err(|error| format!("attribute `batch_dims`: {error}"))?;
    let refused = || format!("indices of shape {:?} with {batch} batch axes do not fit shape {:?}", indices.shape, x.shape);
    let (depth, places) = indices.shape.split_last().ok_or_else(refused)?;
    let indexed = batch.checked_add(*depth).filter(|indexed| *indexed <= x.axes()).ok_or_else(refused)?;
    if *depth == 0 || batch > places.len() || places[..batch] != x.shape[..batch] {
        return Err(refused());
    }
    let shape = [places, &x.shape[indexed..]].concat();
    check_size(&shape)?;
    let inner: usize = x.shape[indexed..].iter().product();
    let Some(chosen) = chosen else {
        let batches: usize = x.shape[..batch].iter().product();
        let positions = scope.positions_nd(&indices, &x.shape[batch..indexed])?;
        let count = positions.elements() / batches.max(1);
        let positions = scope.reshape(&positions, vec![batches, count])?;
        let slices = scope.reshape(&x, vec![batches, x.shape[batch..indexed].iter().product(), inner])?;
        let y = scope.choose(&slices, &positions)?;
        let y = scope.reshape(&y, shape)?;
        return scope.finish(y);
    };
    let block: usize = x.shape[batch..].iter().product();
    let in_batch: usize = places[batch..].iter().product();
    let mut positions = Vec::new();
    for (slice, start) in slice_positions(&chosen, &x.shape[batch..], *depth)?.into_iter().enumerate() {
        let start = slice / in_batch * block + start;
        positions.extend(start..start + inner);
    }
    let y = scope.gather(&x, shape, narrow(positions), Vec::new())?;
    scope.finish(y)
}

/// The tensor, its indices, and their values if these are known.
fn inputs(scope: &Scope<'_>) -> Result<(Operand, Operand, Option<Vec<i64>>), String> {
    scope.arity(2, 2)?;
    let indices = scope.input(1)?;
    let chosen = if indices.is_constant() { scope.integers(1)? } else { None };
    Ok((scope.input(0)?, indices, chosen))
}

/// For each known index, the position in a tensor of shape `x` of the element that it means along an axis.
pub(super) fn element_positions(x: &[usize], indices: &[usize], axis: usize, chosen: &[i64]) -> Result<Vec<usize>, String> {
    let (from, to) = (strides(x), strides(indices));
    let position = |(element, index): (usize, &i64)| {
        let along = |k: usize| if k == axis { place(*index, x[axis]) } else { Ok(element / to[k] % indices[k]) };
        (0..x.len()).map(|k| Ok(along(k)? * from[k])).sum::<Result<usize, String>>()
    };
    chosen.iter().enumerate().map(position).collect()
}

/// Where the slices begin that known tuples of `depth` indices mean in a tensor of shape `x`.
pub(super) fn slice_positions(chosen: &[i64], x: &[usize], depth: usize) -> Result<Vec<usize>, String> {
    let steps = strides(x);
    let start =
        |tuple: &[i64]| tuple.iter().enumerate().map(|(k, index)| Ok(place(*index, x[k])? * steps[k])).sum::<Result<usize, String>>();
    chosen.chunks_exact(depth).map(start).collect()
}

impl Scope<'_> {
    /// What `indices` of a shape are about: all of an axis of `x`, and of the others as much as the indices have.
    pub(super) fn part(&mut self, x: &Operand, indices: &[usize], axis: usize) -> Result<Operand, String> {
        let along = |k: usize| (0..if k == axis { x.shape[k] } else { indices[k] }).map(Some).collect();
        let positions: Vec<Vec<Option<usize>>> = (0..x.axes()).map(along).collect();
        self.pick_all(x, &positions, 0.0)
    }

    /// Computed tuples of indices `[.., depth]` of axes of these lengths as positions `[..]` in the axes together.
    pub(super) fn positions_nd(&mut self, indices: &Operand, lengths: &[usize]) -> Result<Operand, String> {
        let shape = indices.shape[..indices.axes() - 1].to_vec();
        let mut along = Vec::new();
        for (k, (length, stride)) in lengths.iter().zip(strides(lengths)).enumerate() {
            let index = self.pick(indices, indices.axes() - 1, &[k])?;
            let index = self.reshape(&index, shape.clone())?;
            along.push((stride as f64, self.positions(&index, *length)?));
        }
        let terms: Vec<(f64, &Operand)> = along.iter().map(|(stride, index)| (*stride, index)).collect();
        self.sum_as(&terms, 0.0, Bounds::NONE, Rounding::HalfUp, positions_up_to(lengths.iter().product()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_name_elements_and_slices() {
        assert_eq!(element_positions(&[2, 3], &[1, 3], 0, &[1, 0, -1]).unwrap(), [3, 1, 5]);
        assert_eq!(element_positions(&[2, 3], &[2, 1], 1, &[2, -3]).unwrap(), [2, 3]);
        assert!(element_positions(&[2, 3], &[1, 1], 1, &[3]).is_err());
        assert_eq!(slice_positions(&[1, 0, 0, -1], &[2, 3, 4], 2).unwrap(), [12, 8]);
        assert!(slice_positions(&[2, 0], &[2, 3, 4], 2).is_err());
    }
}
