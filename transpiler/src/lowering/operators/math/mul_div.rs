//! Mul and Div, with broadcasting. Quotients of integers are rounded toward zero, as in C.

use crate::lowering::arithmetic::same_element;
use crate::lowering::helpers::division::Toward;
use crate::lowering::scope::Scope;
use crate::onnx::Element;

pub(super) fn mul(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = scope.wrapping_mul(&a, &b)?;
    scope.finish(y)
}

pub(super) fn div(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = scope.pair()?;
    let y = if a.element == Element::Float {
        scope.div(&a, &b)?
    } else {
        same_element([&a, &b])?;
        scope.divide_integers(&a, &b, Toward::Zero)?.0
    };
    scope.finish(y)
}
