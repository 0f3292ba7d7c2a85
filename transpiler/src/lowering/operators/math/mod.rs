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
use crate::lowering::operator::{Operator, known, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    of("Abs", abs_neg_sign::abs),
    of("Acos", |scope| scope.function(Function::Acos)),
    of("Acosh", |scope| scope.function(Function::Acosh)),
    of("Add", add_sub::add),
    of("And", logic::and),
    of("Asin", |scope| scope.function(Function::Asin)),
    of("Asinh", |scope| scope.function(Function::Asinh)),
    of("Atan", |scope| scope.function(Function::Atan)),
    of("Atanh", |scope| scope.function(Function::Atanh)),
    of("BitShift", bitwise::shift).with_parameters(&[1]),
    of("BitwiseAnd", bitwise::and),
    of("BitwiseNot", bitwise::not),
    of("BitwiseOr", bitwise::or),
    of("BitwiseXor", bitwise::xor),
    known("BlackmanWindow", signal::blackman),
    of("Ceil", round::ceil),
    of("Clip", clip::lower),
    of("Cos", |scope| scope.function(Function::Cos)),
    of("Cosh", |scope| scope.function(Function::Cosh)),
    of("CumProd", cum_sum::products).with_parameters(&[1]),
    of("CumSum", cum_sum::sums).with_parameters(&[1]),
    of("DFT", signal::dft).with_parameters(&[1, 2]),
    of("Det", determinant::lower),
    of("Div", mul_div::div),
    of("Einsum", einsum::lower),
    of("Equal", compare::equal),
    of("Erf", |scope| scope.function(Function::Erf)),
    of("Exp", |scope| scope.function(Function::Exp)),
    of("Floor", round::floor),
    of("Gemm", gemm::lower),
    of("Greater", compare::greater),
    of("GreaterOrEqual", compare::greater_or_equal),
    known("HammingWindow", signal::hamming),
    known("HannWindow", signal::hann),
    known("IsInf", is_nan::is_inf),
    known("IsNaN", is_nan::is_nan),
    of("Less", compare::less),
    of("LessOrEqual", compare::less_or_equal),
    of("Log", log::lower),
    of("MatMul", matmul::lower),
    of("Max", max_min::max),
    of("Mean", sum_mean::mean),
    known("MelWeightMatrix", signal::mel_weights),
    of("Min", max_min::min),
    of("Mod", modulo::lower),
    of("Mul", mul_div::mul),
    of("Neg", abs_neg_sign::neg),
    of("Not", logic::not),
    of("Or", logic::or),
    of("Pow", pow::lower).with_parameters(&[1]),
    of("Reciprocal", |scope| scope.function(Function::Reciprocal)),
    of("Round", round::round),
    of("STFT", signal::stft).with_parameters(&[1, 2, 3]),
    of("Sign", abs_neg_sign::sign),
    of("Sin", |scope| scope.function(Function::Sin)),
    of("Sinh", |scope| scope.function(Function::Sinh)),
    of("Sqrt", |scope| scope.function(Function::Sqrt)),
    of("Sub", add_sub::sub),
    of("Sum", sum_mean::sum),
    of("Tan", tan::lower),
    of("Tanh", |scope| scope.function(Function::Tanh)),
    of("Xor", logic::xor),
];
