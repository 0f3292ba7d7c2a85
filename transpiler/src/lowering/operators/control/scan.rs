//! Scan: a body for each slice of its inputs, with tensors that it carries from one to the next. Opset 9 on; before, it had a batch axis.

use super::{MAX_ITERATIONS, check_outputs};
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    if scope.opset() < 9 {
        return Err("the batches of opset 8 are not supported: export with a later opset".to_owned());
    }
    scope.arity(1, usize::MAX)?;
    let scanned: usize = scope.optional_attribute("num_scan_inputs")?.ok_or("attribute `num_scan_inputs` is missing")?;
    let carried = scope.inputs().checked_sub(scanned).filter(|_| scanned > 0);
    let carried = carried.ok_or_else(|| format!("{scanned} of its {} inputs are to be scanned", scope.inputs()))?;
    let body = scope.node().body("body")?;
    let rows = body.outputs.len().checked_sub(carried);
    let rows = rows.ok_or_else(|| format!("its body has {} outputs for {carried} carried tensors", body.outputs.len()))?;
    check_outputs(scope.outputs(), body.outputs.len())?;
    let (backward, axes) = (directions(scope, "scan_input_directions", scanned)?, per_tensor(scope, "scan_input_axes", scanned)?);
    let (prepends, row_axes) = (directions(scope, "scan_output_directions", rows)?, per_tensor(scope, "scan_output_axes", rows)?);

    let mut state = (0..carried).map(|position| scope.input(position)).collect::<Result<Vec<_>, _>>()?;
    let mut sources = Vec::new();
    for (position, axis) in axes.iter().enumerate() {
        let x = scope.input(carried + position)?;
        let axis = scope.axis_of(&x, *axis)?;
        sources.push((x, axis));
    }
    let length = sources[0].0.shape[sources[0].1];
    if let Some((x, axis)) = sources.iter().find(|(x, axis)| x.shape[*axis] != length) {
        return Err(format!("inputs are to be scanned over {length} and {} slices", x.shape[*axis]));
    }
    if length > MAX_ITERATIONS {
        return Err(format!("it has {length} iterations: at most {MAX_ITERATIONS} are unrolled"));
    }
    let mut given_rows = vec![Vec::new(); rows];
    for step in 0..length {
        let mut inputs = state;
        for ((x, axis), backward) in sources.iter().zip(&backward) {
            let slice = scope.pick(x, *axis, &[if *backward { length - 1 - step } else { step }])?;
            inputs.push(scope.reshape(&slice, [&x.shape[..*axis], &x.shape[axis + 1..]].concat())?);
        }
        let mut given = scope.inline(&body, inputs, &format!("iteration {step}"))?.into_iter();
        state = given.by_ref().take(carried).collect();
        for (rows, row) in given_rows.iter_mut().zip(given) {
            rows.push(row);
        }
    }
    for (position, operand) in state.into_iter().enumerate() {
        scope.give(position, operand);
    }
    for (row, ((mut slices, axis), prepends)) in given_rows.into_iter().zip(row_axes).zip(prepends).enumerate() {
        if !scope.uses(carried + row) {
            continue;
        }
        if prepends {
            slices.reverse();
        }
        let axis = scope.axis(axis, slices.first().map_or(0, |slice| slice.axes()) + 1)?;
        let joined = scope.stacked(&slices, axis)?;
        scope.give(carried + row, joined);
    }
    Ok(())
}

/// A list with a number for each tensor, or zeros.
fn per_tensor(scope: &Scope<'_>, name: &str, count: usize) -> Result<Vec<i64>, String> {
    let list = scope.list(name).filter(|list| !list.is_empty()).unwrap_or_else(|| vec![0; count]);
    if list.len() == count { Ok(list) } else { Err(format!("attribute `{name}` has {} values for {count} tensors", list.len())) }
}

/// Whether each tensor is taken or given from its end on.
fn directions(scope: &Scope<'_>, name: &str, count: usize) -> Result<Vec<bool>, String> {
    let list = per_tensor(scope, name, count)?;
    match list.iter().find(|direction| !matches!(direction, 0 | 1)) {
        Some(other) => Err(format!("attribute `{name}` holds {other}, which is no direction")),
        None => Ok(list.iter().map(|direction| *direction == 1).collect()),
    }
}
