//! What a model calls the values of a proof, whatever its kind.

use maat_runtime::Model;

use crate::named::Ports;

/// What the inputs and outputs of a model are called, and what their integers stand for.
pub struct Names {
    pub inputs: Ports,
    pub outputs: Ports,
}

impl Names {
    pub fn of(model: &Model) -> Self {
        Self { inputs: Ports::inputs(model), outputs: Ports::outputs(model) }
    }
}
