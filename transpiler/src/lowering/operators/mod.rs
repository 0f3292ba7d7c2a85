//! ONNX operators: one file for an operator, or for a few that differ in a sign.

mod add_sub;
mod arg_max;
mod array_feature_extractor;
mod batch_normalization;
mod binarizer;
mod clip;
mod conv;
mod feature_vectorizer;
mod forest;
mod gemm;
mod gru;
mod imputer;
mod linear_models;
mod lstm;
mod matmul;
mod ml;
mod normalizer;
mod recurrent;
mod relu;
mod rnn;
mod scaler;
mod softmax;
mod tree_ensembles;
mod windows;

use super::Lowering;

/// The supported operators, in alphabetical order.
pub(super) const OPERATORS: &[(&str, Lowering)] = &[
    ("Add", add_sub::add),
    ("ArgMax", arg_max::arg_max),
    ("BatchNormalization", batch_normalization::lower),
    ("Clip", clip::lower),
    ("Conv", conv::conv),
    ("GRU", gru::lower),
    ("Gemm", gemm::lower),
    ("LSTM", lstm::lower),
    ("MatMul", matmul::lower),
    ("RNN", rnn::lower),
    ("Relu", relu::lower),
    ("Softmax", softmax::softmax),
    ("Sub", add_sub::sub),
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

/// What can be done about operators that are not supported.
pub(super) const ADVICE: &[(&str, &str)] = &[
    ("ai.onnx.ml.ZipMap", "its maps are no tensors: export the model with the option zipmap=False"),
    ("ai.onnx.ml.LabelEncoder", "texts are no tensors: train the model with integer labels"),
];
