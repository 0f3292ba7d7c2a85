//! Relu: a lower bound of 0.

use crate::float::Bounds;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let y = scope.clamp(&x, Bounds { lo: 0.0, ..Bounds::NONE })?;
    scope.finish(y)
}
