//! Squeeze and Unsqueeze drop and insert axes of length 1. The axes are an attribute below opset 13, an input from then on.

use crate::lowering::arithmetic::reduced;
use crate::lowering::scope::Scope;

pub(super) fn squeeze(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let dropped = match axes(scope)? {
        None => (0..x.axes()).filter(|axis| x.shape[*axis] == 1).collect(),
        Some(list) => scope.axes(&list, x.axes())?,
    };
    if let Some(axis) = dropped.iter().find(|axis| x.shape.get(**axis) != Some(&1)) {
        return Err(format!("axis {axis} of shape {:?} does not have length 1", x.shape));
    }
    let y = scope.reshape(&x, reduced(&x.shape, &dropped, false))?;
    scope.finish(y)
}

pub(super) fn unsqueeze(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let list = axes(scope)?.ok_or("no axes are given")?;
    // The axes are those of the result.
    let axes = scope.axes(&list, x.axes() + list.len())?;
    let mut shape = x.shape.clone();
    axes.iter().for_each(|axis| shape.insert(*axis, 1));
    let y = scope.reshape(&x, shape)?;
    scope.finish(y)
}

fn axes(scope: &Scope<'_>) -> Result<Option<Vec<i64>>, String> {
    if scope.opset() < 13 {
        scope.arity(1, 1)?;
        return Ok(scope.list("axes"));
    }
    scope.arity(1, 2)?;
    scope.integers(1)
}
