//! `Select`: the branch that is taken, as long as the condition is the same.

use super::Bounder;
use super::arithmetic::Span;
use super::cell::{Cell, Element, Known};
use crate::float::FloatNode;

impl Bounder<'_> {
    pub(super) fn select(&self, node: &FloatNode, inputs: &[Known]) -> Option<Vec<Element>> {
        let count = if inputs.iter().all(Known::is_one) { 1 } else { self.tensor(node.output).shape.elements() };
        let cell = |element: usize| {
            let condition = inputs[0].at(element);
            // The quantised node has the condition in the same place.
            let [chosen, other] = [1, 2].map(|position| self.aligned(node, inputs[position].at(element).filled(), (position, element)));
            let (chosen, other) = (chosen?, other?);
            Some(match condition.real {
                _ if !condition.is_exact() => Cell { error: Span::ALL, ..chosen.cell.hull(other.cell) }.into(),
                Span { lo: 1.0, hi: 1.0 } => chosen,
                Span { lo: 0.0, hi: 0.0 } => other,
                _ => chosen.cell.hull(other.cell).into(),
            })
        };
        (0..count).map(cell).collect()
    }
}
