//! Add and Sub with one constant side. Opset 7 on: NumPy broadcasting of the constant.

use super::scope::{Scope, broadcast};
use crate::float::{Bounds, FloatOp};

pub(super) fn add(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, 1.0)
}

pub(super) fn sub(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, -1.0)
}

/// `a + sign * b`
fn lower(scope: &mut Scope<'_>, sign: f64) -> Result<(), String> {
    scope.arity(2, 2)?;
    if scope.opset() < 7 && scope.attribute("broadcast", 0i64)? != 0 {
        return Err("the broadcast attribute of opsets below 7 is not supported; convert the model to opset 13".to_owned());
    }
    let (computed, constant, coefficient, constant_sign) = match (scope.is_constant(0), scope.is_constant(1)) {
        (false, true) => (scope.computed(0)?, scope.weights(1)?, 1.0, sign),
        (true, false) => (scope.computed(1)?, scope.weights(0)?, sign, 1.0),
        _ => return Err("one side must be a constant; two computed sides are not supported yet".to_owned()),
    };
    let (_, shape) = scope.output()?;
    if scope.shape(computed)? != shape {
        return Err("broadcasting the computed side is not supported; give it the output's shape".to_owned());
    }
    let bias: Vec<f64> = broadcast(constant, shape)?.into_iter().map(|value| constant_sign * value).collect();
    let op = FloatOp::Sum { coefficients: vec![vec![coefficient; bias.len()]], bias, bounds: Bounds::NONE };
    scope.emit(op, &[computed])
}
