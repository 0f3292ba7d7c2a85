//! `ArgMax`: equal operands have the same position; of others nothing is known.

use super::arithmetic::Span;
use super::cell::{Cell, Element, Known};
use crate::float::{Bounds, FloatNode};

/// No error if the operands are equal, else no bound.
pub fn cells(node: &FloatNode, x: &Known) -> Option<Vec<Element>> {
    let Bounds { lo, hi } = node.kind.within(Bounds::NONE);
    let positions = Span { lo, hi };
    (x.error() == 0.0).then(|| vec![Cell { real: positions, found: positions, error: Span::ZERO, hole: false }.into()])
}
