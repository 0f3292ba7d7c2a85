use maat_runtime::{Interval, Model, dequantise};
use serde::{Deserialize, Serialize};

/// The range that a tensor provably stays in, for every input within its own range: interval arithmetic over the actual weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertifiedNode {
    /// The input or node that gives the tensor.
    pub name: String,
    /// `Input`, or the primitive.
    pub primitive: String,
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// Scale exponent.
    pub scale: i32,
    /// The proven range, in integers.
    pub range: Interval,
    /// The same in real units.
    pub real_range: (f64, f64),
}

/// The certificate that a model carries by construction.
pub fn certify(model: &Model) -> Vec<CertifiedNode> {
    let primitives = model.inputs().iter().map(|_| "Input").chain(model.nodes().map(|(node, _)| node.primitive.name()));
    let tensors = model.tensors().iter().zip(primitives);
    let certified = tensors.map(|(tensor, primitive)| CertifiedNode {
        name: tensor.name.clone(),
        primitive: primitive.to_owned(),
        shape: tensor.shape.dims().to_vec(),
        scale: tensor.scale,
        range: tensor.range,
        // A tensor's range is within 32 bits, because its elements are.
        real_range: (dequantise(tensor.range.lo as i32, tensor.scale), dequantise(tensor.range.hi as i32, tensor.scale)),
    });
    certified.collect()
}
