//! EyeLike: ones on a diagonal of a matrix of the input's shape.

use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let [rows, columns] = x.shape[..] else { return Err(format!("takes a matrix, not shape {:?}", x.shape)) };
    let element = match scope.optional_attribute::<i32>("dtype")? {
        Some(given) => Element::of(given).ok_or_else(|| format!("attribute `dtype` is {given}: {}", Element::refusal(given)))?,
        None => x.element,
    };
    let k = scope.attribute("k", 0i64)?;
    check_size(&[rows, columns])?;
    let one = |index: usize| (index / columns) as i64 + k == (index % columns) as i64;
    let values = (0..rows * columns).map(|index| f64::from(u8::from(one(index)))).collect();
    scope.finish(Operand::constant(vec![rows, columns], element, values))
}
