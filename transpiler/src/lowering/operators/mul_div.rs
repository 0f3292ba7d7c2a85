//! Mul and Div. Opset 7 on: NumPy broadcasting of both sides.

use crate::lowering::scope::Scope;

pub(super) fn mul(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    scope.refuse_old_broadcast()?;
    let (a, b) = (scope.input(0)?, scope.input(1)?);
    let y = scope.mul(&a, &b)?;
    scope.finish(y)
}

pub(super) fn div(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    scope.refuse_old_broadcast()?;
    let (a, b) = (scope.input(0)?, scope.input(1)?);
    let y = scope.div(&a, &b)?;
    scope.finish(y)
}
