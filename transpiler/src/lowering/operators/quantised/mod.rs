//! Operators of networks that arrive quantised.

mod conv_integer;
mod dynamic_quantize_linear;
mod matmul_integer;
mod quantize_linear;

use crate::lowering::operator::{Operator, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    of("ConvInteger", conv_integer::conv_integer).with_parameters(&[2, 3]),
    of("DequantizeLinear", quantize_linear::dequantize).with_parameters(&[1, 2]),
    of("DynamicQuantizeLinear", dynamic_quantize_linear::lower),
    of("MatMulInteger", matmul_integer::matmul_integer).with_parameters(&[2, 3]),
    of("QLinearConv", conv_integer::qlinear_conv).with_parameters(&[1, 2, 4, 5, 6, 7]),
    of("QLinearMatMul", matmul_integer::qlinear_matmul).with_parameters(&[1, 2, 4, 5, 6, 7]),
    of("QuantizeLinear", quantize_linear::quantize).with_parameters(&[1, 2]),
];
