//! Operators: reductions along axes, and choices of elements.

mod arg_max;
mod reduce;
mod top_k;

use super::{Operator, any, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    real("ArgMax", arg_max::arg_max),
    real("ArgMin", arg_max::arg_min),
    real("ReduceL1", reduce::l1).with_parameters(&[1]),
    real("ReduceL2", reduce::l2).with_parameters(&[1]),
    real("ReduceMax", reduce::max).with_parameters(&[1]),
    real("ReduceMean", reduce::mean).with_parameters(&[1]),
    real("ReduceMin", reduce::min).with_parameters(&[1]),
    real("ReduceSum", reduce::sum).with_parameters(&[1]),
    real("ReduceSumSquare", reduce::sum_square).with_parameters(&[1]),
    any("TopK", top_k::lower).with_parameters(&[1]),
];
