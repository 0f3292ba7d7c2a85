//! Add and Sub, with broadcasting.

use crate::lowering::scope::Scope;

pub(super) fn add(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, 1.0)
}

pub(super) fn sub(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, -1.0)
}

/// `a + sign * b`
fn lower(scope: &mut Scope<'_>, sign: f64) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = scope.wrapping_sum(&[(1.0, &a), (sign, &b)])?;
    scope.finish(y)
}
