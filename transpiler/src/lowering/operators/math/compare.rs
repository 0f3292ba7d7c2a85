//! Equal, Greater, GreaterOrEqual, Less and LessOrEqual, with broadcasting.

use crate::lowering::scope::Scope;

pub(super) fn equal(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = scope.equal(&a, &b)?;
    scope.finish(y)
}

pub(super) fn greater(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = scope.greater(&a, &b)?;
    scope.finish(y)
}

/// `a >= b` unless `b > a`
pub(super) fn greater_or_equal(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let less = scope.greater(&b, &a)?;
    let y = scope.not(&less)?;
    scope.finish(y)
}

pub(super) fn less(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = scope.greater(&b, &a)?;
    scope.finish(y)
}

/// `a <= b` unless `a > b`
pub(super) fn less_or_equal(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let greater = scope.greater(&a, &b)?;
    let y = scope.not(&greater)?;
    scope.finish(y)
}
