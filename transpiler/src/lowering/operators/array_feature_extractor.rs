//! ArrayFeatureExtractor of `ai.onnx.ml`: some elements of the last axis, by constant positions.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let mut x = scope.input(0)?;
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
