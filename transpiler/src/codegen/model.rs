//! Writes `model.cairo`: the network, node by node.

use std::fmt::Write;
use std::ops::Range;

use maat_runtime::{Model, Tensor, units};

use super::call::Call;
use super::code::{Module, Uses, doc};
use super::collector::Calls;
use super::parts::Part;

/// `model.cairo`: `predict`, with a line or two for each node; or, where parts are separate classes, a function for each part.
pub fn file(model: &Model, calls: &Calls, parts: &[Part]) -> String {
    let mut writer = Writer::new(model, calls);
    if parts.is_empty() {
        writer.whole()
    } else {
        writer.in_parts(parts)
    }
    format!("//! The network, node by node.\nuse maat_operators::input::{{end, take}};\n{}{}", writer.uses.imports(), writer.text)
}

struct Writer<'a> {
    model: &'a Model,
    calls: &'a Calls,
    /// The variables that are used.
    taken: Vec<&'a str>,
    text: String,
    uses: Uses,
}

impl<'a> Writer<'a> {
    fn new(model: &'a Model, calls: &'a Calls) -> Self {
        let variable = |tensor: usize| calls.variables[tensor].as_str();
        let mut taken: Vec<&str> = model.outputs().iter().map(|output| variable(output.tensor.index())).collect();
        for call in &calls.by_node {
            if let Call::Expression(expression) = call {
                taken.extend(expression.tensors.iter().map(|tensor| variable(*tensor)));
            }
        }
        Self { model, calls, taken, text: String::new(), uses: Uses::default() }
    }

    /// The whole network as one function.
    fn whole(&mut self) {
        self.describe();
        self.text.push_str("pub fn predict(mut input: Span<felt252>) -> Span<felt252> {\n");
        for (index, tensor) in self.model.inputs().iter().enumerate() {
            let (length, range) = (tensor.shape.elements(), tensor.range);
            let _ = writeln!(self.text, "    let {} = take(ref input, {length}, {}, {});", self.bound(index), range.lo, range.hi);
        }
        self.text.push_str("    end(input);\n");
        self.nodes(0..self.calls.by_node.len());
        self.give(&self.outputs());
    }

    /// The parts one after another, after the checks of the input.
    fn in_parts(&mut self, parts: &[Part]) {
        self.describe();
        self.text.push_str("pub fn predict(input: Span<felt252>) -> Span<felt252> {\n    check(input);\n    let values = part_1(input);\n");
        for part in 2..=parts.len() {
            let _ = writeln!(self.text, "    let values = part_{part}(values);");
        }
        self.text.push_str("    values\n}\n");

        self.text.push_str("\n/// Panics if the input has another length or a value is out of its range.\n");
        self.text.push_str("pub fn check(mut input: Span<felt252>) {\n");
        for tensor in self.model.inputs() {
            let (length, range) = (tensor.shape.elements(), tensor.range);
            let _ = writeln!(self.text, "    take(ref input, {length}, {}, {});", range.lo, range.hi);
        }
        self.text.push_str("    end(input);\n}\n");
        for (index, part) in parts.iter().enumerate() {
            self.part(index + 1, part, index + 1 == parts.len());
        }
    }

    fn part(&mut self, number: usize, part: &Part, is_last: bool) {
        let gives = if is_last { self.outputs() } else { part.gives.clone() };
        let length = |tensor: &usize| self.model.tensors()[*tensor].shape.elements();
        let (taken, given): (usize, usize) = (part.takes.iter().map(length).sum(), gives.iter().map(length).sum());
        let _ = writeln!(self.text, "\n/// Part {number}: {taken} values in, {given} out.");
        let mutable = if part.takes.len() == 1 { "" } else { "mut " };
        let _ = writeln!(self.text, "pub fn part_{number}({mutable}values: Span<felt252>) -> Span<felt252> {{");
        match part.takes.as_slice() {
            [tensor] => {
                let _ = writeln!(self.text, "    let {} = values;", self.bound(*tensor));
            }
            tensors => {
                self.uses.modules.insert(Module::Copy);
                for tensor in tensors {
                    let _ = writeln!(self.text, "    let {} = copy::take(ref values, {});", self.bound(*tensor), length(tensor));
                }
            }
        }
        self.nodes(part.nodes.clone());
        self.give(&gives);
    }

    /// What `predict` does.
    fn describe(&mut self) {
        let ports = |tensors: Vec<(&str, &Tensor)>| {
            let port = |(name, tensor): (&str, &Tensor)| format!("`{}` {} * {}", doc(name), tensor.shape, units(tensor.scales()));
            tensors.into_iter().map(port).collect::<Vec<_>>().join(", ")
        };
        let model = self.model;
        let inputs = ports(model.inputs().iter().map(|tensor| (tensor.name.as_str(), tensor)).collect());
        let outputs = ports(model.outputs().iter().map(|port| (port.name.as_str(), model.tensor(port.tensor))).collect());
        let _ = writeln!(self.text, "\n/// Inputs, one after the other: {inputs}.\n/// Outputs: {outputs}.");
        self.text.push_str("///\n/// Panics if the input has another length or a value is out of its range.\n");
    }

    fn nodes(&mut self, nodes: Range<usize>) {
        for ((node, output), call) in self.model.nodes().zip(&self.calls.by_node).skip(nodes.start).take(nodes.len()) {
            let (name, shape) = (doc(&node.name), &self.model.tensor(output).shape);
            let _ = match call {
                Call::Expression(expression) => {
                    expression.refer(&mut self.uses);
                    let expression = expression.text(&self.calls.variables);
                    writeln!(self.text, "    // {name}: {shape}\n    let {} = {expression};", self.bound(output.index()))
                }
                Call::Move => unreachable!("every re-indexing has been generated or taken"),
                Call::Same => writeln!(self.text, "    // {name}: {shape}, `{}` as it is", self.calls.variables[output.index()]),
                Call::TakenBy(other) => writeln!(self.text, "    // {name}: {shape}, by `{other}`"),
            };
        }
    }

    /// Ends a function with the values of these tensors.
    fn give(&mut self, tensors: &[usize]) {
        if let [tensor] = tensors {
            let _ = writeln!(self.text, "    {}\n}}", self.calls.variables[*tensor]);
            return;
        }
        self.uses.modules.insert(Module::Copy);
        self.text.push_str("    let mut output = array![];\n");
        for tensor in tensors {
            let _ = writeln!(self.text, "    copy::extend(ref output, {});", self.calls.variables[*tensor]);
        }
        self.text.push_str("    output.span()\n}\n");
    }

    /// The variable of a tensor. An underscore before unused ones keeps the compiler from warning. Tensors with the same elements share a
    /// variable.
    fn bound(&self, tensor: usize) -> String {
        let variable = self.calls.variables[tensor].as_str();
        if self.taken.contains(&variable) { variable.to_owned() } else { format!("_{variable}") }
    }

    fn outputs(&self) -> Vec<usize> {
        self.model.outputs().iter().map(|output| output.tensor.index()).collect()
    }
}
