//! `Affine`: `|sum w x + b - (sum w' q + b')| <= sum |w| e + |sum (w - w') q + b - b'|`, plus saturation and rounding.

use maat_runtime::primitives::Affine;

use super::arithmetic::{farthest, greatest, rounded, saturation, scaled};
use super::{Bounder, Known};
use crate::float::{Bounds, FloatNode, linear_range};

impl Bounder<'_> {
    /// `real` are the node's weights, biases and bounds.
    pub(super) fn affine(&self, node: &FloatNode, real: (&[f64], &[f64], Bounds), affine: &Affine, x: Known) -> f64 {
        let (weights, bias, bounds) = real;
        let tensor = self.tensor(node.output);
        let input = self.tensor(node.inputs[0]);
        let n = weights.len() / bias.len();
        let channel = |channel: usize| {
            let exponent = i32::from(affine.requantise.shift_of(channel)) + tensor.scale - input.scale;
            let (unit, row) = (2f64.powi(-exponent), &weights[channel * n..][..n]);
            let moved: f64 = row.iter().map(|weight| scaled(weight.abs(), x.error)).sum();
            let rounded = row.iter().zip(affine.row(channel)).map(|(weight, integer)| weight - f64::from(*integer) * unit);
            let bias_rounded = bias[channel] - affine.bias[channel] as f64 * 2f64.powi(-exponent - input.scale);
            let by_weights = farthest(rounded.map(|weight| (weight, input)), bias_rounded);
            let sums = linear_range(row, bias[channel], std::iter::repeat((x.lo, x.hi)));
            moved + by_weights + saturation(node.kind.within(bounds), sums, &affine.requantise, tensor.scale)
        };
        let by_channel = (0..bias.len()).map(|index| rounded(channel(index), node, &affine.requantise, index, tensor));
        by_channel.fold(0.0, greatest)
    }
}
