//! Identity, and Dropout in inference, which is the same.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn identity(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    scope.finish(x)
}

/// Opset 12 made the ratio and the training mode inputs. The mask of opset 10 on is true everywhere; before, it was left open.
pub(super) fn dropout(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 3)?;
    let training = scope.constant(2)?.is_some_and(|mode| mode.values().is_some_and(|mode| mode.contains(&1.0)));
    if training && scope.constant(1)?.and_then(|ratio| ratio.single()) != Some(0.0) {
        return Err("elements are dropped only in training: export the model for inference".to_owned());
    }
    let x = scope.input(0)?;
    if scope.opset() >= 10 && scope.wants(1) {
        scope.give(1, Operand::constant(x.shape.clone(), Element::Bool, vec![1.0; x.elements()]));
    }
    scope.finish(x)
}
