//! ONNX files made in memory.

use std::path::Path;

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::type_proto::{Tensor, Value};
use tract_onnx::pb::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto,
};

/// An attribute's value.
#[derive(Debug, Clone)]
pub enum Attribute {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f32),
    /// A text.
    Text(&'static str),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// Numbers.
    Floats(Vec<f32>),
    /// Texts.
    Texts(Vec<&'static str>),
    /// A tensor of floats with one axis.
    FloatTensor(Vec<f32>),
    /// A tensor of bytes with one axis.
    ByteTensor(Vec<u8>),
    /// A graph: a branch, or the body of a loop.
    Graph(Box<Onnx>),
    /// The attribute of that name of a function's call.
    Reference(&'static str),
}

impl Attribute {
    /// A graph: a branch, or the body of a loop.
    pub fn graph(onnx: Onnx) -> Self {
        Self::Graph(Box::new(onnx))
    }

    fn named(&self, name: &str) -> AttributeProto {
        let base = |r#type: AttributeType| AttributeProto { name: name.to_owned(), r#type: r#type as i32, ..AttributeProto::default() };
        let tensor = |data_type, length, raw_data| Some(constant("", data_type, &[length], raw_data));
        match self {
            Self::Int(i) => AttributeProto { i: *i, ..base(AttributeType::Int) },
            Self::Float(f) => AttributeProto { f: *f, ..base(AttributeType::Float) },
            Self::Text(text) => AttributeProto { s: text.as_bytes().to_vec(), ..base(AttributeType::String) },
            Self::Ints(ints) => AttributeProto { ints: ints.clone(), ..base(AttributeType::Ints) },
            Self::Floats(floats) => AttributeProto { floats: floats.clone(), ..base(AttributeType::Floats) },
            Self::Texts(texts) => {
                AttributeProto { strings: texts.iter().map(|text| text.as_bytes().to_vec()).collect(), ..base(AttributeType::Strings) }
            }
            Self::FloatTensor(floats) => {
                let raw = floats.iter().flat_map(|value| value.to_le_bytes()).collect();
                AttributeProto { t: tensor(DataType::Float, floats.len(), raw), ..base(AttributeType::Tensor) }
            }
            Self::ByteTensor(bytes) => {
                AttributeProto { t: tensor(DataType::Uint8, bytes.len(), bytes.clone()), ..base(AttributeType::Tensor) }
            }
            Self::Graph(onnx) => AttributeProto { g: Some(onnx.graph.clone()), ..base(AttributeType::Graph) },
            Self::Reference(of) => AttributeProto { ref_attr_name: (*of).to_owned(), ..base(AttributeType::Undefined) },
        }
    }
}

/// An ONNX graph under construction.
#[derive(Debug, Clone, Default)]
pub struct Onnx {
    graph: GraphProto,
    functions: Vec<FunctionProto>,
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
    pub fn input(self, name: &str, shape: &[usize]) -> Self {
        self.typed_input(name, DataType::Float, shape)
    }

    /// Adds an input of any type.
    pub fn typed_input(mut self, name: &str, data_type: DataType, shape: &[usize]) -> Self {
        self.graph.input.push(port(name, data_type, shape));
        self
    }

    /// Adds a float input whose axes are lengths or, where they are no numbers, names.
    pub fn open_input(mut self, name: &str, axes: &[&str]) -> Self {
        let mut port = port(name, DataType::Float, &vec![1; axes.len()]);
        if let Some(TypeProto { value: Some(Value::TensorType(Tensor { shape: Some(shape), .. })), .. }) = &mut port.r#type {
            for (dim, axis) in shape.dim.iter_mut().zip(axes) {
                let named = || dimension::Value::DimParam((*axis).to_owned());
                dim.value = Some(axis.parse().map_or_else(|_| named(), dimension::Value::DimValue));
            }
        }
        self.graph.input.push(port);
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

    /// Adds a constant of texts with one axis.
    pub fn texts(mut self, name: &str, values: &[&str]) -> Self {
        let string_data = values.iter().map(|text| text.as_bytes().to_vec()).collect();
        let proto = constant(name, DataType::String, &[values.len()], Vec::new());
        self.graph.initializer.push(TensorProto { string_data, ..proto });
        self
    }

    /// Adds a constant of signed or unsigned bytes.
    pub fn bytes(mut self, name: &str, data_type: DataType, shape: &[usize], values: Vec<u8>) -> Self {
        self.graph.initializer.push(constant(name, data_type, shape, values));
        self
    }

    /// Moves the data of all constants into a file beside the model, at the path given; gives the bytes of that file.
    pub fn external(mut self, path: &str) -> (Self, Vec<u8>) {
        let mut file = Vec::new();
        for constant in &mut self.graph.initializer {
            let entries =
                [("location", path.to_owned()), ("offset", file.len().to_string()), ("length", constant.raw_data.len().to_string())];
            let entry = |(key, value): (&str, String)| StringStringEntryProto { key: key.to_owned(), value };
            constant.external_data = entries.into_iter().map(entry).collect();
            constant.data_location = Some(DataLocation::External as i32);
            file.append(&mut constant.raw_data);
        }
        (self, file)
    }

    /// Adds a node with one output.
    pub fn node(self, name: &str, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, Attribute)]) -> Self {
        self.node_with_outputs(name, operator, inputs, &[output], attributes)
    }

    /// Adds a node. An operator of another domain than ONNX's own is named with the domain and a dot in front.
    pub fn node_with_outputs(
        mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> Self {
        let (domain, operator) = operator.rsplit_once('.').unwrap_or(("", operator));
        self.graph.node.push(NodeProto {
            name: name.to_owned(),
            domain: domain.to_owned(),
            op_type: operator.to_owned(),
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: outputs.iter().map(|output| (*output).to_owned()).collect(),
            attribute: attributes.iter().map(|(name, value)| value.named(name)).collect(),
            ..NodeProto::default()
        });
        self
    }

    /// Gives the last node further outputs; the empty name leaves one out.
    pub fn further_outputs(mut self, names: &[&str]) -> Self {
        let node = self.graph.node.last_mut().expect("outputs belong to a node");
        node.output.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Defines an operator in the file: a function with the nodes, inputs and outputs of a graph.
    pub fn function(mut self, domain: &str, name: &str, body: Self) -> Self {
        let names = |ports: Vec<ValueInfoProto>| ports.into_iter().map(|port| port.name).collect();
        self.functions.push(FunctionProto {
            domain: Some(domain.to_owned()),
            name: Some(name.to_owned()),
            input: names(body.graph.input),
            output: names(body.graph.output),
            node: body.graph.node,
            ..FunctionProto::default()
        });
        self
    }

    /// The bytes of the file.
    pub fn to_bytes(self) -> Vec<u8> {
        let opset = |domain: &str, version: i64| OperatorSetIdProto { domain: domain.to_owned(), version };
        let graph = GraphProto { name: "test".to_owned(), ..self.graph };
        ModelProto {
            ir_version: 8,
            opset_import: vec![opset("", self.opset), opset("ai.onnx.ml", 5)],
            graph: Some(graph),
            functions: self.functions,
            ..ModelProto::default()
        }
        .encode_to_vec()
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
