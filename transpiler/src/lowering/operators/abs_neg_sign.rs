//! Abs, Neg and Sign, on real numbers and on integers that provably fit their type.

use crate::float::{Bounds, Function, Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;
use maat_runtime::Interval;

pub(super) fn abs(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let y = scope.abs(&x)?;
    scope.finish(y)
}

pub(super) fn neg(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let y = scope.negate(&x)?;
    scope.finish(y)
}

/// Two comparisons, because a table would interpolate between -1 and 1.
pub(super) fn sign(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let zero = Operand::constant(Vec::new(), x.element, vec![0.0]);
    let (above, below) = (scope.greater(&x, &zero)?, scope.greater(&zero, &x)?);
    let sort = (x.element, Kind::Integer(Interval::new(-1, 1)));
    let y = scope.sum_as(&[(1.0, &above), (-1.0, &below)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)?;
    scope.finish(y)
}

impl Scope<'_> {
    /// `|x|`
    pub(super) fn abs(&mut self, x: &Operand) -> Result<Operand, String> {
        match self.kind(x) {
            Kind::Integer(range) if x.element != Element::Float => {
                if range.lo >= 0 {
                    return Ok(x.clone());
                }
                let negated = self.negate(x)?;
                self.max(&[x.clone(), negated])
            }
            _ => self.table(x, &[Function::Abs]),
        }
    }
}
