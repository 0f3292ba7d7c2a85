//! Abs, Neg and Sign, on real numbers and on integers that provably fit their type.

use maat_runtime::Interval;

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};

pub(super) fn abs(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let y = scope.abs(&x)?;
    scope.finish(y)
}

pub(super) fn neg(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let y = scope.wrapping_sum(&[(-1.0, &x)])?;
    scope.finish(y)
}

/// Two comparisons, because a table would interpolate between -1 and 1.
pub(super) fn sign(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let zero = Operand::constant(Vec::new(), x.element, vec![0.0]);
    let (above, below) = (scope.greater(&x, &zero)?, scope.greater(&zero, &x)?);
    let sort = (x.element, Kind::Integer(Interval::new(-1, 1)));
    let y = scope.sum_as(&[(1.0, &above), (-1.0, &below)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)?;
    scope.finish(y)
}
