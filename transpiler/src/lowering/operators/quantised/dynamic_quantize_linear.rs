//! DynamicQuantizeLinear: bytes at a scale that the input itself decides, `(max(x, 0) - min(x, 0)) / 255`.
//!
//! The zero point is `round(-min(x, 0) / scale)`, and the bytes are `clamp(round(x / scale) + zero_point)`. ONNX rounds ties to
//! even, but its scale is a rounded 32-bit float, which decides most of them; here they go up. An input of zeros, for which ONNX takes a scale
//! of 1 / 255, is refused when the network is calibrated.

use maat_runtime::Interval;

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::scope::Scope;
use crate::onnx::{Element, IntegerType};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    let axes: Vec<usize> = (0..x.axes()).collect();
    let reversed = scope.negate(&x)?;
    let (greatest, least) = (scope.reduce_max(&x, &axes, false)?, scope.reduce_max(&reversed, &axes, false)?);
    let above_zero = Bounds { lo: 0.0, ..Bounds::NONE };
    // The least value is held with its sign changed.
    let (greatest, least) = (scope.clamp(&greatest, above_zero)?, scope.clamp(&least, above_zero)?);
    let span = scope.sum(&[(1.0, &greatest), (1.0, &least)], 0.0)?;
    let byte = Element::Integer(IntegerType::Uint8);
    let (bytes, steps) = (Kind::Integer(Interval::new(0, 255)), Kind::Integer(Interval::new(-255, 255)));
    let share = scope.div(&least, &span)?;
    let zero = scope.sum_as(&[(255.0, &share)], 0.0, Bounds::NONE, Rounding::HalfUp, (byte, bytes))?;
    let shares = scope.div(&x, &span)?;
    let rounded = scope.sum_as(&[(255.0, &shares)], 0.0, Bounds::NONE, Rounding::HalfUp, (byte, steps))?;
    let y = scope.sum_as(&[(1.0, &rounded), (1.0, &zero)], 0.0, Bounds::NONE, Rounding::HalfUp, (byte, bytes))?;
    let scale = scope.linear(&span, 1.0 / 255.0, 0.0)?;
    scope.give(0, y);
    scope.give(1, scale);
    scope.give(2, zero);
    Ok(())
}
