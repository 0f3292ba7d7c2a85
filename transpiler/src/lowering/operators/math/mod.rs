//! Operators of arithmetic, elementwise, and products of matrices.

mod abs_neg_sign;
mod add_sub;
mod bitwise;
mod clip;
mod compare;
mod cum_sum;
mod determinant;
mod einsum;
mod gemm;
mod is_nan;
mod log;
mod logic;
mod matmul;
mod max_min;
mod modulo;
mod mul_div;
mod pow;
mod round;
mod signal;
mod sum_mean;
mod tan;

use crate::float::Function;
use crate::lowering::operator::{Operator, any, known, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    any("Abs", abs_neg_sign::abs),
    real("Acos", |scope| scope.function(Function::Acos)),
    real("Acosh", |scope| scope.function(Function::Acosh)),
    any("Add", add_sub::add),
    any("And", logic::and),
    real("Asin", |scope| scope.function(Function::Asin)),
    real("Asinh", |scope| scope.function(Function::Asinh)),
    real("Atan", |scope| scope.function(Function::Atan)),
    real("Atanh", |scope| scope.function(Function::Atanh)),
    any("BitShift", bitwise::shift).with_parameters(&[1]),
    any("BitwiseAnd", bitwise::and),
    any("BitwiseNot", bitwise::not),
    any("BitwiseOr", bitwise::or),
    any("BitwiseXor", bitwise::xor),
    known("BlackmanWindow", signal::blackman),
    real("Ceil", round::ceil),
    any("Clip", clip::lower),
    real("Cos", |scope| scope.function(Function::Cos)),
    real("Cosh", |scope| scope.function(Function::Cosh)),
    any("CumProd", cum_sum::products).with_parameters(&[1]),
    any("CumSum", cum_sum::sums).with_parameters(&[1]),
    real("DFT", signal::dft).with_parameters(&[1, 2]),
    real("Det", determinant::lower),
    any("Div", mul_div::div),
    any("Einsum", einsum::lower),
    any("Equal", compare::equal),
    real("Erf", |scope| scope.function(Function::Erf)),
    real("Exp", |scope| scope.function(Function::Exp)),
    real("Floor", round::floor),
    real("Gemm", gemm::lower),
    any("Greater", compare::greater),
    any("GreaterOrEqual", compare::greater_or_equal),
    known("HammingWindow", signal::hamming),
    known("HannWindow", signal::hann),
    known("IsInf", is_nan::is_inf),
    known("IsNaN", is_nan::is_nan),
    any("Less", compare::less),
    any("LessOrEqual", compare::less_or_equal),
    real("Log", log::lower),
    real("MatMul", matmul::lower),
    any("Max", max_min::max),
    real("Mean", sum_mean::mean),
    known("MelWeightMatrix", signal::mel_weights),
    any("Min", max_min::min),
    any("Mod", modulo::lower),
    any("Mul", mul_div::mul),
    any("Neg", abs_neg_sign::neg),
    any("Not", logic::not),
    any("Or", logic::or),
    any("Pow", pow::lower).with_parameters(&[1]),
    real("Reciprocal", |scope| scope.function(Function::Reciprocal)),
    real("Round", round::round),
    real("STFT", signal::stft).with_parameters(&[1, 2, 3]),
    any("Sign", abs_neg_sign::sign),
    real("Sin", |scope| scope.function(Function::Sin)),
    real("Sinh", |scope| scope.function(Function::Sinh)),
    real("Sqrt", |scope| scope.function(Function::Sqrt)),
    any("Sub", add_sub::sub),
    real("Sum", sum_mean::sum),
    real("Tan", tan::lower),
    real("Tanh", |scope| scope.function(Function::Tanh)),
    any("Xor", logic::xor),
];
