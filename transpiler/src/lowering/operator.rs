//! A row of the tables of operators, which the folders of `operators/` fill.

use super::scope::Scope;

/// Lowers one node: reads its attributes and inputs from the scope, and gives its outputs there.
pub(super) type Lowering = fn(&mut Scope<'_>) -> Result<(), String>;

/// An operator: what it becomes, and what a network must know about it in advance.
pub struct Operator {
    /// Its name, after its domain and a dot if that is not ONNX's own.
    pub name: &'static str,
    /// Positions of the inputs that are shapes, axes, counts, indices, scales or similar: constants in a trained network.
    pub parameters: &'static [usize],
    /// What it works with.
    pub values: OperatorValues,
    pub(super) lower: Lowering,
}

/// What an operator works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorValues {
    /// Real numbers. On integers it would be integer arithmetic, with its own rules of division and overflow.
    Real,
    /// Integers and truth values, or values of any type that it only moves.
    Any,
    /// Nothing: its result is known before any input is.
    Known,
}

impl Operator {
    /// The same, with the positions of inputs that are constants in a trained network.
    pub const fn with_parameters(self, parameters: &'static [usize]) -> Self {
        Self { parameters, ..self }
    }
}

/// An operator on real numbers.
pub const fn real(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], values: OperatorValues::Real, lower }
}

/// An operator on any values.
pub const fn any(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], values: OperatorValues::Any, lower }
}

/// An operator whose result is known before any input is.
pub const fn known(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], values: OperatorValues::Known, lower }
}
