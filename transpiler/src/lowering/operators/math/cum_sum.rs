//! CumSum: sums of all elements up to each one along an axis, a product with a triangular matrix.

use crate::lowering::scope::Scope;

/// The longest axis: a longer one would need too large a matrix.
const MAX_LENGTH: usize = 1024;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let x = scope.input(0)?;
    let list = scope.integers(1)?.unwrap_or_default();
    let [axis] = list[..] else {
        return Err("the axis must be one number".to_owned());
    };
    let axis = scope.axis_of(&x, axis)?;
    let (exclusive, reverse) = (scope.attribute("exclusive", 0i64)? != 0, scope.attribute("reverse", 0i64)? != 0);
    let length = x.shape[axis];
    if length > MAX_LENGTH {
        return Err(format!("an axis of length {length} is too long: at most {MAX_LENGTH} elements are supported"));
    }
    let counts = |index: usize| {
        let (to, from) = (index / length, index % length);
        let (early, late) = if reverse { (to, from) } else { (from, to) };
        f64::from(u8::from(early < late || (early == late && !exclusive)))
    };
    let weights = (0..length * length).map(counts).collect();
    let last = x.axes() - 1;
    let mut order: Vec<usize> = (0..x.axes()).collect();
    order.swap(axis, last);
    let moved = scope.transpose(&x, &order)?;
    let sums = scope.affine(&moved, 1, weights, vec![0.0; length])?;
    let y = scope.transpose(&sums, &order)?;
    scope.finish(y)
}
