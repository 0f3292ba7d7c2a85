//! MaxPool: the greatest element of each window. Opset 10 added dilations and `ceil_mode`.

use crate::float::{FloatOp, Kind};
use crate::lowering::helpers::windows::{WindowGeometry, kernel_shape};
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    if scope.wants(1) {
        return Err("the output `Indices` is not supported".to_owned());
    }
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
    scope.finish(y)
}
