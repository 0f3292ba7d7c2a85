//! LRN: `x / (bias + alpha / size * sum x^2)^beta`, the sum over `size` neighbouring channels.

use crate::float::{FloatOp, Function, Kind};
use crate::lowering::moves::check_size;
use crate::lowering::scope::Scope;
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    if x.axes() < 2 {
        return Err("the input needs a batch axis and a channel axis".to_owned());
    }
    let channels = x.shape[1];
    let size: i64 = scope.optional_attribute("size")?.ok_or("attribute `size` is missing")?;
    // A size that reaches over all channels on both sides is large enough.
    let size = usize::try_from(size)
        .ok()
        .filter(|size| (1..=maat_runtime::Shape::MAX_ELEMENTS).contains(size))
        .ok_or_else(|| format!("attribute `size` is {size}: it must be from 1 to {}", maat_runtime::Shape::MAX_ELEMENTS))?;
    let mut shape = x.shape.clone();
    shape.push(size);
    check_size(&shape)?;
    let before = (size - 1) / 2;
    let neighbours = (0..channels * size).map(|k| (k / size + k % size).checked_sub(before).filter(|channel| *channel < channels));
    // [batch, pixels.., channels, neighbours]
    let channels_last: Vec<usize> = [0].into_iter().chain(2..x.axes()).chain([1]).collect();
    let moved = scope.transpose(&x, &channels_last)?;
    let mut along: Vec<Vec<Option<usize>>> = moved.shape.iter().map(|length| (0..*length).map(Some).collect()).collect();
    if let Some(last) = along.last_mut() {
        *last = neighbours.collect();
    }
    let windows = scope.pick_all(&moved, &along, 0.0)?;
    let squares = FloatOp::Product { rows: 1, columns: 1, inner: size };
    let squares = scope.emit(squares, &[&windows, &windows], moved.shape.clone(), (Element::Float, Kind::Real))?;

    let alpha = f64::from(scope.attribute("alpha", 1e-4f32)?);
    let (beta, bias) = (f64::from(scope.attribute("beta", 0.75f32)?), f64::from(scope.attribute("bias", 1.0f32)?));
    if !(alpha >= 0.0 && bias >= 0.0 && beta.is_finite()) {
        return Err(format!(
            "attributes `alpha`, `beta` and `bias` are {alpha}, {beta} and {bias}: alpha and bias must not be negative, and beta must be finite"
        ));
    }
    let mean = Function::Linear { factor: alpha / size as f64, offset: bias };
    let factor = scope.table(&squares, &[mean, Function::Pow(-beta)])?;
    let y = scope.mul(&moved, &factor)?;
    let channels_first: Vec<usize> = [0, x.axes() - 1].into_iter().chain(1..x.axes() - 1).collect();
    let y = scope.transpose(&y, &channels_first)?;
    scope.finish(y)
}
