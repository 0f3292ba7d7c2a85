//! Floor, Ceil and Round. Results are floats that are integers; ties of Round go to the even one.

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::helpers::rounding::ROUNDED;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn ceil(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, f64::ceil, |scope, x| {
        // ceil(x) = -floor(-x)
        let sort = (Element::Float, Kind::Integer(ROUNDED));
        let below = scope.sum_as(&[(-1.0, x)], 0.0, Bounds::NONE, Rounding::Down, sort)?;
        scope.sum_as(&[(-1.0, &below)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)
    })
}

pub(super) fn floor(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, f64::floor, |scope, x| scope.round(x, Rounding::Down, (Element::Float, ROUNDED)))
}

pub(super) fn round(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, f64::round_ties_even, |scope, x| scope.round(x, Rounding::HalfEven, (Element::Float, ROUNDED)))
}

fn lower(
    scope: &mut Scope<'_>,
    known: fn(f64) -> f64,
    computed: fn(&mut Scope<'_>, &Operand) -> Result<Operand, String>,
) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    if x.element != Element::Float {
        return Err(format!("takes floats, not {}", x.element));
    }
    let y = match (x.values(), scope.kind(&x)) {
        (Some(values), _) => Operand::constant(x.shape.clone(), Element::Float, values.iter().copied().map(known).collect()),
        (None, Kind::Integer(_)) => x,
        (None, Kind::Real) => computed(scope, &x)?,
    };
    scope.finish(y)
}
