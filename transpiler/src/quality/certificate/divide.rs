//! `Divide`: with the exact quotient `z = n' / d'` of the integers, `z - n / d = (e_n - z e_d) / d = (e_n - n / d * e_d) / d'`, then
//! rounding and saturation. Of integers that are the same in both networks, so are the quotients, unless a divisor may be 0.

use maat_runtime::{Primitive, Requantise};

use super::Bounder;
use super::arithmetic::{Ending, Span, half, limits};
use super::cell::{Cell, Element, Known, Link, Pre};
use crate::float::{Bounds, FloatNode};

impl<'a> Bounder<'a> {
    pub(super) fn divide(&mut self, node: &'a FloatNode, primitive: &Primitive, inputs: &[Known]) -> Option<Vec<Element>> {
        let (tensor, half) = (self.tensor(node.output), half(self.tensor(node.output)));
        let (num, den) = (&inputs[0], &inputs[1]);
        // Changing signs is exact.
        let turned = node.inputs.iter().map(|input| self.tensor(*input).range).all(|range| range.lo > i64::from(i32::MIN));
        // A quotient that comes out finer than wanted is rounded twice.
        let rounding = if matches!(primitive, Primitive::Divide(_)) { half } else { 2.0 * half };
        let bounds = Requantise { shift: vec![0], lo: tensor.range.lo as i32, hi: tensor.range.hi as i32 };
        let softmax = self.softmax(node, inputs, rounding);
        let fraction = self.fractions(node, inputs);
        let cell = |element: usize| {
            let (n, d) = (num.at(element), den.at(element));
            // Divisors of the integers have the sign of the real ones and are at least a unit in size.
            let apart = d.real.lo > -d.error.lo.min(0.0) || (d.real.hi < -d.error.hi.max(0.0) && turned);
            if !apart {
                return Cell { real: n.real.over(d.real), found: Span::ALL, error: Span::ALL, hole: false }.into();
            }
            let divisor = d.found.meet(d.real.plus(d.error));
            let share = if fraction.get(element) == Some(&true) { Span { lo: 0.0, hi: 1.0 } } else { Span::ALL };
            let (real, found) = (n.real.over(d.real).meet(share), n.found.over(divisor));
            let by_real = n.error.minus(real.times(d.error)).over(divisor);
            let by_found = n.error.minus(found.times(d.error)).over(d.real);
            let mut pre = Pre { real, found, error: by_real.meet(by_found), link: Link::of(Span::ZERO) };
            if self.links {
                pre.link.add(0, element, Span::point(1.0).over(divisor), n.error);
                pre.link.add(1, element, Span::ZERO.minus(real).over(divisor), d.error);
            }
            if let Some(softmax) = softmax.as_ref().and_then(|softmax| softmax.get(element)) {
                pre.error = pre.error.meet(*softmax);
            }
            self.traced(node, &mut pre);
            let integer = limits(&bounds, tensor.scale);
            Ending { real: Bounds::NONE, integer, rounding, seen: self.seen_of(node.output, element) }.of(pre)
        };
        let count = if num.is_one() && den.is_one() { 1 } else { tensor.shape.elements() };
        Some((0..count).map(cell).collect())
    }
}

/// No error where the operands are equal and no divisor is 0, else no bound.
pub(super) fn of_integers(node: &FloatNode, inputs: &[Known]) -> Option<Vec<Element>> {
    let divisor = inputs[1].hull().real;
    let exact = inputs.iter().all(|operand| operand.error() == 0.0) && (divisor.lo > 0.0 || divisor.hi < 0.0);
    let Bounds { lo, hi } = node.kind.within(Bounds::NONE);
    let quotients = Span { lo, hi };
    exact.then(|| vec![Cell { real: quotients, found: quotients, error: Span::ZERO, hole: false }.into()])
}
