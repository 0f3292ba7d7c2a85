use std::fmt::Write;

use maat_runtime::{Model, Tensor};

use super::code::imports;
use super::nodes::{Call, Calls};
use super::weights::doc;

/// `model.cairo`: `predict`, with a line or two for each node.
pub fn file(model: &Model, calls: &Calls) -> String {
    let mut text = String::new();
    let ports = |tensors: Vec<(&str, &Tensor)>| {
        let port = |(name, tensor): (&str, &Tensor)| format!("`{}` {} * 2^{}", doc(name), tensor.shape, -tensor.scale);
        tensors.into_iter().map(port).collect::<Vec<_>>().join(", ")
    };
    let inputs: Vec<(&str, &Tensor)> = model.inputs().iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let outputs: Vec<(&str, &Tensor)> = model.outputs().iter().map(|port| (port.name.as_str(), model.tensor(port.tensor))).collect();
    let _ = writeln!(text, "\n/// Inputs, one after the other: {}.\n/// Outputs: {}.", ports(inputs), ports(outputs));
    text.push_str("///\n/// Panics if the input has another length or a value is out of its range.\n");
    text.push_str("pub fn predict(mut input: Span<felt252>) -> Span<felt252> {\n");

    // A name that begins with an underscore keeps the compiler from warning of a value that nothing takes. Tensors with the same elements
    // share a variable.
    let variable = |tensor: usize| calls.variables[tensor].as_str();
    let mut taken: Vec<&str> = model.outputs().iter().map(|output| variable(output.tensor.index())).collect();
    for call in &calls.calls {
        if let Call::Expression(_, tensors) = call {
            taken.extend(tensors.iter().map(|tensor| variable(*tensor)));
        }
    }
    let bound =
        |tensor: usize| if taken.contains(&variable(tensor)) { variable(tensor).to_owned() } else { format!("_{}", variable(tensor)) };
    for (index, tensor) in model.inputs().iter().enumerate() {
        let (length, range) = (tensor.shape.elements(), tensor.range);
        let _ = writeln!(text, "    let {} = take(ref input, {length}, {}, {});", bound(index), range.lo, range.hi);
    }
    text.push_str("    end(input);\n");
    for ((node, output), call) in model.nodes().zip(&calls.calls) {
        let (name, shape) = (doc(&node.name), &model.tensor(output).shape);
        let _ = match call {
            Call::Expression(expression, _) => {
                writeln!(text, "    // {name}: {shape}\n    let {} = {expression};", bound(output.index()))
            }
            Call::Move => unreachable!("every re-indexing has been generated or taken"),
            Call::Same => writeln!(text, "    // {name}: {shape}, `{}` as it is", variable(output.index())),
            Call::TakenBy(other) => writeln!(text, "    // {name}: {shape}, by `{other}`"),
        };
    }
    match model.outputs() {
        [output] => {
            let _ = writeln!(text, "    {}\n}}", variable(output.tensor.index()));
        }
        outputs => {
            text.push_str("    let mut output = array![];\n");
            for output in outputs {
                let _ = writeln!(text, "    copy::extend(ref output, {});", variable(output.tensor.index()));
            }
            text.push_str("    output.span()\n}\n");
        }
    }
    let operators = imports(&text, "maat_operators", &["arg_max", "copy", "divide", "max", "select", "table"]);
    let own = imports(&text, "crate", &["layers", "moves", "weights"]);
    format!("//! The network, node by node.\nuse maat_operators::input::{{end, take}};\n{operators}{own}{text}")
}
