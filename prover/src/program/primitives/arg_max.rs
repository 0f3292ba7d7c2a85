//! Lowers `ArgMax`: one comparison an element, and the index of the greatest so far.

use maat_runtime::primitives::ArgMax;
use maat_runtime::{Interval, Tensor};

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell};
use crate::program::rescale::Rescale;

/// A chain of the greatest element so far and its index: `[x_k > m] = clamp(x_k - m, 0, 1)` is exact for integers, and where it is 1 the
/// index becomes `k`. Of equal elements the first one stays.
impl Lower for ArgMax {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let x = &inputs[0];
        let (length, inner) = self.extents(x.shape);
        let difference = Interval::new(x.range.lo - x.range.hi, x.range.hi - x.range.lo);
        let mut y = Vec::with_capacity(x.cells.len() / length);
        for block in x.cells.chunks(length * inner) {
            for start in 0..inner {
                let elements: Vec<Cell> = block.iter().skip(start).step_by(inner).copied().collect();
                let (mut greatest, mut index) = (elements[0], Cell::ZERO);
                for (k, x) in (0..).zip(&elements).skip(1) {
                    let is_greater = builder.settle([*x, greatest], [1, -1, 0], Rescale::clamp(0, 1), difference)?;
                    // index + is_greater (k - index)
                    index = builder.exact([is_greater, index], [k, 1, -1], 0);
                    if k as usize + 1 < elements.len() {
                        greatest = builder.greater(*x, greatest, inputs[0].range)?;
                    }
                }
                y.push(index);
            }
        }
        Ok(y)
    }
}
