//! Normalisation: `y_i = d_i R` with `R = (a sum d_j^2 + c)^(-1/2)` over `K` elements, as layer normalisation has it.
//!
//! Its derivative is `R (1 - a y_i^2)` by `d_i` and `-R a y_i y_j` by the others. As `a sum y_j^2 <= 1`, their sizes add up to at most
//! `R (1 + |y_i| sqrt(a K))`, so `y` moves no further than that times the greatest `e_j` of the `d_j`. `1 / R` moves no further than
//! `sqrt(a K)` times that, which bounds `R` on the way. To this comes `|d'_i|` times how far the integers' `R` is from that of their own
//! `d'`: the table's own error, and what rounding the sum of squares moves it. Intervals would let `R` err without regard to `d`, which
//! is far worse where some rows are much longer than others.

use maat_runtime::primitives::Product;

use super::Bounder;
use super::arithmetic::Span;
use super::arithmetic::{half, limits};
use super::cell::Known;
use super::table::change;
use crate::float::{FloatNode, FloatOp, Function, ValueId, image};

/// What is known about an element that is divided by the root of its row's mean square.
pub(super) struct Normal {
    /// No element is greater than the root of the sum of squares.
    pub real: Span,
    pub error: Span,
}

impl<'a> Bounder<'a> {
    /// How far an exact product of the integers is from the float network's, if the node multiplies an element by the inverse root of its
    /// row's mean square.
    pub(super) fn normalised(&self, node: &FloatNode, element: usize, inputs: &[Known], (of, own): (ValueId, f64)) -> Option<Normal> {
        let FloatOp::Product { rows: 1, columns: 1, inner: 1 } = node.op else { return None };
        let ((d, i), (r, row)) = (self.source((node.inputs[0], element))?, self.source((node.inputs[1], element))?);
        let table = self.producer(r).filter(|_| r == of)?;
        let FloatOp::Table(functions) = &table.op else { return None };
        let [Function::Linear { factor, offset }, Function::Pow(-0.5)] = functions[..] else { return None };
        let (squares, integers, members) = self.squared(self.source((table.inputs[0], row))?)?;
        if !(factor > 0.0 && offset >= 0.0 && members.contains(&(d, i)) && members.iter().all(|(value, _)| *value == d)) {
            return None;
        }
        let sum = self.known.get(&table.inputs[0])?.at(row);
        let tensor = self.tensor(squares.output);
        let rounding = if integers.requantise.shift_of(0) > 0 { half(tensor) } else { 0.0 };
        let moved = self.known.get(&d)?.filled();
        // Unless the sum of squares saturates.
        let reach: f64 = members.iter().map(|(_, member)| moved.at(*member).found.size().powi(2)).sum::<f64>() + rounding;
        let limit = limits(&integers.requantise, tensor.scale).hi;
        if !(reach <= limit || sum.found.hi < limit) {
            return Some(Normal { real: Span::around(1.0 / factor.sqrt()), error: Span::ALL });
        }
        let error = members.iter().map(|(_, member)| moved.at(*member).error.size()).fold(0.0, f64::max);
        let along = (factor * members.len() as f64).sqrt();
        // The root of the mean square at either end, and from there on the way between them.
        let root = |squares: f64| (factor * squares.max(0.0) + offset).sqrt();
        let least = (root(sum.real.lo).max(root(sum.found.lo - rounding)) - along * error).max(offset.sqrt());
        let steepest = 1.0 / least;
        let size = (1.0 / factor.sqrt()).min(moved.at(i).real.hull(moved.at(i).found).size() * steepest);
        // The integers' R from that of their own squares.
        let within = sum.found.plus(Span::around(rounding));
        let within = (within.lo.max(0.0), within.hi);
        let linear = Function::Linear { factor, offset };
        let by_rounding = change(Function::Pow(-0.5), image(linear, within), change(linear, within, rounding));
        let bound = steepest * (1.0 + size * along) * error + inputs[0].at(element).found.size() * (own + by_rounding);
        let error = if bound.is_nan() { Span::ALL } else { Span::around(bound) };
        Some(Normal { real: Span::around(1.0 / factor.sqrt()), error })
    }

    /// The table that gives inverse roots of mean squares, and its own error, if a product's second operand is from one.
    pub(super) fn inverse_root_error(&mut self, node: &FloatNode, product: &Product) -> Option<(ValueId, f64)> {
        if !self.links || (product.rows, product.columns, product.inner) != (1, 1, 1) {
            return None;
        }
        let (r, _) = self.source((node.inputs[1], 0))?;
        let table = self.producer(r)?;
        let FloatOp::Table(functions) = &table.op else { return None };
        if !matches!(functions[..], [Function::Linear { .. }, Function::Pow(-0.5)]) {
            return None;
        }
        let known = self.known.get(&table.inputs[0])?.filled();
        Some((r, self.table_error(table, functions, &self.quantised(table)?.primitive, &known)))
    }
}
