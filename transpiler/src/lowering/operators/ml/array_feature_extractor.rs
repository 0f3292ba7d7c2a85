//! ArrayFeatureExtractor of `ai.onnx.ml`: elements of the last axis at constant positions, or elements of a constant vector at computed
//! positions. With the latter, scikit-learn's networks turn the position of the greatest score into a label, and those of the nearest
//! neighbours into their labels or values. Elements of any other tensor are chosen as Gather chooses.

use crate::float::Kind;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let mut x = scope.input(0)?;
    let computed = scope.input(1)?;
    if computed.values().is_none()
        && let Some(values) = vector(&x)
    {
        let y = at(scope, &computed, values, x.element)?;
        return scope.finish(y);
    }
    // A vector is a matrix with one row.
    if x.axes() == 1 {
        x = scope.reshape(&x, vec![1, x.shape[0]])?;
    }
    let length = x.shape.last().copied().filter(|_| x.elements() > 0).ok_or("the input has no last axis")?;
    if computed.values().is_none() {
        let y = chosen(scope, &x, &computed, length)?;
        return scope.finish(y);
    }
    let positions = scope.integers(1)?.ok_or("input 1 is missing")?;
    let inside = |position: &i64| usize::try_from(*position).ok().filter(|position| *position < length);
    let positions: Option<Vec<usize>> = positions.iter().map(inside).collect();
    let positions = positions.ok_or_else(|| format!("a position is not among the {length} elements of the last axis"))?;
    let outer = x.elements() / length;
    if outer.checked_mul(positions.len()).is_none_or(|elements| elements > maat_runtime::Shape::MAX_ELEMENTS) {
        return Err("the result has too many elements".to_owned());
    }
    let y = scope.pick(&x, x.axes() - 1, &positions)?;
    scope.finish(y)
}

/// The elements of the last axis at computed positions.
fn chosen(scope: &mut Scope<'_>, x: &Operand, positions: &Operand, length: usize) -> Result<Operand, String> {
    let (outer, count) = (x.elements() / length, positions.elements());
    let rows = scope.reshape(x, vec![outer, length])?;
    let columns = scope.swap_last(&rows)?;
    let columns = scope.reshape(&columns, vec![1, length, outer])?;
    let positions = scope.reshape(positions, vec![1, count])?;
    let positions = scope.positions(&positions, length)?;
    let found = scope.choose(&columns, &positions)?;
    let found = scope.reshape(&found, vec![count, outer])?;
    let found = scope.swap_last(&found)?;
    scope.reshape(&found, [&x.shape[..x.axes() - 1], &[count]].concat())
}

/// The values of a constant vector.
fn vector(x: &Operand) -> Option<&[f64]> {
    let is_row = x.axes() > 0 && x.shape.iter().rev().skip(1).all(|length| *length == 1);
    x.values().filter(|values| is_row && !values.is_empty())
}

fn at(scope: &mut Scope<'_>, positions: &Operand, values: &[f64], element: Element) -> Result<Operand, String> {
    let within = |kind| matches!(kind, Kind::Integer(range) if range.lo >= 0 && range.hi < values.len() as i64);
    if !within(scope.kind(positions)) {
        return Err(format!("a computed position might not be among the {} elements of the last axis", values.len()));
    }
    let count = positions.elements();
    let flat = scope.reshape(positions, vec![count])?;
    let found = if element == Element::Float {
        scope.real_at(&flat, values)?
    } else {
        // A model has no integers of more than 32 bits.
        let narrow = |value: &f64| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(value).then_some(*value as i64);
        let integers: Option<Vec<i64>> = values.iter().map(narrow).collect();
        scope.element_at(&flat, &integers.ok_or("an element has more than 32 bits")?, element)?
    };
    scope.reshape(&found, vec![1, count])
}
