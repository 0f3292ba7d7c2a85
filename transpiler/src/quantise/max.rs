//! `Max`: the scale stays.

use maat_runtime::primitives::Max;
use maat_runtime::{Primitive, TensorId};

use super::{Quantiser, small};
use crate::error::TranspileError;
use crate::float::FloatNode;

impl Quantiser<'_> {
    /// The greatest element along an axis.
    pub(super) fn max(&mut self, node: &FloatNode, input: TensorId, axis: usize, keep_axis: bool) -> Result<TensorId, TranspileError> {
        let scale = self.tensor(input).scale;
        self.push(&node.name, Primitive::Max(Max { axis: small(axis), keep_axis }), &[input], scale)
    }
}
