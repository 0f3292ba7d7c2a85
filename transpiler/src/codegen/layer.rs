use maat_runtime::primitives::{Affine, Sum};
use maat_runtime::{Interval, Model, Node, Requantise};
use num_bigint::BigInt;

use super::lanes::Lanes;
use super::plan::Plan;
use crate::error::TranspileError;

/// A linear layer in packed form, whatever primitive it comes from. It works on one block of elements; a tensor is a row of blocks.
pub struct Layer {
    /// The function's name in Cairo.
    pub name: String,
    /// The ONNX node's name.
    pub onnx_name: String,
    /// How many tensors go in.
    pub operands: usize,
    /// Elements of each operand that a block takes.
    pub width: usize,
    /// Elements that a block gives.
    pub outputs: usize,
    /// How many blocks there are.
    pub blocks: usize,
    /// How results share a field element.
    pub lanes: Lanes,
    /// What is left to saturate.
    pub saturation: Saturation,
    /// One for each `lanes.count()` outputs.
    pub groups: Vec<Group>,
    /// How the weights are held.
    pub plan: Plan,
}

/// Output channels that share an accumulator.
pub struct Group {
    /// What the accumulator begins with: biases, roundings and offsets.
    pub start: BigInt,
    /// The packed weight of each input: `operands * width` of them, one operand after the other.
    pub weights: Vec<BigInt>,
    /// How many outputs it holds.
    pub outputs: usize,
}

/// The bounds of a layer's results, of which only those that a result can reach need code.
#[derive(Clone, Copy)]
pub struct Saturation {
    /// The least result.
    pub lo: i32,
    /// The greatest result.
    pub hi: i32,
    /// Whether a result can fall below `lo`.
    pub below: bool,
    /// Whether a result can rise above `hi`.
    pub above: bool,
}

/// An output channel before packing.
struct Channel {
    /// Operand, element and weight of each term.
    terms: Vec<(usize, usize, i64)>,
    bias: i64,
    shift: i8,
    /// The result's range before saturation.
    range: Interval,
}

impl Layer {
    /// Inputs of a block, all operands together.
    pub fn inputs(&self) -> usize {
        self.operands * self.width
    }

    /// Products that are not with a zero weight, over all groups.
    pub fn products(&self) -> usize {
        let of = |group: &Group| group.weights.iter().filter(|weight| **weight != BigInt::ZERO).count();
        self.groups.iter().map(of).sum()
    }
}

pub fn affine(name: &str, affine: &Affine, node: &Node, model: &Model) -> Result<Layer, TranspileError> {
    let input = model.tensor(node.inputs[0]);
    let requantise = &affine.requantise;
    let channel = |index: usize| {
        let acc = affine.accumulator(index, input.range).expect("the model was accepted with this range");
        Channel {
            terms: affine.row(index).iter().enumerate().map(|(element, weight)| (0, element, i64::from(*weight))).collect(),
            bias: affine.bias[index],
            shift: requantise.shift_of(index),
            range: requantise.unsaturated(index, acc).expect("the model was accepted with this range"),
        }
    };
    let channels = (0..affine.outputs()).map(channel).collect();
    let width = affine.inputs as usize;
    pack(name, node, (1, width), input.shape.elements() / width, channels, requantise)
}

pub fn sum(name: &str, sum: &Sum, node: &Node, elements: usize, model: &Model) -> Result<Layer, TranspileError> {
    let operands: Vec<(&maat_runtime::Shape, Interval)> =
        node.inputs.iter().map(|id| (&model.tensor(*id).shape, model.tensor(*id).range)).collect();
    let channel = |index: usize, element: usize| {
        let acc = sum.accumulator(index, &operands).expect("the model was accepted with these ranges");
        Channel {
            terms: sum.coefficients.iter().enumerate().map(|(operand, row)| (operand, element, i64::from(row[index]))).collect(),
            bias: sum.bias[index],
            shift: sum.requantise.shift_of(index),
            range: sum.requantise.unsaturated(index, acc).expect("the model was accepted with these ranges"),
        }
    };
    let width = block_width(sum.channels(), elements);
    let channels = (0..width).map(|element| channel(element % sum.channels(), element)).collect();
    pack(name, node, (operands.len(), width), elements / width, channels, &sum.requantise)
}

/// A sum's period is often shorter than the lanes of a field element; several periods then make a block.
fn block_width(channels: usize, elements: usize) -> usize {
    const WORTHWHILE: usize = 24;
    let periods = elements / channels;
    let fits = |count: &usize| periods.is_multiple_of(*count) && count * channels >= WORTHWHILE;
    channels * (1..=periods).find(fits).unwrap_or(periods)
}

fn pack(
    name: &str,
    node: &Node,
    (operands, width): (usize, usize),
    blocks: usize,
    channels: Vec<Channel>,
    requantise: &Requantise,
) -> Result<Layer, TranspileError> {
    let (lo, hi) = (i64::from(requantise.lo), i64::from(requantise.hi));
    let below = channels.iter().any(|channel| channel.range.lo < lo);
    let above = channels.iter().any(|channel| channel.range.hi > hi);
    // An upper bound that a result can pass lies within the lane too, so that comparing with it needs no negative number.
    let ceiling = above.then_some((0, Interval::point(hi)));
    let lanes = Lanes::new(channels.iter().map(|channel| (channel.shift, channel.range)).chain(ceiling));
    let lanes = lanes.map_err(|reason| TranspileError::Codegen { node: node.name.clone(), reason })?;
    let groups = channels.chunks(lanes.count()).map(|group| pack_group(lanes, group, operands * width, width)).collect();
    let saturation = Saturation { lo: requantise.lo, hi: requantise.hi, below, above };
    Ok(Layer {
        name: name.to_owned(),
        onnx_name: node.name.clone(),
        operands,
        width,
        outputs: channels.len(),
        blocks,
        lanes,
        saturation,
        groups,
        plan: Plan::Unrolled,
    })
}

fn pack_group(lanes: Lanes, channels: &[Channel], inputs: usize, width: usize) -> Group {
    let mut group = Group { start: BigInt::ZERO, weights: vec![BigInt::ZERO; inputs], outputs: channels.len() };
    let rounding = if lanes.fraction > 0 { BigInt::from(1) << (lanes.fraction - 1) } else { BigInt::ZERO };
    for (lane, channel) in channels.iter().enumerate() {
        let (position, alignment) = (lanes.position(lane), lanes.alignment(channel.shift));
        let constant = (BigInt::from(channel.bias) << alignment) + &rounding + (BigInt::from(lanes.offset) << lanes.fraction);
        group.start += constant << position;
        for (operand, element, weight) in &channel.terms {
            group.weights[operand * width + element] += BigInt::from(*weight) << (alignment + position);
        }
    }
    group
}
