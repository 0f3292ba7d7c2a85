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

use crate::lowering::operator::{Operator, any, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    any("ai.onnx.ml.ArrayFeatureExtractor", array_feature_extractor::lower).with_parameters(&[1]),
    real("ai.onnx.ml.Binarizer", binarizer::lower),
    any("ai.onnx.ml.CategoryMapper", encoders::category_mapper),
    real("ai.onnx.ml.FeatureVectorizer", feature_vectorizer::lower),
    real("ai.onnx.ml.Imputer", imputer::lower),
    any("ai.onnx.ml.LabelEncoder", encoders::label_encoder),
    real("ai.onnx.ml.LinearClassifier", linear_models::classifier),
    real("ai.onnx.ml.LinearRegressor", linear_models::regressor),
    real("ai.onnx.ml.Normalizer", normalizer::lower),
    any("ai.onnx.ml.OneHotEncoder", encoders::one_hot),
    real("ai.onnx.ml.SVMClassifier", svm::classifier),
    real("ai.onnx.ml.SVMRegressor", svm::regressor),
    real("ai.onnx.ml.Scaler", scaler::lower),
    real("ai.onnx.ml.TreeEnsemble", tree_ensembles::ensemble),
    real("ai.onnx.ml.TreeEnsembleClassifier", tree_ensembles::classifier),
    real("ai.onnx.ml.TreeEnsembleRegressor", tree_ensembles::regressor),
    real("ai.onnx.ml.ZipMap", zip_map::lower),
    real("com.microsoft.CDist", cdist::lower),
];
