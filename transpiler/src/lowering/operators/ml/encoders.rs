//! LabelEncoder, CategoryMapper and OneHotEncoder of `ai.onnx.ml`, on integers and on labels that are texts.
//!
//! Floats are compared as they were rounded: two keys that are closer than a unit of the input are not told apart.

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::helpers::lookup::{Side, default_of, side};
use crate::lowering::scope::Scope;
use crate::onnx::{Element, IntegerType};

const INTEGER: Element = Element::Integer(IntegerType::Int64);

/// Version 1 had one list of texts, of which it gave positions, or the other way round.
pub(super) fn label_encoder(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    if scope.node().has("classes_strings") {
        return mapped(scope, "classes_strings");
    }
    let x = scope.input(0)?;
    let (keys, values) = (side(scope, "keys")?, side(scope, "values")?);
    let default = default_of(scope, &values, "_Unused")?;
    let y = scope.looked_up(&x, &keys, &values, &default)?;
    scope.finish(y)
}

pub(super) fn category_mapper(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    mapped(scope, "cats_strings")
}

/// Texts to integers, or integers to texts, by the lists in two attributes. Without the second, integers are positions in the first.
fn mapped(scope: &mut Scope<'_>, name: &str) -> Result<(), String> {
    let x = scope.input(0)?;
    let texts = scope.node().text_list(name)?.ok_or_else(|| format!("attribute `{name}` is missing"))?;
    let numbers = scope.list("cats_int64s").unwrap_or_else(|| (0..texts.len() as i64).collect());
    let numbers = Side::Numbers(INTEGER, numbers.iter().map(|number| *number as f64).collect());
    let (keys, values) = if matches!(x.element, Element::Text(_)) { (Side::Texts(texts), numbers) } else { (numbers, Side::Texts(texts)) };
    let default = default_of(scope, &values, "_Unused")?;
    let y = scope.looked_up(&x, &keys, &values, &default)?;
    scope.finish(y)
}

/// Zeros for what is no category, whether the attribute `zeros` allows it or not: ONNX refuses such inputs if not.
pub(super) fn one_hot(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    if x.element == Element::Float {
        return Err("takes integers or texts, not floats: cast them to integers before, which cuts them toward zero".to_owned());
    }
    let keys = match scope.node().text_list("cats_strings")?.filter(|texts| !texts.is_empty()) {
        Some(texts) => Side::Texts(texts),
        None => Side::Numbers(INTEGER, scope.list("cats_int64s").unwrap_or_default().iter().map(|key| *key as f64).collect()),
    };
    let is_key = scope.is_key(&x, &keys)?;
    let y = scope.sum_as(&[(1.0, &is_key)], 0.0, Bounds::NONE, Rounding::HalfUp, (Element::Float, Kind::BOOL))?;
    let y = scope.reshape(&y, [&x.shape[..], &[keys.len()]].concat())?;
    scope.finish(y)
}
