//! Lowers `Sum`: one unit for up to two terms, a group for more.

use maat_runtime::primitives::Sum;
use maat_runtime::{Interval, Shape, Tensor};

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell, Factor, OuterProduct};
use crate::program::rescale::Rescale;

/// One or two terms are cells of the unit that gives the result. More of them are a group, element by element: each term is a product of
/// its cells, with their coefficients, and 1.
impl Lower for Sum {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let ranges: Vec<(&Shape, Interval)> = inputs.iter().map(|x| (x.shape, x.range)).collect();
        let range = |channel: usize| self.accumulator(channel, &ranges).expect("a model's accumulators are within 2^62");
        let ranges: Vec<Interval> = (0..self.channels()).map(range).collect();
        let channel = |element: usize| element / self.inner as usize % self.channels();
        let rescale = |channel: usize| {
            let (lo, hi) = (self.requantise.lo.into(), self.requantise.hi.into());
            Rescale { bias: self.bias[channel], shift: self.requantise.shift_of(channel).into(), lo, hi }
        };
        let elements = 0..inputs[0].cells.len();
        if let [first, rest @ ..] = inputs
            && rest.len() < 2
        {
            let second = |element: usize| rest.first().map_or(Cell::ZERO, |x| x.cells[element]);
            let settle = |element: usize| {
                let channel = channel(element);
                let coefficient = |term: usize| self.coefficients.get(term).map_or(0, |row| i64::from(row[channel]));
                let (cells, coefficients) = ([first.cells[element], second(element)], [coefficient(0), coefficient(1), 0]);
                builder.settle(cells, coefficients, rescale(channel), ranges[channel])
            };
            return elements.map(settle).collect();
        }
        let one = builder.literal(1);
        let place = builder.place();
        let results: Vec<_> = elements
            .map(|element| builder.rescale([Cell::ZERO; 2], [0; 3], rescale(channel(element)), ranges[channel(element)]))
            .collect::<Result<_, _>>()?;
        let (operations, y): (Vec<_>, Vec<_>) = results.into_iter().unzip();
        let term = |(x, coefficients): (&Operand, &Vec<i32>)| {
            let cells = x.cells.iter().enumerate().map(|(element, cell)| (*cell, coefficients[channel(element)].into()));
            OuterProduct { left: Factor::Cells(cells.collect()), right: vec![(one, 1)] }
        };
        let inner = operations.len();
        builder.group(place, inputs.iter().zip(&self.coefficients).map(term).collect(), operations, inner);
        Ok(y)
    }
}
