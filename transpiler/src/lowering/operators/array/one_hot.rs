//! OneHot: a new axis with one value at the place that an index names, and another elsewhere. Negative indices count from the back; where an
//! index is beyond the axis, there is the other value everywhere. Indices that are floats are cut to integers first.

use maat_runtime::Interval;

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::helpers::indices::MAX_COMPARISONS;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 3)?;
    let (indices, values) = (scope.input(0)?, scope.input(2)?);
    let depth = scope.integers(1)?.filter(|list| list.len() == 1).map(|list| list[0]);
    let depth =
        depth.and_then(|depth| usize::try_from(depth).ok()).filter(|depth| *depth > 0).ok_or("the depth must be one positive number")?;
    if values.shape != [2] {
        return Err(format!("there must be two values, not {:?}", values.shape));
    }
    let axes = indices.axes() + 1;
    let axis = scope.axis(scope.attribute("axis", -1i64)?, axes)?;
    if indices.elements().max(1).checked_mul(depth).is_none_or(|comparisons| comparisons > MAX_COMPARISONS) {
        return Err(format!("{} indices of depth {depth} need too many comparisons: at most {MAX_COMPARISONS}", indices.elements()));
    }
    let indices = scope.cast(&indices, Element::Integer(IntegerType::Int64))?;
    let chosen = chosen(scope, &indices, depth)?;
    // The new axis is last so far.
    let order: Vec<usize> = (0..axis).chain([axes - 1]).chain(axis..axes - 1).collect();
    let chosen = scope.transpose(&chosen, &order)?;
    let (off, on) = (scope.pick(&values, 0, &[0])?, scope.pick(&values, 0, &[1])?);
    let (off, on) = (scope.reshape(&off, Vec::new())?, scope.reshape(&on, Vec::new())?);
    let y = match (off.single(), on.single()) {
        (Some(off), Some(on)) if off.is_finite() && on.is_finite() => {
            let kind = scope.chosen_kind(&values)?;
            scope.sum_as(&[(on - off, &chosen)], off, Bounds::NONE, Rounding::HalfUp, (values.element, kind))?
        }
        _ => scope.select(&chosen, &on, &off)?,
    };
    scope.finish(y)
}

/// Whether each index names each place: `[.., depth]`.
fn chosen(scope: &mut Scope<'_>, indices: &Operand, depth: usize) -> Result<Operand, String> {
    let column = scope.reshape(indices, [&indices.shape[..], &[1]].concat())?;
    let all = depth as i64;
    let Kind::Integer(range) = scope.kind(indices) else { return Err("indices must be integers".to_owned()) };
    let place = if range.lo < 0 {
        let zero = Operand::constant(Vec::new(), indices.element, vec![0.0]);
        let negative = scope.greater(&zero, &column)?;
        let shifted = Interval::new((range.lo + all).min(0), range.hi.max(all - 1));
        let terms = [(1.0, &column), (depth as f64, &negative)];
        scope.sum_as(&terms, 0.0, Bounds::NONE, Rounding::HalfUp, (indices.element, Kind::Integer(shifted)))?
    } else {
        column
    };
    // An index is `k` if it is greater than `k - 1` and not greater than `k`.
    let ends = (-1..all).map(|end| end as f64).collect();
    let reached = scope.greater(&place, &Operand::constant(vec![depth + 1], indices.element, ends))?;
    let axis = reached.axes() - 1;
    let here = scope.pick(&reached, axis, &(0..depth).collect::<Vec<_>>())?;
    let beyond = scope.pick(&reached, axis, &(1..=depth).collect::<Vec<_>>())?;
    scope.truth(&[(1.0, &here), (-1.0, &beyond)], 0.0)
}
