//! Cast and CastLike (opset 15).
//!
//! Integers stay the same numbers under another type. Where they might not fit it, they wrap around, as in ONNX; a type of more than 16 bits
//! that they might not fit is refused. Floats are cut toward zero. Beyond the type's range ONNX leaves the result open, and ours is the
//! nearest integer of the type.
//!
//! Computed floats are real numbers, whatever their type, and are not rounded to it. Known ones are.

use maat_runtime::Interval;

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::helpers::rounding::ROUNDED;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, FloatType, IntegerType};

pub(super) fn cast(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let given = scope.optional_attribute::<i32>("to")?.ok_or("attribute `to` is missing")?;
    let to = Element::of(given).ok_or_else(|| format!("attribute `to` is {given}: {}", Element::refusal(given)))?;
    let x = scope.input(0)?;
    let y = scope.cast(&x, to)?;
    let y = match (y.values(), FloatType::of(given)) {
        (Some(values), Some(float)) => Operand::constant(y.shape.clone(), to, values.iter().map(|value| float.nearest(*value)).collect()),
        _ => y,
    };
    scope.finish(y)
}

pub(super) fn cast_like(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (x, like) = (scope.input(0)?, scope.input(1)?);
    let y = scope.cast(&x, like.element)?;
    scope.finish(y)
}

impl Scope<'_> {
    /// The same values as elements of another type.
    pub(super) fn cast(&mut self, x: &Operand, to: Element) -> Result<Operand, String> {
        match (x.element, to) {
            (from, to) if from == to => Ok(x.clone()),
            (_, Element::Float) | (Element::Bool, _) => Ok(Operand { element: to, ..x.clone() }),
            (_, Element::Bool) => self.is_not_zero(x),
            (Element::Float, _) => match self.kind(x) {
                Kind::Integer(range) => {
                    let (lo, hi) = limits(to);
                    let fits = lo <= range.lo && range.hi <= hi;
                    let within = Kind::Integer(Interval::new(range.lo.clamp(lo, hi), range.hi.clamp(lo, hi)));
                    if fits {
                        self.retyped(x, range, to)
                    } else {
                        self.sum_as(&[(1.0, x)], 0.0, Bounds::NONE, Rounding::HalfUp, (to, within))
                    }
                }
                Kind::Real => self.truncated(x, to),
            },
            (from, _) => {
                let Kind::Integer(range) = self.kind(x) else { return Err("integers are expected".to_owned()) };
                let range = if from.is_unsigned() { Interval::new(range.lo.max(0), range.hi.max(0)) } else { range };
                self.retyped(x, range, to)
            }
        }
    }

    /// Integers of a range under another type, wrapped around if they might not fit it.
    fn retyped(&mut self, x: &Operand, range: Interval, to: Element) -> Result<Operand, String> {
        let (lo, hi) = limits(to);
        if lo <= range.lo && range.hi <= hi {
            return Ok(Operand { element: to, ..x.clone() });
        }
        if hi.saturating_sub(lo) >= 1 << 16 {
            return Err(format!("integers of {range} might not fit type {to}"));
        }
        self.wrap(x, to)
    }

    fn is_not_zero(&mut self, x: &Operand) -> Result<Operand, String> {
        if let Some(values) = x.values() {
            let values = values.iter().map(|value| f64::from(u8::from(*value != 0.0))).collect();
            return Ok(Operand::constant(x.shape.clone(), Element::Bool, values));
        }
        let zero = Operand::constant(Vec::new(), x.element, vec![0.0]);
        let above = self.greater(x, &zero)?;
        if matches!(self.kind(x), Kind::Integer(range) if range.lo >= 0) {
            return Ok(above);
        }
        let below = self.greater(&zero, x)?;
        self.truth(&[(1.0, &above), (1.0, &below)], 0.0)
    }

    /// Real numbers cut to integers.
    fn truncated(&mut self, x: &Operand, to: Element) -> Result<Operand, String> {
        let (lo, hi) = limits(to);
        if let Some(values) = x.values() {
            let values: Vec<f64> = values.iter().map(|value| value.trunc()).collect();
            return match values.iter().find(|value| !(lo as f64..=hi as f64).contains(*value)) {
                Some(value) => Err(format!("{value} does not fit type {to}")),
                None => Ok(Operand::constant(x.shape.clone(), to, values)),
            };
        }
        self.cut(x, (to, Interval::new(lo.max(ROUNDED.lo), hi.min(ROUNDED.hi))))
    }
}

/// The integers that a type holds, as far as they fit into signed 64 bits.
fn limits(element: Element) -> (i64, i64) {
    element.range().unwrap_or(match element {
        Element::Integer(IntegerType::Uint32) => (0, i64::from(u32::MAX)),
        Element::Integer(IntegerType::Uint64) => (0, i64::MAX),
        _ => (i64::MIN, i64::MAX),
    })
}
