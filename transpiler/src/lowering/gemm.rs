//! Gemm: `y = alpha * op(a) * op(b) + beta * c` with constant `b` and `c`.

use super::scope::{Scope, broadcast};
use crate::float::{Bounds, FloatOp};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let alpha = f64::from(scope.attribute("alpha", 1.0f32)?);
    let beta = f64::from(scope.attribute("beta", 1.0f32)?);
    let transposed = scope.attribute("transB", 0i64)? != 0;
    let input = scope.computed(0)?;
    if scope.attribute("transA", 0i64)? != 0 {
        return Err("transA = 1 is not supported; transpose the input when the model is exported".to_owned());
    }
    let b = scope.weights(1)?;
    let (&[_, n], &[rows, columns]) = (scope.shape(input)?, b.shape.as_slice()) else {
        return Err("both factors must be matrices".to_owned());
    };
    let (inner, m) = if transposed { (columns, rows) } else { (rows, columns) };
    if inner != n {
        return Err(format!("the inner dimensions differ: {n} and {inner}"));
    }
    let weight = |i: usize, j: usize| if transposed { b.values[i * n + j] } else { b.values[j * m + i] };
    let weights = (0..m * n).map(|index| alpha * weight(index / n, index % n)).collect();
    let bias = match scope.constant(2)? {
        Some(c) => per_column(broadcast(c, scope.output()?.1)?, m)?.into_iter().map(|value| beta * value).collect(),
        None => vec![0.0; m],
    };
    scope.emit(FloatOp::Affine { weights, bias, bounds: Bounds::NONE }, &[input])
}

/// A broadcast constant as one value for each of `m` columns, if all rows are the same.
fn per_column(values: Vec<f64>, m: usize) -> Result<Vec<f64>, String> {
    match values.len() {
        1 => Ok(vec![values[0]; m]),
        _ if values.chunks(m).all(|row| *row == values[..m]) => Ok(values[..m].to_vec()),
        _ => Err("the rows of input 2 differ from one another; add them with an Add node instead".to_owned()),
    }
}
