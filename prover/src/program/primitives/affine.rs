//! Lowers `Affine`: groups of products with constant weights, or one group over all channels where each has weights of its own.

use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Tensor};

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell, Factor, Operation, OuterProduct};
use crate::program::rescale::Rescale;

/// Each group of channels is a group of products: the positions of all inferences share its weights, a column of them a product.
///
/// Where a group has one channel (a depthwise layer), weights would fill one lane of a row. So all channels become one group instead,
/// element by element, with the weights as coefficients of the cells.
impl Lower for Affine {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let x = &inputs[0];
        let (n, channels, groups) = (self.inputs as usize, self.outputs(), self.groups as usize);
        let (m, width) = (channels / groups, groups * n);
        let positions = x.cells.len() / width;
        let at = |position: usize, group: usize, j: usize| x.cells[position * width + group * n + j];
        let ranges: Vec<Interval> = (0..channels).map(|channel| range(self, channel, x.range)).collect();
        let finish = |builder: &mut Builder, channel: usize| {
            let (lo, hi) = (self.requantise.lo.into(), self.requantise.hi.into());
            let rescale = Rescale { bias: self.bias[channel], shift: self.requantise.shift_of(channel).into(), lo, hi };
            builder.rescale([Cell::ZERO; 2], [0; 3], rescale, ranges[channel])
        };

        let mut y = vec![Cell::ZERO; positions * channels];
        if m == 1 && groups > 1 {
            let one = builder.literal(1);
            let place = builder.place();
            let mut operations = Vec::with_capacity(y.len());
            for (element, y) in y.iter_mut().enumerate() {
                let (operation, cell) = finish(builder, element % channels)?;
                operations.push(operation);
                *y = cell;
            }
            let tap = |j: usize| {
                let cells = (0..positions).flat_map(|p| (0..channels).map(move |channel| (p, channel)));
                let left = cells.map(|(p, channel)| (at(p, channel, j), self.row(channel)[j].into())).collect();
                OuterProduct { left: Factor::Cells(left), right: vec![(one, 1)] }
            };
            let inner = operations.len();
            builder.group(place, (0..n).map(tap).collect(), operations, inner);
            return Ok(y);
        }
        for group in 0..groups {
            let place = builder.place();
            let mut operations: Vec<Operation> = Vec::with_capacity(positions * m);
            for position in 0..positions {
                for channel in group * m..(group + 1) * m {
                    let (operation, cell) = finish(builder, channel)?;
                    operations.push(operation);
                    y[position * channels + channel] = cell;
                }
            }
            let column = |j: usize| (group * m..(group + 1) * m).map(|channel| self.row(channel)[j].into()).collect::<Vec<i64>>();
            let products = (0..n).map(|j| (j, column(j))).filter(|(_, weights)| weights.iter().any(|weight| *weight != 0));
            let products = products.map(|(j, weights)| OuterProduct {
                left: Factor::Weights(weights),
                right: (0..positions).map(|position| (at(position, group, j), 1)).collect(),
            });
            builder.group(place, products.collect(), operations, m);
        }
        Ok(y)
    }
}

/// The range of a channel's accumulator, which the model's certificate has accepted.
fn range(affine: &Affine, channel: usize, x: Interval) -> Interval {
    affine.accumulator(channel, x).expect("a model's accumulators are within 2^62")
}
