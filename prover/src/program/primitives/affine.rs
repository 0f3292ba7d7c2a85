//! Lowers `Affine`: groups of products with constant weights, or one group over all channels where each has weights of its own.

use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Tensor};

use super::convolution::{Convolution, TapsAndCells, Windows};
use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell, Factor, Operation, OuterProduct, Taps};
use crate::program::rescale::Rescale;

/// Each group of channels is a group of products: the positions of all inferences share its weights, a column of them a product.
///
/// Where a group has one channel (a depthwise layer), weights would fill one lane of a row. So all channels become one group instead,
/// element by element, with the weights as coefficients of the cells.
impl Lower for Affine {
    fn lower(&self, builder: &mut Builder, batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
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
            if let Some(convolution) = convolution(self, builder, group, batch, x) {
                convolve(self, builder, group, &convolution, &finish, &mut y)?;
                continue;
            }
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

/// Adds what finishes a channel's accumulator; gives the operation and the cell of its value.
type Finish<'a> = &'a dyn Fn(&mut Builder, usize) -> Result<(Operation, Cell), Unprovable>;

/// Partial sums below this are computed without overflow.
const MOST: i128 = 1 << 62;

/// The convolution in a group's windows, where the layout knows convolutions and it takes fewer rows.
fn convolution(affine: &Affine, builder: &mut Builder, group: usize, batch: usize, x: &Operand) -> Option<Convolution> {
    if !builder.room().taps {
        return None;
    }
    let (n, m) = (affine.inputs as usize, affine.outputs() / affine.groups as usize);
    let width = affine.groups as usize * n;
    let channels = group * m..(group + 1) * m;
    let columns = (0..n).filter(|j| channels.clone().any(|channel| affine.row(channel)[*j] != 0)).collect();
    // Results that nobody asks for are sums of other terms, which no certificate bounds.
    let most = i128::from(x.range.lo.unsigned_abs().max(x.range.hi.unsigned_abs()));
    let sum = |channel: usize| affine.row(channel).iter().map(|weight| i128::from(weight.unsigned_abs())).sum::<i128>();
    if channels.clone().any(|channel| sum(channel) * most >= MOST) {
        return None;
    }
    let cells = |position: usize, j: usize| x.cells[position * width + group * n + j];
    let windows = Windows { cells: &cells, positions: x.cells.len() / width / batch, batch, columns };
    Convolution::find(&windows, builder.room(), m, &mut builder.visits_left)
}

/// Adds a group's products and results, as many channels at a time as a row has lanes.
fn convolve(
    affine: &Affine,
    builder: &mut Builder,
    group: usize,
    convolution: &Convolution,
    finish: Finish,
    y: &mut [Cell],
) -> Result<(), Unprovable> {
    let m = affine.outputs() / affine.groups as usize;
    let channels: Vec<usize> = (group * m..(group + 1) * m).collect();
    for channels in channels.chunks(builder.room().lanes) {
        let place = builder.place();
        let mut operations = Vec::with_capacity(convolution.results.len() * channels.len());
        for position in &convolution.results {
            for channel in channels {
                let Some(position) = position else {
                    operations.push(builder.unread());
                    continue;
                };
                let (operation, cell) = finish(builder, *channel)?;
                operations.push(operation);
                y[position * affine.outputs() + channel] = cell;
            }
        }
        let products = convolution.products.iter().map(|TapsAndCells { taps, cells }| {
            let weights = taps.iter().flat_map(|(j, _)| channels.iter().map(|channel| i64::from(affine.row(*channel)[*j]))).collect();
            let taps = Taps { moves: taps.iter().map(|(_, by)| *by).collect(), weights };
            OuterProduct { left: Factor::Taps(taps), right: cells.iter().map(|cell| (*cell, i64::from(*cell != Cell::ZERO))).collect() }
        });
        builder.group(place, products.collect(), operations, channels.len());
    }
    Ok(())
}

/// The range of a channel's accumulator, which the model's certificate has accepted.
fn range(affine: &Affine, channel: usize, x: Interval) -> Interval {
    affine.accumulator(channel, x).expect("a model's accumulators are within 2^62")
}
