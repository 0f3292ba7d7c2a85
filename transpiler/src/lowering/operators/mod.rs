//! ONNX operators: one file for an operator, or for a few that differ in a sign.

mod add_sub;
mod arg_max;
mod batch_normalization;
mod clip;
mod conv;
mod gemm;
mod matmul;
mod relu;
mod softmax;
mod windows;

use super::Lowering;

/// The supported operators, in alphabetical order.
pub(super) const OPERATORS: &[(&str, Lowering)] = &[
    ("Add", add_sub::add),
    ("ArgMax", arg_max::arg_max),
    ("BatchNormalization", batch_normalization::lower),
    ("Clip", clip::lower),
    ("Conv", conv::conv),
    ("Gemm", gemm::lower),
    ("MatMul", matmul::lower),
    ("Relu", relu::lower),
    ("Softmax", softmax::softmax),
    ("Sub", add_sub::sub),
];
