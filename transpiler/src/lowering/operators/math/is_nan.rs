//! IsNaN and IsInf: computed values are always finite, because samples and inputs are, and results saturate. So both are known: false, except
//! for constants.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn is_nan(scope: &mut Scope<'_>) -> Result<(), String> {
    test(scope, |value, _, _| value.is_nan())
}

pub(super) fn is_inf(scope: &mut Scope<'_>) -> Result<(), String> {
    test(scope, |value, negative, positive| (negative && value == f64::NEG_INFINITY) || (positive && value == f64::INFINITY))
}

fn test(scope: &mut Scope<'_>, known: fn(f64, bool, bool) -> bool) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    if scope.holes(&x).is_some() {
        return Err("a mask has put minus infinity into the input: test before it".to_owned());
    }
    let (negative, positive) = (scope.attribute("detect_negative", 1i64)? != 0, scope.attribute("detect_positive", 1i64)? != 0);
    let values = match x.values() {
        Some(values) => values.iter().map(|value| f64::from(u8::from(known(*value, negative, positive)))).collect(),
        None => vec![0.0; x.elements()],
    };
    scope.finish(Operand::constant(x.shape, Element::Bool, values))
}
