//! AveragePool: the mean of each window. Opset 7 added `count_include_pad`, opset 10 `ceil_mode`, opset 19 dilations.
//!
//! It is a convolution of each channel by itself. Where windows reach over the border, a factor for each position corrects the count.

use crate::lowering::helpers::convolution::convolve;
use crate::lowering::helpers::windows::{WindowGeometry, kernel_shape};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    let windows = WindowGeometry::read(scope, &x, kernel_shape(scope, &x)?)?;
    let counts = windows.counts(scope.attribute("count_include_pad", 0i64)? != 0);
    let most = counts.iter().max().copied().unwrap_or_default();
    if counts.contains(&0) {
        return Err("a window lies entirely in the padding".to_owned());
    }
    let channels = x.shape[1];
    let weights = vec![1.0 / most as f64; channels * windows.taps()];
    let means = convolve(scope, &x, &windows, channels, &weights, vec![0.0; channels], 0.0)?;
    let y = if counts.iter().all(|count| *count == most) {
        means
    } else {
        let factors = counts.iter().map(|count| most as f64 / *count as f64).collect();
        let factors = Operand::constant([&[1, 1], windows.output()].concat(), Element::Float, factors);
        scope.scaled(&means, &factors, &Operand::scalar(0.0))?
    };
    scope.finish(y)
}
