//! Imputer of `ai.onnx.ml`: another value, for each feature or for all, where an element has the value that marks missing ones.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let (missing, imputed) = if x.element == Element::Float {
        (f64::from(scope.attribute("replaced_value_float", 0.0f32)?), scope.list_of_floats("imputed_value_floats")?)
    } else {
        let imputed = scope.list("imputed_value_int64s").map(|list| list.iter().map(|value| *value as f64).collect());
        (scope.attribute("replaced_value_int64", 0i64)? as f64, imputed)
    };
    if missing.is_nan() {
        // No input is NaN, so nothing is missing.
        return scope.finish(x);
    }
    let imputed = imputed.ok_or("no value is given for missing elements")?;
    let features = x.shape.last().copied().unwrap_or(1);
    if imputed.len() != 1 && imputed.len() != features {
        return Err(format!("{} imputed values for {features} features", imputed.len()));
    }
    let imputed = Operand::constant(vec![imputed.len()], x.element, imputed);
    let missing = scope.equal(&x, &Operand::constant(Vec::new(), x.element, vec![missing]))?;
    let y = scope.select(&missing, &imputed, &x)?;
    scope.finish(y)
}
