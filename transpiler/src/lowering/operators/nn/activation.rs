//! Activations with attributes. Each is one table, except for HardSigmoid, a linear function with bounds, and ThresholdedRelu, a choice.

use crate::float::{Bounds, Function, Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// Celu: `max(0, x) + min(0, alpha * (e^(x / alpha) - 1))`
pub(super) fn celu(scope: &mut Scope<'_>) -> Result<(), String> {
    let alpha = scope.number("alpha", 1.0)?;
    if alpha == 0.0 {
        return Err("attribute `alpha` must not be 0".to_owned());
    }
    scope.function(Function::Elu { alpha, width: alpha })
}

/// Elu: `x` for `x >= 0`, else `alpha * (e^x - 1)`
pub(super) fn elu(scope: &mut Scope<'_>) -> Result<(), String> {
    let alpha = scope.number("alpha", 1.0)?;
    scope.function(Function::Elu { alpha, width: 1.0 })
}

/// Gelu, opset 20: exact by the error function, or approximated by tanh.
pub(super) fn gelu(scope: &mut Scope<'_>) -> Result<(), String> {
    match scope.text("approximate", "none")?.as_str() {
        "none" => scope.function(Function::Gelu),
        "tanh" => scope.function(Function::GeluTanh),
        other => Err(format!("attribute `approximate` is `{other}`, which is not known")),
    }
}

/// HardSigmoid: `clamp(alpha * x + beta, 0, 1)`
pub(super) fn hard_sigmoid(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let (alpha, beta) = (scope.number("alpha", 0.2)?, scope.number("beta", 0.5)?);
    let x = scope.input(0)?;
    if x.element != Element::Float {
        return Err(format!("takes floats, not {}", x.element));
    }
    let y = scope.sum_as(&[(alpha, &x)], beta, Bounds { lo: 0.0, hi: 1.0 }, Rounding::HalfUp, (Element::Float, Kind::Real))?;
    scope.finish(y)
}

/// LeakyRelu: `x` for `x >= 0`, else `alpha * x`
pub(super) fn leaky_relu(scope: &mut Scope<'_>) -> Result<(), String> {
    let alpha = scope.number("alpha", 0.01)?;
    scope.function(Function::LeakyRelu(alpha))
}

/// Selu: `gamma * x` for `x > 0`, else `gamma * alpha * (e^x - 1)`. The defaults are those of opset 6 on.
pub(super) fn selu(scope: &mut Scope<'_>) -> Result<(), String> {
    let alpha = scope.number("alpha", 1.673_263_2)?;
    let gamma = scope.number("gamma", 1.050_701)?;
    scope.function(Function::Selu { alpha, gamma })
}

/// Shrink: `x - bias` for `x > lambd`, `x + bias` for `x < -lambd`, else 0. Choices, because a table would interpolate where it jumps.
pub(super) fn shrink(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let (lambda, bias) = (scope.number("lambd", 0.5)?, scope.number("bias", 0.0)?);
    let x = scope.floats(0)?;
    let (above, below) = (scope.greater(&x, &Operand::scalar(lambda))?, scope.greater(&Operand::scalar(-lambda), &x)?);
    let (less, more) = (scope.linear(&x, 1.0, -bias)?, scope.linear(&x, 1.0, bias)?);
    let inner = scope.select(&above, &less, &Operand::scalar(0.0))?;
    let y = scope.select(&below, &more, &inner)?;
    scope.finish(y)
}

/// Swish, opset 24: `x * sigmoid(alpha * x)`
pub(super) fn swish(scope: &mut Scope<'_>) -> Result<(), String> {
    let alpha = scope.number("alpha", 1.0)?;
    scope.function(Function::Swish(alpha))
}

/// ThresholdedRelu: `x` for `x > alpha`, else 0. A choice, because a table would interpolate where the function jumps.
pub(super) fn thresholded_relu(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let (x, alpha) = (scope.input(0)?, Operand::scalar(scope.number("alpha", 1.0)?));
    let above = scope.greater(&x, &alpha)?;
    let y = scope.select(&above, &x, &Operand::scalar(0.0))?;
    scope.finish(y)
}
