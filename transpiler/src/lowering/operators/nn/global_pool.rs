//! GlobalAveragePool and GlobalMaxPool: over all axes after batch and channels.

use crate::lowering::scope::{Operand, Scope};

pub(super) fn average(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.floats(0)?;
    let axes = axes(scope, &x)?;
    let elements: usize = x.shape[2..].iter().product();
    let y = scope.reduce_sum(&x, &axes, true, 1.0 / elements as f64)?;
    scope.finish(y)
}

pub(super) fn max(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let axes = axes(scope, &x)?;
    let y = scope.reduce_max(&x, &axes, true)?;
    scope.finish(y)
}

fn axes(scope: &Scope<'_>, x: &Operand) -> Result<Vec<usize>, String> {
    scope.arity(1, 1)?;
    if x.axes() < 2 {
        return Err("the input needs a batch axis and a channel axis".to_owned());
    }
    Ok((2..x.axes()).collect())
}
