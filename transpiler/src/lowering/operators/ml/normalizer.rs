//! Normalizer of `ai.onnx.ml`: each row divided by its norm; a row of zeros stays so.

use crate::float::{Bounds, Function};
use crate::lowering::scope::Scope;

/// What a norm of 0 becomes, so that zeros can be divided by it.
const LEAST: f64 = 1e-30;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let shape = scope.input(0)?.shape;
    let x = scope.rows(0)?;
    let x = scope.as_floats(&x)?;
    let norm = match scope.text("norm", "MAX")?.as_str() {
        "L2" => {
            let squares = scope.reduce_squares(&x, &[1], true)?;
            scope.table(&squares, &[Function::Sqrt])?
        }
        name @ ("MAX" | "L1") => {
            let sizes = scope.table(&x, &[Function::Abs])?;
            if name == "MAX" { scope.reduce_max(&sizes, &[1], true)? } else { scope.reduce_sum(&sizes, &[1], true, 1.0)? }
        }
        other => return Err(format!("attribute `norm` is `{other}`, which is not known")),
    };
    let norm = scope.clamp(&norm, Bounds { lo: LEAST, ..Bounds::NONE })?;
    let y = scope.div(&x, &norm)?;
    let y = scope.reshape(&y, shape)?;
    scope.finish(y)
}
