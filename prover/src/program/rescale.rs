//! Rescaling and saturation: how an accumulator becomes a value, in one unit where its numbers fit their limbs, and otherwise in several.

use maat_runtime::Interval;

use super::builder::{Builder, Cell, Check, Operation, Source, bits, half};
use crate::error::Unprovable;

/// Goldilocks, `2^64 - 2^32 + 1`.
const MODULUS: i128 = 0xffff_ffff_0000_0001;

/// How an accumulator becomes a value: plus a bias, rescaled by `shift` bits with rounding half up, saturated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rescale {
    pub(crate) bias: i64,
    pub(crate) shift: i32,
    pub(crate) lo: i64,
    pub(crate) hi: i64,
}

impl Rescale {
    /// Saturation alone.
    pub(crate) fn clamp(lo: i64, hi: i64) -> Self {
        Self { bias: 0, shift: 0, lo, hi }
    }

    /// `floor((x + bias) / 2^shift)`, without rounding and without saturation.
    pub(crate) fn floor(bias: i64, shift: i32) -> Self {
        Self { bias: bias - half(shift), shift, lo: i64::MIN, hi: i64::MAX }
    }

    /// What is rescaled, for accumulators in a range that includes the bias, before saturation.
    fn unsaturated(&self, accumulator: Interval) -> Interval {
        let scaled = |end: i64| match self.shift {
            1.. => (i128::from(end) + i128::from(half(self.shift))) >> self.shift,
            shift => i128::from(end) << -shift,
        };
        // The model's certificate, or the caller, keeps both within 2^62.
        Interval::new(scaled(accumulator.lo) as i64, scaled(accumulator.hi) as i64)
    }
}

/// The saturations that a value goes through: none if it is exact.
struct Windows {
    first: Option<Check>,
    second: Option<Check>,
}

impl Builder {
    /// The operation that gives a value from its cells and its group's accumulator, and the cell with the value. The caller places the
    /// operation; what has to follow it is added here.
    ///
    /// `accumulator` is the range of all that the operation takes, the bias included.
    ///
    /// # Errors
    /// [`Unprovable`] when an identity modulo `p` would not imply the one over the integers.
    pub(crate) fn rescale(
        &mut self,
        cells: [Cell; 2],
        coefficients: [i64; 3],
        rescale: Rescale,
        accumulator: Interval,
    ) -> Result<(Operation, Cell), Unprovable> {
        let target = self.cell();
        let operation =
            Operation { target, source: Source::Accumulator, cells, coefficients, bias: rescale.bias, shift: rescale.shift, check: None };
        if let Some(Windows { first, second }) = self.windows(rescale, accumulator) {
            let result = match second {
                Some(check) => {
                    let target = self.cell();
                    let (source, cells) = (Source::Accumulator, [operation.target, Cell::ZERO]);
                    self.single(Operation { target, source, cells, coefficients: [1, 0, 0], bias: 0, shift: 0, check: Some(check) })
                }
                None => target,
            };
            return Ok((Operation { check: first, ..operation }, result));
        }
        // Too wide for one identity: the accumulator itself is written, and taken apart. A left shift is exact, so it is done at once.
        let (shift, exact) = (rescale.shift.max(0), rescale.shift.min(0));
        let scaled = Rescale { shift: exact, ..rescale }.unsaturated(accumulator);
        let result = self.wide(target, scaled, Rescale { bias: 0, shift, ..rescale })?;
        Ok((Operation { shift: exact, ..operation }, result))
    }

    /// The same for operations that take only their own cells.
    ///
    /// # Errors
    /// As for [`Self::rescale`].
    pub(crate) fn settle(
        &mut self,
        cells: [Cell; 2],
        coefficients: [i64; 3],
        rescale: Rescale,
        accumulator: Interval,
    ) -> Result<Cell, Unprovable> {
        // What follows the operation is added before it, but only its order in the witness matters: so it takes its place first.
        let place = self.reserve();
        let (operation, result) = self.rescale(cells, coefficients, rescale, accumulator)?;
        self.fill(place, operation);
        Ok(result)
    }

    /// The checks that one or two units make, if their numbers fit the limbs and the field.
    fn windows(&self, rescale: Rescale, accumulator: Interval) -> Option<Windows> {
        let (q, limit) = (rescale.unsaturated(accumulator), self.number_bits());
        let (below, above) = (q.lo < rescale.lo, q.hi > rescale.hi);
        if !below && !above && rescale.shift <= 0 {
            return Some(Windows { first: None, second: None });
        }
        let least = if below { rescale.lo } else { q.lo.min(rescale.hi) };
        let greatest = if above { rescale.hi } else { q.hi.max(rescale.lo) };
        let width = bits(greatest.abs_diff(least));
        if width > limit || rescale.shift > limit as i32 {
            return None;
        }
        // A window is a power of two wide. Where the range is not, the window lies at the end that saturates; if both do, a second one follows.
        let size = (1i64 << width) - 1;
        let (low, high) = ((least, least + size), (greatest - size, greatest));
        let first = if below || !above { low } else { high };
        let second = (below && above && low != high).then_some(high);
        let check = |(lo, hi): (i64, i64), q: Interval| {
            let excess = (lo.saturating_sub(q.lo)).max(q.hi.saturating_sub(hi)).max(0);
            Check { lo, hi, floating: false, value_bits: width, excess_bits: bits(excess.unsigned_abs()) }
        };
        let first = check(first, q);
        let second = second.map(|window| check(window, Interval::new(first.lo, first.hi)));
        let fits = first.excess_bits <= limit && !wraps(first, rescale.shift, accumulator);
        fits.then_some(Windows { first: Some(first), second })
    }

    /// Rescales and saturates a cell whose numbers do not fit one unit: `x + offset = h 2^(a + v) + l 2^a + r`, with the high digit `h`
    /// checked on its own.
    fn wide(&mut self, x: Cell, range: Interval, rescale: Rescale) -> Result<Cell, Unprovable> {
        let limit = self.number_bits() as i32;
        let offset = rescale.bias + half(rescale.shift);
        let a = rescale.shift.min(limit);
        // Two bits fewer than fit, so that a sum with a saturated high digit still fits.
        let v = if rescale.shift > a { (rescale.shift - a).min(limit - 2) } else { limit - 2 };
        // The high digit's unit stays well below the modulus, so that the identity fits.
        let v = v.min(60 - a);
        let range = Interval::new(range.lo + offset, range.hi + offset);
        let high = Interval::new(range.lo >> (a + v), range.hi >> (a + v));
        let (h, window) = self.digit(x, offset, (a + v) as u32, high);
        let low = Check { lo: 0, hi: (1 << v) - 1, floating: false, value_bits: v as u32, excess_bits: 0 };
        // The two sides of the identity differ by no more than this, whatever the prover brings for `h`, `l` and `r`.
        let most = ((window.1 + 1) << (a + v)) - 1 - i128::from(range.lo);
        let difference = most.max(i128::from(range.hi) - (window.0 << (a + v)));
        if difference >= MODULUS {
            return Err(Unprovable::Wraps { bits: 128 - difference.leading_zeros() });
        }
        let target = self.cell();
        let bias = offset - half(a);
        let coefficients = [1, -1 << (a + v), 0];
        let l =
            self.single(Operation { target, source: Source::Accumulator, cells: [x, h], coefficients, bias, shift: a, check: Some(low) });
        if rescale.shift > a {
            let rest = rescale.shift - a - v;
            if rest == 0 && rescale.lo <= high.lo && high.hi <= rescale.hi {
                return Ok(h);
            }
            let bias = -half(rest);
            let rescale = Rescale { bias, shift: rest, ..rescale };
            return self.settle([h, Cell::ZERO], [1, 0, 0], rescale, Interval::new(high.lo + bias, high.hi + bias));
        }
        let q = Interval::new(range.lo >> a, range.hi >> a);
        if q.lo >= rescale.lo && q.hi <= rescale.hi {
            return Ok(self.exact([h, l], [1 << v, 1, 0], 0));
        }
        // Whatever the high digit is beyond these, the value is saturated.
        let (lo, hi) = ((rescale.lo >> v) - 1, (rescale.hi >> v) + 1);
        let h = self.settle([h, Cell::ZERO], [1, 0, 0], Rescale::clamp(lo, hi), high)?;
        let saturated = Interval::new(high.lo.clamp(lo, hi) << v, (high.hi.clamp(lo, hi) + 1) << v);
        let clamp = Rescale::clamp(rescale.lo, rescale.hi);
        if self.windows(clamp, saturated).is_none() {
            return Err(Unprovable::Range { bits: bits(rescale.hi.abs_diff(rescale.lo)), limit: self.number_bits() });
        }
        self.settle([h, l], [1 << v, 1, 0], clamp, saturated)
    }

    /// `floor((x + offset) / 2^shift)`, which lies in a range: a hint, checked for its range only. Gives the least and the greatest value that
    /// the check lets pass, too.
    fn digit(&mut self, x: Cell, offset: i64, shift: u32, range: Interval) -> (Cell, (i128, i128)) {
        let (width, limit) = (bits(range.hi.abs_diff(range.lo)), self.number_bits());
        if width <= limit {
            let least = i128::from(range.lo);
            return (self.hint(Source::Digit { cell: x, offset, shift, bits: None }, range), (least, least + (1 << width) - 1));
        }
        let low = self.hint(Source::Digit { cell: x, offset, shift, bits: Some(limit) }, Interval::new(0, (1 << limit) - 1));
        let (high, window) = self.digit(x, offset, shift + limit, Interval::new(range.lo >> limit, range.hi >> limit));
        (self.exact([high, low], [1 << limit, 1, 0], 0), (window.0 << limit, ((window.1 + 1) << limit) - 1))
    }

    /// A value that the prover brings, checked to lie in a range that is widened to a power of two.
    pub(crate) fn hint(&mut self, source: Source, range: Interval) -> Cell {
        let value_bits = bits(range.hi.abs_diff(range.lo));
        let check = Check { lo: range.lo, hi: range.lo + (1 << value_bits) - 1, floating: false, value_bits, excess_bits: 0 };
        let target = self.cell();
        self.single(Operation { target, source, cells: [Cell::ZERO; 2], coefficients: [0; 3], bias: 0, shift: 0, check: Some(check) })
    }

    /// Enforces that `bias + a x + b y + c x y`, which does not wrap, lies in `0 .. 2^bits`; gives the cell that holds it.
    pub(crate) fn within(&mut self, cells: [Cell; 2], coefficients: [i64; 3], bias: i64, bits: u32) -> Cell {
        let check = Check { lo: 0, hi: (1 << bits) - 1, floating: false, value_bits: bits, excess_bits: 0 };
        let target = self.cell();
        self.single(Operation { target, source: Source::Accumulator, cells, coefficients, bias, shift: 0, check: Some(check) })
    }

    /// The greater of two cells with values in a range.
    ///
    /// # Errors
    /// The range is too wide.
    pub(crate) fn greater(&mut self, x: Cell, y: Cell, range: Interval) -> Result<Cell, Unprovable> {
        let width = bits(range.hi.abs_diff(range.lo));
        if width > self.number_bits() {
            return Err(Unprovable::Range { bits: width, limit: self.number_bits() });
        }
        // x, saturated from below at y; nothing is above the range's end.
        let check = Check { lo: 0, hi: range.hi, floating: true, value_bits: width, excess_bits: width };
        let target = self.cell();
        let (source, cells) = (Source::Accumulator, [x, y]);
        Ok(self.single(Operation { target, source, cells, coefficients: [1, 0, 0], bias: 0, shift: 0, check: Some(check) }))
    }
}

/// Whether the identity of a check, between what the limbs can express and what the accumulator can be, could hold only modulo `p`.
fn wraps(check: Check, shift: i32, accumulator: Interval) -> bool {
    let excess = 1i128 << check.excess_bits;
    let (lo, hi) = (i128::from(check.lo) - excess, i128::from(check.hi) + excess + 1);
    let accumulator = i128::from(accumulator.lo).abs().max(i128::from(accumulator.hi).abs());
    // A right shift scales the value, a left one the accumulator; then add what rounding and the remainder do.
    let (value, accumulator) = match shift {
        0.. => ((lo.abs().max(hi.abs()) + 1) << shift, accumulator),
        _ => (lo.abs().max(hi.abs()), accumulator << -shift),
    };
    value + accumulator + i128::from(half(shift)) >= MODULUS
}
