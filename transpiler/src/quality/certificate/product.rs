//! `Product`: `a' b' - a b = a e_b + b' e_a = a' e_b + b e_a`, for each product in the sum; of a square, `(a' + a) e`.
//!
//! Where a row of `a` is a distribution, `sum a_k e_k` is within the range of the `e_k` and 0, and `sum b'_k e_k` of its own errors is at
//! most what their sizes add up to, times half the width of the `b'_k`, and what the errors themselves add up to, times their middle.

use maat_runtime::primitives::Product;

use super::Bounder;
use super::arithmetic::Span;
use super::cell::{Element, Known, Link, Pre};
use crate::float::{Bounds, FloatNode};

impl<'a> Bounder<'a> {
    pub(super) fn product(&mut self, node: &FloatNode, size: (usize, usize, usize), product: &Product, inputs: &[Known]) -> Vec<Element> {
        let (rows, columns, inner) = size;
        let (a, b) = (&inputs[0], &inputs[1]);
        let own = self.inverse_root_error(node, product);
        let elements = self.tensor(node.output).shape.elements();
        let square = node.inputs[0] == node.inputs[1] && (rows, columns) == (1, 1);
        let distribution = if square { None } else { self.distribution(node.inputs[0], inner) };
        let cell = |element: usize| {
            let (batch, row, column) = (element / (rows * columns), element / columns % rows, element % columns);
            let (a_start, b_start) = ((batch * rows + row) * inner, (batch * columns + column) * inner);
            let mut pre = Pre { real: Span::ZERO, found: Span::ZERO, error: Span::ZERO, link: Link::of(Span::ZERO) };
            let mut weighted = Span::ZERO;
            let mut middle = b.at(b_start).found;
            for k in 0..inner {
                let (x, y) = (a.at(a_start + k), b.at(b_start + k));
                let (real, found) = (x.real.times(y.real), x.found.times(y.found));
                if square {
                    let positive = |span: Span| Span { lo: span.lo.max(0.0), hi: span.hi };
                    pre.real = pre.real.plus(positive(real));
                    pre.found = pre.found.plus(positive(found));
                    pre.error = pre.error.plus(x.error.times(x.real.plus(x.found)));
                    if self.links {
                        pre.link.add(0, a_start + k, x.real.plus(x.found), x.error);
                    }
                    continue;
                }
                pre.real = pre.real.plus(real);
                pre.found = pre.found.plus(found);
                if self.links {
                    pre.link.add(0, a_start + k, y.found, x.error);
                    pre.link.add(1, b_start + k, x.real, y.error);
                }
                if distribution.is_some() {
                    weighted = weighted.hull(y.error);
                    middle = middle.hull(y.found);
                    pre.error = pre.error.plus(y.found.times(x.error));
                    continue;
                }
                let either = [(x.real, y.found), (x.found, y.real)].map(|(a, b)| a.times(y.error).plus(b.times(x.error)));
                pre.error = pre.error.plus(either[0].meet(either[1]));
            }
            if let Some(row) = distribution.and_then(|rows| rows.get(a_start / inner)) {
                // Half the width about the middle, and the middle times what the errors add up to.
                let (centre, radius) = (middle.lo / 2.0 + middle.hi / 2.0, middle.hi / 2.0 - middle.lo / 2.0);
                pre.error = pre.error.meet(Span::around(row.total * radius + row.sum * centre.abs()));
            }
            pre.error = pre.error.plus(weighted);
            if let Some(more) = own.and_then(|own| self.normalised(node, element, inputs, own)) {
                pre.real = pre.real.meet(more.real);
                pre.error = pre.error.meet(more.error);
            }
            self.end(node, Bounds::NONE, &product.requantise, (element, 0), pre)
        };
        if a.is_one() && b.is_one() {
            return vec![cell(0)];
        }
        (0..elements).map(cell).collect()
    }
}
