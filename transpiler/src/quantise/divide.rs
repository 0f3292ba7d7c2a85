//! `Divide`: a divisor that is at least 1, and the shift that brings the quotient to its scale.

use maat_runtime::primitives::{Divide, Select, Sum};
use maat_runtime::{Interval, Primitive, Requantise, TensorId};

use super::scale::saturation;
use super::{Quantiser, exactly};
use crate::error::TranspileError;
use crate::float::{Bounds, FloatNode, Kind};

impl Quantiser<'_> {
    /// `num / den` at the scale that the quotients need. A divisor that may be negative changes sign together with its dividend; one that
    /// may be 0 becomes the least positive number instead.
    pub(super) fn divide(&mut self, node: &FloatNode, mut num: TensorId, mut den: TensorId) -> Result<TensorId, TranspileError> {
        let name = &node.name;
        let (num_scale, den_scale) = (self.tensor(num).scale, self.tensor(den).scale);
        let range = self.tensor(den).range;
        if range.lo < 0 {
            if node.kind != Kind::Real && self.tensor(num).range.lo == i64::from(i32::MIN) {
                return Err(TranspileError::Overflow { node: name.clone(), lo: self.reach(num).0, hi: -self.reach(num).0 });
            }
            let unit = |factor: i32, requantise: Requantise| {
                Primitive::Sum(Sum { coefficients: vec![vec![factor]], bias: vec![0], inner: 1, requantise })
            };
            let negative = self.push(&format!("{name}.negative"), unit(-1, exactly(Interval::new(0, 1))), &[den], 0)?;
            let all = exactly(Interval::of_bits(32));
            let turned = self.push(&format!("{name}.dividend"), unit(-1, all.clone()), &[num], num_scale)?;
            num = self.push(&format!("{name}.signed_dividend"), Primitive::Select(Select {}), &[negative, turned, num], num_scale)?;
            let turned = self.push(&format!("{name}.divisor"), unit(-1, all), &[den], den_scale)?;
            den = self.push(&format!("{name}.unsigned_divisor"), Primitive::Select(Select {}), &[negative, turned, den], den_scale)?;
        }
        if self.tensor(den).range.lo < 1 {
            let positive = exactly(Interval::new(1, self.tensor(den).range.hi.max(1)));
            let sum = Sum { coefficients: vec![vec![1]], bias: vec![0], inner: 1, requantise: positive };
            den = self.push(&format!("{name}.positive_divisor"), Primitive::Sum(sum), &[den], den_scale)?;
        }
        if let Kind::Integer(range) = node.kind {
            let Requantise { lo, hi, .. } = exactly(range);
            return self.push(name, Primitive::Divide(Divide { shift: 0, lo, hi }), &[num, den], 0);
        }
        let (bits, scale) = self.precision(node.output);
        let shift = scale - num_scale + den_scale;
        let (lo, hi) = saturation(Bounds::NONE, scale, bits);
        if let Ok(shift) = u8::try_from(shift.min(40)) {
            let scale = i32::from(shift) + num_scale - den_scale;
            return self.push(name, Primitive::Divide(Divide { shift, lo, hi }), &[num, den], scale);
        }
        // The quotient is finer than wanted, and is rounded again.
        let fine = num_scale - den_scale;
        let all = Interval::of_bits(32);
        let quotient = Divide { shift: 0, lo: all.lo as i32, hi: all.hi as i32 };
        let quotient = self.push(&format!("{name}.quotient"), Primitive::Divide(quotient), &[num, den], fine)?;
        let requantise = Requantise { shift: vec![(-shift).min(i32::from(Requantise::MAX_SHIFT)) as i8], lo, hi };
        let sum = Sum { coefficients: vec![vec![1]], bias: vec![0], inner: 1, requantise };
        self.push(name, Primitive::Sum(sum), &[quotient], scale)
    }
}
