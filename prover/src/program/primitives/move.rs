use maat_runtime::Tensor;
use maat_runtime::primitives::Move;

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell};

/// Takes nothing at all: a cell may be read in any order. Constants are cells of their own, one for each integer.
impl Lower for Move {
    fn lower(&self, builder: &mut Builder, batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        if self.indices.is_empty() {
            return Ok(inputs[0].cells.to_vec());
        }
        let constants: Vec<Cell> = self.constants.iter().map(|value| builder.literal((*value).into())).collect();
        let inference = |number: usize| {
            let parts = inputs.iter().map(|x| x.cells.chunks(x.shape.elements()).nth(number).unwrap_or(&[]));
            let list: Vec<Cell> = parts.flatten().chain(&constants).copied().collect();
            self.indices.iter().map(move |index| list[*index as usize])
        };
        Ok((0..batch).flat_map(inference).collect())
    }
}
