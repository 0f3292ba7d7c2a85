//! Values looked up by keys: what LabelEncoder, CategoryMapper and OneHotEncoder share.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, Kind};
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// Keys or values: numbers of a type, or texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Side {
    Numbers(Element, Vec<f64>),
    Texts(Vec<String>),
}

/// The most keys.
const MAX_KEYS: usize = 4096;

impl Side {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(_, values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }
}

impl Scope<'_> {
    /// Which key each element of `x` is: truth values `[elements, keys]`.
    pub fn is_key(&mut self, x: &Operand, keys: &Side) -> Result<Operand, String> {
        check_count(keys)?;
        let keys = match (keys, self.texts().list(x.element)) {
            (Side::Numbers(element, keys), None) if (*element == Element::Float) == (x.element == Element::Float) => {
                check_keys(keys)?;
                keys.clone()
            }
            // A key that is not among the texts that the input can be is never met.
            (Side::Texts(keys), Some(list)) => {
                let place = |key: &String| list.iter().position(|text| text == key).map_or(-1.0, |place| place as f64);
                let places = keys.iter().map(place).collect();
                self.texts().element(keys)?;
                places
            }
            (Side::Texts(_), None) => return Err(format!("its keys are texts, but its input is of type {}", x.element)),
            (Side::Numbers(element, _), _) => {
                return Err(format!("its keys are of type {element}, but its input is of type {}", x.element));
            }
        };
        let (elements, count) = (x.elements(), keys.len());
        check_size(&[elements, count])?;
        let column = self.reshape(x, vec![elements, 1])?;
        let keys = Operand::constant(vec![1, count], x.element, keys);
        self.equal(&column, &keys)
    }

    /// The value of each element's key, or the default. A default text that is not among the values comes after them.
    pub fn looked_up(&mut self, x: &Operand, keys: &Side, values: &Side, default: &Side) -> Result<Operand, String> {
        if keys.len() != values.len() {
            return Err(format!("has {} keys and {} values", keys.len(), values.len()));
        }
        check_count(keys)?;
        let (element, values, default) = match (values, default) {
            (Side::Numbers(element, values), Side::Numbers(_, default)) => (*element, values.clone(), default.clone()),
            (Side::Texts(values), Side::Texts(default)) => {
                let mut list: Vec<String> = Vec::new();
                let mut place = |text: &String| {
                    let known = list.iter().position(|known| known == text);
                    known.unwrap_or_else(|| {
                        list.push(text.clone());
                        list.len() - 1
                    }) as f64
                };
                let values: Vec<f64> = values.iter().map(&mut place).collect();
                let default: Vec<f64> = default.iter().map(&mut place).collect();
                (self.texts().element(&list)?, values, default)
            }
            _ => return Err("its values and their default are of different types".to_owned()),
        };
        let [default] = default[..] else { return Err(format!("has {} defaults", default.len())) };
        let is_key = self.is_key(x, keys)?;
        if let Some(value) = values.iter().chain([&default]).find(|value| !value.is_finite()) {
            return Err(format!("gives {value}: every value must be finite"));
        }
        let (lo, hi) = values.iter().fold((default, default), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
        let kind = if element == Element::Float { Kind::Real } else { Kind::Integer(Interval::new(lo as i64, hi as i64)) };
        let weights = values.iter().map(|value| value - default).collect();
        let op = FloatOp::Affine { groups: 1, weights, bias: vec![default], bounds: Bounds::NONE };
        let found = self.emit(op, &[&is_key], vec![x.elements(), 1], (element, kind))?;
        self.reshape(&found, x.shape.clone())
    }
}

/// Refuses too many keys, before any list of them is searched.
fn check_count(keys: &Side) -> Result<(), String> {
    match keys.len() {
        1..=MAX_KEYS => Ok(()),
        count => Err(format!("has {count} keys: from 1 to {MAX_KEYS} are supported")),
    }
}

/// Refuses keys that are listed twice: which of the two values counts is not defined.
fn check_keys(keys: &[f64]) -> Result<(), String> {
    let mut sorted: Vec<f64> = keys.to_vec();
    if let Some(key) = sorted.iter().find(|key| !key.is_finite()) {
        return Err(format!("the key {key} is not a number that an input can be"));
    }
    sorted.sort_by(f64::total_cmp);
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("the key {} is listed twice", pair[0])),
        None => Ok(()),
    }
}

/// A list of numbers or texts, in one of several attributes: `name_strings`, `name_int64s`, `name_floats`, `name_tensor`.
pub fn side(scope: &Scope<'_>, name: &str) -> Result<Side, String> {
    use crate::onnx::IntegerType::Int64;
    let node = scope.node();
    if let Some(texts) = node.text_list(&format!("{name}_strings"))?.filter(|texts| !texts.is_empty()) {
        return Ok(Side::Texts(texts));
    }
    if let Some(integers) = scope.list(&format!("{name}_int64s")).filter(|integers| !integers.is_empty()) {
        return Ok(Side::Numbers(Element::Integer(Int64), integers.iter().map(|value| *value as f64).collect()));
    }
    if let Some(floats) = node.floats(&format!("{name}_floats")).filter(|floats| !floats.is_empty()) {
        return Ok(Side::Numbers(Element::Float, floats.iter().map(|value| f64::from(*value)).collect()));
    }
    let tensor = format!("{name}_tensor");
    if let Some(texts) = node.text_tensor(&tensor)? {
        return Ok(Side::Texts(texts.values));
    }
    match node.list_as_tensor(&tensor)? {
        Some(constant) => Ok(Side::Numbers(constant.element, constant.values.to_vec())),
        None => Err(format!("gives no {name}")),
    }
}

/// A text as a default for values that are texts, else a number.
pub fn default_of(scope: &Scope<'_>, values: &Side, text: &str) -> Result<Side, String> {
    if scope.node().has("default_tensor") {
        return side(scope, "default");
    }
    Ok(match values {
        Side::Texts(_) => Side::Texts(vec![scope.text("default_string", text)?]),
        Side::Numbers(Element::Float, _) => Side::Numbers(Element::Float, vec![scope.number("default_float", 0.0)?]),
        Side::Numbers(element, _) => Side::Numbers(*element, vec![scope.attribute("default_int64", -1i64)? as f64]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_finite_and_different() {
        assert_eq!(check_keys(&[1.0, 2.0, -1.0]), Ok(()));
        assert!(check_keys(&[1.0, 2.0, 1.0]).unwrap_err().contains("key 1 is listed twice"));
        assert!(check_keys(&[f64::NAN]).is_err());
    }
}
