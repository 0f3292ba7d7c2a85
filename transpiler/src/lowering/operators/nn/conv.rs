//! Conv in any number of dimensions, with strides, padding, dilation and groups.

use crate::lowering::helpers::convolution::convolution;
use crate::lowering::scope::Scope;

pub(super) fn conv(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let (x, weights) = (scope.input(0)?, scope.weights(1)?);
    let bias = if scope.optional(2)?.is_some() { Some(scope.weights(2)?) } else { None };
    let y = convolution(scope, &x, &weights, bias.as_ref(), 0.0)?;
    scope.finish(y)
}
