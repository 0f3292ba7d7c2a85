//! MatMul: NumPy's matrix product, with one or both sides computed.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (a, b) = (scope.input(0)?, scope.input(1)?);
    let y = scope.matmul(&a, &b)?;
    scope.finish(y)
}
