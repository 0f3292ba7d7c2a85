//! Softmax: `e^(x - m) / sum e^(x - m)` with `m = max x`; LogSoftmax: `x - m - ln sum e^(x - m)`.
//!
//! From opset 13 on: over one axis. Before: over all axes from `axis` on, together.

use crate::float::Function;
use crate::lowering::helpers::softmax::exponentials;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn softmax(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let axes = axes(scope, &x)?;
    let y = scope.softmax(&x, &axes)?;
    scope.finish(y)
}

pub(super) fn log_softmax(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let axes = axes(scope, &x)?;
    let y = scope.log_softmax(&x, &axes)?;
    scope.finish(y)
}

fn axes(scope: &Scope<'_>, x: &Operand) -> Result<Vec<usize>, String> {
    scope.arity(1, 1)?;
    let recent = scope.opset() >= 13;
    let axis = scope.axis_of(x, scope.attribute("axis", if recent { -1i64 } else { 1 })?)?;
    Ok(if recent { vec![axis] } else { (axis..x.axes()).collect() })
}

impl Scope<'_> {
    /// The logarithm of Softmax, over some axes together.
    pub(super) fn log_softmax(&mut self, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
        if self.holes(x).is_some() {
            return Err("a mask of the input makes some results minus infinity: mask after it".to_owned());
        }
        let (shifted, exponentials) = exponentials(self, x, axes)?;
        let total = self.reduce_sum(&exponentials, axes, true, 1.0)?;
        let logarithm = self.table(&total, &[Function::Log])?;
        self.sum(&[(1.0, &shifted), (-1.0, &logarithm)], 0.0)
    }
}
