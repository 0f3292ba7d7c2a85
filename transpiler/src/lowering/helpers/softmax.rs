//! Softmax over some axes together, and its exponentials: for Softmax, LogSoftmax and post transforms.

use crate::float::{FloatOp, Function, Kind};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// `x - max x` and its exponentials.
pub fn exponentials(scope: &mut Scope<'_>, x: &Operand, axes: &[usize]) -> Result<(Operand, Operand), String> {
    let greatest = scope.reduce_max(x, axes, true)?;
    let shifted = scope.sum(&[(1.0, x), (-1.0, &greatest)], 0.0)?;
    let exponentials = scope.table(&shifted, &[Function::Exp])?;
    Ok((shifted, exponentials))
}

impl Scope<'_> {
    /// Softmax over some axes together.
    pub fn softmax(&mut self, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
        let (_, exponentials) = exponentials(self, x, axes)?;
        let total = self.reduce_sum(&exponentials, axes, true, 1.0)?;
        let total = self.expand(&total, &x.shape)?;
        self.emit(FloatOp::Divide, &[&exponentials, &total], x.shape.clone(), (Element::Float, Kind::Real))
    }
}
