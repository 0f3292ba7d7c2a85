//! ONNX operators, one file each, lowered to real-valued primitives. Nothing behind this module knows an ONNX operator.
//!
//! To add an operator, write its file and add a line to [`OPERATORS`].

mod add_sub;
mod arg_max;
mod batch_normalization;
mod clip;
mod constant;
mod flatten;
mod gemm;
mod identity;
mod matmul;
mod relu;
mod reshape;
mod scope;

use crate::error::TranspileError;
use crate::float::FloatModel;
use crate::onnx::{Graph, OnnxNode};
use scope::Scope;

/// Lowers one node: reads its attributes and inputs from the scope, and adds what it becomes.
type Lowering = fn(&mut Scope<'_>) -> Result<(), String>;

/// The supported operators, in alphabetical order.
const OPERATORS: &[(&str, Lowering)] = &[
    ("Add", add_sub::add),
    ("ArgMax", arg_max::lower),
    ("BatchNormalization", batch_normalization::lower),
    ("Clip", clip::lower),
    ("Constant", constant::lower),
    ("Flatten", flatten::lower),
    ("Gemm", gemm::lower),
    ("Identity", identity::lower),
    ("MatMul", matmul::lower),
    ("Relu", relu::lower),
    ("Reshape", reshape::lower),
    ("Sub", add_sub::sub),
];

/// Names of the supported operators, in alphabetical order.
pub fn supported_operators() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|(name, _)| *name)
}

/// Refuses a graph with an operator that has no lowering.
pub(crate) fn check_supported(nodes: &[OnnxNode]) -> Result<(), TranspileError> {
    nodes.iter().try_for_each(|node| operator(node).map(|_| ()))
}

fn operator(node: &OnnxNode) -> Result<Lowering, TranspileError> {
    let proto = &node.proto;
    let standard = matches!(proto.domain.as_str(), "" | "ai.onnx");
    let found = OPERATORS.iter().find(|(name, _)| standard && *name == proto.op_type);
    found.map(|(_, lowering)| *lowering).ok_or_else(|| TranspileError::Unsupported {
        node: node.name.clone(),
        operator: if standard { proto.op_type.clone() } else { format!("{}.{}", proto.domain, proto.op_type) },
        supported: supported_operators().collect::<Vec<_>>().join(", "),
    })
}

/// Lowers a graph node by node.
///
/// # Errors
/// [`TranspileError::Unsupported`] or [`TranspileError::Node`] names the node that cannot be lowered, [`TranspileError::TrivialOutput`]
/// an output that nothing computes.
pub fn lower(graph: &Graph) -> Result<FloatModel, TranspileError> {
    let mut model = FloatModel {
        inputs: graph.inputs.iter().map(|input| (input.name.clone(), input.shape.clone())).collect(),
        nodes: Vec::new(),
        outputs: graph.outputs.clone(),
    };
    for node in &graph.nodes {
        let lowering = operator(node)?;
        let folded = node.proto.output.iter().all(|output| output.is_empty() || graph.constant(output).is_some());
        if !folded {
            let mut scope = Scope::new(graph, node, &mut model);
            let result = lowering(&mut scope);
            result.map_err(|reason| node_error(graph, node, reason))?;
        }
    }
    for output in &model.outputs {
        if model.nodes.iter().all(|node| node.output != *output) {
            return Err(TranspileError::TrivialOutput { output: output.clone() });
        }
    }
    Ok(model)
}

fn node_error(graph: &Graph, node: &OnnxNode, reason: String) -> TranspileError {
    let shape = |tensor: &String| graph.shape(tensor).map_or_else(|| "?".to_owned(), |shape| format!("{shape:?}"));
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
