//! Operators that reduce along axes or choose elements.

mod arg_max;
mod over_axes;
mod top_k;

use crate::lowering::operator::{Operator, any, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    any("ArgMax", arg_max::arg_max),
    any("ArgMin", arg_max::arg_min),
    any("ReduceL1", over_axes::l1).with_parameters(&[1]),
    real("ReduceL2", over_axes::l2).with_parameters(&[1]),
    real("ReduceLogSum", over_axes::log_sum).with_parameters(&[1]),
    real("ReduceLogSumExp", over_axes::log_sum_exp).with_parameters(&[1]),
    any("ReduceMax", over_axes::max).with_parameters(&[1]),
    real("ReduceMean", over_axes::mean).with_parameters(&[1]),
    any("ReduceMin", over_axes::min).with_parameters(&[1]),
    any("ReduceProd", over_axes::prod).with_parameters(&[1]),
    any("ReduceSum", over_axes::sum).with_parameters(&[1]),
    any("ReduceSumSquare", over_axes::sum_square).with_parameters(&[1]),
    any("TopK", top_k::lower).with_parameters(&[1]),
];
