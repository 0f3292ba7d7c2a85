//! ONNX operators: one file for an operator, or for a few that differ in a sign.

mod abs_neg_sign;
mod activation;
mod add_sub;
mod advice;
mod arg_max;
mod array_feature_extractor;
mod average_pool;
mod batch_normalization;
mod binarizer;
mod cast;
mod clip;
mod compare;
mod concat;
mod constant;
mod conv;
mod conv_integer;
mod conv_transpose;
mod cum_sum;
mod depth_to_space;
mod expand;
mod feature_vectorizer;
mod forest;
mod gather;
mod gemm;
mod global_pool;
mod gru;
mod identity;
mod imputer;
mod linear_models;
mod logic;
mod lrn;
mod lstm;
mod matmul;
mod matmul_integer;
mod max_min;
mod max_pool;
mod ml;
mod mul_div;
mod normalization;
mod normalizer;
mod pad;
mod pow;
mod prelu;
mod quantize_linear;
mod range;
mod recurrent;
mod reduce;
mod relu;
mod reshape;
mod resize;
mod rnn;
mod round;
mod scaler;
mod select;
mod shape;
mod slice;
mod softmax;
mod split;
mod squeeze;
mod sum_mean;
mod top_k;
mod transpose;
mod tree_ensembles;
mod trilu;
mod windows;

use super::Lowering;
use crate::float::Function;
pub(super) use advice::advice;

/// The supported operators, in alphabetical order.
pub(super) const OPERATORS: &[(&str, Lowering)] = &[
    ("Abs", abs_neg_sign::abs),
    ("Add", add_sub::add),
    ("And", logic::and),
    ("ArgMax", arg_max::arg_max),
    ("ArgMin", arg_max::arg_min),
    ("AveragePool", average_pool::lower),
    ("BatchNormalization", batch_normalization::lower),
    ("Cast", cast::cast),
    ("CastLike", cast::cast_like),
    ("Ceil", round::ceil),
    ("Celu", activation::celu),
    ("Clip", clip::lower),
    ("Concat", concat::lower),
    ("Constant", constant::constant),
    ("ConstantOfShape", constant::of_shape),
    ("Conv", conv::conv),
    ("ConvInteger", conv_integer::conv_integer),
    ("ConvTranspose", conv_transpose::lower),
    ("Cos", |scope| scope.function(Function::Cos)),
    ("CumSum", cum_sum::lower),
    ("DepthToSpace", depth_to_space::depth_to_space),
    ("DequantizeLinear", quantize_linear::dequantize),
    ("Div", mul_div::div),
    ("Dropout", identity::dropout),
    ("Elu", activation::elu),
    ("Equal", compare::equal),
    ("Erf", |scope| scope.function(Function::Erf)),
    ("Exp", |scope| scope.function(Function::Exp)),
    ("Expand", expand::expand),
    ("Flatten", reshape::flatten),
    ("Floor", round::floor),
    ("GRU", gru::lower),
    ("Gather", gather::gather),
    ("GatherElements", gather::gather_elements),
    ("GatherND", gather::gather_nd),
    ("Gelu", activation::gelu),
    ("Gemm", gemm::lower),
    ("GlobalAveragePool", global_pool::average),
    ("GlobalMaxPool", global_pool::max),
    ("Greater", compare::greater),
    ("GreaterOrEqual", compare::greater_or_equal),
    ("GroupNormalization", normalization::group),
    ("HardSigmoid", activation::hard_sigmoid),
    ("HardSwish", |scope| scope.function(Function::HardSwish)),
    ("Identity", identity::identity),
    ("InstanceNormalization", normalization::instance),
    ("LRN", lrn::lower),
    ("LSTM", lstm::lower),
    ("LayerNormalization", normalization::layer),
    ("LeakyRelu", activation::leaky_relu),
    ("Less", compare::less),
    ("LessOrEqual", compare::less_or_equal),
    ("Log", |scope| scope.function(Function::Log)),
    ("LogSoftmax", softmax::log_softmax),
    ("LpNormalization", normalization::lp),
    ("MatMul", matmul::lower),
    ("MatMulInteger", matmul_integer::matmul_integer),
    ("Max", max_min::max),
    ("MaxPool", max_pool::lower),
    ("Mean", sum_mean::mean),
    ("MeanVarianceNormalization", normalization::mean_variance),
    ("Min", max_min::min),
    ("Mish", |scope| scope.function(Function::Mish)),
    ("Mul", mul_div::mul),
    ("Neg", abs_neg_sign::neg),
    ("Not", logic::not),
    ("Or", logic::or),
    ("PRelu", prelu::lower),
    ("Pad", pad::lower),
    ("Pow", pow::lower),
    ("QLinearConv", conv_integer::qlinear_conv),
    ("QLinearMatMul", matmul_integer::qlinear_matmul),
    ("QuantizeLinear", quantize_linear::quantize),
    ("RMSNormalization", normalization::rms),
    ("RNN", rnn::lower),
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
    ("Reshape", reshape::reshape),
    ("Resize", resize::resize),
    ("Round", round::round),
    ("Selu", activation::selu),
    ("Shape", shape::shape),
    ("Sigmoid", |scope| scope.function(Function::Sigmoid)),
    ("Sign", abs_neg_sign::sign),
    ("Sin", |scope| scope.function(Function::Sin)),
    ("Size", shape::size),
    ("Slice", slice::lower),
    ("Softmax", softmax::softmax),
    ("Softplus", |scope| scope.function(Function::Softplus)),
    ("Softsign", |scope| scope.function(Function::Softsign)),
    ("SpaceToDepth", depth_to_space::space_to_depth),
    ("Split", split::lower),
    ("Sqrt", |scope| scope.function(Function::Sqrt)),
    ("Squeeze", squeeze::squeeze),
    ("Sub", add_sub::sub),
    ("Sum", sum_mean::sum),
    ("Swish", activation::swish),
    ("Tanh", |scope| scope.function(Function::Tanh)),
    ("ThresholdedRelu", activation::thresholded_relu),
    ("Tile", expand::tile),
    ("TopK", top_k::lower),
    ("Transpose", transpose::lower),
    ("Trilu", trilu::lower),
    ("Unsqueeze", squeeze::unsqueeze),
    ("Upsample", resize::upsample),
    ("Where", select::lower),
    ("Xor", logic::xor),
    ("ai.onnx.ml.ArrayFeatureExtractor", array_feature_extractor::lower),
    ("ai.onnx.ml.Binarizer", binarizer::lower),
    ("ai.onnx.ml.FeatureVectorizer", feature_vectorizer::lower),
    ("ai.onnx.ml.Imputer", imputer::lower),
    ("ai.onnx.ml.LinearClassifier", linear_models::classifier),
    ("ai.onnx.ml.LinearRegressor", linear_models::regressor),
    ("ai.onnx.ml.Normalizer", normalizer::lower),
    ("ai.onnx.ml.Scaler", scaler::lower),
    ("ai.onnx.ml.TreeEnsemble", tree_ensembles::ensemble),
    ("ai.onnx.ml.TreeEnsembleClassifier", tree_ensembles::classifier),
    ("ai.onnx.ml.TreeEnsembleRegressor", tree_ensembles::regressor),
];
