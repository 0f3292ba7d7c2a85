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
mod texts;

pub use operator::Operator;

use std::collections::BTreeMap;

use maat_package::OutputTexts;
use maat_runtime::{Interval, inert, is_active};

use crate::error::{TranspileError, UnsupportedOperator, UnsupportedOperators};
use crate::float::{FloatInput, FloatModel, FloatNode, FloatOp, Kind};
use crate::onnx::{Body, Element, Graph, OnnxNode};
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

/// Refuses nodes with operators that have no lowering.
fn check_supported(nodes: &[OnnxNode]) -> Result<(), TranspileError> {
    let mut refused: Vec<UnsupportedOperator> = Vec::new();
    for node in nodes.iter().filter(|node| lowering(node).is_none()) {
        let operator = node.qualified_operator();
        if let Some(known) = refused.iter_mut().find(|known| known.operator == operator) {
            known.further += 1;
            continue;
        }
        let advice = advice::advice(&operator);
        refused.push(UnsupportedOperator { node: node.name.clone(), operator, further: 0, advice });
    }
    if refused.is_empty() { Ok(()) } else { Err(TranspileError::Unsupported { operators: UnsupportedOperators(refused) }) }
}

fn lowering(node: &OnnxNode) -> Option<Lowering> {
    let name = node.qualified_operator();
    operators::all().find(|operator| operator.name == name).map(|operator| operator.lower)
}

/// A lowered graph, and the texts behind its outputs.
pub type LoweredGraph = (FloatModel, BTreeMap<String, OutputTexts>);

/// Lowers a graph node by node.
///
/// # Errors
/// [`TranspileError::Unsupported`] names the operators that have no lowering, [`TranspileError::Node`] the node that cannot be lowered, and
/// [`TranspileError::TrivialOutput`] an output that does not depend on any input. [`TranspileError::Onnx`] for a text behind an output that
/// no package may hold.
pub fn lower(graph: &Graph) -> Result<LoweredGraph, TranspileError> {
    let mut lowered = Lowered::new(lower_body);
    for input in &graph.inputs {
        let value = lowered.fresh();
        let kind = match input.element {
            Element::Float => Kind::Real,
            element => Kind::Integer(integers(element)),
        };
        let operand = Operand { shape: input.shape.clone(), element: input.element, source: Source::Computed(value) };
        lowered.model.inputs.push(FloatInput { name: input.name.clone(), shape: input.shape.clone(), kind, columns: None, value });
        lowered.tensors.insert(input.name.clone(), operand);
    }
    lower_body(graph.opset, &graph.body, &mut lowered)?;
    for output in &graph.body.outputs {
        give_output(&mut lowered, output)?;
    }
    lowered.model.prune();
    let texts = lowered.texts.of_outputs(&graph.body.outputs, |name| lowered.tensors.get(name).map(|operand| operand.element));
    check_texts(&texts)?;
    Ok((lowered.model, texts))
}

/// Refuses texts that would control a terminal: a package shows them, so none with such a text can be opened.
fn check_texts(texts: &BTreeMap<String, OutputTexts>) -> Result<(), TranspileError> {
    for (output, texts) in texts {
        let (OutputTexts::Values(list) | OutputTexts::Keys(list)) = texts;
        if let Some(text) = list.iter().find(|text| text.contains(is_active)) {
            let text = inert(text);
            let reason = format!(
                "the text `{text}` of output `{output}` has characters that control a terminal or turn the direction of text: export the \
                 model with another label"
            );
            return Err(TranspileError::Onnx { reason });
        }
    }
    Ok(())
}

/// Lowers the nodes of a graph, or of one within a node. Its inputs are known.
fn lower_body(opset: i64, body: &Body, lowered: &mut Lowered) -> Result<(), TranspileError> {
    check_supported(&body.nodes)?;
    for (name, constant) in &body.constants {
        lowered.tensors.insert(name.clone(), constant.clone().into());
    }
    for (name, texts) in &body.texts {
        let operand = lowered.texts.constant(texts);
        lowered.tensors.insert(name.clone(), operand);
    }
    for node in &body.nodes {
        let lowering = lowering(node).expect("operators without a lowering were refused");
        let result = texts::check(node, &lowered.tensors).and_then(|()| {
            let mut scope = Scope::new(opset, body, node, lowered);
            lowering(&mut scope)?;
            scope.name_last();
            lowered.spend(node)
        });
        result.map_err(|reason| node_error(opset, node, lowered, reason))?;
    }
    Ok(())
}

/// What an input's integers can be. Those of wider types than 32 bits are narrowed to what calibration sees.
fn integers(element: Element) -> Interval {
    let all = Interval::of_bits(32);
    match element.range() {
        Some((lo, hi)) => Interval::new(lo, hi),
        None if element.is_unsigned() => Interval::new(0, all.hi),
        None => all,
    }
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

fn node_error(opset: i64, node: &OnnxNode, lowered: &Lowered, reason: String) -> TranspileError {
    let shape = |tensor: &String| lowered.tensors.get(tensor).map_or_else(|| "-".to_owned(), |operand| format!("{:?}", operand.shape));
    TranspileError::Node {
        node: node.name.clone(),
        operator: node.operator().to_owned(),
        opset,
        shapes: node.inputs().iter().map(shape).collect::<Vec<_>>().join(" "),
        reason,
    }
}
