//! ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceL1, ReduceL2 and ReduceSumSquare.
//!
//! Axes are an attribute before opset 18 (ReduceSum: 13), and an input from then on, with `noop_with_empty_axes`: with no axes, each
//! element is reduced by itself.

use crate::float::Function;
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
