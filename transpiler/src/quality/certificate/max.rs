//! `Max`: a maximum moves no further than its operands. One that is below another's least is never the maximum.

use super::Bounder;
use super::arithmetic::Span;
use super::cell::{Cell, Element, Known, Link, Term};
use crate::float::FloatNode;

impl Bounder<'_> {
    pub(super) fn max(&self, node: &FloatNode, axis: usize, x: &Known) -> Vec<Element> {
        let shape = self.tensor(node.inputs[0]).shape.dims();
        let (length, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
        let count = if x.is_one() { 1 } else { self.tensor(node.output).shape.elements() };
        let place = |element: usize, k: usize| element / inner * length * inner + element % inner + k * inner;
        let of = |element: usize| greatest((0..length).map(|k| (place(element, k), x.at(place(element, k)))));
        (0..count).map(of).collect()
    }
}

/// The maximum of cells, at least one of which is no hole: an infinite maximum could only be one of nothing but padding, whatever the
/// inputs are, and calibration would have refused that.
fn greatest<'c>(cells: impl Iterator<Item = (usize, &'c Cell)> + Clone) -> Element {
    let least =
        |of: fn(&Cell) -> f64| cells.clone().map(|(_, cell)| cell).filter(|cell| !cell.hole).map(of).fold(f64::NEG_INFINITY, f64::max);
    let (real, found) = (least(|cell| cell.real.lo), least(|cell| cell.found.lo));
    let contends = |(_, cell): &(usize, &Cell)| cell.hole || cell.real.hi >= real || cell.found.hi >= found;
    let mut contenders = cells.clone().filter(contends);
    let first = contenders.next();
    let only = contenders.next().is_none();
    let mut hull = cells.clone().filter(contends).map(|(_, cell)| *cell).reduce(Cell::hull).unwrap_or(Cell {
        real: Span::ALL,
        found: Span::ALL,
        error: Span::ALL,
        hole: false,
    });
    hull.real.lo = hull.real.lo.max(real);
    hull.found.lo = hull.found.lo.max(found);
    let cell = Cell { hole: false, ..hull };
    match first {
        Some((place, _)) if only => {
            Element { cell, link: Link { terms: vec![Term { position: 0, element: place as u32, factor: 1.0 }], rest: Span::ZERO } }
        }
        _ => cell.into(),
    }
}
