//! What LSTM, GRU and RNN share: the sequence, its directions, and the activation functions.
//!
//! The sequence is unrolled. One dense layer projects all its inputs to the gates at once; a step adds the projected hidden state. Tensors
//! with the same role in each step of a direction form a family, so the steps have the same scales and share their code.
//!
//! Opset 7 on; opset 14 brought `layout`.

use crate::float::{Bounds, Function};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// How the three operators differ before their first step.
pub struct Cell {
    /// Number of gates: blocks of rows of `W` and `R`.
    pub gates: usize,
    /// The default activation functions.
    pub activations: &'static [&'static str],
    /// Whether the bias of the last gate's recurrence stays there, instead of joining the projection's.
    pub bias_apart: bool,
    /// Whether there is also a cell state, with `initial_c` and peepholes.
    pub memory: bool,
}

/// One direction's parameters.
pub struct Direction {
    name: &'static str,
    /// Size of the hidden state.
    pub hidden: usize,
    weights: Vec<f64>,
    recurrence: Vec<f64>,
    bias: Vec<f64>,
    recurrence_bias: Vec<f64>,
    /// `[3, hidden]`, in the order input, output, forget; or nothing.
    peepholes: Vec<f64>,
    activations: Vec<Activation>,
    clip: Option<f64>,
}

/// What a step passes to the next one; nothing means zeros.
#[derive(Clone)]
pub struct State {
    /// `[batch, hidden]`
    pub hidden: Option<Operand>,
    /// `[batch, hidden]`
    pub memory: Option<Operand>,
}

/// The longest sequence. Longer ones would become more nodes than any program should have.
const MAX_STEPS: usize = 4096;

/// Lowers a recurrent operator whose step takes a direction, the projected inputs `[batch, gates * hidden]` and the state.
pub fn lower(
    scope: &mut Scope<'_>,
    cell: &Cell,
    step: impl Fn(&mut Scope<'_>, &Direction, &Operand, &State) -> Result<State, String>,
) -> Result<(), String> {
    scope.arity(3, if cell.memory { 8 } else { 6 })?;
    let batch_first = match scope.attribute("layout", 0i64)? {
        0 => false,
        1 => true,
        other => return Err(format!("attribute `layout` is {other}: it must be 0 or 1")),
    };
    let mut x = scope.input(0)?;
    if x.axes() != 3 || x.elements() == 0 || x.element != Element::Float {
        return Err("the input must hold floats, and have three axes: sequence, batch, input".to_owned());
    }
    if batch_first {
        x = scope.transpose(&x, &[1, 0, 2])?;
    }
    let [steps, batch, _] = x.shape[..] else { unreachable!("three axes were found") };
    if steps > MAX_STEPS {
        return Err(format!("a sequence of {steps} steps is too long to be unrolled: at most {MAX_STEPS} are supported"));
    }
    if let Some(lengths) = scope.integers(4)?
        && (lengths.len() != batch || lengths.iter().any(|length| usize::try_from(*length) != Ok(steps)))
    {
        return Err(format!("sequence lengths {lengths:?}: only full sequences of {steps} steps are supported"));
    }
    let directions = directions(scope, cell, x.shape[2])?;
    let initial = [(5, true), (6, cell.memory)].map(|(position, used)| {
        if used { initial_state(scope, position, batch_first, [directions.len(), batch, directions[0].hidden]) } else { Ok(None) }
    });
    let [initial_hidden, initial_memory] = initial;
    let (initial_hidden, initial_memory) = (initial_hidden?, initial_memory?);

    let (mut sequences, mut last_hidden, mut last_memory) = (Vec::new(), Vec::new(), Vec::new());
    for (position, direction) in directions.iter().enumerate() {
        let mut state = State {
            hidden: direction_of(scope, initial_hidden.as_ref(), position)?,
            memory: direction_of(scope, initial_memory.as_ref(), position)?,
        };
        let projected = direction.project(scope, &x)?;
        let backward = direction.name == "reverse";
        let mut hidden = Vec::new();
        for time in 0..steps {
            let time = if backward { steps - 1 - time } else { time };
            let inputs = scope.pick(&projected, 0, &[time])?;
            let inputs = scope.reshape(&inputs, projected.shape[1..].to_vec())?;
            state = step(scope, direction, &inputs, &state)?;
            hidden.extend(state.hidden.clone());
        }
        let size = direction.hidden;
        let finals = [(&mut last_hidden, &state.hidden), (&mut last_memory, &state.memory)];
        for (list, state) in finals {
            if let Some(state) = state {
                list.push(scope.reshape(state, vec![1, batch, size])?);
            }
        }
        if scope.wants(0) {
            if backward {
                hidden.reverse();
            }
            let rows = hidden.iter().map(|hidden| scope.reshape(hidden, vec![1, 1, batch, size])).collect::<Result<Vec<_>, _>>()?;
            sequences.push(scope.concat(&rows, 0)?);
        }
    }
    for (output, parts) in [(2, last_memory), (1, last_hidden)] {
        if scope.wants(output) && !parts.is_empty() {
            let joined = scope.concat(&parts, 0)?;
            let y = if batch_first { scope.transpose(&joined, &[1, 0, 2])? } else { joined };
            scope.give(output, y);
        }
    }
    if scope.wants(0) {
        let joined = scope.concat(&sequences, 1)?;
        let y = if batch_first { scope.transpose(&joined, &[2, 0, 1, 3])? } else { joined };
        scope.give(0, y);
    }
    Ok(())
}

/// An initial state as `[directions, batch, hidden]`; nothing if it is not given, or zero.
fn initial_state(scope: &mut Scope<'_>, position: usize, batch_first: bool, shape: [usize; 3]) -> Result<Option<Operand>, String> {
    let Some(mut state) = scope.optional(position)? else { return Ok(None) };
    if batch_first && state.axes() == 3 {
        state = scope.transpose(&state, &[1, 0, 2])?;
    }
    if state.shape != shape || state.element != Element::Float {
        return Err(format!("input {position} has shape {:?}: floats for {shape:?} (directions, batch, hidden) are expected", state.shape));
    }
    Ok(if state.values().is_some_and(|values| values.iter().all(|value| *value == 0.0)) { None } else { Some(state) })
}

/// One direction's part of an initial state.
fn direction_of(scope: &mut Scope<'_>, state: Option<&Operand>, position: usize) -> Result<Option<Operand>, String> {
    let Some(state) = state else { return Ok(None) };
    let part = scope.pick(state, 0, &[position])?;
    scope.reshape(&part, state.shape[1..].to_vec()).map(Some)
}

/// Reads the parameters of each direction.
fn directions(scope: &Scope<'_>, cell: &Cell, input: usize) -> Result<Vec<Direction>, String> {
    let names: &[&str] = match scope.text("direction", "forward")?.as_str() {
        "forward" => &["forward"],
        "reverse" => &["reverse"],
        "bidirectional" => &["forward", "reverse"],
        other => return Err(format!("attribute `direction` is `{other}`, which is not known")),
    };
    let count = names.len();
    let recurrence = scope.weights(2)?;
    let hidden = recurrence.shape.last().copied().unwrap_or_default();
    if let Some(size) = scope.optional_attribute::<i64>("hidden_size")?
        && usize::try_from(size) != Ok(hidden)
    {
        return Err(format!("attribute `hidden_size` is {size}, but the recurrence weights are for {hidden}"));
    }
    let rows = cell.gates.checked_mul(hidden).filter(|rows| *rows > 0).ok_or("there is no hidden state")?;
    let weights = expect(scope.weights(1)?, 1, &[count, rows, input])?;
    let recurrence = expect(recurrence, 2, &[count, rows, hidden])?;
    let given = |position: usize, shape: &[usize]| match scope.optional(position)? {
        Some(_) => expect(scope.weights(position)?, position, shape),
        None => Ok(vec![0.0; shape.iter().product()]),
    };
    let biases = given(3, &[count, 2 * rows])?;
    let peepholes = if cell.memory && scope.optional(7)?.is_some() { given(7, &[count, 3 * hidden])? } else { Vec::new() };
    let clip = scope.optional_attribute::<f32>("clip")?.map(f64::from);
    if let Some(clip) = clip.filter(|clip| clip.is_nan() || *clip <= 0.0) {
        return Err(format!("attribute `clip` is {clip}: it must be positive"));
    }
    let mut activations = activations(scope, cell.activations, count)?.into_iter();
    let direction = |(position, name): (usize, &&'static str)| {
        let part = |values: &[f64]| values.chunks_exact((values.len() / count).max(1)).nth(position).unwrap_or_default().to_vec();
        let (of_input, of_recurrence) = biases[position * 2 * rows..][..2 * rows].split_at(rows);
        let apart = |row: usize| cell.bias_apart && row >= rows - hidden;
        Direction {
            name,
            hidden,
            weights: part(&weights),
            recurrence: part(&recurrence),
            bias: (0..rows).map(|row| of_input[row] + if apart(row) { 0.0 } else { of_recurrence[row] }).collect(),
            recurrence_bias: (0..rows).map(|row| if apart(row) { of_recurrence[row] } else { 0.0 }).collect(),
            peepholes: part(&peepholes),
            activations: activations.by_ref().take(cell.activations.len()).collect(),
            clip,
        }
    };
    Ok(names.iter().enumerate().map(direction).collect())
}

/// The values of a parameter that must have a certain shape.
fn expect(parameter: Operand, position: usize, shape: &[usize]) -> Result<Vec<f64>, String> {
    if parameter.shape != shape {
        return Err(format!("input {position} has shape {:?}, but {shape:?} is expected", parameter.shape));
    }
    Ok(parameter.values().unwrap_or_default().to_vec())
}

impl Direction {
    /// The inputs `[steps, batch, input]` projected to the gates: `[steps, batch, gates * hidden]`.
    fn project(&self, scope: &mut Scope<'_>, x: &Operand) -> Result<Operand, String> {
        let rows = scope.reshape(x, vec![x.shape[0] * x.shape[1], x.shape[2]])?;
        let projected = scope.affine(&rows, 1, self.weights.clone(), self.bias.clone())?;
        scope.reshape(&projected, vec![x.shape[0], x.shape[1], self.bias.len()])
    }

    /// Computes the tensor with a role in every step.
    pub fn role(
        &self,
        scope: &mut Scope<'_>,
        role: &str,
        compute: impl FnOnce(&mut Scope<'_>) -> Result<Operand, String>,
    ) -> Result<Operand, String> {
        scope.family(Some(&format!("{}.{role}", self.name)));
        let computed = compute(scope);
        scope.family(None);
        computed
    }

    /// Some gates of a tensor of all gates.
    pub fn gates(&self, scope: &mut Scope<'_>, x: &Operand, gates: std::ops::Range<usize>) -> Result<Operand, String> {
        let columns: Vec<usize> = (gates.start * self.hidden..gates.end * self.hidden).collect();
        scope.pick(x, 1, &columns)
    }

    /// What some gates take from the hidden state.
    pub fn recur(&self, scope: &mut Scope<'_>, role: &str, hidden: &Operand, gates: std::ops::Range<usize>) -> Result<Operand, String> {
        let rows = gates.start * self.hidden..gates.end * self.hidden;
        let weights = self.recurrence[rows.start * self.hidden..rows.end * self.hidden].to_vec();
        let bias = self.recurrence_bias[rows].to_vec();
        self.role(scope, role, |scope| scope.affine(hidden, 1, weights, bias))
    }

    /// The bias of a gate's recurrence, in each row of a batch.
    pub fn recurrence_bias(&self, gate: usize) -> Operand {
        let bias = self.recurrence_bias[gate * self.hidden..][..self.hidden].to_vec();
        Operand::constant(vec![1, self.hidden], Element::Float, bias)
    }

    /// Whether gates see the cell state.
    pub fn has_peepholes(&self) -> bool {
        !self.peepholes.is_empty()
    }

    /// `x` and what a gate (0 input, 1 output, 2 forget) sees of the cell state.
    pub fn peep(&self, scope: &mut Scope<'_>, role: &str, x: &Operand, gate: usize, memory: Option<&Operand>) -> Result<Operand, String> {
        let Some(memory) = memory else { return Ok(x.clone()) };
        let weights = self.peepholes[gate * self.hidden..][..self.hidden].to_vec();
        let weights = Operand::constant(vec![1, self.hidden], Element::Float, weights);
        let seen = self.role(scope, &format!("{role}_peephole"), |scope| scope.mul(memory, &weights))?;
        self.role(scope, &format!("{role}_sum"), |scope| scope.sum(&[(1.0, x), (1.0, &seen)], 0.0))
    }

    /// One of the activation functions, of the clipped argument.
    pub fn activate(&self, scope: &mut Scope<'_>, function: usize, role: &str, x: &Operand) -> Result<Operand, String> {
        let clipped = match self.clip {
            Some(clip) => self.role(scope, &format!("{role}_clipped"), |scope| scope.clamp(x, Bounds { lo: -clip, hi: clip }))?,
            None => x.clone(),
        };
        self.role(scope, role, |scope| self.activations[function].apply(scope, &clipped))
    }
}

/// An activation function.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Activation {
    /// A table.
    Smooth(Function),
    /// `outer * tanh(inner * x)`
    ScaledTanh { outer: f64, inner: f64 },
    /// `clamp(factor * x + offset)`
    Linear { factor: f64, offset: f64, bounds: Bounds },
}

impl Activation {
    fn apply(self, scope: &mut Scope<'_>, x: &Operand) -> Result<Operand, String> {
        match self {
            Self::Smooth(function) => scope.table(x, &[function]),
            Self::ScaledTanh { outer, inner } => {
                let linear = |factor| Function::Linear { factor, offset: 0.0 };
                scope.table(x, &[linear(inner), Function::Tanh, linear(outer)])
            }
            Self::Linear { factor, offset, bounds } => {
                let y = if (factor, offset) == (1.0, 0.0) { x.clone() } else { scope.linear(x, factor, offset)? };
                if bounds == Bounds::NONE { Ok(y) } else { scope.clamp(&y, bounds) }
            }
        }
    }
}

/// The activation functions of all directions, in order.
fn activations(scope: &Scope<'_>, defaults: &[&str], directions: usize) -> Result<Vec<Activation>, String> {
    let names = match scope.node().texts("activations") {
        Some(names) => names.iter().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect(),
        None => vec![defaults.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(); directions].concat(),
    };
    if names.len() != defaults.len() * directions {
        return Err(format!("attribute `activations` names {} functions, but {} are needed", names.len(), defaults.len() * directions));
    }
    let numbers = |name: &str| scope.node().floats(name).unwrap_or_default();
    let (alphas, betas) = (numbers("activation_alpha"), numbers("activation_beta"));
    let takes_alpha = ["affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "thresholdedrelu"];
    let takes_beta = ["affine", "hardsigmoid", "scaledtanh"];
    let alphas = scales("activation_alpha", alphas, &names.iter().map(|name| takes_alpha.contains(&name.as_str())).collect::<Vec<_>>())?;
    let betas = scales("activation_beta", betas, &names.iter().map(|name| takes_beta.contains(&name.as_str())).collect::<Vec<_>>())?;
    let named = names.iter().zip(alphas).zip(betas);
    named.map(|((name, alpha), beta)| activation(name, alpha, beta)).collect()
}

/// What each function takes from a list of optional values, which "are consumed in the order of activation functions".
///
/// That may mean a value for each function that takes one, or a value for each function. If it makes a difference, it is refused.
fn scales(attribute: &str, values: &[f32], takes: &[bool]) -> Result<Vec<Option<f64>>, String> {
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(format!("attribute `{attribute}` holds {value}: every value must be finite"));
    }
    let mut rest = values.iter().map(|value| f64::from(*value));
    let consumed: Vec<Option<f64>> = takes.iter().map(|takes| if *takes { rest.next() } else { None }).collect();
    let by_position = || takes.iter().zip(values).map(|(takes, value)| takes.then_some(f64::from(*value)));
    if rest.next().is_some() && !(values.len() == takes.len() && by_position().eq(consumed.iter().copied())) {
        return Err(format!("attribute `{attribute}` holds {} values: it is not clear which function takes which", values.len()));
    }
    Ok(consumed)
}

fn activation(name: &str, alpha: Option<f64>, beta: Option<f64>) -> Result<Activation, String> {
    let linear = |factor, offset, bounds| Activation::Linear { factor, offset, bounds };
    let needed = |value: Option<f64>, what| value.ok_or_else(|| format!("activation `{name}` needs its {what}"));
    let positive = Bounds { lo: 0.0, ..Bounds::NONE };
    Ok(match name {
        "affine" => linear(needed(alpha, "alpha")?, needed(beta, "beta")?, Bounds::NONE),
        "elu" => Activation::Smooth(Function::Elu { alpha: alpha.unwrap_or(1.0), width: 1.0 }),
        // The defaults are 32-bit floats.
        "hardsigmoid" => linear(alpha.unwrap_or(f64::from(0.2f32)), beta.unwrap_or(0.5), Bounds { lo: 0.0, hi: 1.0 }),
        "leakyrelu" => Activation::Smooth(Function::LeakyRelu(alpha.unwrap_or(f64::from(0.01f32)))),
        "relu" => linear(1.0, 0.0, positive),
        "scaledtanh" => Activation::ScaledTanh { outer: needed(alpha, "alpha")?, inner: needed(beta, "beta")? },
        "sigmoid" => Activation::Smooth(Function::Sigmoid),
        "softplus" => Activation::Smooth(Function::Softplus),
        "softsign" => Activation::Smooth(Function::Softsign),
        "tanh" => Activation::Smooth(Function::Tanh),
        "thresholdedrelu" => Activation::Smooth(Function::ThresholdedRelu(alpha.unwrap_or(1.0))),
        other => return Err(format!("activation `{other}` is not known")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_go_to_the_functions_that_take_one() {
        assert_eq!(scales("a", &[2.0], &[false, true]).unwrap(), [None, Some(2.0)]);
        assert_eq!(scales("a", &[], &[true, true]).unwrap(), [None, None]);
        assert_eq!(scales("a", &[2.0, 0.0], &[true, false]).unwrap(), [Some(2.0), None]);
        assert!(scales("a", &[0.0, 2.0], &[false, true]).is_err(), "0 by count, 2 by position");
        assert!(scales("a", &[1.0, 2.0, 3.0], &[true, true]).is_err());
        assert!(scales("a", &[f32::NAN], &[true]).is_err());
    }
}
