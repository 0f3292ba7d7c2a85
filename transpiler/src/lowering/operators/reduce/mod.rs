//! Operators that reduce along axes or choose elements.

mod arg_max;
mod over_axes;
mod top_k;

use crate::lowering::operator::{Operator, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    of("ArgMax", arg_max::arg_max),
    of("ArgMin", arg_max::arg_min),
    of("ReduceL1", over_axes::l1).with_parameters(&[1]),
    of("ReduceL2", over_axes::l2).with_parameters(&[1]),
    of("ReduceLogSum", over_axes::log_sum).with_parameters(&[1]),
    of("ReduceLogSumExp", over_axes::log_sum_exp).with_parameters(&[1]),
    of("ReduceMax", over_axes::max).with_parameters(&[1]),
    of("ReduceMean", over_axes::mean).with_parameters(&[1]),
    of("ReduceMin", over_axes::min).with_parameters(&[1]),
    of("ReduceProd", over_axes::prod).with_parameters(&[1]),
    of("ReduceSum", over_axes::sum).with_parameters(&[1]),
    of("ReduceSumSquare", over_axes::sum_square).with_parameters(&[1]),
    of("TopK", top_k::lower).with_parameters(&[1]),
];
