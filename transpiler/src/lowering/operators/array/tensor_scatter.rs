//! TensorScatter (opset 24): a block of updates in a cache, from an index on that each sequence of the batch has. In the mode `circular` it
//! goes on at the start where it reaches the end.

use crate::float::{Bounds, Rounding};
use crate::lowering::helpers::indices::{Reduction, positions_up_to};
use crate::lowering::moves::inverse;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let (x, updates) = (scope.input(0)?, scope.input(1)?);
    let axis = scope.axis_of(&x, scope.attribute("axis", -2i64)?)?;
    let fits = updates.axes() == x.axes() && (0..x.axes()).all(|k| updates.shape[k] == x.shape[k] || k == axis);
    if axis == 0 || !fits || updates.shape[axis] > x.shape[axis] || updates.element != x.element {
        return Err(format!("updates of shape {:?} do not fit axis {axis} of a cache of shape {:?}", updates.shape, x.shape));
    }
    let circular = match scope.text("mode", "linear")?.as_str() {
        "linear" => false,
        "circular" => true,
        other => return Err(format!("attribute `mode` is `{other}`, which is not known")),
    };
    let (batch, length, count) = (x.shape[0], x.shape[axis], updates.shape[axis]);
    let starts = match scope.optional(2)? {
        Some(starts) if starts.shape == [batch] => starts,
        Some(starts) => return Err(format!("there are {} starts for a batch of {batch}", starts.elements())),
        None => Operand::constant(vec![batch], positions_up_to(length).0, vec![0.0; batch]),
    };
    let Some(starts) = starts.values().map(<[f64]>::to_vec) else {
        let y = computed(scope, &x, &updates, &starts, (axis, circular))?;
        return scope.finish(y);
    };
    let (outer, inner) = (x.shape[1..axis].iter().product::<usize>(), x.shape[axis + 1..].iter().product::<usize>());
    let mut targets = Vec::new();
    for (batch, start) in starts.iter().enumerate() {
        let place = |step: usize| {
            let place = start + step as f64;
            let place = if circular { place.rem_euclid(length as f64) } else { place };
            let inside = place >= 0.0 && place < length as f64;
            if inside { Ok(place as usize) } else { Err(format!("{count} updates from {start} on do not fit an axis of length {length}")) }
        };
        let places = (0..count).map(place).collect::<Result<Vec<_>, _>>()?;
        for row in 0..outer {
            let block = (batch * outer + row) * length;
            targets.extend(places.iter().flat_map(|place| (block + place) * inner..(block + place + 1) * inner));
        }
    }
    let y = scope.scatter(&x, &targets, &updates, Reduction::Replace)?;
    scope.finish(y)
}

/// From computed starts.
fn computed(
    scope: &mut Scope<'_>,
    x: &Operand,
    updates: &Operand,
    starts: &Operand,
    (axis, circular): (usize, bool),
) -> Result<Operand, String> {
    let (batch, length, count) = (x.shape[0], x.shape[axis], updates.shape[axis]);
    // Updates that would not fit begin as late as they can.
    let places = if circular { length } else { length - count + 1 };
    let starts = scope.positions(starts, places)?;
    let starts = scope.reshape(&starts, vec![batch, 1])?;
    let sort = positions_up_to(if circular { length + count } else { length });
    let steps = Operand::constant(vec![1, count], sort.0, (0..count).map(|step| step as f64).collect());
    let positions = scope.sum_as(&[(1.0, &starts), (1.0, &steps)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)?;
    let positions = if circular {
        let last = Operand::constant(Vec::new(), sort.0, vec![length as f64 - 1.0]);
        let beyond = scope.greater(&positions, &last)?;
        let terms = [(1.0, &positions), (-(length as f64), &beyond)];
        scope.sum_as(&terms, 0.0, Bounds::NONE, Rounding::HalfUp, positions_up_to(length))?
    } else {
        positions
    };

    // The axis after that of the batch, and all others behind it.
    let order: Vec<usize> = [0, axis].into_iter().chain((1..x.axes()).filter(|k| *k != axis)).collect();
    let (rows, updates) = (scope.transpose(x, &order)?, scope.transpose(updates, &order)?);
    let (shape, inner) = (rows.shape.clone(), rows.shape[2..].iter().product());
    let rows = scope.reshape(&rows, vec![batch, length, inner])?;
    let updates = scope.reshape(&updates, vec![batch, count, inner])?;
    let rows = scope.put(&rows, &positions, &updates, Reduction::Replace)?;
    let rows = scope.reshape(&rows, shape)?;
    scope.transpose(&rows, &inverse(&order))
}
