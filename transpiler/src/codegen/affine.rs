//! `Affine`: a linear layer whose blocks are rows, or windows of what its input is gathered from.

use maat_runtime::primitives::Affine;
use maat_runtime::{Model, Node};

use super::call::Call;
use super::collector::Collector;
use super::layer::{Channel, Layer, pack};
use super::windows::{Place, Placed, Windows};
use crate::error::CodegenError;

impl Collector<'_> {
    /// A dense layer, or a convolution whose windows another node gathers.
    pub(super) fn affine(&mut self, name: &str, affine: &Affine, node: &Node, inputs: Vec<usize>) -> Result<Call, CodegenError> {
        let gathered = self.gathered(inputs[0], affine.groups as usize * affine.inputs as usize);
        let (taken, gathered) = gathered.map_or((inputs, None), |(taken, windows)| (taken, Some(windows)));
        let layer = layer(name, affine, node, gathered, self.model)?;
        Ok(self.layer(layer, taken))
    }
}

/// `gathered` says where a layer's blocks lie if its input is not a tensor, but elements gathered from one.
fn layer(name: &str, affine: &Affine, node: &Node, gathered: Option<Placed>, model: &Model) -> Result<Layer, CodegenError> {
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
    let channels: Vec<Channel> = (0..affine.outputs()).map(channel).collect();
    Ok(Layer { inputs: width, ..pack(name, node, windows, &channels, requantise)? })
}
