//! `Sum`: a linear layer whose results depend on one element of each operand, or, if its channels are long, the loop of `channels.rs`.

use maat_runtime::primitives::Sum;
use maat_runtime::{Interval, Model, Node, Shape};

use super::call::{Call, Expression};
use super::channels::{channel_rescale, channels};
use super::code::{Module, doc};
use super::collector::Collector;
use super::layer::{Channel, Layer, pack};
use super::windows::Windows;
use crate::error::CodegenError;

/// A sum with fewer products is straight code, whatever its channels.
const SHORT_SUM: usize = 1_500;

impl Collector<'_> {
    /// A sum of operands of one shape.
    pub(super) fn sum(&mut self, name: &str, sum: &Sum, node: &Node, inputs: Vec<usize>) -> Result<Call, CodegenError> {
        let period = if sum.channels() == 1 { 1 } else { sum.channels() * sum.inner as usize };
        if period > sum.channels()
            && period * inputs.len() > SHORT_SUM
            && let Some(rescale) = channel_rescale(sum, node, self.model)?
        {
            let (model, rescales) = (self.model, &mut self.rescales);
            let function = |name: &str| channels(sum, &rescale, node, model, rescales, name);
            let name = self.functions.add(name, &format!("`{}`.", doc(&node.name)), function);
            return Ok(Call::Expression(Expression::function(Module::Layers, name, inputs)));
        }
        let layer = layer(name, sum, node, period, self.model)?;
        Ok(self.layer(layer, inputs))
    }
}

/// The range of a sum's channel before saturation, also for sums that are not a [`Layer`].
pub fn sum_range(sum: &Sum, channel: usize, node: &Node, model: &Model) -> Interval {
    let operands: Vec<(&Shape, Interval)> = node.inputs.iter().map(|id| (&model.tensor(*id).shape, model.tensor(*id).range)).collect();
    let acc = sum.accumulator(channel, &operands).expect("the model was accepted with these ranges");
    sum.requantise.unsaturated(channel, acc).expect("the model was accepted with these ranges")
}

/// A sum whose constants repeat every `period` elements.
fn layer(name: &str, sum: &Sum, node: &Node, period: usize, model: &Model) -> Result<Layer, CodegenError> {
    let elements = model.tensor(node.inputs[0]).shape.elements();
    let width = block_width(period, elements);
    let ranges: Vec<Interval> = (0..sum.channels()).map(|channel| sum_range(sum, channel, node, model)).collect();
    let channel = |element: usize| {
        let channel = element / sum.inner as usize % sum.channels();
        let terms = sum.coefficients.iter().enumerate();
        Channel {
            terms: terms.map(|(operand, row)| (operand * width + element, i64::from(row[channel]))).collect(),
            bias: sum.bias[channel],
            shift: sum.requantise.shift_of(channel),
            range: ranges[channel],
        }
    };
    let channels: Vec<Channel> = (0..width).map(channel).collect();
    let windows = Windows::consecutive(node.inputs.len(), width, elements / width);
    Ok(Layer { diagonal: true, ..pack(name, node, windows, &channels, &sum.requantise)? })
}

/// The width of a sum's blocks. Its period is often shorter than the lanes of a field element; a block is then several periods.
fn block_width(period: usize, elements: usize) -> usize {
    const WORTHWHILE: usize = 24;
    const TOO_MANY: usize = 96;
    const SMALL: usize = 2_000;
    if period >= WORTHWHILE {
        return period;
    }
    let periods = elements / period;
    let divisors = || (1..=periods.min(TOO_MANY / period)).filter(|count| periods.is_multiple_of(*count));
    let worthwhile = divisors().find(|count| count * period >= WORTHWHILE);
    // Without a good divisor, everything at once, or as many as allowed.
    let otherwise = || if elements <= SMALL { periods } else { divisors().next_back().unwrap_or(1) };
    period * worthwhile.unwrap_or_else(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_periods_make_a_block() {
        assert_eq!(block_width(1, 784), 28);
        assert_eq!(block_width(6, 600), 24);
        assert_eq!(block_width(100, 300), 100);
        assert_eq!(block_width(7, 7), 7);
        assert_eq!(block_width(1, 97), 97);
        assert_eq!(block_width(1, 10_007), 1);
        assert_eq!(block_width(200, 10_000), 200);
        assert_eq!(block_width(10, 30), 30);
    }
}
