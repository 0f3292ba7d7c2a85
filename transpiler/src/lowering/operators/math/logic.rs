//! And, Or, Xor, with broadcasting, and Not, of truth values.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn and(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = pair(scope)?;
    let y = scope.truth(&[(1.0, &a), (1.0, &b)], -1.0)?;
    scope.finish(y)
}

pub(super) fn or(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = pair(scope)?;
    let y = scope.truth(&[(1.0, &a), (1.0, &b)], 0.0)?;
    scope.finish(y)
}

/// The opposite of `b` where `a` is true, else `b`.
pub(super) fn xor(scope: &mut Scope<'_>) -> Result<(), String> {
    let (a, b) = pair(scope)?;
    let contrary = scope.not(&b)?;
    let y = scope.select(&a, &contrary, &b)?;
    scope.finish(y)
}

pub(super) fn not(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    check(&x)?;
    let y = scope.not(&x)?;
    scope.finish(y)
}

fn pair(scope: &mut Scope<'_>) -> Result<(Operand, Operand), String> {
    let (a, b) = scope.pair()?;
    check(&a)?;
    check(&b)?;
    Ok((a, b))
}

fn check(x: &Operand) -> Result<(), String> {
    if x.element == Element::Bool { Ok(()) } else { Err(format!("takes truth values, not {}", x.element)) }
}

impl Scope<'_> {
    /// The opposite of a truth value.
    pub(super) fn not(&mut self, x: &Operand) -> Result<Operand, String> {
        self.truth(&[(-1.0, x)], 1.0)
    }
}
