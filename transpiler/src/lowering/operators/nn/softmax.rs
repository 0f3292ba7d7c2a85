//! Softmax: `e^(x - m) / sum e^(x - m)` with `m = max x`; LogSoftmax: `x - m - ln sum e^(x - m)`; Hardmax: 1 at the
//! greatest element.
//!
//! From opset 13 on: over one axis. Before: over all axes from `axis` on, together.

use crate::float::Function;
use crate::lowering::helpers::softmax::exponentials;
use crate::lowering::moves::inverse;
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

/// 1 at the first greatest element, 0 elsewhere.
pub(super) fn hardmax(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let axes = axes(scope, &x)?;
    let (moved, outer, length) = scope.axes_last(&x, &axes)?;
    let rows = scope.reshape(&moved, [&outer[..], &[length]].concat())?;
    let greatest = scope.arg_max(&rows, outer.len(), true)?;
    let places = Operand::constant(vec![length], greatest.element, (0..length).map(|place| place as f64).collect());
    let chosen = scope.equal(&greatest, &places)?;
    let chosen = scope.reshape(&chosen, moved.shape)?;
    // The axes go back to where they came from.
    let order: Vec<usize> = (0..x.axes()).filter(|axis| !axes.contains(axis)).chain(axes.iter().copied()).collect();
    let y = scope.transpose(&chosen, &inverse(&order))?;
    scope.finish(Operand { element: x.element, ..y })
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
        let (_, shifted, exponentials) = exponentials(self, x, axes)?;
        let total = self.reduce_sum(&exponentials, axes, true, 1.0)?;
        let logarithm = self.table(&total, &[Function::Log])?;
        self.sum(&[(1.0, &shifted), (-1.0, &logarithm)], 0.0)
    }
}
