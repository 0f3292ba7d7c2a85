//! ArgMax: the first maximum along an axis.

use super::scope::Scope;
use crate::float::FloatOp;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let input = scope.computed(0)?;
    let axis = scope.axis(scope.attribute("axis", 0i64)?, scope.shape(input)?.len())?;
    let keep_axis = scope.attribute("keepdims", 1i64)? != 0;
    if scope.attribute("select_last_index", 0i64)? != 0 {
        return Err("select_last_index = 1 is not supported; the first maximum wins".to_owned());
    }
    scope.emit(FloatOp::ArgMax { axis, keep_axis }, &[input])
}
