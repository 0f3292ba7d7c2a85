//! Intervals of real numbers, from which the primitives' rules are made, and the step that ends most of them: rounding and saturation.
//!
//! An interval whose end is not known is infinite there: NaN never gets into one, so it cannot get lost in a minimum.

use maat_runtime::{Interval, Requantise, Tensor};

use super::cell::{Cell, Element, Link, Pre};
use crate::float::{Bounds, FloatNode, FloatOp, Kind, Rounding};

/// All real numbers from `lo` to `hi`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub lo: f64,
    pub hi: f64,
}

impl Span {
    pub const ALL: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY };
    pub const ZERO: Self = Self { lo: 0.0, hi: 0.0 };

    pub fn new(lo: f64, hi: f64) -> Self {
        Self { lo: if lo.is_nan() { f64::NEG_INFINITY } else { lo }, hi: if hi.is_nan() { f64::INFINITY } else { hi } }
    }

    pub fn point(value: f64) -> Self {
        Self::new(value, value)
    }

    /// From `-size` to `size`.
    pub fn around(size: f64) -> Self {
        Self::new(-size, size)
    }

    /// Integers of a scale, in real units.
    pub fn of(range: Interval, scale: i32) -> Self {
        let unit = 2f64.powi(-scale);
        Self::new(range.lo as f64 * unit, range.hi as f64 * unit)
    }

    /// The greatest size in it.
    pub fn size(self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    pub fn plus(self, other: Self) -> Self {
        Self::new(self.lo + other.lo, self.hi + other.hi)
    }

    pub fn minus(self, other: Self) -> Self {
        Self::new(self.lo - other.hi, self.hi - other.lo)
    }

    /// A factor of 0 gives 0, even of what may be infinite: a weight of 0 takes no part.
    pub fn scaled(self, factor: f64) -> Self {
        if factor == 0.0 {
            return Self::ZERO;
        }
        let (a, b) = (self.lo * factor, self.hi * factor);
        if factor > 0.0 { Self::new(a, b) } else { Self::new(b, a) }
    }

    pub fn times(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return Self::ZERO;
        }
        let corners = [self.lo * other.lo, self.lo * other.hi, self.hi * other.lo, self.hi * other.hi];
        if corners.iter().any(|corner| corner.is_nan()) {
            return Self::ALL;
        }
        Self::new(corners.into_iter().fold(f64::INFINITY, f64::min), corners.into_iter().fold(f64::NEG_INFINITY, f64::max))
    }

    /// Everything if the divisor may be 0.
    pub fn over(self, divisor: Self) -> Self {
        if divisor.lo > 0.0 || divisor.hi < 0.0 { self.times(Self::new(1.0 / divisor.hi, 1.0 / divisor.lo)) } else { Self::ALL }
    }

    pub fn hull(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// What is in both. Two that rounding put apart give what is between them.
    pub fn meet(self, other: Self) -> Self {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        Self { lo: lo.min(hi), hi: hi.max(lo) }
    }

    /// Its values, clamped.
    pub fn clamped(self, bounds: Bounds) -> Self {
        Self { lo: bounds.apply(self.lo), hi: bounds.apply(self.hi) }
    }
}

/// Half a unit of a tensor.
pub fn half(tensor: &Tensor) -> f64 {
    2f64.powi(-tensor.scale - 1)
}

/// What a requantisation saturates at, in real units.
pub fn limits(requantise: &Requantise, scale: i32) -> Bounds {
    let unit = 2f64.powi(-scale);
    Bounds { lo: f64::from(requantise.lo) * unit, hi: f64::from(requantise.hi) * unit }
}

/// How a node's sums become its results, in both networks.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// What the float network clamps to.
    pub real: Bounds,
    /// What the integers saturate at, in real units.
    pub integer: Bounds,
    /// How far the integers' rounding goes to either side.
    pub rounding: f64,
    /// What the integers are in, if only such runs count in which they do not leave it.
    pub seen: Option<Span>,
}

impl Ending {
    /// Clamps both sums. With `e` their distance, results are apart by `clamp(x + e) - clamp(x)`, which only rises with `e`, and rises or
    /// falls with `x` between the ends of the clamps: the extremes are at those ends, or at the ends of the sum's range.
    ///
    /// A result that lies within the saturation says that the sum lies there as well. Where neither sum can be clamped, `e` stays what it
    /// is; where both clamps are the same where they can be reached, it is multiplied by something from 0 to 1.
    pub fn of(&self, pre: Pre) -> Element {
        let rounding = Span::around(self.rounding);
        let error = pre.error.plus(rounding);
        let mut found = pre.found.plus(rounding).meet(pre.real.plus(error));
        if let Some(seen) = self.seen {
            let inner = Span {
                lo: if seen.lo > self.integer.lo { seen.lo } else { f64::NEG_INFINITY },
                hi: if seen.hi < self.integer.hi { seen.hi } else { f64::INFINITY },
            };
            found = found.meet(inner);
        }
        let real = pre.real.meet(found.minus(error));
        let apart = |x: f64, e: f64| self.integer.apply(x + e) - self.real.apply(x);
        let extreme = |e: f64, worse: fn(f64, f64) -> f64| {
            let kinks = [self.real.lo, self.real.hi, self.integer.lo - e, self.integer.hi - e];
            let within = kinks.into_iter().filter(|x| *x > real.lo && *x < real.hi);
            [real.lo, real.hi]
                .into_iter()
                .chain(within)
                .map(|x| apart(x, e))
                .fold(f64::NAN, |worst, next| if next.is_nan() { worse(f64::INFINITY, f64::NEG_INFINITY) } else { worse(worst, next) })
        };
        let by_ends = found.clamped(self.integer).minus(real.clamped(self.real));
        let clamped =
            if error.size().is_finite() { Span::new(extreme(error.lo, f64::min), extreme(error.hi, f64::max)) } else { Span::ALL };
        let cell = Cell { real: real.clamped(self.real), found: found.clamped(self.integer), error: clamped.meet(by_ends), hole: false };
        let reached = |bounds: Bounds, span: Span| (span.lo < bounds.lo, span.hi > bounds.hi);
        let (low, high) = (reached(self.integer, found), reached(self.real, real));
        let (below, above) = (low.0 || high.0, low.1 || high.1);
        let alike = (!below || self.integer.lo == self.real.lo) && (!above || self.integer.hi == self.real.hi);
        let link = match (below || above, alike) {
            (false, _) => Link { rest: pre.link.rest.plus(rounding), ..pre.link },
            (true, true) if cell.error.size() > 0.0 => {
                let mut link = pre.link;
                link.terms.iter_mut().for_each(|term| term.factor *= 0.5);
                link.rest = link.rest.plus(rounding).scaled(0.5).plus(Span::around(error.size() * 0.5));
                link
            }
            _ => Link::of(cell.error),
        };
        Element { cell, link }
    }
}

/// The same for results that are whole numbers on both sides, before they are rounded: a distance goes on to the next whole number.
pub fn whole(cell: Cell, node: &FloatNode, shifted: bool) -> Cell {
    // Where both are rounded to integers, the same number may be a tie that is broken both ways.
    let ties = shifted && matches!(&node.op, FloatOp::Sum(sum) if sum.rounding == Rounding::HalfEven);
    let rounding = if let FloatOp::Sum(sum) = &node.op { sum.rounding } else { Rounding::HalfUp };
    let lo = if cell.error.lo < 0.0 || ties { cell.error.lo - 1.0 } else { 0.0 };
    let hi = if cell.error.hi > 0.0 || ties { cell.error.hi + 1.0 } else { 0.0 };
    let bounds = node.kind.within(Bounds::NONE);
    let real = Span { lo: rounding.apply(cell.real.lo), hi: rounding.apply(cell.real.hi) }.clamped(bounds);
    Cell { real, found: cell.found.plus(Span::around(1.0)), error: Span { lo, hi }, hole: false }
}

/// Whether a node's results are whole numbers.
pub fn is_whole(node: &FloatNode) -> bool {
    matches!(node.kind, Kind::Integer(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::certificate::cell::Term;

    #[test]
    fn intervals_hold_what_their_numbers_give() {
        let (a, b) = (Span::new(-2.0, 3.0), Span::new(0.5, 4.0));
        assert_eq!((a.times(b), a.over(b)), (Span::new(-8.0, 12.0), Span::new(-4.0, 6.0)));
        assert_eq!((a.minus(b), a.scaled(-2.0)), (Span::new(-6.0, 2.5), Span::new(-6.0, 4.0)));
        assert_eq!((b.over(a), Span::ALL.scaled(0.0)), (Span::ALL, Span::ZERO), "a divisor of 0 gives anything, a factor of 0 nothing");
        assert_eq!(Span::new(f64::NAN, f64::NAN), Span::ALL, "what is not known is anything");
        assert_eq!(a.meet(Span::new(5.0, 6.0)), Span::new(3.0, 5.0), "what rounding put apart");
    }

    /// For every sum `x` and error `e`, results are as far apart as the cell says, and as the link says of the same `e`.
    #[test]
    fn clamped_sums_stay_in_their_cells() {
        let none = Bounds::NONE;
        let relu = Bounds { lo: 0.0, hi: f64::INFINITY };
        let of = |lo, hi| Bounds { lo, hi };
        let cases = [
            (none, of(-4.0, 4.0), (-3.0, 3.0), 0.5),
            (none, of(-4.0, 4.0), (-9.0, 5.0), 0.5),
            (relu, of(0.0, 4.0), (-2.0, 3.0), 1.0),
            (relu, of(0.0, 4.0), (-2.0, -1.5), 0.25),
            (of(0.0, 2.0), of(0.0, 2.0), (-1.0, 6.0), 0.75),
            (of(0.0, 2.0), of(0.0, 1.5), (1.0, 3.0), 0.1),
        ];
        for (real, integer, (lo, hi), size) in cases {
            for (low, high) in [(-size, size), (0.0, size), (-size, -size / 2.0)] {
                let error = Span::new(low, high);
                let link = Link { terms: vec![Term { position: 0, element: 0, factor: 1.0 }], rest: Span::ZERO };
                let pre = Pre { real: Span::new(lo, hi), found: Span::new(lo + low, hi + high), error, link };
                let Element { cell, link } = Ending { real, integer, rounding: 0.0, seen: None }.of(pre);
                let factor: f64 = link.terms.iter().map(|term| term.factor).sum();
                for k in 0..=60 {
                    for l in 0..=20 {
                        let (x, e) = (lo + (hi - lo) * f64::from(k) / 60.0, low + (high - low) * f64::from(l) / 20.0);
                        let (q, y) = (integer.apply(x + e), real.apply(x));
                        let within = |span: Span, value: f64| value >= span.lo - 1e-12 && value <= span.hi + 1e-12;
                        assert!(within(cell.real, y) && within(cell.found, q) && within(cell.error, q - y), "{x} and {e}: {cell:?}");
                        assert!(within(link.rest, q - y - factor * e), "{x} and {e}: {link:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_result_within_its_saturation_was_not_saturated() {
        let ending = Ending { real: Bounds::NONE, integer: Bounds { lo: -4.0, hi: 4.0 }, rounding: 0.0, seen: Some(Span::new(-3.0, 3.0)) };
        let pre =
            Pre { real: Span::new(-9.0, 9.0), found: Span::new(-9.5, 9.5), error: Span::around(0.5), link: Link::of(Span::around(0.5)) };
        assert_eq!(ending.of(pre).cell, Cell { real: Span::around(3.5), found: Span::around(3.0), error: Span::around(0.5), hole: false });
    }
}
