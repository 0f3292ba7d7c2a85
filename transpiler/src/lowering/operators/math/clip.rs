//! Clip: bounds are attributes up to opset 10, optional inputs from opset 11 on.

use crate::float::Bounds;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 3)?;
    let bounds = if scope.opset() < 11 {
        // The defaults are the least and the greatest 32-bit float: no bounds for us.
        let (lo, hi) = (scope.attribute("min", f32::MIN)?, scope.attribute("max", f32::MAX)?);
        if lo.is_nan() || hi.is_nan() {
            return Err("min and max must be numbers".to_owned());
        }
        Bounds { lo: f64::from(lo), hi: f64::from(hi) }
    } else {
        Bounds { lo: bound(scope, 1)?.unwrap_or(f64::NEG_INFINITY), hi: bound(scope, 2)?.unwrap_or(f64::INFINITY) }
    };
    // ONNX applies the upper bound last: it wins.
    let bounds = Bounds { lo: bounds.lo.min(bounds.hi), hi: bounds.hi };
    let x = scope.input(0)?;
    let y = scope.clamp(&x, bounds)?;
    scope.finish(y)
}

fn bound(scope: &Scope<'_>, position: usize) -> Result<Option<f64>, String> {
    match scope.constant(position)?.map(|operand| operand.single().ok_or(operand.elements())) {
        None => Ok(None),
        Some(Ok(value)) if !value.is_nan() => Ok(Some(value)),
        Some(Ok(_)) => Err(format!("input {position} is not a number")),
        Some(Err(values)) => Err(format!("input {position} must be a scalar, not {values} values")),
    }
}
