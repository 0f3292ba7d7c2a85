//! `Product`: `a' b' - a b = a e_b + b' e_a = a' e_b + b e_a`, for each product in the sum; of a square, `(a' + a) e`.
//!
//! Where a row of `a` is a distribution, `sum a_k e_k` is within the range of the `e_k` and 0.

use maat_runtime::primitives::Product;

use super::arithmetic::Span;
use super::cell::{Cell, Known, Pre};
use super::Bounder;
use crate::float::{Bounds, FloatNode};

impl<'a> Bounder<'a> {
    pub(super) fn product(&mut self, node: &FloatNode, size: (usize, usize, usize), product: &Product, inputs: &[Known]) -> Vec<Cell> {
        let (rows, columns, inner) = size;
        let (a, b) = (&inputs[0], &inputs[1]);
        let elements = self.tensor(node.output).shape.elements();
        let square = node.inputs[0] == node.inputs[1] && (rows, columns) == (1, 1);
        let distribution = !square && self.is_distribution(node.inputs[0], inner);
        let own = self.inverse_root_error(node, product);
        let cell = |element: usize| {
            let (batch, row, column) = (element / (rows * columns), element / columns % rows, element % columns);
            let (a_start, b_start) = ((batch * rows + row) * inner, (batch * columns + column) * inner);
            let mut pre = Pre { real: Span::ZERO, found: Span::ZERO, error: Span::ZERO };
            let mut weighted = Span::ZERO;
            for k in 0..inner {
                let (x, y) = (a.at(a_start + k), b.at(b_start + k));
                let (real, found) = (x.real.times(y.real), x.found.times(y.found));
                if square {
                    let positive = |span: Span| Span { lo: span.lo.max(0.0), hi: span.hi };
                    pre.real = pre.real.plus(positive(real));
                    pre.found = pre.found.plus(positive(found));
                    pre.error = pre.error.plus(x.error.times(x.real.plus(x.found)));
                    continue;
                }
                pre.real = pre.real.plus(real);
                pre.found = pre.found.plus(found);
                if distribution {
                    weighted = weighted.hull(y.error);
                    pre.error = pre.error.plus(y.found.times(x.error));
                    continue;
                }
                let either = [(x.real, y.found), (x.found, y.real)].map(|(a, b)| a.times(y.error).plus(b.times(x.error)));
                pre.error = pre.error.plus(either[0].meet(either[1]));
            }
            pre.error = pre.error.plus(weighted);
            if let Some(more) = own.and_then(|own| self.normalised(node, element, inputs, own)) {
                pre.error = pre.error.meet(more);
            }
            self.end(node, Bounds::NONE, &product.requantise, 0, pre)
        };
        if a.is_one() && b.is_one() {
            return vec![cell(0)];
        }
        (0..elements).map(cell).collect()
    }
}
