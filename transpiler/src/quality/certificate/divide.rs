//! `Divide`: with the exact quotient `z = n' / d'` of the integers, `z - n / d = (e_n - z e_d) / d = (e_n - n / d * e_d) / d'`, then
//! rounding and saturation.

use maat_runtime::{Primitive, Requantise};

use super::arithmetic::{Ending, Span, half, limits};
use super::cell::{Cell, Known, Pre};
use super::Bounder;
use crate::float::{Bounds, FloatNode};

impl<'a> Bounder<'a> {
    pub(super) fn divide(&mut self, node: &'a FloatNode, primitive: &Primitive, inputs: &[Known]) -> Option<Vec<Cell>> {
        let (tensor, half) = (self.tensor(node.output), half(self.tensor(node.output)));
        let (num, den) = (&inputs[0], &inputs[1]);
        // Changing signs is exact.
        let turned = node.inputs.iter().map(|input| self.tensor(*input).range).all(|range| range.lo > i64::from(i32::MIN));
        // A quotient that comes out finer than wanted is rounded twice.
        let rounding = if matches!(primitive, Primitive::Divide(_)) { half } else { 2.0 * half };
        let bounds = Requantise { shift: vec![0], lo: tensor.range.lo as i32, hi: tensor.range.hi as i32 };
        let ending = Ending { real: Bounds::NONE, integer: limits(&bounds, tensor.scale), rounding, seen: self.seen_of(node.output) };
        let softmax = self.softmax(node, inputs);
        let cell = |element: usize| {
            let (n, d) = (num.at(element), den.at(element));
            // Divisors of the integers have the sign of the real ones and are at least a unit in size.
            let apart = d.real.lo > -d.error.lo.min(0.0) || (d.real.hi < -d.error.hi.max(0.0) && turned);
            if !apart {
                return Cell { real: n.real.over(d.real), found: Span::ALL, error: Span::ALL, hole: false };
            }
            let divisor = d.found.meet(d.real.plus(d.error));
            let (real, found) = (n.real.over(d.real), n.found.over(divisor));
            let by_real = n.error.minus(real.times(d.error)).over(divisor);
            let by_found = n.error.minus(found.times(d.error)).over(d.real);
            let mut pre = Pre { real, found, error: by_real.meet(by_found) };
            if let Some(softmax) = softmax.as_ref().and_then(|softmax| softmax.get(element)) {
                pre.real = pre.real.meet(Span { lo: 0.0, hi: 1.0 });
                pre.error = pre.error.meet(*softmax);
            }
            ending.of(pre)
        };
        let count = if num.is_one() && den.is_one() { 1 } else { tensor.shape.elements() };
        Some((0..count).map(cell).collect())
    }
}
