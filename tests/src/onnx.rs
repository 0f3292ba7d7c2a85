//! ONNX files made in memory.

use std::path::Path;

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::type_proto::{Tensor, Value};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
};

/// An attribute's value.
pub enum Attribute {
    Int(i64),
    Ints(&'static [i64]),
    Float(f32),
}

/// An ONNX graph under construction.
#[derive(Default)]
pub struct Onnx {
    graph: GraphProto,
    opset: i64,
}

impl Onnx {
    /// An empty graph of opset 13.
    pub fn new() -> Self {
        Self { opset: 13, ..Self::default() }
    }

    /// Another operator set.
    pub fn opset(mut self, opset: i64) -> Self {
        self.opset = opset;
        self
    }

    /// Adds a float input.
    pub fn input(mut self, name: &str, shape: &[usize]) -> Self {
        self.graph.input.push(port(name, DataType::Float, shape));
        self
    }

    /// Adds an output.
    pub fn output(mut self, name: &str) -> Self {
        self.graph.output.push(ValueInfoProto { name: name.to_owned(), ..ValueInfoProto::default() });
        self
    }

    /// Adds a constant of floats.
    pub fn floats(mut self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.graph.initializer.push(constant(name, DataType::Float, shape, raw_data));
        self
    }

    /// Adds a constant of integers.
    pub fn integers(mut self, name: &str, shape: &[usize], values: &[i64]) -> Self {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.graph.initializer.push(constant(name, DataType::Int64, shape, raw_data));
        self
    }

    /// Adds a node.
    pub fn node(mut self, name: &str, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, Attribute)]) -> Self {
        let attribute = attributes.iter().map(|(name, value)| {
            let base = AttributeProto { name: (*name).to_owned(), ..AttributeProto::default() };
            match value {
                Attribute::Int(i) => AttributeProto { r#type: AttributeType::Int as i32, i: *i, ..base },
                Attribute::Ints(ints) => AttributeProto { r#type: AttributeType::Ints as i32, ints: ints.to_vec(), ..base },
                Attribute::Float(f) => AttributeProto { r#type: AttributeType::Float as i32, f: *f, ..base },
            }
        });
        self.graph.node.push(NodeProto {
            name: name.to_owned(),
            op_type: operator.to_owned(),
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute: attribute.collect(),
            ..NodeProto::default()
        });
        self
    }

    /// The bytes of the file.
    pub fn to_bytes(self) -> Vec<u8> {
        let opset = OperatorSetIdProto { domain: String::new(), version: self.opset };
        let graph = GraphProto { name: "test".to_owned(), ..self.graph };
        ModelProto { ir_version: 8, opset_import: vec![opset], graph: Some(graph), ..ModelProto::default() }.encode_to_vec()
    }

    /// Writes the file.
    pub fn write(self, path: &Path) {
        std::fs::write(path, self.to_bytes()).expect("a temporary file can be written");
    }
}

pub(crate) fn port(name: &str, data_type: DataType, shape: &[usize]) -> ValueInfoProto {
    let dim = shape.iter().map(|length| Dimension { value: Some(dimension::Value::DimValue(*length as i64)), ..Dimension::default() });
    let tensor = Tensor { elem_type: data_type as i32, shape: Some(TensorShapeProto { dim: dim.collect() }) };
    let r#type = TypeProto { value: Some(Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.to_owned(), r#type: Some(r#type), ..ValueInfoProto::default() }
}

fn constant(name: &str, data_type: DataType, shape: &[usize], raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        data_type: data_type as i32,
        dims: shape.iter().map(|length| *length as i64).collect(),
        raw_data,
        ..TensorProto::default()
    }
}
