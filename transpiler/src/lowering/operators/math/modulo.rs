//! Mod: what is left of `x / y`. With `fmod` 1 it has the sign of `x`, as in C; with 0, which takes integers only, that of `y`, as in
//! Python.

use crate::lowering::arithmetic::same_element;
use crate::lowering::helpers::division::Toward;
use crate::lowering::helpers::rounding::ROUNDED;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, y) = scope.pair()?;
    let as_in_c = scope.attribute("fmod", 0i64)? != 0;
    let remainder = match x.element {
        Element::Bool | Element::Text(_) => return Err(format!("takes numbers, not {}", x.element)),
        Element::Integer(_) => {
            same_element([&x, &y])?;
            scope.divide_integers(&x, &y, if as_in_c { Toward::Zero } else { Toward::Below })?.1
        }
        Element::Float if !as_in_c => return Err("floats need the attribute `fmod` 1".to_owned()),
        Element::Float => of_reals(scope, &x, &y)?,
    };
    scope.finish(remainder)
}

/// `x - y * trunc(x / y)`
fn of_reals(scope: &mut Scope<'_>, x: &Operand, y: &Operand) -> Result<Operand, String> {
    if let (Some(_), Some(_)) = (x.values(), y.values()) {
        let quotients = scope.div(x, y)?;
        let cut = quotients.values().unwrap_or_default().iter().map(|quotient| quotient.trunc()).collect();
        let multiples = scope.mul(&Operand::constant(quotients.shape, Element::Float, cut), y)?;
        return scope.sum(&[(1.0, x), (-1.0, &multiples)], 0.0);
    }
    let quotient = scope.div(x, y)?;
    let cut = scope.cut(&quotient, (Element::Float, ROUNDED))?;
    let multiples = scope.mul(&cut, y)?;
    scope.sum(&[(1.0, x), (-1.0, &multiples)], 0.0)
}
