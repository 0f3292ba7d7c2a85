//! CenterCropPad (opset 18): axes are cut, or filled up with zeros, to the lengths that are given, about their middle.

use crate::lowering::moves::check_size;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let x = scope.input(0)?;
    let lengths = scope.integers(1)?.ok_or("input 1 is missing")?;
    let axes = scope.list("axes").unwrap_or_else(|| (0..x.axes() as i64).collect());
    if axes.len() != lengths.len() {
        return Err(format!("{} lengths for {} axes", lengths.len(), axes.len()));
    }
    scope.axes(&axes, x.axes())?;
    let mut shape = x.shape.clone();
    for (axis, target) in axes.iter().zip(&lengths) {
        shape[scope.axis_of(&x, *axis)?] = usize::try_from(*target).unwrap_or(usize::MAX);
    }
    check_size(&shape)?;
    let mut positions: Vec<Vec<Option<usize>>> = x.shape.iter().map(|length| (0..*length).map(Some).collect()).collect();
    for (axis, target) in axes.iter().zip(&lengths) {
        let axis = scope.axis_of(&x, *axis)?;
        positions[axis] = along(x.shape[axis], *target)?;
    }
    let y = scope.pick_all(&x, &positions, 0.0)?;
    scope.finish(y)
}

/// The positions to take along an axis; none where a zero goes. Of an odd number of elements, the end has one more.
fn along(length: usize, target: i64) -> Result<Vec<Option<usize>>, String> {
    let target = usize::try_from(target).ok().filter(|target| (1..=maat_runtime::Shape::MAX_ELEMENTS).contains(target));
    let target = target.ok_or("input 1 must hold positive lengths of tensors that are small enough")?;
    let (cut, before) = (length.saturating_sub(target) / 2, target.saturating_sub(length) / 2);
    Ok((0..target).map(|place| place.checked_sub(before).map(|place| place + cut).filter(|place| *place < length)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_stays_where_it_is() {
        assert_eq!(along(5, 2).unwrap(), [Some(1), Some(2)]);
        assert_eq!(along(4, 2).unwrap(), [Some(1), Some(2)]);
        assert_eq!(along(2, 5).unwrap(), [None, Some(0), Some(1), None, None]);
        assert_eq!(along(2, 2).unwrap(), [Some(0), Some(1)]);
        assert!(along(2, 0).is_err() && along(2, -1).is_err() && along(2, i64::MAX).is_err());
    }
}
