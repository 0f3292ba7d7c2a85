use std::fmt::Write;

use maat_runtime::{Model, Primitive, Tensor};

use super::weights::doc;
use crate::error::TranspileError;

/// `model.cairo`: `predict`, with a line or two for each node. `functions` names each node.
pub fn file(model: &Model, functions: &[String]) -> Result<String, TranspileError> {
    let mut text = String::from("//! The network, node by node.\n");
    let any = |wanted: fn(&Primitive) -> bool| model.nodes().any(|(node, _)| wanted(&node.primitive));
    if any(|primitive| matches!(primitive, Primitive::ArgMax(_))) {
        text.push_str("use maat_operators::arg_max::arg_max;\n");
    }
    text.push_str("use maat_operators::input::{end, take};\n");
    if any(|primitive| matches!(primitive, Primitive::Affine(_) | Primitive::Sum(_))) {
        text.push_str("use crate::layers;\n");
    }

    let ports = |tensors: Vec<(&str, &Tensor)>| {
        let port = |(name, tensor): (&str, &Tensor)| format!("`{}` {} * 2^{}", doc(name), tensor.shape, -tensor.scale);
        tensors.into_iter().map(port).collect::<Vec<_>>().join(", ")
    };
    let inputs: Vec<(&str, &Tensor)> = model.inputs().iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let outputs: Vec<(&str, &Tensor)> = model.outputs().iter().map(|port| (port.name.as_str(), model.tensor(port.tensor))).collect();
    let _ = writeln!(text, "\n/// Inputs, one after the other: {}.\n/// Outputs: {}.", ports(inputs), ports(outputs));
    text.push_str("///\n/// Panics if the input has another length or a value is out of its range.\n");
    text.push_str("pub fn predict(mut input: Span<felt252>) -> Span<felt252> {\n");

    // A name that begins with an underscore keeps the compiler from warning of a value that nothing takes.
    let bound = |tensor: usize, name: &str| {
        let taken = model.nodes().any(|(node, _)| node.inputs.iter().any(|id| id.index() == tensor));
        let used = taken || model.outputs().iter().any(|output| output.tensor.index() == tensor);
        if used { name.to_owned() } else { format!("_{name}") }
    };
    let mut variables: Vec<String> = Vec::new();
    for (index, tensor) in model.inputs().iter().enumerate() {
        let name = format!("input_{index}");
        let bound = bound(index, &name);
        let (length, range) = (tensor.shape.elements(), tensor.range);
        let _ = writeln!(text, "    let {bound} = take(ref input, {length}, {}, {});", range.lo, range.hi);
        variables.push(name);
    }
    text.push_str("    end(input);\n");
    for ((node, output), function) in model.nodes().zip(functions) {
        let arguments = node.inputs.iter().map(|id| variables[id.index()].clone()).collect::<Vec<_>>().join(", ");
        let bound = bound(output.index(), function);
        let _ = writeln!(text, "    // {}: {}", doc(&node.name), model.tensor(output).shape);
        match &node.primitive {
            Primitive::Affine(_) | Primitive::Sum(_) => {
                let _ = writeln!(text, "    let {bound} = layers::{function}({arguments});");
            }
            Primitive::Move(_) => {
                let _ = writeln!(text, "    let {bound} = {arguments};");
            }
            Primitive::ArgMax(op) => {
                let shape = &model.tensor(node.inputs[0]).shape;
                let (length, inner) = op.extents(shape);
                let starts = (0..shape.elements() / length).map(|position| position / inner * length * inner + position % inner);
                let calls = starts.map(|start| format!("arg_max({arguments}, {start}, {length}, {inner})")).collect::<Vec<_>>();
                let _ = writeln!(text, "    let {bound} = array![{}].span();", calls.join(", "));
            }
            other => {
                let reason = format!("{} has no Cairo generator", other.name());
                return Err(TranspileError::Codegen { node: node.name.clone(), reason });
            }
        }
        variables.push(function.clone());
    }
    match model.outputs() {
        [output] => {
            let _ = writeln!(text, "    {}\n}}", variables[output.tensor.index()]);
        }
        outputs => {
            text.push_str("    let mut output = array![];\n");
            for output in outputs {
                let _ = writeln!(text, "    output.append_span({});", variables[output.tensor.index()]);
            }
            text.push_str("    output.span()\n}\n");
        }
    }
    Ok(text)
}
