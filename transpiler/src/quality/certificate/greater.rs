//! Comparisons: exact or unbounded. Two tensors are compared at the finer of their scales, and a constant is exact unless it is rounded
//! past an integer.

use maat_runtime::primitives::Sum;

use super::{Bounder, Known};
use crate::float::FloatNode;
use crate::quantise::threshold;

impl Bounder<'_> {
    pub(super) fn greater(&self, node: &FloatNode, sum: &Sum, inputs: &[Known]) -> f64 {
        let exact = if sum.coefficients.len() == 1 {
            let below = sum.coefficients[0][0] < 0;
            let (value, constant, whole): (_, _, fn(f64) -> f64) = if below { (1, 0, f64::ceil) } else { (0, 1, f64::floor) };
            let (scale, kind) = (self.tensor(node.inputs[value]).scale, self.float.tensor(node.inputs[value]).1);
            let is_kept = |c: &f64| threshold(*c, scale, kind, whole) == whole(c * 2f64.powi(scale));
            let constants = self.float.constants(node.inputs[constant]);
            inputs[value].error == 0.0 && constants.is_some_and(|constants| constants.iter().all(is_kept))
        } else {
            let apart = (self.tensor(node.inputs[0]).scale - self.tensor(node.inputs[1]).scale).abs();
            inputs.iter().all(|x| x.error == 0.0) && apart <= 30
        };
        if exact { 0.0 } else { f64::NAN }
    }
}
