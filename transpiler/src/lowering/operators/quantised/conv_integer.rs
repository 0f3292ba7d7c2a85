//! ConvInteger: the exact convolution of `x - x_zero` with `w - w_zero`; QLinearConv: the same with a bias, then quantised again.

use crate::lowering::helpers::convolution::convolution;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn conv_integer(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 4)?;
    let y = accumulate(scope, [0, 2, 1, 3], None)?;
    scope.finish(y)
}

/// Inputs are `x`, its scale and zero point, the same of the weights, scale and zero point of the output, and the bias.
pub(super) fn qlinear_conv(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(8, 9)?;
    let bias = if scope.optional(8)?.is_some() { Some(scope.weights(8)?) } else { None };
    let sum = accumulate(scope, [0, 2, 3, 5], bias)?;
    let (x, weights, y) = (scope.scale(1)?, scope.scale(4)?, scope.scale(6)?);
    let zero = scope.zero_point(7, scope.input(0)?.element)?;
    let (x, y, zero) = (single(scope, x)?, single(scope, y)?, single(scope, zero)?);
    let weights = per_output(scope, weights, sum.shape[1], sum.axes() - 2)?;
    let product = scope.mul(&x, &weights)?;
    let factor = scope.div(&product, &y)?;
    let y = scope.requantise(&sum, &factor, &zero, zero.element)?;
    scope.finish(y)
}

/// The convolution of inputs by position: `x`, its zero point, the weights, their zero point. Padding holds the zero point of `x`, which is
/// otherwise part of the bias.
fn accumulate(scope: &mut Scope<'_>, [x, x_zero, w, w_zero]: [usize; 4], bias: Option<Operand>) -> Result<Operand, String> {
    let (x, w) = (scope.widened(x)?, scope.widened(w)?);
    let x_zero = scope.zero_point(x_zero, x.element)?.single().ok_or("the input has one zero point")?;
    let (outputs, behind) = w.shape.split_first().map_or((0, 0), |(outputs, behind)| (*outputs, behind.len()));
    let w_zero = Operand { element: w.element, ..scope.zero_point(w_zero, w.element)? };
    let w_zero = per_output(scope, w_zero, outputs, behind)?;
    let centred = scope.sum(&[(1.0, &w), (-1.0, &w_zero)], 0.0)?;
    let weights = centred.values().ok_or("the kernel must be a constant")?;
    let taps = weights.len().checked_div(outputs).filter(|taps| *taps > 0).ok_or("the kernel is empty")?;
    let mut biases: Vec<f64> = weights.chunks_exact(taps).map(|row| -x_zero * row.iter().sum::<f64>()).collect();
    if let Some(bias) = bias {
        let given = bias
            .values()
            .filter(|given| given.len() == outputs)
            .ok_or_else(|| format!("{} biases for {outputs} outputs", bias.elements()))?;
        biases.iter_mut().zip(given).for_each(|(sum, given)| *sum += given);
    }
    let bias = Operand::constant(vec![outputs], w.element, biases);
    convolution(scope, &x, &centred, Some(&bias), x_zero)
}

/// A scalar without axes.
fn single(scope: &mut Scope<'_>, x: Operand) -> Result<Operand, String> {
    x.single().ok_or("inputs and outputs have one scale and one zero point")?;
    scope.reshape(&x, Vec::new())
}

/// One value, or one for each output, with `behind` axes after that of the outputs.
fn per_output(scope: &mut Scope<'_>, x: Operand, outputs: usize, behind: usize) -> Result<Operand, String> {
    match x.elements() {
        1 => scope.reshape(&x, Vec::new()),
        values if values == outputs => scope.reshape(&x, [&[outputs], &vec![1; behind][..]].concat()),
        values => Err(format!("{values} scales or zero points for {outputs} outputs")),
    }
}
