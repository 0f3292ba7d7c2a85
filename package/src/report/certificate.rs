//! What is proven of every tensor: its range, and how far it can be from the float network's.

use maat_runtime::Interval;
use serde::{Deserialize, Serialize};

/// What is proven of a tensor, for every input within its own range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertifiedNode {
    /// The input or node that gives the tensor.
    pub name: String,
    /// `Input`, or the primitive.
    pub primitive: String,
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// Scale exponent.
    pub scale: i32,
    /// The scale exponents of an input's columns, where they are not one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<i32>,
    /// The proven range, in integers: interval arithmetic over the actual weights.
    pub range: Interval,
    /// The same in real units, to four significant digits; for columns, that of the coarsest.
    pub real_range: (f64, f64),
    /// No element is further than this from the float network's, unless that is infinite; absent for tensors that the float network does
    /// not have, and where there is no bound. For columns, that of the coarsest.
    pub error_bound: Option<f64>,
}

impl CertifiedNode {
    /// The scale exponents: one of all elements, or one for each column.
    pub fn scales(&self) -> &[i32] {
        if self.columns.is_empty() { std::slice::from_ref(&self.scale) } else { &self.columns }
    }
}
