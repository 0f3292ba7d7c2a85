//! `Table`: knots of the functions at the scales of argument and result.

use maat_runtime::primitives::Table;
use maat_runtime::{Interval, Primitive, TensorId};

use super::Quantiser;
use super::scale::{round, saturation};
use crate::error::TranspileError;
use crate::float::{Bounds, FloatNode, Function};

/// The most knots of a table. Where they are not enough for the width, the error is as small as they allow.
const MAX_KNOTS: i64 = 1 << 12;

/// Interpolation may be off by this many units of the result, apart from its rounding.
const MAX_ERROR: f64 = 0.5;

/// And by this share of the result's width where no sample fell but real inputs may.
const MAX_UNSEEN_ERROR: f64 = 1.0 / 256.0;

impl Quantiser<'_> {
    pub(super) fn table(&mut self, node: &FloatNode, functions: &[Function], input: TensorId) -> Result<TensorId, TranspileError> {
        let (bits, scale) = self.precision(node.output);
        let (range, input_scale) = (self.tensor(input).range, self.tensor(input).scale);
        let seen = self.ranges.of(node.inputs[0]).filter(|observed| observed.lo <= observed.hi);
        let used = seen.map_or(range, |observed| {
            let end = |value: f64| (value * 2f64.powi(input_scale)).clamp(range.lo as f64, range.hi as f64);
            Interval::new(end(observed.lo).floor() as i64, end(observed.hi).ceil() as i64)
        });
        let (lo, hi) = saturation(Bounds::NONE, scale, bits);
        // In units of the result, saturated.
        let function = |x: i64| {
            let y = Function::chain(functions, x as f64 * 2f64.powi(-input_scale)) * 2f64.powi(scale);
            if y.is_nan() { 0.0 } else { y.clamp(f64::from(lo), f64::from(hi)) }
        };
        // Samples of one sign say nothing about the branch for the other.
        let real = |x: i64| x as f64 * 2f64.powi(-input_scale);
        let unreached = range.lo < 0
            && range.hi > 0
            && seen.is_some_and(|observed| {
                observed.is_one_sided()
                    && Function::chain_slope(functions, (real(range.lo), real(range.hi)))
                        <= 2.0 * Function::chain_slope(functions, (observed.lo, observed.hi))
            });
        let branches = unreached.then(|| coarsest(&function, range, &[(used, MAX_ERROR), (range, MAX_UNSEEN_ERROR * f64::from(hi))]));
        let table = match branches {
            Some((table, excess)) if excess <= 1.0 => table,
            _ => interpolate(function, range, used),
        };
        self.push(&node.name, Primitive::Table(table), &[input], scale)
    }
}

/// The coarsest table over `range` whose interpolation is good enough where it is `used`. If there is none, the table ends not far from
/// there: as far as is still good enough.
fn interpolate(function: impl Fn(i64) -> f64, range: Interval, used: Interval) -> Table {
    let span = used.hi - used.lo;
    let beyond = |part: i64| Interval::new((used.lo - span / part).max(range.lo), (used.hi + span / part).min(range.hi));
    let mut best = None;
    for domain in [range, beyond(1), beyond(2), beyond(4), beyond(8), used] {
        let (table, excess) = coarsest(&function, domain, &[(used, MAX_ERROR)]);
        if excess <= 1.0 {
            return table;
        }
        if best.as_ref().is_none_or(|(_, least)| excess < *least) {
            best = Some((table, excess));
        }
    }
    best.map(|(table, _)| table).expect("there are domains")
}

/// The coarsest table over a domain whose error in each span is within what is allowed there, or else the finest possible one; with the
/// greatest share of the allowed error that it takes.
///
/// Knots are at multiples of their distance, so 0, where many functions have a kink, is one of them.
fn coarsest(function: &impl Fn(i64) -> f64, domain: Interval, spans: &[(Interval, f64)]) -> (Table, f64) {
    let widest = 64 - (domain.hi - domain.lo).max(1).leading_zeros();
    let first = |fraction: u32| domain.lo >> fraction << fraction;
    let count = |fraction: u32| ((domain.hi - first(fraction)) >> fraction) + 1 + i64::from(fraction > 0);
    let mut found = (widest.min(24), f64::INFINITY);
    for fraction in (0..=widest.min(24)).rev().filter(|fraction| count(*fraction) <= MAX_KNOTS) {
        let share = |(span, allowed): &(Interval, f64)| error(function, fraction, *span, *allowed) / allowed;
        found = (fraction, spans.iter().map(share).fold(0.0, f64::max));
        if found.1 <= 1.0 {
            break;
        }
    }
    let (fraction, excess) = found;
    let lo = first(fraction);
    let knots = (0..count(fraction)).map(|index| round(function(lo + (index << fraction))) as i32).collect();
    // The first knot may lie below the domain. It still fits into 32 bits, because it is a multiple of a smaller power of two.
    (Table { lo: lo.max(i64::from(i32::MIN)) as i32, fraction: fraction as u8, knots }, excess)
}

/// The greatest distance between the function and its interpolation, at some points of each used interval between knots. The search stops
/// above `allowed`.
fn error(function: &impl Fn(i64) -> f64, fraction: u32, used: Interval, allowed: f64) -> f64 {
    const POINTS: i64 = 8;
    let width = 1i64 << fraction;
    let mut worst = 0.0f64;
    let mut left = used.lo >> fraction << fraction;
    while left <= used.hi && worst <= allowed {
        let (from, to) = (function(left), function(left + width));
        let (first, last) = (left.max(used.lo), (left + width).min(used.hi));
        for point in 0..=POINTS {
            let x = first + (last - first) * point / POINTS;
            let line = from + (to - from) * (x - left) as f64 / width as f64;
            worst = worst.max((line - function(x)).abs());
        }
        left += width;
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(table: &Table, x: i32) -> i32 {
        use maat_runtime::Shape;
        let shape = Shape::new(&[1]).unwrap();
        let mut y = [0];
        Primitive::Table(table.clone()).rules().evaluate(&[(&shape, &[x])], &mut y);
        y[0]
    }

    #[test]
    fn a_kink_at_zero_needs_three_knots() {
        let table = interpolate(|x| x.abs() as f64, Interval::of_bits(16), Interval::of_bits(16));
        assert_eq!(table.knots, [65536, 0, 65536]);
        for x in [-32768, -5, -1, 0, 1, 77, 32767] {
            assert_eq!(apply(&table, x), x.abs());
        }
    }

    #[test]
    fn a_smooth_function_is_as_exact_as_its_unit() {
        let sigmoid = |x: i64| 16384.0 / (1.0 + libm::exp(-(x as f64) / 4096.0));
        let table = interpolate(sigmoid, Interval::of_bits(16), Interval::of_bits(16));
        assert!(table.knots.len() < 1000, "{} knots", table.knots.len());
        for x in (-32768..32768).step_by(13) {
            assert!((f64::from(apply(&table, x)) - sigmoid(i64::from(x))).abs() <= 1.5, "at {x}");
        }
    }

    #[test]
    fn what_is_used_counts_even_where_it_is_small() {
        let root = |x: i64| (x.max(0) as f64).sqrt() * 64.0;
        let table = interpolate(root, Interval::of_bits(22), Interval::new(1000, 5000));
        for x in (1000..5000).step_by(7) {
            assert!((f64::from(apply(&table, x)) - root(i64::from(x))).abs() <= 1.5, "at {x}");
        }
    }

    #[test]
    fn a_table_ends_no_nearer_to_what_is_used_than_it_must() {
        // 4,096 knots are enough for a quarter of the span beyond, and not for half of it.
        let waves = |x: i64| 1e6 * libm::sin(x as f64 / 80.0);
        let (range, used) = (Interval::of_bits(20), Interval::new(-4096, 4096));
        let span = used.hi - used.lo;
        let table = interpolate(waves, range, used);
        let last = i64::from(table.lo) + ((table.knots.len() as i64 - 1) << table.fraction);
        assert!(last >= used.hi + span / 4 && last < used.hi + span / 2, "ends at {last}, fraction {}", table.fraction);
    }

    #[test]
    fn few_inputs_are_looked_up_one_by_one() {
        let table = interpolate(|x| 100.0 * f64::from(u8::from(x > 3)), Interval::new(0, 15), Interval::new(0, 15));
        assert_eq!((table.fraction, table.knots.len()), (0, 16));
        assert_eq!([0, 3, 4, 15].map(|x| apply(&table, x)), [0, 0, 100, 100]);
    }
}
