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
}

impl CertifiedNode {
    /// The scale exponents: one for all elements, or one for each column.
    pub fn scales(&self) -> &[i32] {
        if self.columns.is_empty() { std::slice::from_ref(&self.scale) } else { &self.columns }
    }
}
