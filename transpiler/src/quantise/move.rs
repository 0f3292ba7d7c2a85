//! `Move`: tensors that are joined are brought to one scale first, and constants with them.

use maat_runtime::primitives::Move;
use maat_runtime::{Primitive, TensorId};

use super::scale::round;
use super::{Quantiser, shape};
use crate::error::TranspileError;
use crate::float::{FloatNode, Kind};

impl Quantiser<'_> {
    pub(super) fn r#move(
        &mut self,
        node: &FloatNode,
        ids: &[TensorId],
        indices: &[u32],
        constants: &[f64],
    ) -> Result<TensorId, TranspileError> {
        let constants_only = self.float.constants(node.output).is_some();
        let finite = constants.iter().copied().filter(|value| value.is_finite());
        let largest = finite.fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let aligned = if constants_only { ids.to_vec() } else { self.align(node, ids, (largest > 0.0).then_some(largest))? };
        let scale = match node.kind {
            Kind::Integer(_) => 0,
            Kind::Real if constants_only => self.precision(node.output).1,
            Kind::Real => self.tensor(aligned[0]).scale,
        };
        let lowest = aligned.iter().map(|id| self.tensor(*id).range.lo).min().unwrap_or_default();
        let integer = |value: &f64| {
            let value = if value.is_finite() { round(value * 2f64.powi(scale)) } else { lowest as f64 };
            value.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32
        };
        let op =
            Move { shape: shape(&node.name, &node.shape)?, indices: indices.to_vec(), constants: constants.iter().map(integer).collect() };
        self.push(&node.name, Primitive::Move(op), &aligned, scale)
    }
}
