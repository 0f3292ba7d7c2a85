//! Lowers `Max`: a chain of saturations from below.

use maat_runtime::Tensor;
use maat_runtime::primitives::Max;

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell};

/// A chain: each unit gives the greater of the next element and the greatest so far.
impl Lower for Max {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let x = &inputs[0];
        let (length, inner) = self.extents(x.shape);
        let mut y = Vec::with_capacity(x.cells.len() / length);
        for block in x.cells.chunks(length * inner) {
            for start in 0..inner {
                let mut elements = block.iter().skip(start).step_by(inner).copied();
                let first = elements.next().expect("an axis has at least one element");
                y.push(elements.try_fold(first, |greatest: Cell, x| builder.greater(x, greatest, inputs[0].range))?);
            }
        }
        Ok(y)
    }
}
