//! What is proven about every tensor: its range, and how far it can be from the float network's.

use maat_runtime::Interval;
use serde::{Deserialize, Serialize};

/// What is proven about a tensor, for all inputs within their ranges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertifiedNode {
    /// The input, or the node that computes the tensor.
    pub name: String,
    /// `Input`, or the primitive.
    pub primitive: String,
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// Scale exponent.
    pub scale: i32,
    /// The scale exponents of an input's columns, where they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<i32>,
    /// The proven range, in integers: interval arithmetic over the actual weights.
    pub range: Interval,
    /// The same in real units, to four significant digits; for columns, that of the coarsest.
    pub real_range: (f64, f64),
    /// No element is further than this from the float network's, unless that is infinite. Absent for tensors that the float network does
    /// not have, and where no bound is known. For columns, that of the coarsest.
    pub error_bound: Option<f64>,
    /// The least and the greatest integer that the samples gave, the scales' own ones. Absent without samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Interval>,
    /// The same bound for the inputs on which no tensor leaves what was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_bound_as_seen: Option<f64>,
    /// The same for some samples, each with all inputs that round to the same integers. Absent without samples, and for large networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_bound_on_samples: Option<f64>,
}

/// How finely the bounds of errors were followed through the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// Each element by itself.
    Elements,
    /// All elements of a tensor together, because the network is too large.
    #[default]
    Tensors,
}

/// How many samples stay in what was seen, in every tensor, so that the bounds for that hold for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Those that do.
    pub within: usize,
    /// All that were tried: those that no scale comes from.
    pub of: usize,
}

impl CertifiedNode {
    /// The scale exponents: one for all elements, or one for each column.
    pub fn scales(&self) -> &[i32] {
        if self.columns.is_empty() { std::slice::from_ref(&self.scale) } else { &self.columns }
    }
}
