//! CDist, which skl2onnx and onnxruntime put into nearest neighbours: the distance of each row of one matrix to each row of another.

use crate::float::Function;
use crate::lowering::moves::check_size;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (a, b) = (scope.floats(0)?, scope.floats(1)?);
    let ([rows, features], [columns, others]) = (&a.shape[..], &b.shape[..]) else {
        return Err(format!("takes two matrices, not shapes {:?} and {:?}", a.shape, b.shape));
    };
    if features != others {
        return Err(format!("rows of {features} and of {others} features have no distance"));
    }
    check_size(&[*rows, *columns, *features])?;
    let left = scope.reshape(&a, vec![*rows, 1, *features])?;
    let right = scope.reshape(&b, vec![1, *columns, *features])?;
    let squares = scope.squared_distances(&left, &right)?;
    let y = match scope.text("metric", "sqeuclidean")?.as_str() {
        "sqeuclidean" => squares,
        "euclidean" => scope.table(&squares, &[Function::Sqrt])?,
        other => return Err(format!("attribute `metric` is `{other}`, which is not supported")),
    };
    scope.finish(y)
}
