//! Tan: `sin x / cos x`, because a table would interpolate over the poles.

use crate::float::Function;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let (sine, cosine) = (scope.table(&x, &[Function::Sin])?, scope.table(&x, &[Function::Cos])?);
    let y = scope.div(&sine, &cosine)?;
    scope.finish(y)
}
