//! Equal, Greater, GreaterOrEqual, Less and LessOrEqual. Opset 7 on: NumPy broadcasting of both sides.

use crate::lowering::scope::{Operand, Scope};

pub(super) fn equal(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = read(scope)?;
    let y = scope.equal(&a, &b)?;
    scope.finish(y)
}

pub(super) fn greater(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = read(scope)?;
    let y = scope.greater(&a, &b)?;
    scope.finish(y)
}

/// `a >= b` unless `b > a`
pub(super) fn greater_or_equal(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = read(scope)?;
    let less = scope.greater(&b, &a)?;
    let y = scope.not(&less)?;
    scope.finish(y)
}

pub(super) fn less(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = read(scope)?;
    let y = scope.greater(&b, &a)?;
    scope.finish(y)
}

/// `a <= b` unless `a > b`
pub(super) fn less_or_equal(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = read(scope)?;
    let greater = scope.greater(&a, &b)?;
    let y = scope.not(&greater)?;
    scope.finish(y)
}

fn read(scope: &Scope<'_>) -> Result<(Operand, Operand), String> {
    scope.arity(2, 2)?;
    scope.refuse_old_broadcast()?;
    Ok((scope.input(0)?, scope.input(1)?))
}
