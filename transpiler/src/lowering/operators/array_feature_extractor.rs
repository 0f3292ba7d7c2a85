//! ArrayFeatureExtractor of `ai.onnx.ml`: some elements of the last axis, by constant positions; or constants at computed positions, which is
//! how scikit-learn's classes become labels.

use crate::float::Kind;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let mut x = scope.input(0)?;
    let found = scope.input(1)?;
    if x.is_constant() && !found.is_constant() {
        return labels(scope, &x, &found);
    }
    let positions = scope.integers(1)?.ok_or("input 1 is missing")?;
    // A vector is a matrix with one row.
    if x.axes() == 1 {
        x = scope.reshape(&x, vec![1, x.shape[0]])?;
    }
    let length = x.shape.last().copied().filter(|_| x.elements() > 0).ok_or("the input has no last axis")?;
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

/// Constants, one row of them, at computed positions.
fn labels(scope: &mut Scope<'_>, x: &Operand, positions: &Operand) -> Result<(), String> {
    let whole = |value: &f64| (value.fract() == 0.0 && value.abs() <= f64::from(i32::MAX)).then_some(*value as i64);
    let labels: Option<Vec<i64>> = x.values().unwrap_or_default().iter().map(whole).collect();
    let is_row =
        |labels: &Vec<i64>| !labels.is_empty() && x.shape.last() == Some(&labels.len()) && matches!(x.element, Element::Integer(_));
    let labels = labels.filter(is_row);
    let labels = labels.ok_or("constants at computed positions are supported for one row of integers")?;
    let Kind::Integer(range) = scope.kind(positions) else { return Err("the positions are no integers".to_owned()) };
    if range.lo < 0 || range.hi >= labels.len() as i64 {
        return Err(format!("the positions lie in {range}, but there are {} constants", labels.len()));
    }
    let y = scope.labels_at(positions, &labels)?;
    let y = scope.reshape(&y, vec![1, positions.elements()])?;
    scope.finish(y)
}
