//! `ArgMax`: one call of the operator runtime for all positions, or, if they are few, a call for each.

use maat_runtime::Node;
use maat_runtime::primitives::ArgMax;

use super::call::{Argument, Call, Expression};
use super::code::Module;
use super::collector::Collector;

/// Fewer positions than this get a call each.
const FEW_POSITIONS: usize = 4;

impl Collector<'_> {
    /// The positions of the greatest elements along an axis.
    pub(super) fn arg_max(&self, op: &ArgMax, node: &Node, inputs: Vec<usize>) -> Call {
        let shape = &self.model.tensor(node.inputs[0]).shape;
        let (length, inner) = op.extents(shape);
        let positions = shape.elements() / length;
        if positions >= FEW_POSITIONS {
            let arguments = [length, inner].map(|number| Argument::Number(number as i128)).into();
            return Call::Expression(Expression::with(Module::ArgMax, "arg_max_over", inputs, arguments));
        }
        let starts = (0..positions).map(|position| position / inner * length * inner + position % inner).collect();
        Call::Expression(Expression::arg_maxes(inputs[0], starts, length, inner))
    }
}
