//! A node of the file, with its attributes as Rust types.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::pb_helpers::AttrScalarType;

use super::graph::{Body, Constant, Texts};
use super::tensor;

/// A node of the ONNX file.
#[derive(Debug, Clone)]
pub struct OnnxNode {
    /// Its name, or that of its first output if it has none.
    pub name: String,
    proto: NodeProto,
    /// Names that the graphs within it take from outside of themselves, or seem to.
    captured: BTreeSet<String>,
    /// The graphs within it that were read, by attribute. A loop around the node asks for them again in each iteration.
    bodies: RefCell<BTreeMap<String, Rc<Body>>>,
}

/// What an attribute with one value can be read as.
pub trait Scalar: Sized {
    /// The attribute of this name, if it is given.
    ///
    /// # Errors
    /// It is of another type, or out of the type's range.
    fn read(node: &OnnxNode, name: &str) -> Result<Option<Self>, String>;
}

macro_rules! scalars {
    ($($type:ty),*) => {
        $(impl Scalar for $type {
            fn read(node: &OnnxNode, name: &str) -> Result<Option<Self>, String> {
                node.scalar(name)
            }
        })*
    };
}

scalars!(bool, f32, i32, i64, usize);

impl OnnxNode {
    /// The node of a graph at a position.
    pub(super) fn new(position: usize, proto: &NodeProto) -> Self {
        let name = [Some(&proto.name), proto.output.first()].into_iter().flatten().find(|name| !name.is_empty());
        let name = name.cloned().unwrap_or_else(|| format!("node {position}"));
        Self { name, proto: proto.clone(), captured: captured(proto), bodies: RefCell::default() }
    }

    /// The name of the operator, within its domain.
    pub fn operator(&self) -> &str {
        &self.proto.op_type
    }

    /// The name of the operator, after its domain and a dot if that is not ONNX's own.
    pub fn qualified_operator(&self) -> String {
        qualified(&self.proto.domain, &self.proto.op_type)
    }

    /// Names of the tensors that it takes; empty for inputs that are left out.
    pub fn inputs(&self) -> &[String] {
        &self.proto.input
    }

    /// Names of the tensors that it computes; empty for outputs that are left out.
    pub fn outputs(&self) -> &[String] {
        &self.proto.output
    }

    /// Whether the node or a graph within it takes a tensor.
    pub fn takes(&self, name: &str) -> bool {
        self.proto.input.iter().any(|input| input == name) || self.captured.contains(name)
    }

    /// A graph within the node: a branch, or the body of a loop.
    ///
    /// # Errors
    /// The attribute is not given, or a tensor of the graph cannot be read.
    pub fn body(&self, name: &str) -> Result<Rc<Body>, String> {
        let known = self.bodies.borrow().get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let graph = self.proto(name).and_then(|attribute| attribute.g.as_ref());
        let read = Rc::new(graph.ok_or_else(|| format!("attribute `{name}` is missing")).and_then(body)?);
        self.bodies.borrow_mut().insert(name.to_owned(), read.clone());
        Ok(read)
    }

    /// A tensor of texts, if the attribute is given and holds one.
    ///
    /// # Errors
    /// The data does not fit the shape, or is not UTF-8.
    pub fn text_tensor(&self, name: &str) -> Result<Option<Texts>, String> {
        let proto = self.proto(name).and_then(|attribute| attribute.t.as_ref());
        proto.filter(|proto| tensor::is_text(proto)).map(tensor::texts).transpose()
    }

    /// Whether an attribute is given.
    pub fn has(&self, name: &str) -> bool {
        self.proto(name).is_some()
    }

    /// A list of texts, if the attribute is given.
    ///
    /// # Errors
    /// One is not UTF-8.
    pub fn text_list(&self, name: &str) -> Result<Option<Vec<String>>, String> {
        let list = self.texts(name).map(|texts| texts.iter().map(|text| String::from_utf8(text.clone())).collect());
        list.transpose().map_err(|error| format!("attribute `{name}`: {error}"))
    }

    /// An attribute with one value, if it is given.
    ///
    /// # Errors
    /// It is of another type, or out of the type's range.
    pub fn attribute<T: Scalar>(&self, name: &str) -> Result<Option<T>, String> {
        T::read(self, name)
    }

    /// A text attribute, if it is given. Its type is not checked.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<String>, String> {
        let text = self.proto(name).map(|attribute| String::from_utf8(attribute.s.clone()));
        text.transpose().map_err(|error| format!("attribute `{name}`: {error}"))
    }

    /// A list of whole numbers, if it is given.
    pub fn integers(&self, name: &str) -> Option<&[i64]> {
        self.proto(name).map(|attribute| attribute.ints.as_slice())
    }

    /// A list of floats, if it is given.
    pub fn floats(&self, name: &str) -> Option<&[f32]> {
        self.proto(name).map(|attribute| attribute.floats.as_slice())
    }

    /// A list of texts, if it is given.
    pub fn texts(&self, name: &str) -> Option<&[Vec<u8>]> {
        self.proto(name).map(|attribute| attribute.strings.as_slice())
    }

    /// A tensor, if the attribute is given; it must be one.
    ///
    /// # Errors
    /// The attribute is not a tensor, the type is not supported, or the data does not fit the shape.
    pub fn tensor(&self, name: &str) -> Result<Option<Constant>, String> {
        self.scalar::<&TensorProto>(name)?.map(tensor::constant).transpose()
    }

    /// A tensor, if the attribute is given and has one.
    ///
    /// # Errors
    /// The type is not supported, or the data does not fit the shape.
    pub fn list_as_tensor(&self, name: &str) -> Result<Option<Constant>, String> {
        let proto = self.proto(name).and_then(|attribute| attribute.t.as_ref());
        proto.map(tensor::constant).transpose().map_err(|reason| format!("attribute `{name}`: {reason}"))
    }

    fn scalar<'a, T: 'a + AttrScalarType<'a>>(&'a self, name: &str) -> Result<Option<T>, String> {
        self.proto.get_attr_opt(name).map_err(|error| format!("attribute `{name}`: {error:#}"))
    }

    fn proto(&self, name: &str) -> Option<&AttributeProto> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }
}

/// The nodes and constants of a graph within a node.
fn body(graph: &GraphProto) -> Result<Body, String> {
    if !graph.sparse_initializer.is_empty() {
        return Err("sparse initialisers are not supported".to_owned());
    }
    let (texts, numbers): (Vec<&TensorProto>, Vec<&TensorProto>) = graph.initializer.iter().partition(|proto| tensor::is_text(proto));
    let constants = numbers.into_iter().map(|proto| Ok((proto.name.clone(), tensor::constant(proto)?)));
    let texts = texts.into_iter().map(|proto| Ok((proto.name.clone(), tensor::texts(proto)?)));
    // An input with an initialiser is a constant, as in the graph of the file.
    let known: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(|input| !known.contains(input.name.as_str())).collect();
    Ok(Body {
        inputs: inputs.iter().map(|input| input.name.clone()).collect(),
        axes: inputs.iter().map(|input| axes(input)).collect(),
        constants: constants.collect::<Result<_, String>>()?,
        texts: texts.collect::<Result<_, String>>()?,
        nodes: graph.node.iter().enumerate().map(|(position, proto)| OnnxNode::new(position, proto)).collect(),
        outputs: graph.output.iter().map(|output| output.name.clone()).collect(),
    })
}

/// How many axes an input has, if the file says so.
fn axes(input: &ValueInfoProto) -> Option<usize> {
    let Type::TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
    Some(tensor.shape.as_ref()?.dim.len())
}

/// The graphs within a node.
pub(super) fn graphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs))
}

/// The names that the graphs within a node mention: what they take from outside is among them.
fn captured(node: &NodeProto) -> BTreeSet<String> {
    let (mut names, mut pending) = (BTreeSet::new(), graphs(node).collect::<Vec<_>>());
    while let Some(graph) = pending.pop() {
        names.extend(graph.output.iter().map(|output| output.name.clone()));
        names.extend(graph.node.iter().flat_map(|node| &node.input).cloned());
        pending.extend(graph.node.iter().flat_map(graphs));
    }
    names
}

/// The name of an operator, after its domain and a dot if that is not ONNX's own.
pub(super) fn qualified(domain: &str, operator: &str) -> String {
    if matches!(domain, "" | "ai.onnx") { operator.to_owned() } else { format!("{domain}.{operator}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_once() {
        let attribute = AttributeProto { name: "body".to_owned(), g: Some(GraphProto::default()), ..AttributeProto::default() };
        let node = OnnxNode::new(0, &NodeProto { attribute: vec![attribute], ..NodeProto::default() });
        assert!(Rc::ptr_eq(&node.body("body").unwrap(), &node.body("body").unwrap()));
        assert_eq!(node.body("other").unwrap_err(), "attribute `other` is missing");
    }
}
