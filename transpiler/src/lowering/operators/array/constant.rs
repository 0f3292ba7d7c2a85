//! Constant and ConstantOfShape.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType, Texts};

/// Opset 12 added numbers and lists of numbers to tensors.
pub(super) fn constant(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(0, 0)?;
    let integer = Element::Integer(IntegerType::Int64);
    let y = if let Some(texts) = texts(scope)? {
        scope.texts().constant(&texts)
    } else if let Some(tensor) = scope.node().tensor("value")? {
        tensor.into()
    } else if let Some(value) = scope.optional_attribute::<f32>("value_float")? {
        Operand::scalar(f64::from(value))
    } else if let Some(value) = scope.optional_attribute::<i64>("value_int")? {
        Operand::constant(Vec::new(), integer, vec![value as f64])
    } else if let Some(values) = scope.node().floats("value_floats") {
        Operand::constant(vec![values.len()], Element::Float, values.iter().map(|value| f64::from(*value)).collect())
    } else if let Some(values) = scope.list("value_ints") {
        Operand::constant(vec![values.len()], integer, values.iter().map(|value| *value as f64).collect())
    } else {
        return Err("a tensor, numbers or texts are expected: sparse tensors are not supported".to_owned());
    };
    scope.finish(y)
}

/// The constant as texts, if it is given as such.
fn texts(scope: &Scope<'_>) -> Result<Option<Texts>, String> {
    let node = scope.node();
    if let Some(texts) = node.text_tensor("value")? {
        return Ok(Some(texts));
    }
    if let Some(values) = node.text_list("value_strings")? {
        return Ok(Some(Texts { shape: vec![values.len()], values }));
    }
    Ok(node.text("value_string")?.map(|value| Texts { shape: Vec::new(), values: vec![value] }))
}

/// One value everywhere; 0 if none is given.
pub(super) fn of_shape(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let lengths = scope.integers(0)?.ok_or("input 0 is missing")?;
    let shape: Option<Vec<usize>> = lengths.iter().map(|length| usize::try_from(*length).ok()).collect();
    let shape = shape.ok_or_else(|| format!("{lengths:?} is not a shape"))?;
    let elements = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    let elements = elements.filter(|elements| *elements <= maat_runtime::Shape::MAX_ELEMENTS);
    let elements = elements.ok_or_else(|| format!("a tensor of shape {shape:?} is too large"))?;
    let value = match scope.node().tensor("value")? {
        Some(tensor) => Operand::from(tensor),
        None => Operand::scalar(0.0),
    };
    let single = value.single().ok_or_else(|| format!("attribute `value` holds {} values, not one", value.elements()))?;
    scope.finish(Operand::constant(shape, value.element, vec![single; elements]))
}
