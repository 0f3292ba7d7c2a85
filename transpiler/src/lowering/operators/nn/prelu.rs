//! PRelu: `x` for `x >= 0`, else `slope * x`. From opset 7 on the slope broadcasts to `x`; before, there is one, or one for each channel.

use crate::float::{Bounds, Function};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (x, slope) = (scope.input(0)?, scope.input(1)?);
    if x.element != Element::Float || slope.element != Element::Float {
        return Err(format!("takes floats, not {} and {}", x.element, slope.element));
    }
    if let Some(slope) = slope.single() {
        let y = scope.table(&x, &[Function::LeakyRelu(slope)])?;
        return scope.finish(y);
    }
    let slope = if scope.opset() < 7 { scope.aligned(&x, &slope, 1)? } else { slope };
    let slope = scope.expand(&slope, &x.shape)?;
    let negative = scope.clamp(&x, Bounds { hi: 0.0, ..Bounds::NONE })?;
    // x + (slope - 1) * min(x, 0): one product, and only where the slope is computed.
    let less = scope.sum(&[(1.0, &slope), (-1.0, &Operand::scalar(1.0))], 0.0)?;
    let change = scope.mul(&negative, &less)?;
    let y = scope.sum(&[(1.0, &x), (1.0, &change)], 0.0)?;
    scope.finish(y)
}
