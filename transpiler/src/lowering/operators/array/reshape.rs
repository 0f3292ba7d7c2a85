//! Reshape: the target shape is an attribute below opset 5, an input from then on; `allowzero` came with opset 14. Flatten: to a matrix.

use crate::lowering::scope::Scope;

pub(super) fn reshape(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 2)?;
    let x = scope.input(0)?;
    let target = if scope.opset() < 5 { scope.list("shape") } else { scope.integers(1)? };
    let target = target.ok_or("no shape is given")?;
    let shape = resolve(&x.shape, &target, scope.attribute("allowzero", 0i64)? != 0)?;
    let y = scope.reshape(&x, shape)?;
    scope.finish(y)
}

/// The shape that a target means: 0 keeps an axis of the input, -1 takes what is left.
fn resolve(from: &[usize], target: &[i64], zero_is_a_length: bool) -> Result<Vec<usize>, String> {
    let refused = || format!("shape {target:?} does not fit an input of shape {from:?}");
    let mut shape = Vec::new();
    let mut open = None;
    for (axis, length) in target.iter().enumerate() {
        shape.push(match length {
            0 if !zero_is_a_length => *from.get(axis).ok_or_else(refused)?,
            -1 if open.replace(axis).is_none() => 1,
            _ => usize::try_from(*length).map_err(|_| refused())?,
        });
    }
    if let Some(axis) = open {
        let known = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length)).filter(|known| *known > 0);
        let elements: usize = from.iter().product();
        shape[axis] = known.filter(|known| elements.is_multiple_of(*known)).map(|known| elements / known).ok_or_else(refused)?;
    }
    Ok(shape)
}

pub(super) fn flatten(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let axis = scope.attribute("axis", 1i64)?;
    // Unlike elsewhere, the number of axes is a valid axis: all of them are then before it.
    let axis = if usize::try_from(axis) == Ok(x.axes()) { x.axes() } else { scope.axis(axis, x.axes())? };
    let shape = vec![x.shape[..axis].iter().product(), x.shape[axis..].iter().product()];
    let y = scope.reshape(&x, shape)?;
    scope.finish(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_keep_axes_and_minus_one_takes_the_rest() {
        assert_eq!(resolve(&[2, 3, 4], &[0, -1], false).unwrap(), [2, 12]);
        assert_eq!(resolve(&[2, 3, 4], &[4, 0, 0, -1], false).unwrap_err(), "shape [4, 0, 0, -1] does not fit an input of shape [2, 3, 4]");
        assert_eq!(resolve(&[], &[-1], false).unwrap(), [1]);
        assert_eq!(resolve(&[1], &[], false).unwrap(), [0usize; 0]);
        assert!(resolve(&[6], &[-1, -1], false).is_err());
        assert!(resolve(&[6], &[-2, 3], false).is_err());
        assert!(resolve(&[6], &[4, -1], false).is_err());
        assert!(resolve(&[6], &[0, -1], true).is_err());
        assert!(resolve(&[6], &[i64::MAX, i64::MAX, -1], false).is_err());
    }
}
