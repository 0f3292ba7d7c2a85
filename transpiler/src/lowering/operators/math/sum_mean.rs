//! Sum and Mean of any number of tensors. Opset 8 brought broadcasting.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn sum(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, |_| 1.0)
}

pub(super) fn mean(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, |parts| 1.0 / parts as f64)
}

/// The sum, times a factor that depends on the number of parts.
fn lower(scope: &mut Scope<'_>, factor: fn(usize) -> f64) -> Result<(), String> {
    scope.arity(1, usize::MAX)?;
    let parts = (0..scope.inputs()).map(|position| scope.input(position)).collect::<Result<Vec<Operand>, _>>()?;
    if let Some(part) = parts.iter().find(|part| part.element != Element::Float) {
        return Err(format!("takes floats, not {}", part.element));
    }
    let factor = factor(parts.len());
    let terms: Vec<(f64, &Operand)> = parts.iter().map(|part| (factor, part)).collect();
    let y = scope.sum(&terms, 0.0)?;
    scope.finish(y)
}
