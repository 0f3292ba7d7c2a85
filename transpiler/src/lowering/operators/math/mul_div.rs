//! Mul and Div, with broadcasting.

use crate::lowering::scope::Scope;

pub(super) fn mul(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = scope.mul(&a, &b)?;
    scope.finish(y)
}

pub(super) fn div(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = scope.div(&a, &b)?;
    scope.finish(y)
}
