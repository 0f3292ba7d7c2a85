//! LSTM: `c' = f * c + i * g`, `h' = o * tanh(c')`, with gates `i`, `o`, `f` (sigmoid) and the candidate `g` (tanh).

use crate::lowering::helpers::cells::{self, Cell, Direction, State};
use crate::lowering::scope::{Operand, Scope};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let coupled = scope.attribute("input_forget", 0i64)? != 0;
    let cell = Cell { gates: 4, activations: &["sigmoid", "tanh", "tanh"], bias_apart: false, memory: true };
    cells::lower(scope, &cell, |scope, direction, inputs, state| step(scope, direction, inputs, state, coupled))
}

/// The gates' order is input, output, forget, candidate. `coupled` makes the forget gate `1 - i`.
fn step(scope: &mut Scope<'_>, direction: &Direction, inputs: &Operand, state: &State, coupled: bool) -> Result<State, String> {
    let gates = match &state.hidden {
        Some(hidden) => {
            let recurrent = direction.recur(scope, "recurrent", hidden, 0..4)?;
            direction.role(scope, "gates", |scope| scope.sum(&[(1.0, inputs), (1.0, &recurrent)], 0.0))?
        }
        None => inputs.clone(),
    };
    let memory = state.memory.as_ref();
    // Without anything to forget, or with a gate that follows from another, the forget gate is not needed.
    let forgets = memory.is_some() && !coupled;
    let gate = |scope: &mut Scope<'_>, position: usize, role: &str, memory: Option<&Operand>| {
        let raw = direction.gates(scope, &gates, position..position + 1)?;
        let raw = direction.peep(scope, role, &raw, position, memory)?;
        direction.activate(scope, 0, role, &raw)
    };
    let (input, output, mut forget) = if direction.has_peepholes() {
        let forget = if forgets { Some(gate(scope, 2, "forget", memory)?) } else { None };
        (gate(scope, 0, "input", memory)?, None, forget)
    } else {
        // The three gates lie side by side: one table.
        let raw = direction.gates(scope, &gates, 0..if forgets { 3 } else { 2 })?;
        let open = direction.activate(scope, 0, "open", &raw)?;
        let forget = if forgets { Some(direction.gates(scope, &open, 2..3)?) } else { None };
        (direction.gates(scope, &open, 0..1)?, Some(direction.gates(scope, &open, 1..2)?), forget)
    };
    if coupled && memory.is_some() {
        forget = Some(direction.role(scope, "forget", |scope| scope.linear(&input, -1.0, 1.0))?);
    }
    let raw = direction.gates(scope, &gates, 3..4)?;
    let candidate = direction.activate(scope, 1, "candidate", &raw)?;
    let memory = match (memory, &forget) {
        (Some(memory), Some(forget)) => {
            let kept = direction.role(scope, "kept", |scope| scope.mul(forget, memory))?;
            let added = direction.role(scope, "added", |scope| scope.mul(&input, &candidate))?;
            direction.role(scope, "cell", |scope| scope.sum(&[(1.0, &kept), (1.0, &added)], 0.0))?
        }
        _ => direction.role(scope, "cell", |scope| scope.mul(&input, &candidate))?,
    };
    let output = match output {
        Some(output) => output,
        None => gate(scope, 1, "output", Some(&memory))?,
    };
    let squashed = direction.activate(scope, 2, "squashed", &memory)?;
    let hidden = direction.role(scope, "hidden", |scope| scope.mul(&output, &squashed))?;
    Ok(State { hidden: Some(hidden), memory: Some(memory) })
}
