//! Reshape to a constant shape. `-1` and `0` in it are resolved by the importer.

use super::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 2)?;
    if scope.opset() >= 5 {
        scope.weights(1)?;
    }
    scope.emit_move()
}
