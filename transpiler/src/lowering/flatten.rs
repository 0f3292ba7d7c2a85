//! Flatten: the axes before and from `axis` on become one each. The shape is the importer's.

use super::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    scope.emit_move()
}
