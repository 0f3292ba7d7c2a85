//! And, Or, Xor and Not of truth values. Opset 7 on: NumPy broadcasting of both sides.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn and(scope: &mut Scope<'_>) -> Result<(), String> {
    let [a, b] = read(scope)?;
    let y = scope.truth(&[(1.0, &a), (1.0, &b)], -1.0)?;
    scope.finish(y)
}

pub(super) fn or(scope: &mut Scope<'_>) -> Result<(), String> {
    let [a, b] = read(scope)?;
    let y = scope.truth(&[(1.0, &a), (1.0, &b)], 0.0)?;
    scope.finish(y)
}

/// The contrary of `b` where `a` is true, else `b`.
pub(super) fn xor(scope: &mut Scope<'_>) -> Result<(), String> {
    let [a, b] = read(scope)?;
    let contrary = scope.not(&b)?;
    let y = scope.select(&a, &contrary, &b)?;
    scope.finish(y)
}

pub(super) fn not(scope: &mut Scope<'_>) -> Result<(), String> {
    let [x] = read(scope)?;
    let y = scope.not(&x)?;
    scope.finish(y)
}

fn read<const INPUTS: usize>(scope: &Scope<'_>) -> Result<[Operand; INPUTS], String> {
    scope.arity(INPUTS, INPUTS)?;
    scope.refuse_old_broadcast()?;
    let inputs = (0..INPUTS).map(|position| scope.input(position)).collect::<Result<Vec<_>, _>>()?;
    if let Some(input) = inputs.iter().find(|input| input.element != Element::Bool) {
        return Err(format!("takes truth values, not {:?}", input.element));
    }
    inputs.try_into().map_err(|_| "the number of inputs was checked".to_owned())
}

impl Scope<'_> {
    /// The contrary of a truth value.
    pub(super) fn not(&mut self, x: &Operand) -> Result<Operand, String> {
        self.truth(&[(-1.0, x)], 1.0)
    }
}
