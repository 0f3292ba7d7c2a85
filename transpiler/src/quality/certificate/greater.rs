//! Comparisons: exact or unbounded. Two tensors are compared at the finer of their scales, and a constant is exact unless it is rounded
//! past an integer.

use maat_runtime::primitives::Sum;

use super::Bounder;
use super::arithmetic::Span;
use super::cell::{Cell, Element, Known};
use crate::float::FloatNode;
use crate::quantise::threshold;

impl Bounder<'_> {
    pub(super) fn greater(&self, node: &FloatNode, sum: &Sum, inputs: &[Known]) -> Option<Vec<Element>> {
        let scale = |position: usize| self.tensor(node.inputs[position]).scale;
        // For each element, whether the comparison of equal operands is exact.
        let kept: Vec<bool> = if sum.coefficients.len() == 1 {
            let below = sum.coefficients[0][0] < 0;
            let (value, constant, whole): (_, _, fn(f64) -> f64) = if below { (1, 0, f64::ceil) } else { (0, 1, f64::floor) };
            let kind = self.float.tensor(node.inputs[value]).1;
            let is_kept = |c: &f64| threshold(*c, scale(value), kind, whole) == whole(c * 2f64.powi(scale(value)));
            let constants = self.float.constants(node.inputs[constant])?;
            constants.iter().map(is_kept).collect()
        } else {
            vec![(scale(0) - scale(1)).abs() <= 30]
        };
        let value = if sum.coefficients.len() > 1 { None } else { Some(usize::from(sum.coefficients[0][0] < 0)) };
        let count = if inputs.iter().all(Known::is_one) && kept.len() == 1 { 1 } else { self.tensor(node.output).shape.elements() };
        let truth = Span { lo: 0.0, hi: 1.0 };
        let cell = |element: usize| {
            let same = match value {
                Some(value) => inputs[value].at(element).is_exact(),
                None => inputs.iter().all(|x| x.at(element).is_exact()),
            };
            let exact = same && kept[if kept.len() == 1 { 0 } else { element }];
            Cell { real: truth, found: truth, error: if exact { Span::ZERO } else { Span::around(1.0) }, hole: false }.into()
        };
        Some((0..count).map(cell).collect())
    }
}
