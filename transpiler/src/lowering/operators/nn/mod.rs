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
use crate::lowering::operator::{Operator, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    of("AffineGrid", grid_sample::affine_grid).with_parameters(&[1]),
    of("Attention", attention::lower),
    of("AveragePool", average_pool::lower),
    of("BatchNormalization", batch_normalization::lower),
    of("Celu", activation::celu),
    of("Conv", conv::conv),
    of("ConvTranspose", conv_transpose::lower),
    of("DeformConv", deform_conv::lower).with_parameters(&[2, 4]),
    of("Elu", activation::elu),
    of("Gelu", activation::gelu),
    of("GlobalAveragePool", global_pool::average),
    of("GlobalLpPool", lp_pool::global),
    of("GlobalMaxPool", global_pool::max),
    of("GridSample", grid_sample::grid_sample).with_parameters(&[1]),
    of("GroupNormalization", normalization::group),
    of("HardSigmoid", activation::hard_sigmoid),
    of("HardSwish", |scope| scope.function(Function::HardSwish)),
    of("Hardmax", softmax::hardmax),
    of("InstanceNormalization", normalization::instance),
    of("LRN", lrn::lower),
    of("LayerNormalization", normalization::layer),
    of("LeakyRelu", activation::leaky_relu),
    of("LogSoftmax", softmax::log_softmax),
    of("LpNormalization", normalization::lp),
    of("LpPool", lp_pool::windows),
    of("MaxPool", max_pool::lower),
    of("MaxUnpool", max_unpool::lower).with_parameters(&[1, 2]),
    of("MeanVarianceNormalization", normalization::mean_variance),
    of("Mish", |scope| scope.function(Function::Mish)),
    of("NegativeLogLikelihoodLoss", loss::negative_log_likelihood),
    of("PRelu", prelu::lower),
    of("RMSNormalization", normalization::rms),
    of("Relu", relu::lower),
    of("RoiAlign", roi_align::lower).with_parameters(&[1, 2]),
    of("RotaryEmbedding", rotary_embedding::lower).with_parameters(&[1, 2, 3]),
    of("Selu", activation::selu),
    of("Shrink", activation::shrink),
    of("Sigmoid", |scope| scope.function(Function::Sigmoid)),
    of("Softmax", softmax::softmax),
    of("SoftmaxCrossEntropyLoss", loss::softmax_cross_entropy),
    of("Softplus", |scope| scope.function(Function::Softplus)),
    of("Softsign", |scope| scope.function(Function::Softsign)),
    of("Swish", activation::swish),
    of("ThresholdedRelu", activation::thresholded_relu),
];
