//! ONNX operators, lowered to real-valued primitives. No later stage knows an ONNX operator.
//!
//! To add an operator, write its file in a folder of `operators/` and add a line to the table there; `CONTRIBUTING.md` walks through one.

mod advice;
mod arithmetic;
mod helpers;
mod moves;
mod operator;
mod operators;
mod scope;

pub use operator::{Operator, OperatorValues};

use maat_runtime::Interval;

use crate::error::{TranspileError, UnsupportedOperator, UnsupportedOperators};
use crate::float::{FloatInput, FloatModel, FloatNode, FloatOp, Kind};
use crate::onnx::{Element, Graph, IntegerType, OnnxNode};
use operator::Lowering;
use scope::{Lowered, Operand, Scope, Source};

/// The supported operators, in alphabetical order.
pub fn operators() -> Vec<&'static Operator> {
    let mut all: Vec<&Operator> = operators::all().collect();
    all.sort_unstable_by_key(|operator| operator.name);
    all
}

/// Their names, after the domain and a dot if that is not ONNX's own.
pub fn supported_operators() -> impl Iterator<Item = &'static str> {
    operators().into_iter().map(|operator| operator.name)
}

/// What to do about an operator that has no lowering, if there is something; named as in [`supported_operators`].
pub fn operator_advice(operator: &str) -> Option<&'static str> {
    advice::advice(operator)
}

/// Refuses a graph with operators that have no lowering.
fn check_supported(graph: &Graph) -> Result<(), TranspileError> {
    let mut refused: Vec<UnsupportedOperator> = Vec::new();
    for node in graph.nodes.iter().filter(|node| lowering(node).is_none()) {
        let operator = node.qualified_operator();
        if let Some(known) = refused.iter_mut().find(|known| known.operator == operator) {
            known.further += 1;
            continue;
        }
        let defined = graph.functions.contains(&operator);
        let advice = if defined { Some(INLINE) } else { advice::advice(&operator) };
        refused.push(UnsupportedOperator { node: node.name.clone(), operator, further: 0, advice });
    }
    if refused.is_empty() { Ok(()) } else { Err(TranspileError::Unsupported { operators: UnsupportedOperators(refused) }) }
}

/// What to do about an operator that the file defines itself, as a function.
const INLINE: &str = "the file defines it as a function; replace it by its nodes with onnx.inliner.inline_local_functions";

fn lowering(node: &OnnxNode) -> Option<Lowering> {
    let name = node.qualified_operator();
    operators::all().find(|operator| operator.name == name).map(|operator| operator.lower)
}

/// Lowers a graph node by node.
///
/// # Errors
/// [`TranspileError::Unsupported`] names the operators that have no lowering, [`TranspileError::Node`] the node that cannot be lowered, and
/// [`TranspileError::TrivialOutput`] an output that does not depend on any input.
pub fn lower(graph: &Graph) -> Result<FloatModel, TranspileError> {
    check_supported(graph)?;
    let mut lowered = Lowered::default();
    for input in &graph.inputs {
        let value = lowered.fresh();
        let kind = match input.element {
            Element::Float => Kind::Real,
            // Wider integers are narrowed to what calibration sees.
            Element::Integer(IntegerType::Uint32 | IntegerType::Uint64) => Kind::Integer(Interval::new(0, i32::MAX.into())),
            element => element.range().map_or(Kind::Integer(Interval::of_bits(32)), |(lo, hi)| Kind::Integer(Interval::new(lo, hi))),
        };
        let operand = Operand { shape: input.shape.clone(), element: input.element, source: Source::Computed(value) };
        lowered.model.inputs.push(FloatInput { name: input.name.clone(), shape: input.shape.clone(), kind, columns: None, value });
        lowered.tensors.insert(input.name.clone(), operand);
    }
    for (name, constant) in &graph.constants {
        lowered.tensors.insert(name.clone(), constant.clone().into());
    }
    for node in &graph.nodes {
        let lowering = lowering(node).expect("operators without a lowering were refused");
        let mut scope = Scope::new(graph, node, &mut lowered);
        match lowering(&mut scope) {
            Ok(()) => scope.name_last(),
            Err(reason) => return Err(node_error(graph, node, &lowered, reason)),
        }
    }
    for output in &graph.outputs {
        give_output(&mut lowered, output)?;
    }
    lowered.model.prune();
    Ok(lowered.model)
}

/// Makes a tensor an output. Each output has its own node, even if one tensor is given twice or is an input.
fn give_output(lowered: &mut Lowered, output: &str) -> Result<(), TranspileError> {
    let trivial = || TranspileError::TrivialOutput { output: output.to_owned() };
    let operand = lowered.tensors.get(output).cloned().ok_or_else(trivial)?;
    let Source::Computed(value) = operand.source else { return Err(trivial()) };
    let taken = lowered.model.outputs.iter().any(|(_, other)| *other == value);
    let given = if taken || lowered.model.producer(value).is_none() {
        let copy = lowered.fresh();
        let (shape, kind) = lowered.model.tensor(value);
        let op = FloatOp::Move { indices: Vec::new(), constants: Vec::new() };
        let (name, shape) = (output.to_owned(), shape.to_vec());
        lowered.model.nodes.push(FloatNode { name, op, inputs: vec![value], output: copy, shape, kind, family: None });
        copy
    } else {
        value
    };
    lowered.model.outputs.push((output.to_owned(), given));
    Ok(())
}

fn node_error(graph: &Graph, node: &OnnxNode, lowered: &Lowered, reason: String) -> TranspileError {
    let shape = |tensor: &String| lowered.tensors.get(tensor).map_or_else(|| "-".to_owned(), |operand| format!("{:?}", operand.shape));
    TranspileError::Node {
        node: node.name.clone(),
        operator: node.operator().to_owned(),
        opset: graph.opset,
        shapes: node.inputs().iter().map(shape).collect::<Vec<_>>().join(" "),
        reason,
    }
}
