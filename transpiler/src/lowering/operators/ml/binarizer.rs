//! Binarizer of `ai.onnx.ml`: 1 where `x > threshold`, else 0, in the input's type.

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let threshold = f64::from(scope.attribute("threshold", 0.0f32)?);
    if !threshold.is_finite() {
        return Err(format!("attribute `threshold` is {threshold}: it must be finite"));
    }
    // An integer above 1.5 is above 1.
    let (threshold, kind) = if x.element == Element::Float { (threshold, Kind::Real) } else { (threshold.floor(), Kind::BOOL) };
    let above = scope.greater(&x, &Operand::constant(Vec::new(), x.element, vec![threshold]))?;
    let y = scope.sum_as(&[(1.0, &above)], 0.0, Bounds::NONE, Rounding::HalfUp, (x.element, kind))?;
    scope.finish(y)
}
