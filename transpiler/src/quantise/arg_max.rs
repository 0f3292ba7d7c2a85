//! `ArgMax`: positions have no scale.

use maat_runtime::primitives::ArgMax;
use maat_runtime::{Primitive, TensorId};

use super::{Quantiser, small};
use crate::error::TranspileError;
use crate::float::FloatNode;

impl Quantiser<'_> {
    /// The greatest element along an axis, by its position.
    pub(super) fn arg_max(&mut self, node: &FloatNode, input: TensorId, axis: usize, keep_axis: bool) -> Result<TensorId, TranspileError> {
        let scale = 0;
        self.push(&node.name, Primitive::ArgMax(ArgMax { axis: small(axis), keep_axis }), &[input], scale)
    }
}
