//! The range of rounded numbers, which casts and roundings share, and rounding toward zero.

use maat_runtime::Interval;

use crate::float::{Bounds, Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The integers that computed numbers are rounded to: those of 32 bits, symmetric around 0.
pub const ROUNDED: Interval = Interval { lo: -(i32::MAX as i64), hi: i32::MAX as i64 };

impl Scope<'_> {
    /// Computed real numbers cut to integers of a range that holds 0: `floor(max(x, 0)) - floor(max(-x, 0))`.
    pub fn cut(&mut self, x: &Operand, (element, range): (Element, Interval)) -> Result<Operand, String> {
        let mut part = |sign: f64, most: i64| {
            let kind = Kind::Integer(Interval::new(0, most));
            self.sum_as(&[(sign, x)], 0.0, Bounds { lo: 0.0, ..Bounds::NONE }, Rounding::Down, (element, kind))
        };
        let above = part(1.0, range.hi)?;
        if range.lo == 0 {
            return Ok(above);
        }
        let below = part(-1.0, -range.lo)?;
        self.sum_as(&[(1.0, &above), (-1.0, &below)], 0.0, Bounds::NONE, Rounding::HalfUp, (element, Kind::Integer(range)))
    }
}
