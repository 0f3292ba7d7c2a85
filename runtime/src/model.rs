//! A model, its tensors and nodes, and the builder that checks them. A model that exists has been checked: references, shapes, ranges.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::fault::Fault;
use crate::interval::Interval;
use crate::primitives::Primitive;
use crate::shape::Shape;
use crate::text::is_active;

/// A tensor of a model. Only the model that gave it understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TensorId(pub(crate) u32);

impl TensorId {
    /// The position of the tensor in [`Model::tensors`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of a tensor before any execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// The name of the input or node that gives it.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// Scale exponent `s`: an element `q` stands for the real value `q * 2^-s`. For an input with columns, the exponent of the unit in which
    /// the network works with it.
    pub scale: i32,
    /// An input's columns may have scale exponents of their own: one for each position along its last axis. Empty if `scale` is that of all.
    pub columns: Vec<i32>,
    /// A range that every element provably stays in, by interval arithmetic over the actual weights.
    pub range: Interval,
}

impl Tensor {
    /// The scale exponent of an element, by its row-major position.
    pub fn scale_of(&self, element: usize) -> i32 {
        if self.columns.is_empty() { self.scale } else { self.columns[element % self.columns.len()] }
    }

    /// The scale exponents: one of all elements, or one for each column.
    pub fn scales(&self) -> &[i32] {
        if self.columns.is_empty() { std::slice::from_ref(&self.scale) } else { &self.columns }
    }
}

/// One step of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The ONNX node or tensor that it comes from.
    pub name: String,
    /// What it does.
    pub primitive: Primitive,
    /// The tensors that it takes.
    pub inputs: Vec<TensorId>,
    /// Scale exponent of the tensor that it gives.
    pub scale: i32,
}

/// A named input or output of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The ONNX name.
    pub name: String,
    /// The tensor.
    pub tensor: TensorId,
}

/// A quantised model: proven free of overflow, or it would not exist.
///
/// The tensors are the inputs, in order, then one for each node, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub(crate) content: Content,
    tensors: Vec<Tensor>,
}

/// What the file format holds of a model; the rest follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    name: String,
    inputs: Vec<Input>,
    nodes: Vec<Node>,
    outputs: Vec<Port>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    name: String,
    shape: Shape,
    scale: i32,
    columns: Vec<i32>,
    range: Interval,
}

/// The largest number of elements of all tensors together: 1 GiB of them.
const MAX_TOTAL_ELEMENTS: usize = 1 << 28;

/// Scale exponents beyond this are useless: elements have 32 bits, and come from 64-bit floats.
const MAX_SCALE: i32 = 256;

impl Model {
    /// The model's name.
    pub fn name(&self) -> &str {
        &self.content.name
    }

    /// All tensors, indexed by [`TensorId::index`].
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// A tensor.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.index()]
    }

    /// The inputs, in order, with their tensors.
    pub fn inputs(&self) -> &[Tensor] {
        &self.tensors[..self.content.inputs.len()]
    }

    /// The outputs, in order.
    pub fn outputs(&self) -> &[Port] {
        &self.content.outputs
    }

    /// The nodes with the tensors that they give. Each node comes after those whose tensors it takes.
    pub fn nodes(&self) -> impl Iterator<Item = (&Node, TensorId)> {
        let first = self.content.inputs.len() as u32;
        self.content.nodes.iter().zip(first..).map(|(node, index)| (node, TensorId(index)))
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> u64 {
        let macs = |(node, _): (&Node, TensorId)| {
            let shapes: Vec<&Shape> = node.inputs.iter().map(|id| &self.tensor(*id).shape).collect();
            node.primitive.rules().macs(&shapes)
        };
        self.nodes().map(macs).sum()
    }

    /// Derives and proves all that a model needs: references, shapes, ranges.
    pub(crate) fn new(content: Content) -> Result<Self, ModelError> {
        check_names(&content)?;
        let mut tensors: Vec<Tensor> = Vec::with_capacity(content.inputs.len() + content.nodes.len());
        for input in &content.inputs {
            let Input { name, shape, scale, columns, range } = input.clone();
            if let Err(reason) = check_columns(&columns, &shape) {
                return Err(ModelError::Input { input: name, fault: Fault::Attribute { attribute: "columns", reason } });
            }
            if range.lo > range.hi || !Interval::of_bits(32).includes(range) {
                let fault = Fault::Attribute { attribute: "range", reason: format!("{range} is not within 32 bits") };
                return Err(ModelError::Input { input: name, fault });
            }
            tensors.push(Tensor { name, shape, scale, columns, range });
        }
        for node in &content.nodes {
            let tensor = give(&tensors, node)?;
            tensors.push(tensor);
        }
        if let Some(tensor) = tensors.iter().find(|tensor| tensor.scale.abs() > MAX_SCALE) {
            return Err(ModelError::Scale { tensor: tensor.name.clone(), scale: tensor.scale });
        }
        let elements = tensors.iter().map(|tensor| tensor.shape.elements()).fold(0usize, usize::saturating_add);
        if elements > MAX_TOTAL_ELEMENTS {
            return Err(ModelError::TooLarge { elements, limit: MAX_TOTAL_ELEMENTS });
        }
        if let Some(output) = content.outputs.iter().find(|output| output.tensor.index() >= tensors.len()) {
            return Err(ModelError::UnknownTensor { user: output.name.clone(), tensor: output.tensor.index() });
        }
        unique("inputs", content.inputs.iter().map(|input| &input.name))?;
        unique("outputs", content.outputs.iter().map(|output| &output.name))?;
        Ok(Self { content, tensors })
    }
}

/// The tensor that a node gives.
fn give(tensors: &[Tensor], node: &Node) -> Result<Tensor, ModelError> {
    let inputs = node.inputs.iter().map(|id| {
        let unknown = || ModelError::UnknownTensor { user: node.name.clone(), tensor: id.index() };
        tensors.get(id.index()).map(|tensor| (&tensor.shape, tensor.range)).ok_or_else(unknown)
    });
    let inputs: Vec<(&Shape, Interval)> = inputs.collect::<Result<_, _>>()?;
    let shapes: Vec<&Shape> = inputs.iter().map(|(shape, _)| *shape).collect();
    let in_node = |fault| ModelError::Node { node: node.name.clone(), primitive: node.primitive.name(), fault };
    let rules = node.primitive.rules();
    let shape = rules.output_shape(&shapes).map_err(in_node)?;
    let range = rules.output_range(&inputs).map_err(in_node)?;
    Ok(Tensor { name: node.name.clone(), shape, scale: node.scale, columns: Vec::new(), range })
}

/// If columns are listed, each has one exponent, and none is too large.
fn check_columns(columns: &[i32], shape: &Shape) -> Result<(), String> {
    let expected = shape.last();
    if !columns.is_empty() && columns.len() != expected {
        return Err(format!("{} scales for {expected} columns", columns.len()));
    }
    match columns.iter().find(|scale| !(-MAX_SCALE..=MAX_SCALE).contains(*scale)) {
        Some(scale) => Err(format!("the scale exponent {scale} is beyond {MAX_SCALE}")),
        None => Ok(()),
    }
}

/// Names are shown to whoever runs, verifies or inspects the model, and whoever made the model chose them.
fn check_names(content: &Content) -> Result<(), ModelError> {
    check_name("the model", &content.name)?;
    content.inputs.iter().try_for_each(|input| check_name("an input", &input.name))?;
    content.nodes.iter().try_for_each(|node| check_name("a node", &node.name))?;
    content.outputs.iter().try_for_each(|output| check_name("an output", &output.name))
}

fn check_name(what: &'static str, name: &str) -> Result<(), ModelError> {
    if name.contains(is_active) { Err(ModelError::Name { what, name: name.to_owned() }) } else { Ok(()) }
}

fn unique<'a>(kind: &'static str, names: impl ExactSizeIterator<Item = &'a String>) -> Result<(), ModelError> {
    if names.len() == 0 {
        return Err(ModelError::Empty(kind));
    }
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(ModelError::DuplicateName { kind, name: name.clone() });
        }
    }
    Ok(())
}

/// Builds a model node by node; each step is checked when it is added, so that an error names its node.
#[derive(Debug)]
pub struct ModelBuilder {
    content: Content,
    tensors: Vec<Tensor>,
}

impl ModelBuilder {
    /// An empty model.
    pub fn new(name: &str) -> Self {
        let content = Content { name: name.to_owned(), inputs: Vec::new(), nodes: Vec::new(), outputs: Vec::new() };
        Self { content, tensors: Vec::new() }
    }

    /// Adds an input. All inputs come before the first node.
    ///
    /// # Errors
    /// [`ModelError::Input`] when a node was added before; [`ModelError::Name`] for a name with control characters.
    pub fn input(&mut self, name: &str, shape: Shape, scale: i32, range: Interval) -> Result<TensorId, ModelError> {
        self.input_by_column(name, shape, scale, &[], range)
    }

    /// Adds an input whose columns have scale exponents of their own; `scale` is that of the unit in which the nodes work with it. No
    /// columns, or columns that all have this scale, are an input with one scale.
    ///
    /// # Errors
    /// As for [`Self::input`]; [`Self::finish`] refuses columns that do not fit the shape.
    pub fn input_by_column(
        &mut self,
        name: &str,
        shape: Shape,
        scale: i32,
        columns: &[i32],
        range: Interval,
    ) -> Result<TensorId, ModelError> {
        check_name("an input", name)?;
        if !self.content.nodes.is_empty() {
            let fault = Fault::Attribute { attribute: "position", reason: "inputs come before nodes".to_owned() };
            return Err(ModelError::Input { input: name.to_owned(), fault });
        }
        let columns = if columns.iter().all(|column| *column == scale) { Vec::new() } else { columns.to_vec() };
        self.content.inputs.push(Input { name: name.to_owned(), shape: shape.clone(), scale, columns: columns.clone(), range });
        Ok(self.push(Tensor { name: name.to_owned(), shape, scale, columns, range }))
    }

    /// Adds a node that gives a tensor with the given scale exponent.
    ///
    /// # Errors
    /// [`ModelError::Node`] when the primitive refuses its inputs or its range cannot be proven; [`ModelError::Name`] for a name with control
    /// characters.
    pub fn node(&mut self, name: &str, primitive: Primitive, inputs: &[TensorId], scale: i32) -> Result<TensorId, ModelError> {
        check_name("a node", name)?;
        let node = Node { name: name.to_owned(), primitive, inputs: inputs.to_vec(), scale };
        let tensor = give(&self.tensors, &node)?;
        self.content.nodes.push(node);
        Ok(self.push(tensor))
    }

    /// What is known of a tensor.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.index()]
    }

    /// The model with the given outputs.
    ///
    /// # Errors
    /// Any [`ModelError`].
    pub fn finish(mut self, outputs: &[(&str, TensorId)]) -> Result<Model, ModelError> {
        self.content.outputs = outputs.iter().map(|(name, tensor)| Port { name: (*name).to_owned(), tensor: *tensor }).collect();
        Model::new(self.content)
    }

    fn push(&mut self, tensor: Tensor) -> TensorId {
        self.tensors.push(tensor);
        TensorId(u32::try_from(self.tensors.len() - 1).expect("fewer than 2^32 tensors"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Move;

    fn moved() -> (ModelBuilder, TensorId) {
        let mut builder = ModelBuilder::new("moved");
        let x = builder.input("x", Shape::new(&[2, 3]).unwrap(), 4, Interval::of_bits(8)).unwrap();
        (builder, x)
    }

    fn to(dims: &[usize]) -> Primitive {
        Primitive::Move(Move::reshape(Shape::new(dims).unwrap()))
    }

    #[test]
    fn shapes_and_ranges_follow_from_the_inputs() {
        let (mut builder, x) = moved();
        let y = builder.node("flat", to(&[6]), &[x], 4).unwrap();
        let model = builder.finish(&[("y", y)]).unwrap();
        let tensor = model.tensor(y);
        assert_eq!((tensor.shape.dims(), tensor.range, tensor.scale), (&[6][..], Interval::of_bits(8), 4));
    }

    #[test]
    fn columns_have_scales_of_their_own() {
        let input = |columns: &[i32]| {
            let mut builder = ModelBuilder::new("table");
            let x = builder.input_by_column("x", Shape::new(&[2, 3]).unwrap(), 4, columns, Interval::of_bits(8)).unwrap();
            let y = builder.node("flat", to(&[6]), &[x], 4).unwrap();
            builder.finish(&[("y", y)])
        };
        let model = input(&[4, 9, -2]).unwrap();
        let x = &model.inputs()[0];
        assert_eq!(
            (x.scales(), (0..6).map(|element| x.scale_of(element)).collect::<Vec<_>>()),
            (&[4, 9, -2][..], vec![4, 9, -2, 4, 9, -2])
        );
        assert_eq!(Model::from_bytes(&model.to_bytes()).unwrap(), model);
        for columns in [&[][..], &[4, 4, 4]] {
            let model = input(columns).unwrap();
            assert_eq!((model.inputs()[0].scales(), model.inputs()[0].scale_of(5)), (&[4][..], 4));
        }
        for (columns, reason) in [(&[4, 9][..], "2 scales for 3 columns"), (&[4, 9, 257], "257 is beyond 256")] {
            let error = input(columns).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_faulty_node_is_named() {
        let (mut builder, x) = moved();
        let error = builder.node("flat", to(&[5]), &[x], 4).unwrap_err();
        assert!(error.to_string().starts_with("node `flat` (Move): cannot take an input of shape [2, 3]"), "{error}");
    }

    #[test]
    fn names_that_act_on_a_terminal_are_refused_escaped() {
        let refused = |error: ModelError, what: &str, name: &str| {
            let expected = format!("{what} is named `{name}`, which has characters that control a terminal");
            assert!(error.to_string().starts_with(&expected), "{error}");
        };
        let (mut builder, x) = moved();
        refused(builder.node("a\u{1b}[2J", to(&[6]), &[x], 4).unwrap_err(), "a node", "a\\u{1b}[2J");
        refused(builder.finish(&[("y\nthe proof holds", x)]).unwrap_err(), "an output", "y\\nthe proof holds");
        let mut builder = ModelBuilder::new("inputs");
        let error = builder.input("\u{202e}x", Shape::new(&[1]).unwrap(), 0, Interval::of_bits(8)).unwrap_err();
        refused(error, "an input", "\\u{202e}x");
        // A file need not come from a builder.
        let (builder, x) = moved();
        let mut content = builder.finish(&[("x", x)]).unwrap().content;
        content.name = "m\u{9b}31m".to_owned();
        refused(Model::new(content).unwrap_err(), "the model", "m\\u{9b}31m");
    }

    #[test]
    fn contradictions_between_parts_are_refused() {
        let (builder, x) = moved();
        assert_eq!(builder.finish(&[]), Err(ModelError::Empty("outputs")));
        assert_eq!(ModelBuilder::new("empty").finish(&[("x", x)]).unwrap_err(), ModelError::UnknownTensor { user: "x".into(), tensor: 0 });
        let (builder, x) = moved();
        let duplicate = ModelError::DuplicateName { kind: "outputs", name: "y".to_owned() };
        assert_eq!(builder.finish(&[("y", x), ("y", x)]), Err(duplicate));
        let (mut builder, x) = moved();
        builder.node("flat", to(&[6]), &[x], 400).unwrap();
        assert_eq!(builder.finish(&[("y", x)]), Err(ModelError::Scale { tensor: "flat".to_owned(), scale: 400 }));
        let mut builder = ModelBuilder::new("large");
        let mut x = builder.input("x", Shape::new(&[1 << 26]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        for _ in 0..4 {
            x = builder.node("copy", to(&[1 << 26]), &[x], 0).unwrap();
        }
        assert!(matches!(builder.finish(&[("y", x)]), Err(ModelError::TooLarge { .. })));
        let (mut builder, x) = moved();
        builder.node("flat", to(&[6]), &[x], 4).unwrap();
        assert!(matches!(builder.input("z", Shape::new(&[1]).unwrap(), 0, Interval::of_bits(8)), Err(ModelError::Input { .. })));
    }
}
