//! ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare, ReduceLogSum and ReduceLogSumExp.
//!
//! Axes are an attribute before opset 18 (ReduceSum: 13), and an input from then on, with `noop_with_empty_axes`: with no axes, each
//! element is reduced by itself.

use crate::float::Function;
use crate::lowering::arithmetic::reduced;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// What is reduced, over which axes, and whether these are kept.
type Reduction = (Operand, Vec<usize>, bool);

pub(super) fn sum(scope: &mut Scope<'_>) -> Result<(), String> {
    let reduction = read(scope, 13)?;
    let y = total(scope, &reduction, 1.0)?;
    scope.finish(y)
}

pub(super) fn mean(scope: &mut Scope<'_>) -> Result<(), String> {
    let reduction = read(scope, 18)?;
    let (x, axes, _) = &reduction;
    if x.element != Element::Float {
        return Err(format!("takes floats, not {}", x.element));
    }
    let length: usize = axes.iter().map(|axis| x.shape[*axis]).product();
    let y = total(scope, &reduction, 1.0 / length as f64)?;
    scope.finish(y)
}

pub(super) fn max(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, axes, keep) = read(scope, 18)?;
    let y = scope.reduce_max(&x, &axes, keep)?;
    scope.finish(y)
}

pub(super) fn min(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, axes, keep) = read(scope, 18)?;
    let reversed = scope.reversed(&x)?;
    let greatest = scope.reduce_max(&reversed, &axes, keep)?;
    let y = scope.reversed(&greatest)?;
    scope.finish(y)
}

pub(super) fn l1(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, axes, keep) = read(scope, 18)?;
    let sizes = scope.abs(&x)?;
    let y = total(scope, &(sizes, axes, keep), 1.0)?;
    scope.finish(y)
}

pub(super) fn l2(scope: &mut Scope<'_>) -> Result<(), String> {
    let reduction = read(scope, 18)?;
    let squares = squares(scope, &reduction)?;
    let y = scope.table(&squares, &[Function::Sqrt])?;
    scope.finish(y)
}

pub(super) fn sum_square(scope: &mut Scope<'_>) -> Result<(), String> {
    let reduction = read(scope, 18)?;
    let y = squares(scope, &reduction)?;
    scope.finish(y)
}

/// The longest product whose factors are tensors of their own.
const MAX_FACTORS: usize = 16;

/// Pairs of factors are multiplied, and then pairs of their products. Each of few factors is a tensor of its own, so that each product has
/// a scale that fits it.
pub(super) fn prod(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, axes, keep) = read(scope, 18)?;
    if x.element == Element::Bool {
        return Err("takes numbers, not truth values".to_owned());
    }
    let (moved, outer, length) = scope.axes_last(&x, &axes)?;
    let rows = scope.reshape(&moved, [&outer[..], &[length]].concat())?;
    let axis = outer.len();
    let parts = MAX_FACTORS.min(length);
    // Longer products are cut into as many parts, each of which is multiplied in halves.
    let mut factors = Vec::new();
    for part in 0..parts {
        let (from, to) = (part * length / parts, (part + 1) * length / parts);
        let mut factor = scope.pick(&rows, axis, &(from..to).collect::<Vec<_>>())?;
        while factor.shape[axis] > 1 {
            let (length, half) = (factor.shape[axis], factor.shape[axis] / 2);
            let run = |from: usize| (from..from + half).collect::<Vec<_>>();
            let (a, b) = (scope.pick(&factor, axis, &run(0))?, scope.pick(&factor, axis, &run(half))?);
            let products = scope.wrapping_mul(&a, &b)?;
            factor = if length > 2 * half {
                let last = scope.pick(&factor, axis, &[length - 1])?;
                scope.concat(&[products, last], axis)?
            } else {
                products
            };
        }
        factors.push(factor);
    }
    while factors.len() > 1 {
        let mut products = Vec::new();
        for pair in factors.chunks(2) {
            products.push(match pair {
                [a, b] => scope.wrapping_mul(a, b)?,
                _ => pair[0].clone(),
            });
        }
        factors = products;
    }
    let product = factors.first().ok_or("there are no factors")?;
    let y = scope.reshape(product, reduced(&x.shape, &axes, keep))?;
    scope.finish(y)
}

/// `ln sum x`
pub(super) fn log_sum(scope: &mut Scope<'_>) -> Result<(), String> {
    let reduction = read(scope, 18)?;
    let sums = total(scope, &reduction, 1.0)?;
    let y = scope.table(&sums, &[Function::Log])?;
    scope.finish(y)
}

/// `ln sum e^x = m + ln sum e^(x - m)` with `m = max x`
pub(super) fn log_sum_exp(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, axes, keep) = read(scope, 18)?;
    let y = scope.log_sum_exp(&x, &axes)?;
    let y = scope.reshape(&y, reduced(&x.shape, &axes, keep))?;
    scope.finish(y)
}

/// Reads a reduction whose axes are an input from opset `input_from` on.
fn read(scope: &Scope<'_>, input_from: i64) -> Result<Reduction, String> {
    let by_input = scope.opset() >= input_from;
    scope.arity(1, if by_input { 2 } else { 1 })?;
    let x = scope.input(0)?;
    let keep = scope.attribute("keepdims", 1i64)? != 0;
    let list = if by_input { scope.integers(1)? } else { scope.list("axes") }.unwrap_or_default();
    let alone = by_input && scope.attribute("noop_with_empty_axes", 0i64)? != 0;
    let axes = if list.is_empty() && !alone || x.axes() == 0 { (0..x.axes()).collect() } else { scope.axes(&list, x.axes())? };
    Ok((x, axes, keep))
}

fn total(scope: &mut Scope<'_>, (x, axes, keep): &Reduction, factor: f64) -> Result<Operand, String> {
    match x.element {
        Element::Bool => Err("takes numbers, not truth values".to_owned()),
        _ if axes.is_empty() => Ok(x.clone()),
        _ => scope.reduce_sum(x, axes, *keep, factor),
    }
}

fn squares(scope: &mut Scope<'_>, (x, axes, keep): &Reduction) -> Result<Operand, String> {
    if x.element == Element::Float {
        return scope.reduce_squares(x, axes, *keep);
    }
    let squares = scope.mul(x, x)?;
    total(scope, &(squares, axes.clone(), *keep), 1.0)
}
