//! Powers with one known exponent: products where these do, else a table.

use crate::float::Function;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

impl Scope<'_> {
    /// `x^exponent`
    pub fn power(&mut self, x: &Operand, exponent: f64) -> Result<Operand, String> {
        if exponent == 0.0 {
            return Ok(Operand::constant(x.shape.clone(), x.element, vec![1.0; x.elements()]));
        }
        if exponent == 1.0 {
            return Ok(x.clone());
        }
        if exponent == 2.0 {
            return self.wrapping_mul(x, x);
        }
        if x.element != Element::Float {
            return self.power_of_integers(x, exponent);
        }
        self.table(x, &[if exponent == 0.5 { Function::Sqrt } else { Function::Pow(exponent) }])
    }

    /// `x^exponent` by squares, for a whole exponent that is not negative.
    fn power_of_integers(&mut self, x: &Operand, exponent: f64) -> Result<Operand, String> {
        if !(exponent.fract() == 0.0 && (0.0..64.0).contains(&exponent)) {
            return Err(format!("exponent {exponent} of computed integers is not supported: whole ones from 0 to 63 are"));
        }
        let mut power: Option<Operand> = None;
        let (mut square, mut rest) = (x.clone(), exponent as u32);
        while rest > 0 {
            if rest % 2 == 1 {
                power = Some(match power {
                    Some(power) => self.wrapping_mul(&power, &square)?,
                    None => square.clone(),
                });
            }
            rest /= 2;
            if rest > 0 {
                square = self.wrapping_mul(&square, &square)?;
            }
        }
        power.ok_or_else(|| "an exponent of 0 has no factors".to_owned())
    }
}
