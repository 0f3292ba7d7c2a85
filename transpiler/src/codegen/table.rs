//! `Table`: a call of the operator runtime, with the knots as a constant array.

use maat_runtime::primitives::Table;
use maat_runtime::{Interval, Node};

use super::call::{Argument, Call, Expression};
use super::code::{Module, constant, doc};
use super::collector::Collector;
use super::function::CairoFunction;
use super::limits::{LOOPED_FELTS, MAX_ARRAY};
use crate::error::CodegenError;

/// The name of the constant with a function's knots.
pub fn knots(function: &str) -> String {
    constant(function, "KNOTS")
}

impl Collector<'_> {
    /// A look-up, or an interpolation between knots; clamped where the input's range is wider than the table.
    pub(super) fn table(&mut self, name: &str, table: &Table, node: &Node, inputs: Vec<usize>) -> Result<Call, CodegenError> {
        let Table { lo, fraction, knots: values } = table;
        if values.len() > MAX_ARRAY {
            let reason = format!("its table has {} knots, but a constant array in Cairo has at most {MAX_ARRAY}", values.len());
            return Err(CodegenError::Node { node: node.name.clone(), reason });
        }
        let lo = i64::from(*lo);
        let top = table.top();
        let is_clamped = !Interval::new(lo, top).includes(self.tensor(inputs[0]).range);
        let name = self.functions.add(name, &format!("Knots of `{}`.", doc(&node.name)), |name| {
            let mut function = CairoFunction { felts: values.len() * LOOPED_FELTS, ..CairoFunction::default() };
            function.constants.array(&knots(name), "felt252", values);
            function
        });
        let clamped = if is_clamped { "_clamped" } else { "" };
        let mut arguments = vec![Argument::Number(lo.into())];
        arguments.extend(is_clamped.then(|| Argument::Number((top - lo).into())));
        arguments.push(Argument::Knots(name));
        let function = if *fraction == 0 {
            format!("look_up{clamped}")
        } else {
            let offset = values.iter().map(|knot| -i64::from(*knot)).max().unwrap_or(0).max(0);
            let unit = 1i64 << fraction;
            arguments.extend([unit, unit / 2 + offset * unit, offset].map(|number| Argument::Number(number.into())));
            format!("interpolate{clamped}::<{fraction}>")
        };
        Ok(Call::Expression(Expression::with(Module::Table, function, inputs, arguments)))
    }
}
