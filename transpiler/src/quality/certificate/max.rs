//! `Max`: a maximum moves no further than its operands. One that is below another's least is never the maximum.

use super::cell::{Cell, Known};
use super::Bounder;
use super::arithmetic::Span;
use crate::float::FloatNode;

impl Bounder<'_> {
    pub(super) fn max(&self, node: &FloatNode, axis: usize, x: &Known) -> Vec<Cell> {
        let shape = self.tensor(node.inputs[0]).shape.dims();
        let (length, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
        let count = if x.is_one() { 1 } else { self.tensor(node.output).shape.elements() };
        (0..count).map(|element| greatest((0..length).map(|k| x.at(element / inner * length * inner + element % inner + k * inner)))).collect()
    }
}

/// The maximum of cells, at least one of which is no hole: an infinite maximum could only be one of nothing but padding, whatever the
/// inputs are, and calibration would have refused that.
fn greatest<'c>(cells: impl Iterator<Item = &'c Cell> + Clone) -> Cell {
    let least = |of: fn(&Cell) -> f64| cells.clone().filter(|cell| !cell.hole).map(of).fold(f64::NEG_INFINITY, f64::max);
    let (real, found) = (least(|cell| cell.real.lo), least(|cell| cell.found.lo));
    let contends = |cell: &&Cell| cell.hole || cell.real.hi >= real || cell.found.hi >= found;
    let mut hull = cells.clone().filter(contends).copied().reduce(Cell::hull).unwrap_or(Cell {
        real: Span::ALL,
        found: Span::ALL,
        error: Span::ALL,
        hole: false,
    });
    hull.real.lo = hull.real.lo.max(real);
    hull.found.lo = hull.found.lo.max(found);
    Cell { hole: false, ..hull }
}
