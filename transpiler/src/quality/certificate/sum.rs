//! `Sum`: the rule of `Affine`, over the operands.

use maat_runtime::primitives::Sum;

use super::arithmetic::{farthest, greatest, rounded, saturation, scaled};
use super::{Bounder, Known};
use crate::float::{Bounds, FloatNode, FloatSum, Kind, Rounding, linear_range};

impl Bounder<'_> {
    pub(super) fn sum(&self, node: &FloatNode, sum: &FloatSum, integers: &Sum, inputs: &[Known]) -> f64 {
        let tensor = self.tensor(node.output);
        let channel = |channel: usize| {
            let row: Vec<f64> = sum.coefficients.iter().map(|row| row[channel]).collect();
            let moved: f64 = row.iter().zip(inputs).map(|(factor, x)| scaled(factor.abs(), x.error)).sum();
            let sums = linear_range(&row, sum.bias[channel], inputs.iter().map(|x| (x.lo, x.hi)));
            let bounds = node.kind.within(sum.bounds);
            if integers.coefficients.len() > row.len() {
                // Three sums that together round half to even, of numbers that are represented exactly.
                let bounds = Bounds { lo: sum.rounding.apply(bounds.lo), hi: sum.rounding.apply(bounds.hi) };
                let distance = moved + saturation(bounds, sums, &integers.requantise, tensor.scale);
                return if distance > 0.0 { distance + 1.0 } else { distance };
            }
            let by_bounds = saturation(bounds, sums, &integers.requantise, tensor.scale);
            // The accumulator's unit is 2^-scale.
            let scale = i32::from(integers.requantise.shift_of(channel)) + tensor.scale;
            let operands = node.inputs.iter().map(|input| self.tensor(*input)).zip(&row).zip(&integers.coefficients);
            let terms = operands
                .map(|((operand, factor), integers)| (factor - f64::from(integers[channel]) * 2f64.powi(operand.scale - scale), operand));
            let bias = unrounded_bias(node, sum, integers, channel) as f64 * 2f64.powi(-scale);
            rounded(moved + farthest(terms, sum.bias[channel] - bias) + by_bounds, node, &integers.requantise, channel, tensor)
        };
        (0..sum.channels()).map(channel).fold(0.0, greatest)
    }
}

/// A sum's bias, without what rounding down subtracts.
fn unrounded_bias(node: &FloatNode, sum: &FloatSum, integers: &Sum, channel: usize) -> i64 {
    let shift = integers.requantise.shift_of(channel);
    let down = node.kind != Kind::Real && sum.rounding == Rounding::Down && shift > 0;
    integers.bias[channel] + if down { 1i64 << (shift - 1) } else { 0 }
}
