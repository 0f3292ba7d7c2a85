//! How a network is quantised, and where a model comes from: what the transpiler takes and the manifest records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Widths in bits, sign included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widths {
    /// Of inputs, activations and outputs: 4 to 24.
    pub activations: u32,
    /// Of weights: 4 to 16.
    pub weights: u32,
}

impl Widths {
    /// The widths of weights that can be chosen.
    pub const WEIGHTS: std::ops::RangeInclusive<u32> = 4..=16;
    /// The widths of activations that can be chosen.
    pub const ACTIVATIONS: std::ops::RangeInclusive<u32> = 4..=24;
}

/// The width of one tensor, instead of that of activations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorWidth {
    /// The input's name, or that of the node that computes it. All tensors of a family, such as the steps of a recurrent network, follow.
    pub tensor: String,
    /// In bits, sign included: 4 to 24.
    pub bits: u32,
}

/// How a tensor's range is chosen from the values seen. Values outside saturate.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeMethod {
    /// All values seen.
    Max,
    /// This share of the values, in percent.
    Percentile(f64),
    /// The range with the least mean squared error of rounding and saturation together.
    #[default]
    Mse,
}

/// What to optimise the widths for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Take the widths as given.
    #[default]
    Accuracy,
    /// Narrow both widths, from the given ones down, as long as the result stays close to the float network.
    Cost,
}

/// How to quantise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Widths in bits.
    pub widths: Widths,
    /// Widths of single tensors, where they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tensors: Vec<TensorWidth>,
    /// Raise the widths of the tensors that most of the error comes from, as long as the cost grows by no more than this many per cent. In
    /// a manifest it is absent, and `tensors` has the widths that were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise: Option<f64>,
    /// What to optimise for.
    pub target: Target,
    /// How ranges are chosen from the samples' values.
    pub ranges: RangeMethod,
    /// Whether biases correct for what rounding the weights adds on average.
    pub correct_bias: bool,
    /// Without samples, inputs are assumed to lie within plus and minus this value.
    pub assumed_magnitude: f64,
    /// Whether a model that does not compute its network is handed out anyway, with a verdict that says so.
    pub accept_loss: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            widths: Widths { activations: 16, weights: 16 },
            tensors: Vec::new(),
            raise: None,
            target: Target::Accuracy,
            ranges: RangeMethod::Mse,
            correct_bias: true,
            assumed_magnitude: 1.0,
            accept_loss: false,
        }
    }
}

/// What is fixed about an ONNX file's inputs when it is read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ImportOptions {
    /// The shapes of inputs, where they are not those of the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shapes: BTreeMap<String, Vec<usize>>,
    /// Inputs that are constants: their values, or one value for all elements.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, Vec<f64>>,
}

impl ImportOptions {
    /// Whether nothing is fixed.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty() && self.constants.is_empty()
    }
}

/// The texts behind an output's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputTexts {
    /// The network gives a text where the model gives its position in this list, counted from 0.
    Values(Vec<String>),
    /// The network gives a map where the model gives a row; these are the keys of the row's values.
    Keys(Vec<String>),
}

/// Where a quantised model comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// sha256 of the ONNX file and its external data: see `maat_transpiler::onnx_sha256`.
    pub onnx_sha256: String,
    /// What was fixed about its inputs.
    #[serde(default, skip_serializing_if = "ImportOptions::is_empty")]
    pub import: ImportOptions,
    /// The outputs that are texts or maps in the ONNX file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, OutputTexts>,
    /// The options, with the widths that were finally used.
    pub options: Options,
    /// sha256 of the samples' values, if there were any.
    pub samples_sha256: Option<String>,
}
