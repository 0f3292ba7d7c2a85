//! Quotients and remainders of integers, which are exact: rounded toward zero as in C, or down as in Python.
//!
//! `Divide` gives the quotient `q` to the nearest. One product of rows, `(q, a) (b, -1)`, gives `e = q b - a` without overflow, and its
//! sign tells whether `q` is on the wrong side by one.

use maat_runtime::Interval;

use super::wrapping::WIDE;
use crate::float::{Bounds, FloatOp, Kind, Rounding};
use crate::lowering::moves::common_shape;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The side to which quotients are rounded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// Zero; a remainder has the sign of the dividend.
    Zero,
    /// Minus infinity; a remainder has the sign of the divisor.
    Below,
}

impl Scope<'_> {
    /// The quotient and the remainder of integers, broadcast. A divisor of 0, for which ONNX defines nothing, is refused if it is known.
    pub fn divide_integers(&mut self, a: &Operand, b: &Operand, toward: Toward) -> Result<(Operand, Operand), String> {
        let element = a.element;
        let shape = common_shape([a.shape.as_slice(), &b.shape])?;
        let (a, b) = (self.expand(a, &shape)?, self.expand(b, &shape)?);
        if b.values().is_some_and(|values| values.contains(&0.0)) {
            return Err("a divisor is 0".to_owned());
        }
        if let (Some(x), Some(y)) = (a.values(), b.values()) {
            let round = if toward == Toward::Zero { f64::trunc } else { f64::floor };
            let quotients: Vec<f64> = x.iter().zip(y).map(|(x, y)| round(x / y)).collect();
            let remainders = x.iter().zip(y).zip(&quotients).map(|((x, y), quotient)| x - y * quotient).collect();
            let quotients = Operand::constant(shape.clone(), element, quotients);
            return Ok((self.wrap(&quotients, element)?, Operand::constant(shape, element, remainders)));
        }
        let (Kind::Integer(of_a), Kind::Integer(of_b)) = (self.kind(&a), self.kind(&b)) else {
            return Err("integers are expected".to_owned());
        };
        let (a, b) = (Operand { element: WIDE, ..a }, Operand { element: WIDE, ..b });
        let size = |range: Interval| range.lo.unsigned_abs().max(range.hi.unsigned_abs()).min(1 << 53) as i64;
        // A quotient is no larger than its dividend, and has its sign if no divisor is negative.
        let quotients = if of_b.lo >= 0 { Interval::new(of_a.lo.min(0), of_a.hi.max(0)) } else { Interval::new(-size(of_a), size(of_a)) };
        let nearest = self.emit(FloatOp::Divide, &[&a, &b], shape.clone(), (WIDE, Kind::Integer(quotients)))?;

        let stacked = |scope: &mut Self, x: &Operand, y: &Operand| {
            let column = [&shape[..], &[1]].concat();
            let (x, y) = (scope.reshape(x, column.clone())?, scope.reshape(y, column)?);
            scope.concat(&[x, y], shape.len())
        };
        let left = stacked(self, &nearest, &a)?;
        let right = stacked(self, &b, &Operand::constant(shape.clone(), WIDE, vec![-1.0; a.elements()]))?;
        let half = size(of_b) / 2;
        let excess = (WIDE, Kind::Integer(Interval::new(-half, half)));
        let excess = self.emit(FloatOp::Product { rows: 1, columns: 1, inner: 2 }, &[&left, &right], shape.clone(), excess)?;

        let zero = Operand::constant(Vec::new(), WIDE, vec![0.0]);
        let (above, below) = (self.greater(&excess, &zero)?, self.greater(&zero, &excess)?);
        let negative = if of_b.lo < 0 { Some(self.greater(&zero, &b)?) } else { None };
        // The remainder is `-e`. It must not be negative, or where `turned`, not positive.
        let turned = match toward {
            Toward::Zero if of_a.lo < 0 => Some(self.greater(&zero, &a)?),
            Toward::Zero => None,
            Toward::Below => negative.clone(),
        };
        let wrong = match &turned {
            None => above,
            Some(turned) => self.select(turned, &below, &above)?,
        };
        // The remainder moves by the size of the divisor to the other side of 0, and the quotient by one.
        let (remainder_step, quotient_step) = match &negative {
            None => {
                let none = Operand::constant(shape.clone(), WIDE, vec![0.0; a.elements()]);
                let step = self.select(&wrong, &b, &none)?;
                (step, Operand { element: WIDE, ..wrong })
            }
            Some(negative) => {
                let one = Operand::constant(Vec::new(), WIDE, vec![1.0]);
                let minus_one = Operand::constant(Vec::new(), WIDE, vec![-1.0]);
                let sign = self.select(negative, &minus_one, &one)?;
                let negated = self.negate(&b)?;
                let divisor = self.select(negative, &negated, &b)?;
                (self.select(&wrong, &divisor, &zero)?, self.select(&wrong, &sign, &zero)?)
            }
        };
        // Where the remainder has to be negative, it moves down.
        let (remainder_step, quotient_step) = match &turned {
            None => (remainder_step, quotient_step),
            Some(turned) => {
                let (down, back) = (self.negate(&remainder_step)?, self.negate(&quotient_step)?);
                (self.select(turned, &down, &remainder_step)?, self.select(turned, &back, &quotient_step)?)
            }
        };
        let least = match toward {
            Toward::Zero => of_a.lo,
            Toward::Below => of_b.lo,
        };
        let most = (size(of_b) - 1).max(0);
        let remainders = Interval::new(if least < 0 { -most } else { 0 }, most);
        let mut exact = |terms: &[(f64, &Operand)], element: Element, range: Interval| {
            self.sum_as(terms, 0.0, Bounds::NONE, Rounding::HalfUp, (element, Kind::Integer(range)))
        };
        let quotient = exact(&[(1.0, &nearest), (-1.0, &quotient_step)], WIDE, quotients)?;
        let remainder = exact(&[(-1.0, &excess), (1.0, &remainder_step)], element, remainders)?;
        // -128 / -1 does not fit.
        Ok((self.wrap(&quotient, element)?, remainder))
    }
}
