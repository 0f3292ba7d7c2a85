//! `Affine`: `q - x = sum w e + sum (w' - w) q_j + b' - b` in each row, then rounding and saturation.

use maat_runtime::primitives::Affine;

use super::Bounder;
use super::arithmetic::Span;
use super::cell::{Element, Known, Link, Pre};
use crate::float::{Bounds, FloatNode};

impl Bounder<'_> {
    /// `real` are the node's groups, weights, biases and bounds.
    pub(super) fn affine(&self, node: &FloatNode, real: (usize, &[f64], &[f64], Bounds), affine: &Affine, x: &Known) -> Vec<Element> {
        let (groups, weights, bias, bounds) = real;
        let tensor = self.tensor(node.output);
        let input = self.tensor(node.inputs[0]);
        let n = weights.len() / bias.len();
        let per_group = bias.len() / groups;
        let blocks = if x.is_one() { 1 } else { x.len() / (groups * n) };
        // The differences of weights and biases from their integers, which are the same in each block.
        let channels: Vec<(Vec<f64>, f64)> = (0..bias.len())
            .map(|channel| {
                let exponent = i32::from(affine.requantise.shift_of(channel)) + tensor.scale - input.scale;
                let unit = 2f64.powi(-exponent);
                let row = weights[channel * n..][..n].iter().zip(affine.row(channel));
                let rounded = row.map(|(weight, integer)| f64::from(*integer) * unit - weight).collect();
                (rounded, affine.bias[channel] as f64 * 2f64.powi(-exponent - input.scale) - bias[channel])
            })
            .collect();
        let cell = |block: usize, channel: usize| {
            let start = (block * groups + channel / per_group) * n;
            let (rounded, off) = &channels[channel];
            let link = Link::of(Span::point(*off));
            let mut pre = Pre { real: Span::point(bias[channel]), found: Span::ZERO, error: Span::ZERO, link };
            let mut moved = Span::ZERO;
            for (j, (weight, rounded)) in weights[channel * n..][..n].iter().zip(rounded).enumerate() {
                let x = x.at(start + j);
                pre.real = pre.real.plus(x.real.scaled(*weight));
                moved = moved.plus(x.error.scaled(*weight));
                pre.link.rest = pre.link.rest.plus(x.found.scaled(*rounded));
                if self.links {
                    pre.link.add(0, start + j, Span::point(*weight), x.error);
                }
                pre.found = pre.found.plus(x.found.scaled(weight + rounded));
            }
            pre.error = pre.link.rest.plus(moved);
            pre.found = pre.found.plus(Span::point(bias[channel] + off));
            self.end(node, bounds, &affine.requantise, (block * bias.len() + channel, channel), pre)
        };
        (0..blocks)
            .flat_map(|block| (0..bias.len()).map(move |channel| (block, channel)))
            .map(|(block, channel)| cell(block, channel))
            .collect()
    }
}
