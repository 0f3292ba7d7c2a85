//! MatMul with a constant right side: a dense layer over the last axis of the left side.

use super::scope::Scope;
use crate::float::{Bounds, FloatOp};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    if !scope.is_constant(1) {
        return Err("the right side must be a constant; two computed sides are not supported yet".to_owned());
    }
    let input = scope.computed(0)?;
    let b = scope.weights(1)?;
    let &[n, m] = b.shape.as_slice() else {
        return Err(format!("the right side must be a matrix, not of shape {:?}", b.shape));
    };
    if scope.shape(input)?.last() != Some(&n) {
        return Err(format!("the right side has {n} rows"));
    }
    let weights = (0..m * n).map(|index| b.values[index % n * m + index / n]).collect();
    scope.emit(FloatOp::Affine { weights, bias: vec![0.0; m], bounds: Bounds::NONE }, &[input])
}
