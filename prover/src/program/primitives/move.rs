//! Lowers `Move`: no operation at all.

use maat_runtime::Tensor;
use maat_runtime::primitives::{Move, Parts};

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell};

/// Costs nothing: cells may be read in any order. Constants are cells of their own, one for each integer.
impl Lower for Move {
    fn lower(&self, builder: &mut Builder, batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        if self.indices.is_empty() {
            return Ok(inputs[0].cells.to_vec());
        }
        let parts = Parts::new(inputs.iter().map(|x| x.shape.elements()));
        let mut element = |inference: usize, index: u32| match parts.locate(index) {
            (part, offset) if part < inputs.len() => inputs[part].cells[inference * inputs[part].shape.elements() + offset],
            (_, offset) => builder.literal(self.constants[offset].into()),
        };
        let all = (0..batch).flat_map(|inference| self.indices.iter().map(move |index| (inference, *index)));
        Ok(all.map(|(inference, index)| element(inference, index)).collect())
    }
}
