//! MaxPool: the greatest element of each window, and where it is in the tensor. Opset 8 added the positions, opset 10 dilations and
//! `ceil_mode`.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, Kind, Rounding, strides};
use crate::lowering::helpers::indices::positions_up_to;
use crate::lowering::helpers::windows::{WindowGeometry, kernel_shape};
use crate::lowering::scope::{Operand, Scope};

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
        let found = positions(scope, &x, &windows, (&gathered, least))?;
        let found = windows.channels_first(scope, &found, channels)?;
        scope.give(1, found);
    }
    Ok(())
}

/// The positions `[batch, windows, channels]` in all of `x`, of the first greatest elements. The elements of the windows are gathered
/// already, with some padding.
fn positions(
    scope: &mut Scope<'_>,
    x: &Operand,
    windows: &WindowGeometry,
    (gathered, padding): (&Operand, f64),
) -> Result<Operand, String> {
    // An integer may be the least of its type; padding has to be less, or its place would be found.
    let below = match scope.kind(x) {
        Kind::Integer(range) if range.lo > Interval::of_bits(32).lo => range.lo as f64 - 1.0,
        Kind::Integer(range) => return Err(format!("the positions of integers of {range} are not supported: they need a wider type")),
        Kind::Real => f64::NEG_INFINITY,
    };
    let gathered = if below == padding { gathered.clone() } else { windows.gather(scope, x, below)? };
    let tap = scope.arg_max(&gathered, 2, false)?;
    let (&[batch, channels], lengths) = x.shape.split_first_chunk::<2>().ok_or("the input needs a batch axis and a channel axis")?;
    let steps = match scope.attribute("storage_order", 0i64)? {
        0 => strides(lengths),
        // Column-major: the first axis varies fastest.
        1 => (0..lengths.len()).map(|axis| lengths[..axis].iter().product()).collect(),
        other => return Err(format!("attribute `storage_order` is {other}, which is not known")),
    };
    let (starts, taps) = windows.offsets(&steps);
    let elements: usize = lengths.iter().product();
    let sort = positions_up_to(x.elements());
    let count = tap.elements();
    let flat = scope.reshape(&tap, vec![count])?;
    let offset = scope.element_at(&flat, &taps, sort.0)?;
    let place = |k: usize| {
        (starts[k / channels % starts.len()] + ((k / channels / starts.len() * channels + k % channels) * elements) as i64) as f64
    };
    let start = Operand::constant(vec![batch * starts.len() * channels], sort.0, (0..count).map(place).collect());
    let found = scope.sum_as(&[(1.0, &offset), (1.0, &start)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)?;
    scope.reshape(&found, vec![batch, starts.len(), channels])
}
