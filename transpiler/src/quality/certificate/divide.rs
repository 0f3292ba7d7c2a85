//! `Divide`: with the exact quotient `z = n' / d'` of the integers, `n / d - z = ((n - n') + z (d' - d)) / d`, and where `z` saturates at
//! `c` beyond `n / d`, the same with `c` for `z`, since `c d'` lies between `n / d * d'` and `n'`.

use maat_runtime::{Primitive, Requantise};

use super::arithmetic::{half, real_range, saturation, scaled};
use super::{Bounder, Known};
use crate::float::{Bounds, FloatNode};

impl Bounder<'_> {
    pub(super) fn divide(&self, node: &FloatNode, primitive: &Primitive, inputs: &[Known], range: (f64, f64)) -> f64 {
        let (tensor, half) = (self.tensor(node.output), half(self.tensor(node.output)));
        let (num, den) = (inputs[0], inputs[1]);
        let least = if den.lo > 0.0 { den.lo } else { -den.hi };
        // Divisors of the integers have the sign of the real ones and are at least a unit in size; changing signs is exact.
        let turned = node.inputs.iter().map(|input| self.tensor(*input).range).all(|range| range.lo > i64::from(i32::MIN));
        if !(least > den.error && (den.lo > 0.0 || turned)) {
            return f64::NAN;
        }
        // A quotient that comes out finer than wanted is rounded twice.
        let rounding = if matches!(primitive, Primitive::Divide(_)) { half } else { 2.0 * half };
        let (low, high) = real_range(tensor);
        let moved = (num.error + scaled(low.abs().max(high.abs()) + rounding, den.error)) / least;
        let bounds = Requantise { shift: vec![0], lo: tensor.range.lo as i32, hi: tensor.range.hi as i32 };
        moved + rounding + saturation(Bounds::NONE, range, &bounds, tensor.scale)
    }
}
