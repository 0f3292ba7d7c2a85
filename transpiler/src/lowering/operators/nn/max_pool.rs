//! MaxPool: the greatest element of each window. Opset 8 added positions, opset 10 dilations and `ceil_mode`.
//!
//! A position counts all elements of the input, in its order; with `storage_order` 1, the last two axes are counted column by column. It is
//! the place of the window, plus that of the tap in it.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, Kind, Rounding};
use crate::lowering::helpers::windows::{WindowGeometry, kernel_shape};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let windows = WindowGeometry::read(scope, &x, kernel_shape(scope, &x)?)?;
    if windows.counts(false).contains(&0) {
        return Err("a window lies entirely in the padding".to_owned());
    }
    // Padding never wins.
    let kind = scope.kind(&x);
    let least = if let Kind::Integer(range) = kind { range.lo as f64 } else { f64::NEG_INFINITY };
    let gathered = windows.gather(scope, &x, least)?;
    let (batch, channels) = (x.shape[0], x.shape[1]);
    let shape = vec![batch, windows.positions(), channels];
    let greatest = scope.emit(FloatOp::Max { axis: 2, keep_axis: false }, &[&gathered], shape, (x.element, kind))?;
    let y = windows.channels_first(scope, &greatest, channels)?;
    scope.give(0, y);
    if scope.uses(1) {
        let positions = positions(scope, &x, &windows, &gathered)?;
        scope.give(1, positions);
    }
    Ok(())
}

/// The position of each window's greatest element in the whole input.
fn positions(scope: &mut Scope<'_>, x: &Operand, windows: &WindowGeometry, gathered: &Operand) -> Result<Operand, String> {
    if windows.is_padded() && scope.kind(x) != Kind::Real {
        return Err("positions of integers in padded windows are not supported: padding has the least integer, too".to_owned());
    }
    let (batch, channels) = (x.shape[0], x.shape[1]);
    let by_columns = scope.attribute("storage_order", 0i64)? != 0;
    let (starts, taps) = windows.places(by_columns);
    let element = Element::Integer(IntegerType::Int64);
    let tap = scope.arg_max(gathered, 2, false)?;
    let shape = tap.shape.clone();
    let flat = scope.reshape(&tap, vec![tap.elements()])?;
    let place = if taps.len() > 1 { scope.element_at(&flat, &taps, element)? } else { Operand { element, ..flat } };
    let place = scope.reshape(&place, shape)?;
    let pixels: i64 = x.shape[2..].iter().map(|length| *length as i64).product();
    let begins = |index: usize| {
        let (sample, window, channel) = (index / (starts.len() * channels), index / channels % starts.len(), index % channels);
        ((sample * channels + channel) as i64 * pixels + starts[window]) as f64
    };
    let begins = (0..batch * starts.len() * channels).map(begins).collect();
    let begins = Operand::constant(vec![batch, starts.len(), channels], element, begins);
    let sort = (element, Kind::Integer(Interval::new(0, (x.elements() as i64 - 1).max(0))));
    let position = scope.sum_as(&[(1.0, &place), (1.0, &begins)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)?;
    windows.channels_first(scope, &position, channels)
}
