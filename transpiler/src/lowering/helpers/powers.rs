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

    /// `x^exponent` by squares, for a whole exponent above 0.
    fn power_of_integers(&mut self, x: &Operand, exponent: f64) -> Result<Operand, String> {
        if !(exponent.fract() == 0.0 && (1.0..64.0).contains(&exponent)) {
            return Err(format!("exponent {exponent} of computed integers is not supported: whole ones from 0 to 63 are"));
        }
        let exponent = exponent as u32;
        let mut power = x.clone();
        // The exponent's bits below the highest one, from there down: each doubles the exponent so far, and one that is set adds 1.
        for bit in (0..exponent.ilog2()).rev() {
            power = self.wrapping_mul(&power, &power)?;
            if (exponent >> bit) % 2 == 1 {
                power = self.wrapping_mul(&power, x)?;
            }
        }
        Ok(power)
    }
}
