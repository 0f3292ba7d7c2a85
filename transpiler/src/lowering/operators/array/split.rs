//! Split: parts of an axis. Their lengths are an attribute below opset 13, an input from then on; opset 18 added `num_outputs`, and lets
//! the last part be shorter.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 2)?;
    let x = scope.input(0)?;
    let axis = scope.axis_of(&x, scope.attribute("axis", 0i64)?)?;
    let (length, outputs) = (x.shape[axis], scope.outputs());
    let lengths = if scope.opset() < 13 { scope.list("split") } else { scope.integers(1)? };
    let lengths = match lengths {
        Some(lengths) => {
            lengths.iter().map(|length| usize::try_from(*length)).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?
        }
        None => equal_parts(scope, length, outputs)?,
    };
    let total = lengths.iter().try_fold(0usize, |sum, length| sum.checked_add(*length));
    if total != Some(length) || lengths.len() != outputs {
        return Err(format!("parts of lengths {lengths:?} do not fit {outputs} outputs and an axis of length {length}"));
    }
    let mut start = 0;
    for (output, length) in lengths.into_iter().enumerate() {
        if scope.wants(output) {
            let positions: Vec<usize> = (start..start + length).collect();
            let part = scope.pick(&x, axis, &positions)?;
            scope.give(output, part);
        }
        start += length;
    }
    Ok(())
}

fn equal_parts(scope: &Scope<'_>, length: usize, outputs: usize) -> Result<Vec<usize>, String> {
    let uneven = scope.opset() >= 18;
    if uneven && scope.attribute("num_outputs", outputs as i64)? != outputs as i64 {
        return Err(format!("attribute `num_outputs` does not fit {outputs} outputs"));
    }
    if outputs == 0 || (!uneven && !length.is_multiple_of(outputs)) {
        return Err(format!("an axis of length {length} cannot be split into {outputs} equal parts"));
    }
    let part = length.div_ceil(outputs);
    Ok((0..outputs).map(|output| part.min(length.saturating_sub(output * part))).collect())
}
