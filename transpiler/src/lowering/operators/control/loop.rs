//! Loop whose number of iterations is known: from its trip count, or from a condition that depends on no input of the network.

use super::{MAX_ITERATIONS, check_outputs};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Body, Element, IntegerType};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, usize::MAX)?;
    let trips = decided(scope, 0, "trip count")?;
    let condition = decided(scope, 1, "condition")?;
    if trips.is_none() && condition.is_none() {
        return Err("it has neither a trip count nor a condition, so it never ends".to_owned());
    }
    let body = scope.node().body("body")?;
    let carried = scope.inputs() - 2;
    let scanned = body.outputs.len().checked_sub(1 + carried);
    let scanned = scanned.ok_or_else(|| format!("its body has {} outputs for {carried} carried tensors", body.outputs.len()))?;
    check_outputs(scope.outputs(), carried + scanned)?;

    let mut state = (2..scope.inputs()).map(|position| scope.input(position)).collect::<Result<Vec<_>, _>>()?;
    let mut rows: Vec<Vec<Operand>> = vec![Vec::new(); scanned];
    let mut goes_on = condition.unwrap_or(1.0) != 0.0;
    let mut iteration = 0;
    while goes_on && trips.is_none_or(|trips| (iteration as f64) < trips) {
        if iteration == MAX_ITERATIONS {
            return Err(format!("it has more than {MAX_ITERATIONS} iterations, which is the most that are unrolled"));
        }
        let number = single(&body, 0, Element::Integer(IntegerType::Int64), iteration as f64);
        let inputs = [vec![number, single(&body, 1, Element::Bool, 1.0)], state].concat();
        let mut given = scope.inline(&body, inputs, &format!("iteration {iteration}"))?.into_iter();
        let next = given.next();
        state = given.by_ref().take(carried).collect();
        for (rows, row) in rows.iter_mut().zip(given) {
            rows.push(row);
        }
        // Without a condition at the start, what the body says about it is ignored.
        if condition.is_some() {
            let next = next.and_then(|next| next.single());
            goes_on = next.ok_or_else(|| format!("whether it goes on after iteration {iteration} depends on the network's inputs"))? != 0.0;
        }
        iteration += 1;
    }
    for (position, operand) in state.into_iter().enumerate() {
        scope.give(position, operand);
    }
    for (scan, rows) in rows.iter().enumerate().filter(|(scan, _)| scope.uses(carried + scan)).collect::<Vec<_>>() {
        let joined = scope.stacked(rows, 0)?;
        scope.give(carried + scan, joined);
    }
    Ok(())
}

/// A value that the loop gives its body: a scalar, or a vector of one element where the body declares that, as some exporters do.
fn single(body: &Body, input: usize, element: Element, value: f64) -> Operand {
    let axes = body.axes.get(input).copied().flatten().unwrap_or(0).min(1);
    Operand::constant(vec![1; axes], element, vec![value])
}

/// A single value that is known; nothing if the input is left out.
fn decided(scope: &Scope<'_>, position: usize, what: &str) -> Result<Option<f64>, String> {
    let Some(operand) = scope.optional(position)? else { return Ok(None) };
    if !operand.is_constant() {
        return Err(format!(
            "its {what} depends on the network's inputs, and only loops that can be unrolled are supported: fix the input \
                            that decides it"
        ));
    }
    operand.single().map(Some).ok_or_else(|| format!("its {what} has shape {:?}, not one element", operand.shape))
}

impl Scope<'_> {
    /// Tensors of one shape along a new axis.
    pub(super) fn stacked(&mut self, rows: &[Operand], axis: usize) -> Result<Operand, String> {
        let Some(first) = rows.first() else { return Err("it has no iterations, so an output has no elements".to_owned()) };
        let mut parts = Vec::new();
        for row in rows {
            if row.shape != first.shape {
                return Err(format!("iterations give tensors of different shapes, {:?} and {:?}", first.shape, row.shape));
            }
            let shape = [&row.shape[..axis], &[1], &row.shape[axis..]].concat();
            parts.push(self.reshape(row, shape)?);
        }
        self.concat(&parts, axis)
    }
}
