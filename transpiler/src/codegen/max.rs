//! `Max`: straight code over windows, or a call of the operator runtime for a long axis.

use maat_runtime::Node;
use maat_runtime::primitives::Max;

use super::call::{Argument, Call, Expression};
use super::code::{Module, doc, numbered};
use super::collector::Collector;
use super::function::CairoFunction;
use super::windows::{Place, Windows, element};

/// The longest axis whose comparisons are straight code.
const MAX_LENGTH: usize = 64;
/// The most elements of a block that straight code takes apart.
const MAX_BLOCK: usize = 1_024;

impl Collector<'_> {
    /// The greatest elements along an axis.
    pub(super) fn max(&mut self, name: &str, op: &Max, node: &Node, inputs: Vec<usize>) -> Call {
        let shape = &self.model.tensor(node.inputs[0]).shape;
        let (length, inner) = op.extents(shape);
        let block = length * inner;
        if length > MAX_LENGTH || block > MAX_BLOCK {
            let arguments = [length, inner].map(|number| Argument::Number(number as i128)).into();
            return Call::Expression(Expression::with(Module::Max, "max_over", inputs, arguments));
        }
        let gathered = self.gathered(inputs[0], block);
        let (taken, (windows, places)) = gathered.unwrap_or_else(|| {
            let places = (0..block).map(|element| Place::Run(0, element)).collect();
            (inputs, (Windows::consecutive(1, block, shape.elements() / block), places))
        });
        let name = self.functions.add(name, &format!("`{}`.", doc(&node.name)), |name| function(name, &windows, &places, length));
        Call::Expression(Expression::function(Module::Layers, name, taken))
    }
}

/// The function for the greatest values along an axis: a block takes `length` times as many elements as it gives, and compares those at
/// equal distances.
fn function(name: &str, windows: &Windows, places: &[Place], length: usize) -> CairoFunction {
    let outputs = places.len() / length;
    let used = windows.used(places.iter().filter_map(|place| match place {
        Place::Run(run, position) => Some((*run, *position)),
        Place::Constant(_) => None,
    }));
    let mut function = CairoFunction { felts: 12 * outputs + 40 * length, ..CairoFunction::default() };
    let CairoFunction { code, constants, .. } = &mut function;
    code.open(format!("pub fn {name}({}) -> Span<felt252>", windows.parameters()));
    code.line("let mut y = array![];");
    windows.walk(code, name, |code| {
        windows.destructure(code, &used);
        for output in 0..outputs {
            let argument = |place: &Place| match *place {
                Place::Run(run, position) => format!("*{}", element(run, position)),
                Place::Constant(value) => value.to_string(),
            };
            let arguments: Vec<String> = places[output..].iter().step_by(outputs).map(argument).collect();
            code.line(format!("y.append({name}__of({}));", arguments.join(", ")));
        }
    });
    code.line("y.span()");
    code.close();

    let parameters = (0..length).map(|index| format!("x{index}: felt252")).collect::<Vec<_>>().join(", ");
    code.blank();
    code.doc(format!("The greatest of {}.", numbered("x", length)));
    code.open(format!("fn {name}__of({parameters}) -> felt252"));
    code.line("let y = x0;");
    code.refer(Module::Max);
    for index in 1..length {
        code.line(format!("let y = max::max(y, x{index});"));
    }
    code.line("y");
    code.close();
    windows.starts(constants, name);
    function
}
