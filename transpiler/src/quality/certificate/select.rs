//! `Select`: the bound of the branches, as long as the condition is the same.

use super::arithmetic::greatest;
use super::{Bounder, Known};
use crate::float::FloatNode;

impl Bounder<'_> {
    pub(super) fn select(&self, node: &FloatNode, inputs: &[Known]) -> f64 {
        if inputs[0].error != 0.0 {
            return f64::NAN;
        }
        [1, 2].map(|position| self.aligned_error(node, inputs[position], position)).into_iter().fold(0.0, greatest)
    }
}
