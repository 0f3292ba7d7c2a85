//! CumSum: sums of all elements up to each one along an axis, a product with a triangular matrix; CumProd (opset 26): products of them.

use crate::lowering::moves::axis_last;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The longest axis: a longer one would need too large a matrix.
const MAX_LENGTH: usize = 1024;

pub(super) fn sums(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, axis, exclusive, reverse) = read(scope)?;
    let length = x.shape[axis];
    let counts = |index: usize| {
        let (to, from) = (index / length, index % length);
        let (early, late) = if reverse { (to, from) } else { (from, to) };
        f64::from(u8::from(early < late || (early == late && !exclusive)))
    };
    let weights = (0..length * length).map(counts).collect();
    let order = axis_last(x.axes(), axis);
    let moved = scope.transpose(&x, &order)?;
    let sums = scope.affine(&moved, 1, weights, vec![0.0; length])?;
    let y = scope.transpose(&sums, &order)?;
    scope.finish(y)
}

/// In `log2 n` steps, each element is multiplied with the one that lies 1, 2, 4, .. places before it.
pub(super) fn products(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, axis, exclusive, reverse) = read(scope)?;
    let length = x.shape[axis];
    if x.element != Element::Float {
        return Err(format!("takes floats, not {}", x.element));
    }
    // Moves elements along the axis; ones come in.
    let moved = |scope: &mut Scope<'_>, x: &Operand, by: usize| {
        let mut along: Vec<Vec<Option<usize>>> = x.shape.iter().map(|length| (0..*length).map(Some).collect()).collect();
        along[axis] = (0..length).map(|place| if reverse { Some(place + by) } else { place.checked_sub(by) }).collect();
        along[axis].iter_mut().for_each(|place| *place = place.filter(|place| *place < length));
        scope.pick_all(x, &along, 1.0)
    };
    let mut y = if exclusive { moved(scope, &x, 1)? } else { x };
    let mut by = 1;
    while by < length {
        let before = moved(scope, &y, by)?;
        y = scope.mul(&y, &before)?;
        by *= 2;
    }
    scope.finish(y)
}

/// The input, its axis, and the attributes `exclusive` and `reverse`.
fn read(scope: &Scope<'_>) -> Result<(Operand, usize, bool, bool), String> {
    scope.arity(2, 2)?;
    let x = scope.input(0)?;
    let list = scope.integers(1)?.unwrap_or_default();
    let [axis] = list[..] else {
        return Err("the axis must be one number".to_owned());
    };
    let axis = scope.axis_of(&x, axis)?;
    let length = x.shape[axis];
    if length > MAX_LENGTH {
        return Err(format!("an axis of length {length} is too long: at most {MAX_LENGTH} elements are supported"));
    }
    Ok((x, axis, scope.attribute("exclusive", 0i64)? != 0, scope.attribute("reverse", 0i64)? != 0))
}
