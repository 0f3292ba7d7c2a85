//! Max and Min of any number of tensors. Opset 8 brought broadcasting, opset 12 integers.

use crate::float::Bounds;
use crate::lowering::arithmetic::same_element;
use crate::lowering::moves::common_shape;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn max(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, false)
}

pub(super) fn min(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, true)
}

fn lower(scope: &mut Scope<'_>, least: bool) -> Result<(), String> {
    scope.arity(1, usize::MAX)?;
    let parts = (0..scope.inputs()).map(|position| scope.input(position)).collect::<Result<Vec<_>, _>>()?;
    same_element(&parts)?;
    let shape = common_shape(parts.iter().map(|part| part.shape.as_slice()))?;
    // A known number is only a bound.
    let bound = |part: &Operand| part.single().filter(|value| !value.is_nan());
    let (bounds, others): (Vec<Operand>, Vec<Operand>) = parts.into_iter().partition(|part| bound(part).is_some());
    if others.is_empty() {
        let y = extreme(scope, &bounds, least)?;
        return scope.finish(y);
    }
    let mut y = if others.len() == 1 { others[0].clone() } else { extreme(scope, &others, least)? };
    for bound in bounds.iter().filter_map(bound) {
        let bounds = if least { Bounds { hi: bound, ..Bounds::NONE } } else { Bounds { lo: bound, ..Bounds::NONE } };
        y = scope.clamp(&y, bounds)?;
    }
    let y = scope.expand(&y, &shape)?;
    scope.finish(y)
}

fn extreme(scope: &mut Scope<'_>, parts: &[Operand], least: bool) -> Result<Operand, String> {
    if !least {
        return scope.max(parts);
    }
    let reversed = parts.iter().map(|part| scope.reversed(part)).collect::<Result<Vec<_>, _>>()?;
    let greatest = scope.max(&reversed)?;
    scope.reversed(&greatest)
}
