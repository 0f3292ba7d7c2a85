//! Operators of arithmetic, elementwise, and products of matrices.

mod abs_neg_sign;
mod add_sub;
mod clip;
mod compare;
mod cum_sum;
mod gemm;
mod logic;
mod matmul;
mod max_min;
mod modulo;
mod mul_div;
mod pow;
mod round;
mod sum_mean;

use crate::float::Function;
use crate::lowering::operator::{Operator, any, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    any("Abs", abs_neg_sign::abs),
    any("Add", add_sub::add),
    any("And", logic::and),
    real("Ceil", round::ceil),
    any("Clip", clip::lower),
    real("Cos", |scope| scope.function(Function::Cos)),
    any("CumSum", cum_sum::lower).with_parameters(&[1]),
    any("Div", mul_div::div),
    any("Equal", compare::equal),
    real("Erf", |scope| scope.function(Function::Erf)),
    real("Exp", |scope| scope.function(Function::Exp)),
    real("Floor", round::floor),
    real("Gemm", gemm::lower),
    any("Greater", compare::greater),
    any("GreaterOrEqual", compare::greater_or_equal),
    any("Less", compare::less),
    any("LessOrEqual", compare::less_or_equal),
    real("Log", |scope| scope.function(Function::Log)),
    real("MatMul", matmul::lower),
    any("Max", max_min::max),
    real("Mean", sum_mean::mean),
    any("Min", max_min::min),
    any("Mod", modulo::lower),
    any("Mul", mul_div::mul),
    any("Neg", abs_neg_sign::neg),
    any("Not", logic::not),
    any("Or", logic::or),
    any("Pow", pow::lower).with_parameters(&[1]),
    real("Reciprocal", |scope| scope.function(Function::Reciprocal)),
    real("Round", round::round),
    any("Sign", abs_neg_sign::sign),
    real("Sin", |scope| scope.function(Function::Sin)),
    real("Sqrt", |scope| scope.function(Function::Sqrt)),
    any("Sub", add_sub::sub),
    real("Sum", sum_mean::sum),
    real("Tanh", |scope| scope.function(Function::Tanh)),
    any("Xor", logic::xor),
];
