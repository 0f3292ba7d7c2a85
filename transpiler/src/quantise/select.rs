//! `Select`: both branches are brought to one scale first.

use maat_runtime::primitives::Select;
use maat_runtime::{Primitive, TensorId};

use super::Quantiser;
use crate::error::TranspileError;
use crate::float::FloatNode;

impl Quantiser<'_> {
    /// `ids` are the condition and two tensors of one kind.
    pub(super) fn select(&mut self, node: &FloatNode, ids: &[TensorId]) -> Result<TensorId, TranspileError> {
        let aligned = self.align(node, &ids[1..], None)?;
        let scale = self.tensor(aligned[0]).scale;
        self.push(&node.name, Primitive::Select(Select {}), &[ids[0], aligned[0], aligned[1]], scale)
    }
}
