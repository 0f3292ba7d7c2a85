//! Scatter, ScatterElements and ScatterND: updates at indices along an axis, or at tuples of indices. Of several updates of one element the
//! last one stays, or (opset 16; maxima and minima with opset 18) they are added, multiplied or compared.

use super::gather::{element_positions, slice_positions};
use crate::float::{FloatOp, Kind};
use crate::lowering::helpers::indices::Reduction;
use crate::lowering::moves::{axis_last, check_size, narrow};
use crate::lowering::scope::{Operand, Scope};

/// Single elements: an index replaces the update's position along the axis.
pub(super) fn elements(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, indices, updates) = inputs(scope)?;
    let axis = scope.axis_of(&x, scope.attribute("axis", 0i64)?)?;
    let fits = indices.axes() == x.axes() && (0..x.axes()).all(|k| k == axis || indices.shape[k] <= x.shape[k]);
    if !fits || indices.shape != updates.shape {
        return Err(format!(
            "indices of shape {:?} and updates of shape {:?} do not fit axis {axis} of shape {:?}",
            indices.shape, updates.shape, x.shape
        ));
    }
    let reduction = Reduction::read(scope)?;
    if indices.is_constant() {
        let chosen = scope.integers(1)?.unwrap_or_default();
        let targets = element_positions(&x.shape, &indices.shape, axis, &chosen)?;
        let y = scope.scatter(&x, &targets, &updates, reduction)?;
        return scope.finish(y);
    }
    let part = scope.part(&x, &indices.shape, axis)?;
    let (lines, count, length) = (indices.elements() / indices.shape[axis].max(1), indices.shape[axis], x.shape[axis]);
    let order = axis_last(x.axes(), axis);
    let rows = scope.transpose(&part, &order)?;
    let shape = rows.shape.clone();
    let rows = scope.reshape(&rows, vec![lines, length, 1])?;
    let positions = scope.transpose(&indices, &order)?;
    let positions = scope.reshape(&positions, vec![lines, count])?;
    let positions = scope.positions(&positions, length)?;
    let updates = scope.transpose(&updates, &order)?;
    let updates = scope.reshape(&updates, vec![lines, count, 1])?;
    let rows = scope.put(&rows, &positions, &updates, reduction)?;
    let rows = scope.reshape(&rows, shape)?;
    let rows = scope.transpose(&rows, &order)?;
    // What the indices are not about stays.
    let all: Vec<i64> =
        (0..rows.elements()).map(|element| (element / rows.shape[axis + 1..].iter().product::<usize>() % length) as i64).collect();
    let targets = element_positions(&x.shape, &rows.shape, axis, &all)?;
    let y = scope.scatter(&x, &targets, &rows, Reduction::Replace)?;
    scope.finish(y)
}

/// Slices, whose places are along the last axis of the indices.
pub(super) fn slices(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, indices, updates) = inputs(scope)?;
    let refused =
        || format!("indices of shape {:?} and updates of shape {:?} do not fit shape {:?}", indices.shape, updates.shape, x.shape);
    let (depth, places) = indices.shape.split_last().ok_or_else(refused)?;
    if *depth == 0 || *depth > x.axes() || updates.shape != [places, &x.shape[*depth..]].concat() {
        return Err(refused());
    }
    let reduction = Reduction::read(scope)?;
    let inner: usize = x.shape[*depth..].iter().product();
    if indices.is_constant() {
        let chosen = scope.integers(1)?.unwrap_or_default();
        let starts = slice_positions(&chosen, &x.shape, *depth)?;
        let targets: Vec<usize> = starts.into_iter().flat_map(|start| start..start + inner).collect();
        let y = scope.scatter(&x, &targets, &updates, reduction)?;
        return scope.finish(y);
    }
    let positions = scope.positions_nd(&indices, &x.shape[..*depth])?;
    let count = positions.elements();
    let positions = scope.reshape(&positions, vec![1, count])?;
    let rows = scope.reshape(&x, vec![1, x.shape[..*depth].iter().product(), inner])?;
    let updates = scope.reshape(&updates, vec![1, count, inner])?;
    let y = scope.put(&rows, &positions, &updates, reduction)?;
    let y = scope.reshape(&y, x.shape.clone())?;
    scope.finish(y)
}

fn inputs(scope: &Scope<'_>) -> Result<(Operand, Operand, Operand), String> {
    scope.arity(3, 3)?;
    let (x, indices, updates) = (scope.input(0)?, scope.input(1)?, scope.input(2)?);
    if x.element == updates.element {
        Ok((x, indices, updates))
    } else {
        Err(format!("updates of type {} do not fit a tensor of type {}", updates.element, x.element))
    }
}

impl Scope<'_> {
    /// `x` with updates at known positions, one for each update in its order.
    pub(super) fn scatter(&mut self, x: &Operand, targets: &[usize], updates: &Operand, reduction: Reduction) -> Result<Operand, String> {
        let (elements, kind) = (x.elements(), Kind::union(self.kind(x), self.kind(updates)));
        if targets.is_empty() {
            return Ok(x.clone());
        }
        if reduction == Reduction::Replace {
            let mut places: Vec<usize> = (0..elements).collect();
            targets.iter().enumerate().for_each(|(update, target)| places[*target] = elements + update);
            let op = FloatOp::Move { indices: narrow(places), constants: Vec::new() };
            return self.emit(op, &[x, updates], x.shape.clone(), (x.element, kind));
        }
        // The first update of each element, then the second of each that has one, and so on.
        let mut rounds: Vec<Vec<Option<usize>>> = Vec::new();
        let mut seen = vec![0; elements];
        for (update, target) in targets.iter().enumerate() {
            if seen[*target] == rounds.len() {
                check_size(&[rounds.len() + 1, elements])?;
                rounds.push(vec![None; elements]);
            }
            rounds[seen[*target]][*target] = Some(update);
            seen[*target] += 1;
        }
        let mut parts = vec![x.clone()];
        for round in &rounds {
            // An element without an update is compared with itself, and nothing is added to it or multiplied with it.
            let neutral = match reduction {
                Reduction::Add => Some(0.0),
                Reduction::Mul => Some(1.0),
                Reduction::Replace | Reduction::Max | Reduction::Min => None,
            };
            let Some(neutral) = neutral else {
                let of = |(element, update): (usize, &Option<usize>)| update.map_or(element, |update| elements + update);
                let op = FloatOp::Move { indices: narrow(round.iter().enumerate().map(of)), constants: Vec::new() };
                parts.push(self.emit(op, &[x, updates], x.shape.clone(), (x.element, kind))?);
                continue;
            };
            let indices = narrow(round.iter().map(|update| update.unwrap_or(updates.elements())));
            let fill = if round.contains(&None) { vec![neutral] } else { Vec::new() };
            parts.push(self.gather(updates, x.shape.clone(), indices, fill)?);
        }
        match reduction {
            Reduction::Add => self.sum(&parts.iter().map(|part| (1.0, part)).collect::<Vec<_>>(), 0.0),
            Reduction::Mul => {
                let mut y = parts.remove(0);
                for part in parts {
                    y = self.mul(&y, &part)?;
                }
                Ok(y)
            }
            Reduction::Max | Reduction::Replace => self.max(&parts),
            Reduction::Min => {
                let reversed = parts.iter().map(|part| self.reversed(part)).collect::<Result<Vec<_>, _>>()?;
                let greatest = self.max(&reversed)?;
                self.reversed(&greatest)
            }
        }
    }
}
