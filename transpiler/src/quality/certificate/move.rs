//! `Move`: the cells that it takes, and the rounding of its constants.

use maat_runtime::primitives::Move;

use super::Bounder;
use super::arithmetic::Span;
use super::cell::{Cell, Element, Known};
use crate::float::{Bounds, FloatNode, FloatOp, Kind, Rounding, Used};

impl Bounder<'_> {
    pub(super) fn r#move(&self, node: &FloatNode, indices: &[u32], integers: &Move, inputs: &[Known], used: &Used) -> Option<Vec<Element>> {
        let FloatOp::Move { constants, .. } = &node.op else { return None };
        let unit = 2f64.powi(-self.tensor(node.output).scale);
        let constant = |position: usize| {
            let (value, found) = (constants[position], f64::from(integers.constants[position]) * unit);
            let hole = node.kind == Kind::Real && value == f64::NEG_INFINITY;
            let real = match node.kind {
                Kind::Integer(_) => node.kind.within(Bounds::NONE).apply(Rounding::HalfUp.apply(value)),
                Kind::Real if hole => found,
                Kind::Real => value,
            };
            Cell { real: Span::point(real), found: Span::point(found), error: Span::point(found - real), hole }
        };
        if indices.is_empty() {
            return (0..inputs[0].len()).map(|element| self.aligned(node, *inputs[0].at(element), (0, element))).collect();
        }
        if self.one {
            let moved = used.inputs.iter().map(|position| Some(self.aligned(node, inputs[*position].hull(), (*position, 0))?.cell));
            let all: Vec<Cell> = moved.chain(used.positions.iter().map(|position| Some(constant(*position)))).collect::<Option<_>>()?;
            return Some(vec![all.into_iter().reduce(Cell::hull)?.into()]);
        }
        let mut ends = Vec::with_capacity(inputs.len());
        for input in &node.inputs {
            ends.push(ends.last().copied().unwrap_or(0) + self.tensor(*input).shape.elements());
        }
        let taken = ends.last().copied().unwrap_or(0);
        let cell = |index: &u32| {
            let index = *index as usize;
            if let Some(position) = index.checked_sub(taken) {
                return Some(constant(position).into());
            }
            let position = ends.partition_point(|end| *end <= index);
            let start = if position == 0 { 0 } else { ends[position - 1] };
            self.aligned(node, *inputs[position].at(index - start), (position, index - start))
        };
        indices.iter().map(cell).collect()
    }
}
