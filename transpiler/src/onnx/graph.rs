use std::collections::HashMap;

use tract_onnx::pb::NodeProto;

/// A tensor whose values are known before any input is.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f64>,
}

/// An input of the graph that is no constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphInput {
    /// The ONNX name.
    pub name: String,
    /// Axis lengths; a symbolic batch axis has length 1.
    pub shape: Vec<usize>,
}

/// A node as it stands in the ONNX file.
#[derive(Debug, Clone)]
pub struct OnnxNode {
    /// Its name, or that of its first output if it has none.
    pub name: String,
    /// Operator, inputs, outputs and attributes.
    pub proto: NodeProto,
}

/// An ONNX graph after shape inference and constant folding.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The file's name without its extension.
    pub name: String,
    /// Version of the default operator set.
    pub opset: i64,
    /// The inputs, in order.
    pub inputs: Vec<GraphInput>,
    /// The nodes, in an order in which each comes after those that it takes from.
    pub nodes: Vec<OnnxNode>,
    /// Names of the output tensors, in order.
    pub outputs: Vec<String>,
    pub(super) shapes: HashMap<String, Vec<usize>>,
    pub(super) constants: HashMap<String, Constant>,
}

impl Graph {
    /// The shape of a tensor, if it is known.
    pub fn shape(&self, tensor: &str) -> Option<&[usize]> {
        self.shapes.get(tensor).map(Vec::as_slice)
    }

    /// The values of a tensor, if they are known.
    pub fn constant(&self, tensor: &str) -> Option<&Constant> {
        self.constants.get(tensor)
    }
}
