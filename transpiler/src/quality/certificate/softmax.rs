//! Softmax: `y_i = n_i / S` with `n = e^z` and `S = sum n_j`. If the integers' `n'_j` are `n_j (1 + r_j) + t_j`, with `r_j` in
//! `e^(e_z) - 1` and `t` the table's own error, and their sum is rounded by `d`, then with `K` terms and `S' = sum n'_j + d`
//!
//! `n'_i / S' - y_i = (S y_i sum_j y_j (r_i - r_j) + t_i - y_i (sum_j t_j + d)) / S'`,
//!
//! so its size is at most `S / S' * y (1 - y) * max |r_i - r_j| + (t max(1, (1 - y) + y (K - 1)) + y d) / S'`, while dividing intervals
//! would let each `e^z` err by itself, `K` times as far. Where the greatest `z` is 0, as in all softmaxes, `S` is at least 1.

use maat_runtime::Primitive;

use super::Bounder;
use super::arithmetic::{Span, half, limits};
use super::cell::Known;
use super::trace::{MOST_MEMBERS, Place};
use crate::float::{Bounds, FloatNode, FloatOp, Function, ValueId};

/// What the errors of a softmax's row come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The sum of their sizes.
    pub total: f64,
    /// The size of their sum.
    pub sum: f64,
}

impl<'a> Bounder<'a> {
    /// How far each exact quotient of the integers is from the float network's, if the node divides exponentials by their sums. `rounded` is
    /// what rounding a quotient adds at most.
    pub(super) fn softmax(&mut self, node: &'a FloatNode, inputs: &[Known], rounded: f64) -> Option<Vec<Span>> {
        if !self.links {
            return None;
        }
        let table = self.producer(node.inputs[0])?;
        let FloatOp::Table(functions) = &table.op else { return None };
        if functions[..] != [Function::Exp] {
            return None;
        }
        let exponents = self.known.get(&table.inputs[0])?.filled();
        let own = self.table_error(table, functions, &self.quantised(table)?.primitive, &exponents);
        let elements = self.tensor(node.output).shape.elements();
        let mut bounds = Vec::with_capacity(elements);
        let mut rows: Vec<(Vec<usize>, Row)> = Vec::new();
        let tensor = self.tensor(node.output);
        let mut drawn = 0;
        // Elements of a row share their divisor.
        let mut last: Option<(Place, Vec<usize>, f64, f64)> = None;
        for element in 0..elements {
            let sum = self.source((node.inputs[1], element))?;
            if last.as_ref().is_none_or(|(known, ..)| *known != sum) {
                let (affine, integers, members) = self.summed(sum)?;
                let members =
                    members.into_iter().map(|(value, member)| (value == table.output).then_some(member)).collect::<Option<Vec<_>>>()?;
                let output = self.tensor(affine.output);
                let channel = sum.1 % integers.bias.len();
                let rounding = if integers.requantise.shift_of(channel) > 0 { half(output) } else { 0.0 };
                let reach = members.iter().map(|member| inputs[0].at(*member).found.hi).sum::<f64>() + rounding;
                let Bounds { lo, hi } = limits(&integers.requantise, output.scale);
                if !(lo <= 0.0 && (reach <= hi || inputs[1].at(element).found.hi < hi)) {
                    return None;
                }
                let by_terms: f64 = members.iter().map(|member| inputs[0].at(*member).real.lo.max(0.0)).sum();
                let least = by_terms.max(inputs[1].at(element).real.lo).max(f64::from(u8::from(self.has_zero(table.inputs[0], &members))));
                drawn += 1;
                last = Some((sum, members, rounding, least));
            }
            let (_, members, rounding, least) = last.as_ref()?;
            if !members.contains(&element) {
                return None;
            }
            let errors = members.iter().map(|member| exponents.at(*member).error).reduce(Span::hull)?;
            let (low, high) = (errors.lo.exp_m1(), errors.hi.exp_m1());
            let error = exponents.at(element).error;
            let apart = (error.hi.exp_m1() - low).max(high - error.lo.exp_m1());
            let terms = members.len() as f64;
            let off = terms * own + rounding;
            // S' / S and S' at least.
            let (share, divisor) = (1.0 + low - off / least, least * (1.0 + low) - off);
            let y = inputs[0].at(element).real.over(inputs[1].at(element).real).meet(Span { lo: 0.0, hi: 1.0 });
            let spread = |y: f64| y * (1.0 - y);
            let spread = if y.lo <= 0.5 && y.hi >= 0.5 { 0.25 } else { spread(y.lo).max(spread(y.hi)) };
            let by_table = own * [y.lo, y.hi].map(|y| (1.0 - y) + y * (terms - 1.0)).into_iter().fold(1.0, f64::max);
            if rows.len() < drawn {
                // Both halves of `sum y_i |r_i - r|` are at most a quarter of the greatest distance; then what is rounded.
                let of_quotients = terms * rounded;
                let total = 0.5 * (high - low) / share + (2.0 * terms * own + rounding) / divisor + of_quotients;
                let sum = rounding / divisor + of_quotients;
                // What saturates comes closer to a quotient that is at most 1, but then errors need not cancel.
                let limit = Span::of(tensor.range, tensor.scale).hi;
                let saturates = |member: &usize| inputs[0].at(*member).found.over(inputs[1].at(*member).found).hi > limit;
                let row = match share > 0.0 && divisor > 0.0 {
                    true if !members.iter().any(saturates) => Row { total, sum },
                    true if limit >= 1.0 => Row { total, sum: total },
                    _ => Row { total: f64::INFINITY, sum: f64::INFINITY },
                };
                rows.push((members.clone(), row));
            }
            let bound = spread * apart / share + (by_table + y.hi * rounding) / divisor;
            bounds.push(if share > 0.0 && divisor > 0.0 { Span::around(bound) } else { Span::ALL });
        }
        let length = rows.first().map_or(0, |(members, _)| members.len());
        if rows.iter().flat_map(|(members, _)| members).copied().eq(0..elements) && rows.iter().all(|(members, _)| members.len() == length)
        {
            self.distributions.insert(node.output, (length, rows.into_iter().map(|(_, row)| row).collect()));
        }
        Some(bounds)
    }

    /// Whether one of these elements is 0, the others being below: `x - max x`, with all that the maximum is of among them.
    fn has_zero(&self, value: ValueId, elements: &[usize]) -> bool {
        self.zero_of(value, elements).unwrap_or(false)
    }

    fn zero_of(&self, value: ValueId, elements: &[usize]) -> Option<bool> {
        let node = self.producer(value)?;
        let FloatOp::Sum(sum) = &node.op else { return None };
        let plain = sum.bounds == Bounds::NONE && sum.bias.iter().all(|bias| *bias == 0.0) && sum.coefficients.len() == 2;
        let minus = |position: usize, factor: f64| sum.coefficients[position].iter().all(|coefficient| *coefficient == factor);
        if !(plain && minus(0, 1.0) && minus(1, -1.0)) {
            return Some(false);
        }
        let terms = elements.iter().map(|element| self.source((node.inputs[0], *element))).collect::<Option<Vec<_>>>()?;
        let greatest = elements.iter().map(|element| self.source((node.inputs[1], *element))).collect::<Option<Vec<_>>>()?;
        let first = *greatest.first()?;
        if greatest.iter().any(|place| *place != first) {
            return Some(false);
        }
        let max = self.producer(first.0)?;
        let members = self.maximised(max, first.1)?;
        Some(members.iter().all(|member| terms.contains(member)))
    }

    /// The rows of a tensor, if every one of this length is a softmax: not negative, with the sum 1.
    pub(super) fn distribution(&self, mut value: ValueId, length: usize) -> Option<&[Row]> {
        while let Some(node) = self.producer(value) {
            let FloatOp::Move { indices, .. } = &node.op else { break };
            if !indices.is_empty() || self.quantised(node)?.inputs[0] != self.tensors[&node.inputs[0]] {
                return None;
            }
            value = node.inputs[0];
        }
        self.distributions.get(&value).filter(|(known, _)| *known == length).map(|(_, rows)| rows.as_slice())
    }

    /// Whether each quotient is a part of a sum of numbers that are not negative, and so at most 1.
    pub(super) fn fractions(&self, node: &FloatNode, inputs: &[Known]) -> Vec<bool> {
        if !self.links {
            return Vec::new();
        }
        let mut last: Option<(Place, Vec<Place>)> = None;
        let mut is_part = |element: usize| -> Option<bool> {
            let (sum, part) = (self.source((node.inputs[1], element))?, self.source((node.inputs[0], element))?);
            if last.as_ref().is_none_or(|(known, _)| *known != sum) {
                last = Some((sum, self.summed(sum)?.2));
            }
            let members = &last.as_ref()?.1;
            let positive = |place: &Place| self.known.get(&place.0).is_some_and(|known| known.at(place.1).filled().real.lo >= 0.0);
            Some(members.contains(&part) && members.iter().all(positive) && inputs[1].at(element).real.lo > 0.0)
        };
        (0..self.tensor(node.output).shape.elements()).map(|element| is_part(element).unwrap_or(false)).collect()
    }

    /// Whether an element is one of those whose maximum is subtracted from it.
    pub(super) fn is_below_maximum(&self, node: &FloatNode, element: usize) -> bool {
        self.links && self.below_maximum(node, element).unwrap_or(false)
    }

    fn below_maximum(&self, node: &FloatNode, element: usize) -> Option<bool> {
        let (_, second) = (node.inputs.first()?, node.inputs.get(1)?);
        let greatest = self.source((*second, element))?;
        let max = self.producer(greatest.0).filter(|max| matches!(max.op, FloatOp::Max { .. }))?;
        let FloatOp::Sum(sum) = &node.op else { return None };
        let channel = sum.channel(element);
        let plain = sum.bias[channel] == 0.0 && sum.coefficients.len() == 2;
        if !(plain && sum.coefficients[0][channel] > 0.0 && sum.coefficients[0][channel] == -sum.coefficients[1][channel]) {
            return None;
        }
        let of = self.source((node.inputs[0], element))?;
        Some(self.maximised(max, greatest.1)?.contains(&of))
    }

    /// The sources of the elements that a maximum is of.
    fn maximised(&self, max: &FloatNode, element: usize) -> Option<Vec<Place>> {
        let (FloatOp::Max { axis, .. }, Primitive::Max(_)) = (&max.op, &self.quantised(max)?.primitive) else { return None };
        let shape = self.tensor(max.inputs[0]).shape.dims();
        let (length, inner) = (shape[*axis], shape[*axis + 1..].iter().product::<usize>());
        if length > MOST_MEMBERS {
            return None;
        }
        let start = element / inner * length * inner + element % inner;
        (0..length).map(|k| self.source((max.inputs[0], start + k * inner))).collect()
    }
}
