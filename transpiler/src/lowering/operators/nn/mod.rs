//! Operators that are layers of neural networks.

mod activation;
mod attention;
mod average_pool;
mod batch_normalization;
mod conv;
mod conv_transpose;
mod deform_conv;
mod global_pool;
mod grid_sample;
mod loss;
mod lp_pool;
mod lrn;
mod max_pool;
mod max_unpool;
mod normalization;
mod prelu;
mod relu;
mod roi_align;
mod rotary_embedding;
mod softmax;

use crate::float::Function;
use crate::lowering::operator::{Operator, any, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    real("AffineGrid", grid_sample::affine_grid).with_parameters(&[1]),
    any("Attention", attention::lower),
    real("AveragePool", average_pool::lower),
    real("BatchNormalization", batch_normalization::lower),
    real("Celu", activation::celu),
    real("Conv", conv::conv),
    real("ConvTranspose", conv_transpose::lower),
    real("DeformConv", deform_conv::lower).with_parameters(&[2, 4]),
    real("Elu", activation::elu),
    real("Gelu", activation::gelu),
    real("GlobalAveragePool", global_pool::average),
    real("GlobalLpPool", lp_pool::global),
    real("GlobalMaxPool", global_pool::max),
    real("GridSample", grid_sample::grid_sample).with_parameters(&[1]),
    real("GroupNormalization", normalization::group),
    real("HardSigmoid", activation::hard_sigmoid),
    real("HardSwish", |scope| scope.function(Function::HardSwish)),
    real("Hardmax", softmax::hardmax),
    real("InstanceNormalization", normalization::instance),
    real("LRN", lrn::lower),
    real("LayerNormalization", normalization::layer),
    real("LeakyRelu", activation::leaky_relu),
    real("LogSoftmax", softmax::log_softmax),
    real("LpNormalization", normalization::lp),
    real("LpPool", lp_pool::windows),
    any("MaxPool", max_pool::lower),
    real("MaxUnpool", max_unpool::lower).with_parameters(&[1, 2]),
    real("MeanVarianceNormalization", normalization::mean_variance),
    real("Mish", |scope| scope.function(Function::Mish)),
    any("NegativeLogLikelihoodLoss", loss::negative_log_likelihood),
    real("PRelu", prelu::lower),
    real("RMSNormalization", normalization::rms),
    any("Relu", relu::lower),
    real("RoiAlign", roi_align::lower).with_parameters(&[1, 2]),
    real("RotaryEmbedding", rotary_embedding::lower).with_parameters(&[1, 2, 3]),
    real("Selu", activation::selu),
    real("Shrink", activation::shrink),
    real("Sigmoid", |scope| scope.function(Function::Sigmoid)),
    real("Softmax", softmax::softmax),
    any("SoftmaxCrossEntropyLoss", loss::softmax_cross_entropy),
    real("Softplus", |scope| scope.function(Function::Softplus)),
    real("Softsign", |scope| scope.function(Function::Softsign)),
    real("Swish", activation::swish),
    real("ThresholdedRelu", activation::thresholded_relu),
];
