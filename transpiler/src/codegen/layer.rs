use maat_runtime::primitives::{Affine, Sum};
use maat_runtime::{Interval, Model, Node, Requantise, Shape};
use num_bigint::BigInt;

use super::lanes::Lanes;
use super::plan::Plan;
use super::rescale::Rescale;
use super::windows::{Place, Placed, Windows};
use crate::error::TranspileError;

/// A linear layer in packed form, whatever primitive it comes from. It works on one block of elements at a time.
pub struct Layer {
    /// The function's name in Cairo.
    pub name: String,
    /// The ONNX node's name.
    pub onnx_name: String,
    /// What a block takes, and where the blocks lie.
    pub windows: Windows,
    /// Elements that a block is computed from.
    pub inputs: usize,
    /// Elements that a block gives.
    pub outputs: usize,
    /// Whether each output depends on one element of each operand, its own.
    pub diagonal: bool,
    /// How results share a field element, and how they leave it.
    pub rescale: Rescale,
    /// One for each `lanes.count()` outputs.
    pub groups: Vec<Group>,
    /// How the weights are held.
    pub plan: Plan,
}

/// Output channels that share an accumulator.
#[derive(PartialEq)]
pub struct Group {
    /// What the accumulator begins with: biases, roundings and offsets.
    pub start: BigInt,
    /// Inputs of the block, in order, each with its packed weight, which is not zero.
    pub weights: Vec<(usize, BigInt)>,
    /// How many outputs it holds.
    pub outputs: usize,
}

/// An output channel before packing.
struct Channel {
    /// Input of the block, and weight, of each term.
    terms: Vec<(usize, i64)>,
    bias: i64,
    shift: i8,
    /// The result's range before saturation.
    range: Interval,
}

impl Layer {
    /// Elements of a block's runs: its inputs, and what lies between them.
    pub fn width(&self) -> usize {
        self.windows.width()
    }

    /// Products that are not with a zero weight, over all groups.
    pub fn products(&self) -> usize {
        self.groups.iter().map(|group| group.weights.len()).sum()
    }

    /// Whether another layer computes the same.
    pub fn computes_the_same(&self, other: &Self) -> bool {
        (&self.windows, self.outputs, self.diagonal, &self.rescale) == (&other.windows, other.outputs, other.diagonal, &other.rescale)
            && self.groups == other.groups
    }
}

/// Elements between two runs of a window that are cheaper to take along than to begin another run.
pub const WINDOW_GAP: usize = 8;

/// `gathered` says where a layer's blocks lie if its input is not a tensor, but elements gathered from one.
pub fn affine(name: &str, affine: &Affine, node: &Node, gathered: Option<Placed>, model: &Model) -> Result<Layer, TranspileError> {
    let input = model.tensor(node.inputs[0]);
    let width = input.shape.last();
    let (windows, places) = gathered.unwrap_or_else(|| {
        let places = (0..width).map(|element| Place::Run(0, element)).collect();
        (Windows::consecutive(1, width, input.shape.elements() / width), places)
    });
    let mut inputs_before = vec![0];
    for run in &windows.runs {
        inputs_before.push(inputs_before[inputs_before.len() - 1] + run.length);
    }
    let requantise = &affine.requantise;
    let channel = |index: usize| {
        let acc = affine.accumulator(index, input.range).expect("the model was accepted with this range");
        let first = affine.group_of(index) * affine.inputs as usize;
        let mut bias = affine.bias[index];
        let mut terms = Vec::with_capacity(affine.inputs as usize);
        for (element, weight) in affine.row(index).iter().enumerate() {
            match places[first + element] {
                Place::Run(run, position) => terms.push((inputs_before[run] + position, i64::from(*weight))),
                // Within the accumulator's range, which is that of any input in the tensor's range.
                Place::Constant(value) => bias += i64::from(*weight) * i64::from(value),
            }
        }
        let range = requantise.unsaturated(index, acc).expect("the model was accepted with this range");
        Channel { terms, bias, shift: requantise.shift_of(index), range }
    };
    let channels = (0..affine.outputs()).map(channel).collect();
    Ok(Layer { inputs: width, ..pack(name, node, windows, channels, requantise)? })
}

/// The ranges of a sum's channel before saturation; also for those sums that are no [`Layer`].
pub fn sum_range(sum: &Sum, channel: usize, node: &Node, model: &Model) -> Interval {
    let operands: Vec<(&Shape, Interval)> = node.inputs.iter().map(|id| (&model.tensor(*id).shape, model.tensor(*id).range)).collect();
    let acc = sum.accumulator(channel, &operands).expect("the model was accepted with these ranges");
    sum.requantise.unsaturated(channel, acc).expect("the model was accepted with these ranges")
}

/// A sum whose constants repeat every `period` elements.
pub fn sum(name: &str, sum: &Sum, node: &Node, period: usize, model: &Model) -> Result<Layer, TranspileError> {
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
    let channels = (0..width).map(channel).collect();
    let windows = Windows::consecutive(node.inputs.len(), width, elements / width);
    Ok(Layer { diagonal: true, ..pack(name, node, windows, channels, &sum.requantise)? })
}

/// A sum's period is often shorter than the lanes of a field element; several periods then make a block.
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
    // Without a good divisor, all at once or as many as there may be.
    let otherwise = || if elements <= SMALL { periods } else { divisors().next_back().unwrap_or(1) };
    period * worthwhile.unwrap_or_else(otherwise)
}

fn pack(name: &str, node: &Node, windows: Windows, channels: Vec<Channel>, requantise: &Requantise) -> Result<Layer, TranspileError> {
    let ranges: Vec<(i8, Interval)> = channels.iter().map(|channel| (channel.shift, channel.range)).collect();
    let rescale = Rescale::new(requantise, &ranges, node)?;
    let lanes = rescale.lanes;
    let groups = channels.chunks(lanes.count()).map(|group| pack_group(lanes, group, windows.width())).collect();
    Ok(Layer {
        name: name.to_owned(),
        onnx_name: node.name.clone(),
        inputs: windows.width(),
        windows,
        outputs: channels.len(),
        diagonal: false,
        rescale,
        groups,
        plan: Plan::Unrolled,
    })
}

fn pack_group(lanes: Lanes, channels: &[Channel], inputs: usize) -> Group {
    let mut start = BigInt::ZERO;
    // Diagonal layers have far more inputs than a group has terms.
    let dense = channels.iter().map(|channel| channel.terms.len()).sum::<usize>() >= inputs;
    let mut weights = if dense { (0..inputs).map(|input| (input, BigInt::ZERO)).collect() } else { Vec::new() };
    for (lane, channel) in channels.iter().enumerate() {
        let (position, alignment) = (lanes.position(lane), lanes.alignment(channel.shift));
        start += lanes.start(channel.bias, channel.shift) << position;
        for (input, weight) in channel.terms.iter().filter(|(_, weight)| *weight != 0) {
            let weight = BigInt::from(*weight) << (alignment + position);
            if dense { weights[*input].1 += weight } else { weights.push((*input, weight)) }
        }
    }
    if !dense {
        weights.sort_by_key(|(input, _)| *input);
        weights.dedup_by(|(input, weight), (kept, sum)| {
            let same = input == kept;
            if same {
                *sum += &*weight;
            }
            same
        });
    }
    weights.retain(|(_, weight)| *weight != BigInt::ZERO);
    Group { start, weights, outputs: channels.len() }
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
