//! `Sum`: the rule of `Affine`, over the operands.

use maat_runtime::primitives::Sum;

use super::Bounder;
use super::arithmetic::{Ending, Span, limits};
use super::cell::{Cell, Element, Known, Link, Pre};
use crate::float::{Bounds, FloatNode, FloatSum, Kind, Rounding};

impl Bounder<'_> {
    pub(super) fn sum(&self, node: &FloatNode, sum: &FloatSum, integers: &Sum, inputs: &[Known]) -> Vec<Element> {
        let tensor = self.tensor(node.output);
        let cell = |element: usize, channel: usize| {
            // The accumulator's unit is 2^-scale.
            let scale = i32::from(integers.requantise.shift_of(channel)) + tensor.scale;
            let off = unrounded_bias(node, sum, integers, channel) as f64 * 2f64.powi(-scale) - sum.bias[channel];
            let bias = Span::point(sum.bias[channel]);
            let link = Link::of(Span::point(off));
            let mut pre = Pre { real: bias, found: bias.plus(Span::point(off)), error: Span::ZERO, link };
            let mut moved = Span::ZERO;
            let rows = sum.coefficients.iter().zip(&integers.coefficients);
            for (position, ((input, known), (row, row_of_integers))) in node.inputs.iter().zip(inputs).zip(rows).enumerate() {
                let (x, factor) = (known.at(element), row[channel]);
                let rounded = f64::from(row_of_integers[channel]) * 2f64.powi(self.tensor(*input).scale - scale) - factor;
                pre.real = pre.real.plus(x.real.scaled(factor));
                pre.found = pre.found.plus(x.found.scaled(factor + rounded));
                moved = moved.plus(x.error.scaled(factor));
                pre.link.rest = pre.link.rest.plus(x.found.scaled(rounded));
                if self.links {
                    pre.link.add(position, element, Span::point(factor), x.error);
                }
            }
            if integers.coefficients.len() > sum.coefficients.len() {
                let pre = Pre { found: pre.real.plus(moved), error: moved, link: Link::of(moved), ..pre };
                return self.half_even(node, sum, integers, pre).into();
            }
            pre.error = pre.link.rest.plus(moved);
            if self.is_below_maximum(node, element) && integers.bias[channel] == 0 && is_difference(integers, channel) {
                let below = Span { lo: f64::NEG_INFINITY, hi: 0.0 };
                (pre.real, pre.found) = (pre.real.meet(below), pre.found.meet(below));
            }
            self.end(node, sum.bounds, &integers.requantise, (element, channel), pre)
        };
        // Where operands have one cell each, elements of a channel are alike.
        let period = if sum.channels() > 1 { sum.channels() * sum.inner } else { 1 };
        let count = if inputs.iter().all(Known::is_one) { period } else { tensor.shape.elements() };
        (0..count).map(|element| cell(element, sum.channel(element))).collect()
    }

    /// Three sums that together round half to even, of numbers that are represented exactly.
    fn half_even(&self, node: &FloatNode, sum: &FloatSum, integers: &Sum, pre: Pre) -> Cell {
        let bounds = node.kind.within(sum.bounds);
        let real = Bounds { lo: sum.rounding.apply(bounds.lo), hi: sum.rounding.apply(bounds.hi) };
        let cell = Ending { real, integer: limits(&integers.requantise, 0), rounding: 0.0, seen: None }.of(pre).cell;
        let error = Span {
            lo: if cell.error.lo < 0.0 { cell.error.lo - 1.0 } else { 0.0 },
            hi: if cell.error.hi > 0.0 { cell.error.hi + 1.0 } else { 0.0 },
        };
        let rounded = |span: Span| Span { lo: sum.rounding.apply(span.lo), hi: sum.rounding.apply(span.hi) };
        Cell { real: rounded(cell.real), found: rounded(cell.found), error, hole: false }
    }
}

/// Whether a channel's integers subtract the second operand from the first.
fn is_difference(sum: &Sum, channel: usize) -> bool {
    sum.coefficients.len() == 2 && sum.coefficients[0][channel] > 0 && sum.coefficients[0][channel] == -sum.coefficients[1][channel]
}

/// A sum's bias, without what rounding down subtracts.
fn unrounded_bias(node: &FloatNode, sum: &FloatSum, integers: &Sum, channel: usize) -> i64 {
    let shift = integers.requantise.shift_of(channel);
    let down = node.kind != Kind::Real && sum.rounding == Rounding::Down && shift > 0;
    integers.bias[channel] + if down { 1i64 << (shift - 1) } else { 0 }
}
