//! Operators of the domain `ai.onnx.ml`: models of scikit-learn and similar libraries, and what else skl2onnx puts into them.

mod array_feature_extractor;
mod binarizer;
mod cdist;
mod encoders;
mod feature_vectorizer;
mod imputer;
mod linear_models;
mod normalizer;
mod scaler;
mod svm;
mod tree_ensembles;
mod zip_map;

use crate::lowering::operator::{Operator, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    of("ai.onnx.ml.ArrayFeatureExtractor", array_feature_extractor::lower).with_parameters(&[1]),
    of("ai.onnx.ml.Binarizer", binarizer::lower),
    of("ai.onnx.ml.CategoryMapper", encoders::category_mapper),
    of("ai.onnx.ml.FeatureVectorizer", feature_vectorizer::lower),
    of("ai.onnx.ml.Imputer", imputer::lower),
    of("ai.onnx.ml.LabelEncoder", encoders::label_encoder),
    of("ai.onnx.ml.LinearClassifier", linear_models::classifier),
    of("ai.onnx.ml.LinearRegressor", linear_models::regressor),
    of("ai.onnx.ml.Normalizer", normalizer::lower),
    of("ai.onnx.ml.OneHotEncoder", encoders::one_hot),
    of("ai.onnx.ml.SVMClassifier", svm::classifier),
    of("ai.onnx.ml.SVMRegressor", svm::regressor),
    of("ai.onnx.ml.Scaler", scaler::lower),
    of("ai.onnx.ml.TreeEnsemble", tree_ensembles::ensemble),
    of("ai.onnx.ml.TreeEnsembleClassifier", tree_ensembles::classifier),
    of("ai.onnx.ml.TreeEnsembleRegressor", tree_ensembles::regressor),
    of("ai.onnx.ml.ZipMap", zip_map::lower),
    of("com.microsoft.CDist", cdist::lower),
];
