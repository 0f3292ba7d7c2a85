//! Lowers `Divide`: a quotient that the prover brings, and the checks that leave it no other.

use maat_runtime::primitives::Divide;
use maat_runtime::{Interval, Tensor};

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell, Source, bits};
use crate::program::rescale::Rescale;

/// The quotient `y` is a hint, and `d = 2 num 2^shift + den - 2 y den` is its remainder: `0 <= d < 2 den` makes it the only one.
///
/// Where it may be saturated, `d < 0` is allowed at `y = lo` alone, and `d >= 2 den` at `y = hi` alone.
impl Lower for Divide {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let (num, den) = (&inputs[0], &inputs[1]);
        let (lo, hi) = (i64::from(self.lo), i64::from(self.hi));
        let unsaturated = self.unsaturated(num.range, den.range);
        let (below, above) = (unsaturated.lo < lo, unsaturated.hi > hi);
        let twice =
            Interval::of_linear_form(0, [(2 << self.shift, num.range), (1, den.range)]).expect("a model's accumulators are within 2^62");
        let quotient = output.range;
        let (width, remainder_width) = (bits(quotient.hi.abs_diff(quotient.lo)), bits(2 * den.range.hi.unsigned_abs() - 1));
        let limit = builder.number_bits();
        if width.max(remainder_width) > limit {
            return Err(Unprovable::Range { bits: width.max(remainder_width), limit });
        }
        // The hint's check can admit up to twice the range.
        let admitted = Interval::new(quotient.lo, quotient.lo + (1 << width) - 1);
        let product = admitted.product(Interval::new(-2 * den.range.hi, -2 * den.range.lo));
        let remainder = product.and_then(|product| Interval::of_linear_form(0, [(1, twice), (1, product)]));
        let Some(remainder) = remainder else {
            return Err(Unprovable::Wraps { bits: 64 });
        };
        let shift = u32::from(self.shift);
        let divide = |(num, den): (&Cell, &Cell)| {
            let y = builder.hint(Source::Quotient { num: *num, den: *den, shift, lo, hi }, quotient);
            let scaled = builder.exact([*num, *den], [2 << self.shift, 1, 0], 0);
            let product = builder.exact([y, *den], [0, 0, -2], 0);
            if !below && !above {
                let d = builder.within([scaled, product], [1, 1, 0], 0, remainder_width);
                builder.within([*den, d], [2, -1, 0], -1, remainder_width);
                return Ok(y);
            }
            let d = builder.exact([scaled, product], [1, 1, 0], 0);
            let negative = Interval::new(-remainder.hi, -remainder.lo);
            let is_below = builder.settle([d, Cell::ZERO], [-1, 0, 0], Rescale::clamp(0, 1), negative)?;
            builder.within([is_below, y], [-lo, 0, 1], 0, 0);
            let rest = Interval::new(remainder.lo - 2 * inputs[1].range.hi + 1, remainder.hi - 2 * inputs[1].range.lo + 1);
            let is_above = builder.settle([d, *den], [1, -2, 0], Rescale { bias: 1, ..Rescale::clamp(0, 1) }, rest)?;
            builder.within([is_above, y], [hi, 0, -1], 0, 0);
            if above && admitted.hi != quotient.hi {
                builder.within([y, Cell::ZERO], [-1, 0, 0], quotient.hi, width);
            }
            Ok(y)
        };
        num.cells.iter().zip(den.cells).map(divide).collect()
    }
}
