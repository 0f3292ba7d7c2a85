//! Lowers `Table`: look-ups of constants, and the line between two knots.

use maat_runtime::primitives::Table;
use maat_runtime::{Interval, Tensor};

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell, Operation, Source, half};
use crate::program::rescale::Rescale;

/// The input is saturated to the table and split into a knot `i` and a distance `r`; two look-ups give the knots' values, and a unit
/// rescales `t[i] 2^f + (t[i + 1] - t[i]) r`. Without a fraction, the value itself is looked up.
impl Lower for Table {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let (range, lo, fraction) = (inputs[0].range, i64::from(self.lo), i32::from(self.fraction));
        let first = i64::from(builder.function(&self.knots));
        let within = Interval::new(range.lo.clamp(lo, self.top()), range.hi.clamp(lo, self.top()));
        let knots = self.knots.iter().map(|knot| Interval::point(i64::from(*knot) << fraction));
        let interpolated = knots.reduce(Interval::hull).expect("a table has knots");
        let mut evaluate = |x: &Cell| {
            let x =
                if within == range { *x } else { builder.settle([*x, Cell::ZERO], [1, 0, 0], Rescale::clamp(lo, self.top()), range)? };
            if fraction == 0 {
                return Ok(look_up(builder, x, first - lo));
            }
            let distance = Interval::new(within.lo - lo, within.hi - lo);
            let knot = Rescale::floor(-lo, fraction);
            let i = builder.settle(
                [x, Cell::ZERO],
                [1, 0, 0],
                knot,
                Interval::new(distance.lo - half(fraction), distance.hi - half(fraction)),
            )?;
            let r = builder.exact([x, i], [1, -1 << fraction, 0], -lo);
            let (left, right) = (look_up(builder, i, first), look_up(builder, i, first + 1));
            let slope = builder.exact([right, left], [1, -1, 0], 0);
            let rise = builder.exact([slope, r], [0, 0, 1], 0);
            let line = Rescale { bias: 0, shift: fraction, lo: i32::MIN.into(), hi: i32::MAX.into() };
            builder.settle([left, rise], [1 << fraction, 1, 0], line, interpolated)
        };
        inputs[0].cells.iter().map(&mut evaluate).collect()
    }
}

/// The constant at `first` plus a cell's value.
fn look_up(builder: &mut Builder, x: Cell, first: i64) -> Cell {
    let (target, source) = (builder.cell(), Source::Lookup { first });
    builder.single(Operation { target, source, cells: [x, Cell::ZERO], coefficients: [0; 3], bias: 0, shift: 0, check: None })
}
