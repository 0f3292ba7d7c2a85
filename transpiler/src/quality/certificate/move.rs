//! `Move`: the bounds of the inputs that it takes elements from, and the rounding of its constants.

use maat_runtime::primitives::Move;

use super::arithmetic::greatest;
use super::{Bounder, Known};
use crate::float::{FloatNode, Kind, Rounding, Used};

impl Bounder<'_> {
    pub(super) fn r#move(&self, node: &FloatNode, integers: &Move, inputs: &[Known], used: &Used) -> f64 {
        let tensor = self.tensor(node.output);
        let by_inputs = used.inputs.iter().map(|position| self.aligned_error(node, inputs[*position], *position));
        let unit = 2f64.powi(-tensor.scale);
        let constants = used.constants.iter().zip(&used.positions).map(|(value, position)| {
            let found = f64::from(integers.constants[*position]) * unit;
            match node.kind {
                Kind::Integer(range) => (Rounding::HalfUp.apply(*value).clamp(range.lo as f64, range.hi as f64) - found).abs(),
                Kind::Real if *value == f64::NEG_INFINITY => 0.0,
                Kind::Real => (value - found).abs(),
            }
        });
        by_inputs.chain(constants).fold(0.0, greatest)
    }
}
