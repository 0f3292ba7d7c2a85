//! Relu: nothing but a lower bound of 0.

use super::scope::Scope;
use crate::float::Bounds;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    scope.emit_clamp(Bounds { lo: 0.0, ..Bounds::NONE })
}
