//! Linear layers in packed form: what `Affine` and `Sum` have in common from here on.

use maat_package::Plan;
use maat_runtime::{Interval, Node, Requantise};
use num_bigint::BigInt;

use super::lanes::Lanes;
use super::rescale::Rescale;
use super::windows::Windows;
use crate::error::CodegenError;

/// A linear layer in packed form. It works on one block of elements at a time.
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
pub struct Channel {
    /// Input of the block, and weight, of each term.
    pub terms: Vec<(usize, i64)>,
    /// The bias.
    pub bias: i64,
    /// The shift of its requantisation.
    pub shift: i8,
    /// The result's range before saturation.
    pub range: Interval,
}

impl Layer {
    /// Elements of a block's runs: its inputs, and those between them.
    pub fn width(&self) -> usize {
        self.windows.width()
    }

    /// Products with a weight other than zero, over all groups.
    pub fn products(&self) -> usize {
        self.groups.iter().map(|group| group.weights.len()).sum()
    }

    /// Whether another layer computes the same.
    pub fn computes_the_same(&self, other: &Self) -> bool {
        (&self.windows, self.outputs, self.diagonal, &self.rescale) == (&other.windows, other.outputs, other.diagonal, &other.rescale)
            && self.groups == other.groups
    }
}

/// Packs the channels of a block into lanes.
///
/// # Errors
/// A lane would not fit.
pub fn pack(name: &str, node: &Node, windows: Windows, channels: &[Channel], requantise: &Requantise) -> Result<Layer, CodegenError> {
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
