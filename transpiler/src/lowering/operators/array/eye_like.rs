//! EyeLike: ones on a diagonal of a matrix, zeros elsewhere. Only the input's shape and type count; a vector stands for a square.

use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let element = match scope.optional_attribute::<i32>("dtype")? {
        Some(given) => Element::of(given).ok_or_else(|| format!("attribute `dtype` is {given}: {}", Element::refusal(given)))?,
        None => x.element,
    };
    let (rows, columns) = match x.shape[..] {
        [length] => (length, length),
        [rows, columns] => (rows, columns),
        _ => return Err(format!("a matrix is expected, not a tensor of shape {:?}", x.shape)),
    };
    check_size(&[rows, columns])?;
    let diagonal = i128::from(scope.attribute("k", 0i64)?);
    let one = |element: usize| f64::from(u8::from((element % columns) as i128 - (element / columns) as i128 == diagonal));
    scope.finish(Operand::constant(vec![rows, columns], element, (0..rows * columns).map(one).collect()))
}
