//! Gather, GatherElements and GatherND with known indices: fixed choices of elements. Negative indices count from the back.

use crate::float::strides;
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};

/// Whole slices along an axis.
pub(super) fn gather(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, indices, chosen) = inputs(scope)?;
    let axis = scope.axis_of(&x, scope.attribute("axis", 0i64)?)?;
    let positions = chosen.iter().map(|index| place(*index, x.shape[axis])).collect::<Result<Vec<_>, _>>()?;
    let picked = scope.pick(&x, axis, &positions)?;
    let y = scope.reshape(&picked, [&x.shape[..axis], &indices.shape, &x.shape[axis + 1..]].concat())?;
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
    let (from, to) = (strides(&x.shape), strides(&indices.shape));
    let position = |(element, index): (usize, &i64)| {
        let along = |k: usize| if k == axis { place(*index, x.shape[axis]) } else { Ok(element / to[k] % indices.shape[k]) };
        (0..x.axes()).map(|k| Ok(along(k)? * from[k])).sum::<Result<usize, String>>()
    };
    let positions = chosen.iter().enumerate().map(position).collect::<Result<Vec<_>, _>>()?;
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
    let steps = strides(&x.shape);
    let (inner, block): (usize, usize) = (x.shape[indexed..].iter().product(), x.shape[batch..].iter().product());
    let in_batch: usize = places[batch..].iter().product();
    let mut positions = Vec::new();
    for (slice, index) in chosen.chunks_exact(*depth).enumerate() {
        let mut start = slice / in_batch * block;
        for (index, axis) in index.iter().zip(batch..) {
            start += place(*index, x.shape[axis])? * steps[axis];
        }
        positions.extend(start..start + inner);
    }
    let y = scope.gather(&x, shape, narrow(positions), Vec::new())?;
    scope.finish(y)
}

fn inputs(scope: &Scope<'_>) -> Result<(Operand, Operand, Vec<i64>), String> {
    scope.arity(2, 2)?;
    let indices = scope.constant(1)?.ok_or("input 1 is missing")?;
    let chosen = scope.integers(1)?.unwrap_or_default();
    Ok((scope.input(0)?, indices, chosen))
}

/// An index as a position along an axis.
fn place(index: i64, length: usize) -> Result<usize, String> {
    let from_front = if index < 0 { index.saturating_add(length as i64) } else { index };
    let found = usize::try_from(from_front).ok().filter(|position| *position < length);
    found.ok_or_else(|| format!("index {index} is outside an axis of length {length}"))
}

fn narrow(positions: Vec<usize>) -> Vec<u32> {
    positions.into_iter().map(|position| u32::try_from(position).expect("tensors are small")).collect()
}
