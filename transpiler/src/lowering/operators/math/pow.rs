//! Pow. Opset 12 lets the exponent's type differ from the base's.
//!
//! Known exponents are a table each. Where they are computed, `x^y = e^(y ln x)`, which is defined for positive bases only. Powers of
//! integers are products.

use crate::float::Function;
use crate::lowering::moves::common_shape;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The most different exponents of one node.
const MAX_EXPONENTS: usize = 64;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, exponent) = scope.pair()?;
    let shape = common_shape([x.shape.as_slice(), &exponent.shape])?;
    if let (Some(_), Some(_)) = (x.values(), exponent.values()) {
        let y = known(scope, &x, &exponent, &shape)?;
        return scope.finish(y);
    }
    let y = match (exponent.values(), x.values()) {
        (Some(_), _) if uniform(&exponent).is_some() => scope.power(&x, uniform(&exponent).unwrap_or(1.0))?,
        (Some(_), _) => by_exponent(scope, &x, &exponent, &shape)?,
        (None, _) if x.element != Element::Float => return Err("powers of integers need known exponents".to_owned()),
        // b^y = e^(y ln b)
        (None, Some(bases)) => {
            if let Some(base) = bases.iter().find(|base| !(**base > 0.0 && base.is_finite())) {
                return Err(format!("a base is {base}: with computed exponents, bases must be positive and finite"));
            }
            let logarithms = bases.iter().map(|base| libm::log(*base)).collect();
            let logarithms = Operand::constant(x.shape.clone(), Element::Float, logarithms);
            let exponent = scope.as_floats(&exponent)?;
            let product = scope.mul(&exponent, &logarithms)?;
            scope.table(&product, &[Function::Exp])?
        }
        (None, None) => {
            let logarithms = scope.table(&x, &[Function::Log])?;
            let exponent = scope.as_floats(&exponent)?;
            let product = scope.mul(&exponent, &logarithms)?;
            scope.table(&product, &[Function::Exp])?
        }
    };
    let y = scope.expand(&y, &shape)?;
    scope.finish(y)
}

/// Powers with several known exponents: the elements of each are gathered, raised, and put back.
fn by_exponent(scope: &mut Scope<'_>, x: &Operand, exponent: &Operand, shape: &[usize]) -> Result<Operand, String> {
    let (x, exponent) = (scope.expand(x, shape)?, scope.expand(exponent, shape)?);
    let exponents = exponent.values().unwrap_or_default();
    let mut different: Vec<f64> = Vec::new();
    let mut places: Vec<Vec<u32>> = Vec::new();
    for (place, exponent) in exponents.iter().enumerate() {
        let position = different.iter().position(|known| known == exponent).unwrap_or_else(|| {
            different.push(*exponent);
            places.push(Vec::new());
            different.len() - 1
        });
        if !exponent.is_finite() || different.len() > MAX_EXPONENTS {
            return Err(format!("up to {MAX_EXPONENTS} different exponents are supported, all finite"));
        }
        places[position].push(u32::try_from(place).expect("tensors are small"));
    }
    let mut powers = Vec::new();
    for (exponent, places) in different.iter().zip(&places) {
        let elements = scope.gather(&x, vec![places.len()], places.clone(), Vec::new())?;
        powers.push(scope.power(&elements, *exponent)?);
    }
    let joined = scope.concat(&powers, 0)?;
    let mut back = vec![0u32; exponents.len()];
    places.iter().flatten().zip(0..).for_each(|(place, position)| back[*place as usize] = position);
    scope.gather(&joined, shape.to_vec(), back, Vec::new())
}

/// The value that all elements have, if it is known.
fn uniform(x: &Operand) -> Option<f64> {
    let (first, others) = x.values()?.split_first()?;
    others.iter().all(|value| value == first).then_some(*first).filter(|value| value.is_finite())
}

/// Powers of constants; those of integers are truncated to integers, as in C.
fn known(scope: &mut Scope<'_>, x: &Operand, exponent: &Operand, shape: &[usize]) -> Result<Operand, String> {
    let (x, exponent) = (scope.expand(x, shape)?, scope.expand(exponent, shape)?);
    let pairs = x.values().unwrap_or_default().iter().zip(exponent.values().unwrap_or_default());
    let powers = pairs.map(|(x, exponent)| libm::pow(*x, *exponent));
    if x.element == Element::Float {
        return Ok(Operand::constant(x.shape.clone(), x.element, powers.collect()));
    }
    let powers: Vec<f64> = powers.map(f64::trunc).collect();
    let (lo, hi) = x.element.range().map_or((-(2f64.powi(53)), 2f64.powi(53)), |(lo, hi)| (lo as f64, hi as f64));
    match powers.iter().find(|value| !(lo..=hi).contains(*value)) {
        Some(value) => Err(format!("the power {value} does not fit type {}", x.element)),
        None => Ok(Operand::constant(x.shape.clone(), x.element, powers)),
    }
}
