//! Lowers `Product`: one unit a product of elements, one group a product of matrices.

use maat_runtime::Tensor;
use maat_runtime::primitives::Product;

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{self, Builder, Cell, Factor};
use crate::program::rescale::Rescale;

/// A product of two elements is taken by the unit that gives the result. A product of matrices is a group for each of them: column `k` of
/// the first one with column `k` of the second.
impl Lower for Product {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let (a, b) = (&inputs[0], &inputs[1]);
        let [rows, columns, inner] = [self.rows, self.columns, self.inner].map(|length| length as usize);
        let range = self.accumulator(a.range, b.range).expect("a model's accumulators are within 2^62");
        let (lo, hi) = (self.requantise.lo.into(), self.requantise.hi.into());
        let rescale = Rescale { bias: 0, shift: self.requantise.shift_of(0).into(), lo, hi };
        if rows * columns * inner == 1 {
            let pairs = a.cells.iter().zip(b.cells);
            return pairs.map(|(a, b)| builder.settle([*a, *b], [0, 0, 1], rescale, range)).collect();
        }
        let mut y = vec![Cell::ZERO; a.cells.len() / inner * columns];
        for ((a, b), y) in a.cells.chunks(rows * inner).zip(b.cells.chunks(columns * inner)).zip(y.chunks_mut(rows * columns)) {
            let place = builder.place();
            let mut operations = Vec::with_capacity(rows * columns);
            for j in 0..columns {
                for i in 0..rows {
                    let (operation, cell) = builder.rescale([Cell::ZERO; 2], [0; 3], rescale, range)?;
                    operations.push(operation);
                    y[i * columns + j] = cell;
                }
            }
            let column = |x: &[Cell], k: usize| x.iter().skip(k).step_by(inner).map(|cell| (*cell, 1)).collect::<Vec<_>>();
            let product = |k| builder::OuterProduct { left: Factor::Cells(column(a, k)), right: column(b, k) };
            builder.group(place, (0..inner).map(product).collect(), operations, rows);
        }
        Ok(y)
    }
}
