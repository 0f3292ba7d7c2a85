//! The arithmetic of bounds, which the primitives' rules share.
//!
//! NaN means that there is no bound. It must never get lost in a maximum, so [`greatest`] is used instead of `f64::max`.

use maat_runtime::{Requantise, Tensor};

use crate::float::{Bounds, FloatNode, FloatOp, Kind, Rounding};

/// A tensor's range in real units.
pub fn real_range(tensor: &Tensor) -> (f64, f64) {
    let unit = 2f64.powi(-tensor.scale);
    (tensor.range.lo as f64 * unit, tensor.range.hi as f64 * unit)
}

/// Half a unit of a tensor.
pub fn half(tensor: &Tensor) -> f64 {
    2f64.powi(-tensor.scale - 1)
}

/// The greater bound; infinite if one is NaN.
pub fn greatest(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// `factor * error`, and 0 if either is 0: a weight of 0 takes no part, even if its input may be infinite.
pub fn scaled(factor: f64, error: f64) -> f64 {
    if factor == 0.0 || error == 0.0 { 0.0 } else { factor * error }
}

/// The distance of two results, given that of what they are rounded from.
pub fn rounded(distance: f64, node: &FloatNode, requantise: &Requantise, channel: usize, tensor: &Tensor) -> f64 {
    let shifted = requantise.shift_of(channel) > 0;
    // Where both are rounded to integers, the same number may be a tie that is broken both ways.
    let ties = shifted && matches!(&node.op, FloatOp::Sum(sum) if sum.rounding == Rounding::HalfEven);
    match node.kind {
        Kind::Real => distance + if shifted { half(tensor) } else { 0.0 },
        Kind::Integer(_) if distance > 0.0 || ties => distance + 1.0,
        Kind::Integer(_) => distance,
    }
}

/// The greatest size of `sum_t factor_t * q_t + offset` for integers of the tensors' ranges.
pub fn farthest<'t>(terms: impl Iterator<Item = (f64, &'t Tensor)>, offset: f64) -> f64 {
    let (lo, hi) = terms.fold((offset, offset), |(lo, hi), (factor, tensor)| {
        let (least, greatest) = real_range(tensor);
        let (a, b) = (factor * least, factor * greatest);
        (lo + a.min(b), hi + a.max(b))
    });
    greatest(lo.abs(), hi.abs())
}

/// How far clamping to the integers' bounds is from clamping to the real ones, for values of a range. The distance of two clamps falls and
/// then rises, so it is greatest at an end.
pub fn saturation(bounds: Bounds, (lo, hi): (f64, f64), requantise: &Requantise, scale: i32) -> f64 {
    let unit = 2f64.powi(-scale);
    let integers = Bounds { lo: f64::from(requantise.lo) * unit, hi: f64::from(requantise.hi) * unit };
    let distance = |value: f64| (bounds.apply(value) - integers.apply(value)).abs();
    greatest(distance(lo), distance(hi))
}
