//! Operators that are functions of one variable, and their numeric attributes.

use crate::float::{Function, Kind};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

impl Scope<'_> {
    /// An attribute that must be a finite number, or its default.
    pub fn number(&self, name: &str, default: f32) -> Result<f64, String> {
        let value = self.attribute(name, default)?;
        if value.is_finite() { Ok(f64::from(value)) } else { Err(format!("attribute `{name}` is {value}: it must be finite")) }
    }

    /// Lowers a node that is a function of its only input.
    pub fn function(&mut self, function: Function) -> Result<(), String> {
        self.arity(1, 1)?;
        let x = self.input(0)?;
        let y = self.table(&x, &[function])?;
        self.finish(y)
    }

    /// `|x|`
    pub fn abs(&mut self, x: &Operand) -> Result<Operand, String> {
        match self.kind(x) {
            Kind::Integer(range) if x.element != Element::Float => {
                if range.lo >= 0 {
                    return Ok(x.clone());
                }
                let negated = self.wrapping_sum(&[(-1.0, x)])?;
                self.max(&[x.clone(), negated])
            }
            _ => self.table(x, &[Function::Abs]),
        }
    }
}
