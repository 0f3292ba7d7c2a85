//! MatMulInteger: the exact matrix product of `a - a_zero` and `b - b_zero`; QLinearMatMul: the same, then quantised again.
//!
//! There is one scale and zero point for `a` and for the result, or one for each row; for `b` one, or one for each column.

use crate::lowering::scope::{Operand, Scope};

pub(super) fn matmul_integer(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 4)?;
    let y = accumulate(scope, [0, 2, 1, 3])?;
    scope.finish(y)
}

/// Inputs are `a`, its scale and zero point, the same of `b`, and scale and zero point of the output.
pub(super) fn qlinear_matmul(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(8, 8)?;
    let sum = accumulate(scope, [0, 2, 3, 5])?;
    let (a, b, y) = (scope.scale(1)?, scope.scale(4)?, scope.scale(6)?);
    let zero = scope.zero_point(7, scope.input(0)?.element)?;
    let (a, y, zero) = (per_row(scope, a)?, per_row(scope, y)?, per_row(scope, zero)?);
    let product = scope.mul(&a, &b)?;
    let factor = scope.div(&product, &y)?;
    let y = scope.requantise(&sum, &factor, &zero, zero.element)?;
    if y.shape != sum.shape {
        return Err(format!("scales or zero points change the product's shape from {1:?} to {0:?}", y.shape, sum.shape));
    }
    scope.finish(y)
}

/// The product of inputs by position: `a`, its zero point, `b`, its zero point.
fn accumulate(scope: &mut Scope<'_>, [a, a_zero, b, b_zero]: [usize; 4]) -> Result<Operand, String> {
    let (a, b) = (scope.widened(a)?, scope.widened(b)?);
    let a_zero = scope.zero_point(a_zero, a.element)?;
    let a_zero = per_row(scope, a_zero)?;
    let b_zero = scope.zero_point(b_zero, b.element)?;
    let b_zero = if b_zero.elements() == 1 { scope.reshape(&b_zero, Vec::new())? } else { b_zero };
    let b = centred(scope, &b, &b_zero)?;
    if let (Some(zero), Some(weights), [k, n]) = (a_zero.single(), b.values(), &b.shape[..])
        && a.shape.last() == Some(k)
        && *k > 0
    {
        // One zero point for all of `a` is part of the bias.
        let rows: Vec<f64> = (0..n * k).map(|index| weights[index % k * n + index / k]).collect();
        let bias = rows.chunks_exact(*k).map(|row| -zero * row.iter().sum::<f64>()).collect();
        return scope.affine(&a, 1, rows, bias);
    }
    let a = centred(scope, &a, &a_zero)?;
    scope.matmul(&a, &b)
}

/// `x - zero`, of the shape of `x`.
fn centred(scope: &mut Scope<'_>, x: &Operand, zero: &Operand) -> Result<Operand, String> {
    if zero.single() == Some(0.0) {
        return Ok(x.clone());
    }
    let zero = scope.expand(&Operand { element: x.element, ..zero.clone() }, &x.shape)?;
    scope.sum(&[(1.0, x), (-1.0, &zero)], 0.0)
}

/// A vector as a column; a single value without axes.
fn per_row(scope: &mut Scope<'_>, x: Operand) -> Result<Operand, String> {
    match x.shape[..] {
        _ if x.elements() == 1 => scope.reshape(&x, Vec::new()),
        [rows] => scope.reshape(&x, vec![rows, 1]),
        _ => Ok(x),
    }
}
