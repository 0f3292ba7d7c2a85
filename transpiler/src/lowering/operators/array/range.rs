//! Range: `start, start + delta, ..` as long as `limit` is not reached.

use crate::lowering::arithmetic::same_element;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 3)?;
    let inputs = [scope.weights(0)?, scope.weights(1)?, scope.weights(2)?];
    let element = same_element(&inputs)?;
    let [Some(start), Some(limit), Some(delta)] = [0, 1, 2].map(|position| inputs[position].single()) else {
        return Err("start, limit and delta must be scalars".to_owned());
    };
    if delta == 0.0 {
        return Err("delta is 0".to_owned());
    }
    let count = ((limit - start) / delta).ceil().max(0.0);
    if count > maat_runtime::Shape::MAX_ELEMENTS as f64 {
        return Err(format!("{count} values are too many"));
    }
    let values: Vec<f64> = (0..count as usize).map(|k| start + k as f64 * delta).collect();
    scope.finish(Operand::constant(vec![values.len()], element, values))
}
