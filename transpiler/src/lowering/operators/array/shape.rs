//! Shape and Size: constants, because all shapes are known.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// Opset 15 brought `start` and `end`, counted from the back where negative, and cut to the axes that there are.
pub(super) fn shape(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let axes = x.axes() as i64;
    let place = |axis: i64| usize::try_from(if axis < 0 { axis.saturating_add(axes) } else { axis }.clamp(0, axes)).unwrap_or(0);
    let (start, end) = (place(scope.attribute("start", 0i64)?), place(scope.attribute("end", i64::MAX)?));
    let lengths: Vec<f64> = x.shape.get(start..end).unwrap_or_default().iter().map(|length| *length as f64).collect();
    scope.finish(Operand::constant(vec![lengths.len()], Element::Integer(IntegerType::Int64), lengths))
}

pub(super) fn size(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let elements = scope.input(0)?.elements();
    scope.finish(Operand::constant(Vec::new(), Element::Integer(IntegerType::Int64), vec![elements as f64]))
}
