//! ZipMap of `ai.onnx.ml`: a map from labels to a row's values. Here it is the row; the labels are noted beside it.

use crate::lowering::helpers::labels::Labels;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    let labels = Labels::read(scope, "classlabels_int64s", "classlabels_strings")?;
    let values = x.shape.last().copied().unwrap_or(1);
    if labels.len() != values {
        return Err(format!("has {} labels for rows of {values} values", labels.len()));
    }
    scope.note_keys(
        0,
        match labels {
            Labels::Integers(labels) => labels.iter().map(i64::to_string).collect(),
            Labels::Texts(labels) => labels,
        },
    );
    scope.finish(x)
}
