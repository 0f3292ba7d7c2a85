//! Trilu (opset 14): the upper or the lower triangle of matrices, zeros elsewhere.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 2)?;
    let x = scope.input(0)?;
    let upper = scope.attribute("upper", 1i64)? != 0;
    let diagonal = match scope.integers(1)?.as_deref() {
        None | Some([]) => 0,
        Some([diagonal]) => i128::from(*diagonal),
        Some(list) => return Err(format!("input 1 must be one number, not {}", list.len())),
    };
    let Some((_, &[rows, columns])) = x.shape.split_last_chunk::<2>() else { return Err("a matrix is expected".to_owned()) };
    let kept = |element: usize| {
        let above = (element % columns) as i128 - (element / columns % rows) as i128 - diagonal;
        if upper { above >= 0 } else { above <= 0 }
    };
    let y = scope.fill(&x, |element| !kept(element), 0.0)?;
    scope.finish(y)
}
