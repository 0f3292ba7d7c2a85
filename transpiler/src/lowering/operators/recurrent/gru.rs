//! GRU: `h' = (1 - z) * g + z * h`, computed as `g + z * (h - g)`, with gates `z`, `r` (sigmoid) and the candidate `g` (tanh).
//!
//! The reset gate `r` acts on `h` before the candidate's recurrence, or after it with `linear_before_reset` (as in PyTorch).

use crate::lowering::helpers::cells::{self, Cell, Direction, State};
use crate::lowering::scope::{Operand, Scope};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let linear_first = scope.attribute("linear_before_reset", 0i64)? != 0;
    let cell = Cell { gates: 3, activations: &["sigmoid", "tanh"], bias_apart: linear_first, memory: false };
    cells::lower(scope, &cell, |scope, direction, inputs, state| step(scope, direction, inputs, state, linear_first))
}

/// The gates' order is update, reset, candidate.
fn step(scope: &mut Scope<'_>, direction: &Direction, inputs: &Operand, state: &State, linear_first: bool) -> Result<State, String> {
    let hidden = state.hidden.as_ref();
    // With the linear part first, one dense layer is enough for all gates.
    let recurrent = match hidden {
        Some(hidden) => Some(direction.recur(scope, "recurrent", hidden, 0..if linear_first { 3 } else { 2 })?),
        None => None,
    };
    let mut raw = direction.gates(scope, inputs, 0..2)?;
    if let Some(recurrent) = &recurrent {
        let recurrent = direction.gates(scope, recurrent, 0..2)?;
        raw = direction.role(scope, "gates", |scope| scope.sum(&[(1.0, &raw), (1.0, &recurrent)], 0.0))?;
    }
    let open = direction.activate(scope, 0, "open", &raw)?;
    let (update, reset) = (direction.gates(scope, &open, 0..1)?, direction.gates(scope, &open, 1..2)?);

    let mut raw = direction.gates(scope, inputs, 2..3)?;
    let remembered = if linear_first {
        let linear = match &recurrent {
            Some(recurrent) => direction.gates(scope, recurrent, 2..3)?,
            None => direction.recurrence_bias(2),
        };
        Some(direction.role(scope, "remembered", |scope| scope.mul(&reset, &linear))?)
    } else if let Some(hidden) = hidden {
        let kept = direction.role(scope, "kept", |scope| scope.mul(&reset, hidden))?;
        Some(direction.recur(scope, "remembered", &kept, 2..3)?)
    } else {
        None
    };
    if let Some(remembered) = &remembered {
        raw = direction.role(scope, "candidate_sum", |scope| scope.sum(&[(1.0, &raw), (1.0, remembered)], 0.0))?;
    }
    let candidate = direction.activate(scope, 1, "candidate", &raw)?;

    let hidden = match hidden {
        Some(hidden) => {
            let difference = direction.role(scope, "difference", |scope| scope.sum(&[(1.0, hidden), (-1.0, &candidate)], 0.0))?;
            let change = direction.role(scope, "change", |scope| scope.mul(&update, &difference))?;
            direction.role(scope, "hidden", |scope| scope.sum(&[(1.0, &candidate), (1.0, &change)], 0.0))?
        }
        None => {
            let rest = direction.role(scope, "rest", |scope| scope.linear(&update, -1.0, 1.0))?;
            direction.role(scope, "hidden", |scope| scope.mul(&rest, &candidate))?
        }
    };
    Ok(State { hidden: Some(hidden), memory: None })
}
