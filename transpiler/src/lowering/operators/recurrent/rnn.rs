//! RNN: `h' = tanh(W x + R h + b)`.

use crate::lowering::helpers::cells::{self, Cell, State};
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let cell = Cell { gates: 1, activations: &["tanh"], bias_apart: false, memory: false };
    cells::lower(scope, &cell, |scope, direction, inputs, state| {
        let sum = match &state.hidden {
            Some(hidden) => {
                let recurrent = direction.recur(scope, "recurrent", hidden, 0..1)?;
                direction.role(scope, "gates", |scope| scope.sum(&[(1.0, inputs), (1.0, &recurrent)], 0.0))?
            }
            None => inputs.clone(),
        };
        let hidden = direction.activate(scope, 0, "hidden", &sum)?;
        Ok(State { hidden: Some(hidden), memory: None })
    })
}
