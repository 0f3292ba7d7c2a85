//! ONNX operators, lowered to real-valued primitives. Nothing behind this module knows an ONNX operator.
//!
//! To add an operator, write its file in `operators/` and add a line to the table there; `CONTRIBUTING.md` walks through one.

mod arithmetic;
mod moves;
mod operators;
mod scope;

use crate::error::TranspileError;
use crate::float::{FloatInput, FloatModel, FloatNode, FloatOp, Kind};
use crate::onnx::{Element, Graph, OnnxNode};
use maat_runtime::Interval;
pub(crate) use moves::union as union_of_kinds;
use scope::{Lowered, Operand, Scope, Source};

/// Lowers one node: reads its attributes and inputs from the scope, and gives its outputs there.
type Lowering = fn(&mut Scope<'_>) -> Result<(), String>;

/// Names of the supported operators, in alphabetical order; those of other domains than ONNX's own follow theirs and a dot.
pub fn supported_operators() -> impl Iterator<Item = &'static str> {
    operators::OPERATORS.iter().map(|(name, _)| *name)
}

/// Refuses a graph with an operator that has no lowering.
pub(crate) fn check_supported(nodes: &[OnnxNode]) -> Result<(), TranspileError> {
    nodes.iter().try_for_each(|node| operator(node).map(|_| ()))
}

fn operator(node: &OnnxNode) -> Result<Lowering, TranspileError> {
    let proto = &node.proto;
    let standard = matches!(proto.domain.as_str(), "" | "ai.onnx");
    let operator = if standard { proto.op_type.clone() } else { format!("{}.{}", proto.domain, proto.op_type) };
    let found = operators::OPERATORS.iter().find(|(name, _)| *name == operator);
    let advice = operators::ADVICE.iter().find(|(name, _)| *name == operator);
    found.map(|(_, lowering)| *lowering).ok_or_else(|| TranspileError::Unsupported {
        node: node.name.clone(),
        operator: advice.map_or(operator, |(name, advice)| format!("{name} ({advice})")),
        supported: supported_operators().collect::<Vec<_>>().join(", "),
    })
}

/// Lowers a graph node by node.
///
/// # Errors
/// [`TranspileError::Unsupported`] or [`TranspileError::Node`] names the node that cannot be lowered, [`TranspileError::TrivialOutput`]
/// an output that does not depend on any input.
pub fn lower(graph: &Graph) -> Result<FloatModel, TranspileError> {
    let mut lowered = Lowered::default();
    for input in &graph.inputs {
        let value = lowered.fresh();
        let kind = match input.element {
            Element::Float => Kind::Real,
            // Wider integers are narrowed to what calibration sees.
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
        let lowering = operator(node)?;
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

/// Makes a tensor an output. Each output has a node of its own, even where one tensor is given twice or is an input.
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
        operator: node.proto.op_type.clone(),
        opset: graph.opset,
        shapes: node.proto.input.iter().map(shape).collect::<Vec<_>>().join(" "),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_in_alphabetical_order() {
        assert!(supported_operators().is_sorted());
    }
}
