//! Collects what a model's nodes become in Cairo: the calls of `predict`, and the layers and functions that they need.

use std::collections::HashMap;

use maat_runtime::{Model, Node, Primitive, Tensor};

use super::call::{Call, Expression};
use super::code::Module;
use super::function::Functions;
use super::layer::Layer;
use super::movement::consecutive;
use super::names::Names;
use super::rescale::Rescales;
use super::select::select;
use crate::error::CodegenError;

/// What a model's nodes become.
pub struct Nodes {
    /// The inputs' names and the nodes' calls.
    pub calls: Calls,
    /// The linear layers; equal ones are kept once.
    pub layers: Vec<Layer>,
    /// The other functions that compute.
    pub functions: Functions,
    /// The functions that re-index.
    pub moves: Functions,
    /// The functions that take results out of accumulators, so far.
    pub rescales: Rescales,
}

/// What `predict` consists of.
pub struct Calls {
    /// The variable of each tensor.
    pub variables: Vec<String>,
    /// For each node, what its variable is bound to.
    pub by_node: Vec<Call>,
}

/// Generates what the nodes need, except for the layers: how they hold their weights is planned later.
///
/// # Errors
/// A node cannot be expressed in Cairo.
pub fn collect(model: &Model) -> Result<Nodes, CodegenError> {
    let mut collector = Collector::new(model);
    for (node, output) in model.nodes() {
        let call = collector.node(node, output.index())?;
        collector.calls.push(call);
    }
    // Only now is it known which re-indexings are left.
    for (position, (node, output)) in model.nodes().enumerate() {
        if let (Call::Move, Primitive::Move(op)) = (&collector.calls[position], &node.primitive) {
            let name = collector.names[output.index()].clone();
            collector.calls[position] = collector.r#move(&name, op, node, output.index());
        }
    }
    let Collector { variables, calls, layers, functions, moves, rescales, .. } = collector;
    Ok(Nodes { calls: Calls { variables, by_node: calls }, layers, functions, moves, rescales })
}

/// Products of packed weights in one inference: what the linear layers cost, up to a factor.
///
/// # Errors
/// A node cannot be expressed in Cairo.
pub fn products(model: &Model) -> Result<usize, CodegenError> {
    let mut total = 0;
    let nodes = collect(model)?;
    let layers: HashMap<&str, &Layer> = nodes.layers.iter().map(|layer| (layer.name.as_str(), layer)).collect();
    for ((node, output), call) in model.nodes().zip(&nodes.calls.by_node) {
        let elements = model.tensor(output).shape.elements();
        let called = match call {
            Call::Expression(expression) => expression.generated(),
            _ => None,
        };
        total += match (called.and_then(|name| layers.get(name)), &node.primitive) {
            (Some(layer), _) => layer.products() * layer.windows.blocks,
            (None, Primitive::Sum(sum)) => elements * sum.coefficients.len(),
            (None, Primitive::Product(product)) => elements * product.inner as usize,
            _ => 0,
        };
    }
    Ok(total)
}

/// The nodes so far, and what they need.
pub(super) struct Collector<'a> {
    pub(super) model: &'a Model,
    pub(super) names: Vec<String>,
    /// For each tensor, the one whose elements it has.
    pub(super) roots: Vec<usize>,
    /// How often each tensor is taken, outputs included.
    pub(super) uses: Vec<usize>,
    variables: Vec<String>,
    pub(super) calls: Vec<Call>,
    layers: Vec<Layer>,
    pub(super) functions: Functions,
    pub(super) moves: Functions,
    pub(super) rescales: Rescales,
}

impl<'a> Collector<'a> {
    fn new(model: &'a Model) -> Self {
        let mut identifiers = Names::default();
        let inputs: Vec<String> = (0..model.inputs().len()).map(|index| identifiers.identifier(&format!("input {index}"))).collect();
        let names: Vec<String> = inputs.into_iter().chain(model.nodes().map(|(node, _)| identifiers.identifier(&node.name))).collect();
        let mut collector = Self {
            model,
            variables: names.clone(),
            names,
            roots: (0..model.tensors().len()).collect(),
            uses: vec![0; model.tensors().len()],
            calls: Vec::new(),
            layers: Vec::new(),
            functions: Functions::default(),
            moves: Functions::default(),
            rescales: Rescales::default(),
        };
        for (node, output) in model.nodes() {
            if let Some(same) = collector.same(node) {
                collector.roots[output.index()] = same;
            } else {
                for input in &node.inputs {
                    collector.uses[collector.roots[input.index()]] += 1;
                }
            }
        }
        for output in model.outputs() {
            collector.uses[collector.roots[output.tensor.index()]] += 1;
        }
        collector
    }

    /// The tensor whose elements a node gives, in the same order.
    fn same(&self, node: &Node) -> Option<usize> {
        let root = |input: usize| self.roots[node.inputs[input].index()];
        match &node.primitive {
            Primitive::Move(op) => {
                let (origins, sources) = self.origins(op, node);
                match (sources.as_slice(), consecutive(&origins)) {
                    ([source], Some((0, length))) if length == self.tensor(*source).shape.elements() => Some(*source),
                    _ => None,
                }
            }
            Primitive::Max(op) if op.extents(&self.model.tensor(node.inputs[0]).shape).0 == 1 => Some(root(0)),
            _ => None,
        }
    }

    pub(super) fn tensor(&self, tensor: usize) -> &'a Tensor {
        &self.model.tensors()[tensor]
    }

    fn node(&mut self, node: &Node, output: usize) -> Result<Call, CodegenError> {
        let root = self.roots[output];
        if root != output {
            self.variables[output] = self.variables[root].clone();
            return Ok(Call::Same);
        }
        let name = self.names[output].clone();
        let inputs: Vec<usize> = node.inputs.iter().map(|input| self.roots[input.index()]).collect();
        match &node.primitive {
            Primitive::Affine(affine) => self.affine(&name, affine, node, inputs),
            Primitive::Sum(sum) => self.sum(&name, sum, node, inputs),
            Primitive::Product(product) => self.product(&name, product, node, inputs),
            Primitive::Move(_) => Ok(Call::Move),
            Primitive::Table(table) => self.table(&name, table, node, inputs),
            Primitive::Divide(divide) => Ok(self.divide(divide, inputs)),
            Primitive::Max(op) => Ok(self.max(&name, op, node, inputs)),
            Primitive::ArgMax(op) => Ok(self.arg_max(op, node, inputs)),
            Primitive::Select(_) => Ok(select(inputs)),
            other => Err(CodegenError::Node { node: node.name.clone(), reason: format!("{} has no Cairo generator", other.name()) }),
        }
    }

    /// A call of a linear layer, or of an equal one.
    pub(super) fn layer(&mut self, layer: Layer, inputs: Vec<usize>) -> Call {
        let known = self.layers.iter().find(|other| other.computes_the_same(&layer)).map(|other| other.name.clone());
        let name = known.unwrap_or_else(|| {
            let name = layer.name.clone();
            self.layers.push(layer);
            name
        });
        Call::Expression(Expression::function(Module::Layers, name, inputs))
    }
}
