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
    /// Whether its result is known before any input is.
    pub known: bool,
    pub(super) lower: Lowering,
}

impl Operator {
    /// The same, with the positions of inputs that are constants in a trained network.
    pub const fn with_parameters(self, parameters: &'static [usize]) -> Self {
        Self { parameters, ..self }
    }
}

/// An operator that computes or moves what its inputs hold.
pub const fn of(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], known: false, lower }
}

/// An operator whose result is known before any input is.
pub const fn known(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], known: true, lower }
}
