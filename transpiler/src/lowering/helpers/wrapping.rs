//! Sums and products of integers. Those of up to 16 bits wrap around, as ONNX's do: `y - 2^n * floor((y - lo) / 2^n)` is exact. Wider
//! ones are refused when the network is quantised, unless the ranges of the inputs prove that they fit into 32 bits.

use maat_runtime::Interval;

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::arithmetic::same_element;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// The type of intermediate integers, which may leave the type of the operands.
pub const WIDE: Element = Element::Integer(IntegerType::Int64);

impl Scope<'_> {
    /// `sum_t factor_t * x_t` of broadcast tensors, wrapped around.
    pub fn wrapping_sum(&mut self, terms: &[(f64, &Operand)]) -> Result<Operand, String> {
        let element = same_element(terms.iter().map(|(_, x)| *x))?;
        if !is_narrow(element) {
            return self.sum(terms, 0.0);
        }
        let wide: Vec<(f64, Operand)> = terms.iter().map(|(factor, x)| (*factor, widened(x))).collect();
        let terms: Vec<(f64, &Operand)> = wide.iter().map(|(factor, x)| (*factor, x)).collect();
        let y = self.sum(&terms, 0.0)?;
        self.wrap(&y, element)
    }

    /// `a * b`, broadcast and wrapped around.
    pub fn wrapping_mul(&mut self, a: &Operand, b: &Operand) -> Result<Operand, String> {
        let element = same_element([a, b])?;
        if !is_narrow(element) {
            return self.mul(a, b);
        }
        let y = self.mul(&widened(a), &widened(b))?;
        self.wrap(&y, element)
    }

    /// Integers as elements of a type; those of up to 16 bits are wrapped around if they might not fit it.
    pub fn wrap(&mut self, y: &Operand, element: Element) -> Result<Operand, String> {
        let retyped = Operand { element, ..y.clone() };
        let (Some((lo, hi)), Kind::Integer(range)) = (element.range().filter(|_| is_narrow(element)), self.kind(y)) else {
            return Ok(retyped);
        };
        if lo <= range.lo && range.hi <= hi {
            return Ok(retyped);
        }
        let size = (hi - lo + 1) as f64;
        // Known integers may be as large as 64 bits hold, and their distance to `lo` larger.
        let turn = |end: i64| ((end as f64 - lo as f64) / size).floor() as i64;
        let turns = (WIDE, Kind::Integer(Interval::new(turn(range.lo), turn(range.hi))));
        let turns = self.sum_as(&[(1.0 / size, y)], -lo as f64 / size, Bounds::NONE, Rounding::Down, turns)?;
        let sort = (element, Kind::Integer(Interval::new(lo, hi)));
        self.sum_as(&[(1.0, y), (-size, &turns)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)
    }
}

fn is_narrow(element: Element) -> bool {
    matches!(element, Element::Integer(IntegerType::Int8 | IntegerType::Uint8 | IntegerType::Int16 | IntegerType::Uint16))
}

fn widened(x: &Operand) -> Operand {
    Operand { element: WIDE, ..x.clone() }
}
