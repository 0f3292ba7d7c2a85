//! Add and Sub. Opset 7 on: NumPy broadcasting of both sides.

use crate::lowering::scope::Scope;

pub(super) fn add(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, 1.0)
}

pub(super) fn sub(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, -1.0)
}

/// `a + sign * b`
fn lower(scope: &mut Scope<'_>, sign: f64) -> Result<(), String> {
    scope.arity(2, 2)?;
    scope.refuse_old_broadcast()?;
    let (a, b) = (scope.input(0)?, scope.input(1)?);
    let y = scope.sum(&[(1.0, &a), (sign, &b)], 0.0)?;
    scope.finish(y)
}
