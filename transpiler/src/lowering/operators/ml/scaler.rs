//! Scaler of `ai.onnx.ml`: `(x - offset) * scale`, for each feature or for all.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let features = x.shape.last().copied().ok_or("a scalar has no features")?;
    let parameter = |name: &str, default: f64| {
        let values = scope.list_of_floats(name)?.unwrap_or_else(|| vec![default]);
        match values.len() {
            1 => Ok(vec![values[0]; features]),
            found if found == features => Ok(values),
            found => Err(format!("attribute `{name}` has {found} values for {features} features")),
        }
    };
    let (offset, scale) = (parameter("offset", 0.0)?, parameter("scale", 1.0)?);
    let offset = offset.iter().zip(&scale).map(|(offset, scale)| -offset * scale).collect();
    let constant = |values: Vec<f64>| Operand::constant(vec![features], Element::Float, values);
    let y = scope.scaled(&x, &constant(scale), &constant(offset))?;
    scope.finish(y)
}
