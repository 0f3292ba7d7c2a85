//! ArgMax: the first maximum along an axis, or the last one; ArgMin: the same of the input in reversed order.

use crate::lowering::scope::Scope;

pub(super) fn arg_max(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, false)
}

pub(super) fn arg_min(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, true)
}

fn lower(scope: &mut Scope<'_>, least: bool) -> Result<(), String> {
    scope.arity(1, 1)?;
    let input = scope.input(0)?;
    let axis = scope.axis_of(&input, scope.attribute("axis", 0i64)?)?;
    let keep = scope.attribute("keepdims", 1i64)? != 0;
    let x = if least { scope.reversed(&input)? } else { input };
    if scope.attribute("select_last_index", 0i64)? == 0 {
        let y = scope.arg_max(&x, axis, keep)?;
        return scope.finish(y);
    }
    // The last maximum is the first one in reverse.
    let length = x.shape[axis];
    let backwards: Vec<usize> = (0..length).rev().collect();
    let reversed = scope.pick(&x, axis, &backwards)?;
    let from_behind = scope.arg_max(&reversed, axis, keep)?;
    let y = scope.linear(&from_behind, -1.0, length as f64 - 1.0)?;
    scope.finish(y)
}
