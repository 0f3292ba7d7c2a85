//! Which node or input the error of the outputs comes from, as the report records it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the rounding of one node or input adds to the error of the outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blame {
    /// The node or input.
    pub name: String,
    /// Its share of the outputs' squared error, as if the errors of all added up.
    pub share: f64,
}

impl fmt::Display for Blame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` ({:.0} %)", self.name, self.share * 100.0)
    }
}

/// A node or input with at least this share of the error dominates it.
pub const DOMINATES: f64 = 0.5;
