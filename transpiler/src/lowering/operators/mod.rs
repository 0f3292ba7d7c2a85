//! ONNX operators: one file for an operator, or for a few that differ in a sign.

mod abs_neg_sign;
mod activation;
mod add_sub;
mod arg_max;
mod batch_normalization;
mod cast;
mod clip;
mod compare;
mod constant;
mod conv;
mod conv_integer;
mod gemm;
mod identity;
mod logic;
mod matmul;
mod matmul_integer;
mod max_min;
mod mul_div;
mod pow;
mod prelu;
mod quantize_linear;
mod range;
mod reduce;
mod relu;
mod round;
mod select;
mod shape;
mod softmax;
mod sum_mean;
mod windows;

use super::Lowering;
use crate::float::Function;

/// The supported operators, in alphabetical order.
pub(super) const OPERATORS: &[(&str, Lowering)] = &[
    ("Abs", abs_neg_sign::abs),
    ("Add", add_sub::add),
    ("And", logic::and),
    ("ArgMax", arg_max::arg_max),
    ("BatchNormalization", batch_normalization::lower),
    ("Cast", cast::cast),
    ("CastLike", cast::cast_like),
    ("Ceil", round::ceil),
    ("Celu", activation::celu),
    ("Clip", clip::lower),
    ("Constant", constant::constant),
    ("ConstantOfShape", constant::of_shape),
    ("Conv", conv::conv),
    ("ConvInteger", conv_integer::conv_integer),
    ("Cos", |scope| scope.function(Function::Cos)),
    ("DequantizeLinear", quantize_linear::dequantize),
    ("Div", mul_div::div),
    ("Dropout", identity::dropout),
    ("Elu", activation::elu),
    ("Equal", compare::equal),
    ("Erf", |scope| scope.function(Function::Erf)),
    ("Exp", |scope| scope.function(Function::Exp)),
    ("Floor", round::floor),
    ("Gelu", activation::gelu),
    ("Gemm", gemm::lower),
    ("Greater", compare::greater),
    ("GreaterOrEqual", compare::greater_or_equal),
    ("HardSigmoid", activation::hard_sigmoid),
    ("HardSwish", |scope| scope.function(Function::HardSwish)),
    ("Identity", identity::identity),
    ("LeakyRelu", activation::leaky_relu),
    ("Less", compare::less),
    ("LessOrEqual", compare::less_or_equal),
    ("Log", |scope| scope.function(Function::Log)),
    ("LogSoftmax", softmax::log_softmax),
    ("MatMul", matmul::lower),
    ("MatMulInteger", matmul_integer::matmul_integer),
    ("Max", max_min::max),
    ("Mean", sum_mean::mean),
    ("Min", max_min::min),
    ("Mish", |scope| scope.function(Function::Mish)),
    ("Mul", mul_div::mul),
    ("Neg", abs_neg_sign::neg),
    ("Not", logic::not),
    ("Or", logic::or),
    ("PRelu", prelu::lower),
    ("Pow", pow::lower),
    ("QLinearConv", conv_integer::qlinear_conv),
    ("QLinearMatMul", matmul_integer::qlinear_matmul),
    ("QuantizeLinear", quantize_linear::quantize),
    ("Range", range::lower),
    ("Reciprocal", |scope| scope.function(Function::Reciprocal)),
    ("ReduceL1", reduce::l1),
    ("ReduceL2", reduce::l2),
    ("ReduceMax", reduce::max),
    ("ReduceMean", reduce::mean),
    ("ReduceMin", reduce::min),
    ("ReduceSum", reduce::sum),
    ("ReduceSumSquare", reduce::sum_square),
    ("Relu", relu::lower),
    ("Round", round::round),
    ("Selu", activation::selu),
    ("Shape", shape::shape),
    ("Sigmoid", |scope| scope.function(Function::Sigmoid)),
    ("Sign", abs_neg_sign::sign),
    ("Sin", |scope| scope.function(Function::Sin)),
    ("Size", shape::size),
    ("Softmax", softmax::softmax),
    ("Softplus", |scope| scope.function(Function::Softplus)),
    ("Softsign", |scope| scope.function(Function::Softsign)),
    ("Sqrt", |scope| scope.function(Function::Sqrt)),
    ("Sub", add_sub::sub),
    ("Sum", sum_mean::sum),
    ("Swish", activation::swish),
    ("Tanh", |scope| scope.function(Function::Tanh)),
    ("ThresholdedRelu", activation::thresholded_relu),
    ("Where", select::lower),
    ("Xor", logic::xor),
];
