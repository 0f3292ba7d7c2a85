//! Where: elements of the second input where the first is true, else of the third.

use crate::lowering::scope::Scope;
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 3)?;
    let (condition, a, b) = (scope.input(0)?, scope.input(1)?, scope.input(2)?);
    if condition.element != Element::Bool {
        return Err(format!("the condition must be truth values, not {}", condition.element));
    }
    let y = scope.select(&condition, &a, &b)?;
    scope.finish(y)
}
