//! How far a quantised model is from its float network, tensor by tensor, as the report records it.

use serde::{Deserialize, Serialize};

/// How far a tensor is from the float network's, over a set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TensorError {
    /// The node that computes it, or the output's name.
    pub name: String,
    /// How far its elements are off.
    #[serde(flatten)]
    pub deviation: Deviation,
}

/// How elements differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "elements", rename_all = "snake_case")]
pub enum Deviation {
    /// Whole numbers that name something: labels, positions, truth values. They are equal or not, but never close.
    Labels(Agreement),
    /// Numbers, which may be close.
    Numbers(Distance),
}

/// How many elements or rows are the same in both networks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// How many are the same.
    pub same: usize,
    /// How many there are.
    pub of: usize,
    /// `same / of`.
    pub share: f64,
}

impl Agreement {
    /// `same` of `of`.
    pub fn new(same: usize, of: usize) -> Self {
        Self { same, of, share: same as f64 / of.max(1) as f64 }
    }

    /// How many are not the same.
    pub fn changed(&self) -> usize {
        self.of - self.same
    }
}

/// The distance of numbers, in real units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// Mean of `|quantised - float|` over all elements and samples.
    pub mean: f64,
    /// Greatest `|quantised - float|`.
    pub max: f64,
    /// Greatest size of a float element.
    pub magnitude: f64,
    /// The least and the greatest float element.
    pub range: (f64, f64),
    /// Rows along the last axis that have their first maximum in the same place; absent for a last axis of length 1.
    pub same_argmax: Option<Agreement>,
}

impl TensorError {
    /// The distance, unless the elements are labels.
    pub fn distance(&self) -> Option<&Distance> {
        match &self.deviation {
            Deviation::Numbers(distance) => Some(distance),
            Deviation::Labels(_) => None,
        }
    }

    /// How many labels are equal; of numbers, how many rows have the same argmax.
    pub fn agreement(&self) -> Option<Agreement> {
        match &self.deviation {
            Deviation::Numbers(distance) => distance.same_argmax,
            Deviation::Labels(agreement) => Some(*agreement),
        }
    }
}

/// The errors over one set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Number of samples.
    pub samples: usize,
    /// What the outputs are compared with.
    #[serde(rename = "witness")]
    pub baseline: Baseline,
    /// One for each output.
    pub outputs: Vec<TensorError>,
    /// One for each node of the lowered network, compared with that network.
    pub nodes: Vec<TensorError>,
}

/// What the outputs of the quantised model are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// The ONNX file run by tract, which shares no code with the lowering.
    Tract,
    /// The lowered network in 64-bit floats, where tract does not take the file.
    Lowered,
    /// The lowered network as well, because tract's 32-bit floats fall on the other side of ties. Both compute the same network, and the
    /// lowered one has enough bits to decide.
    RoundingTies,
    /// The lowered network as well, because it and tract disagree by more than float errors. One of them is wrong, and a user should know.
    Disputed,
}
