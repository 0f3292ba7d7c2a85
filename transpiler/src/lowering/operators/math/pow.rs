//! Pow with one known exponent, or with one known positive base. Opset 12 lets the exponent's type differ from the base's.

use crate::float::Function;
use crate::lowering::moves::common_shape;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, exponent) = scope.pair()?;
    let shape = common_shape([x.shape.as_slice(), &exponent.shape])?;
    if let (Some(_), Some(_)) = (x.values(), exponent.values()) {
        let y = known(scope, &x, &exponent, &shape)?;
        return scope.finish(y);
    }
    let y = match (uniform(&x), uniform(&exponent)) {
        (_, Some(exponent)) => scope.power(&x, exponent)?,
        // b^x = e^(x ln b)
        (Some(base), None) if base > 0.0 && x.element == Element::Float => {
            scope.table(&exponent, &[Function::Linear { factor: libm::log(base), offset: 0.0 }, Function::Exp])?
        }
        _ => return Err("the exponent must be one constant for all elements".to_owned()),
    };
    let y = scope.expand(&y, &shape)?;
    scope.finish(y)
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

impl Scope<'_> {
    /// `x^exponent`
    pub(super) fn power(&mut self, x: &Operand, exponent: f64) -> Result<Operand, String> {
        if exponent == 0.0 {
            return Ok(Operand::constant(x.shape.clone(), x.element, vec![1.0; x.elements()]));
        }
        if exponent == 1.0 {
            return Ok(x.clone());
        }
        if exponent == 2.0 {
            return self.mul(x, x);
        }
        if x.element != Element::Float {
            return Err(format!("exponent {exponent} of computed integers is not supported: 0, 1 and 2 are"));
        }
        self.table(x, &[if exponent == 0.5 { Function::Sqrt } else { Function::Pow(exponent) }])
    }
}
