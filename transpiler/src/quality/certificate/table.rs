//! `Table`: `t(q) - f(x) = (f(q) - f(x)) + (t(q) - f(q))`; the table may end before its input's range does.

use maat_runtime::{Interval, Primitive, Shape};

use super::arithmetic::Span;
use super::cell::{Cell, Known};
use super::Bounder;
use crate::float::{FloatNode, Function, image};

/// Tables are compared with their functions at every integer, unless there are more than this.
const MAX_POINTS: i64 = 1 << 24;

/// A table, its functions, and the scales and range of what goes in and out.
type Key<'a> = (&'a Primitive, &'a [Function], i32, i32, Interval);

/// Distances of tables from their functions, kept because recurrent networks need each many times.
#[derive(Default)]
pub(super) struct Tables<'a>(Vec<(Key<'a>, f64)>);

impl<'a> Bounder<'a> {
    pub(super) fn table(&mut self, node: &'a FloatNode, functions: &'a [Function], table: &'a Primitive, x: &Known) -> Vec<Cell> {
        let own = self.table_error(node, functions, table, x);
        let (input, output) = (self.tensor(node.inputs[0]), self.tensor(node.output));
        let shape = &input.shape;
        let cell = |index: usize| {
            let x = x.at(index);
            let real = functions.iter().fold((x.real.lo, x.real.hi), |range, function| image(*function, range));
            let range = table.rules().output_range(&[(shape, integers(x.found, input.scale, input.range))]);
            let mut within = x.real.hull(x.found);
            let mut moved = x.error.size();
            for function in functions {
                moved = change(*function, (within.lo, within.hi), moved);
                let (lo, hi) = image(*function, (within.lo, within.hi));
                within = Span::new(lo, hi);
            }
            Cell {
                real: Span::new(real.0, real.1),
                found: range.map_or(Span::ALL, |range| Span::of(range, output.scale)),
                error: Span::around(own + moved),
                hole: false,
            }
        };
        (0..x.len()).map(cell).collect()
    }

    /// How far the table is from its functions at the integers that can come in.
    pub(super) fn table_error(&mut self, node: &'a FloatNode, functions: &'a [Function], table: &'a Primitive, x: &Known) -> f64 {
        let (input, output) = (self.tensor(node.inputs[0]), self.tensor(node.output));
        let range = integers(x.hull().found, input.scale, input.range);
        self.tables.distance((table, functions, input.scale, output.scale, range))
    }
}

/// The integers in an interval of reals, within their range.
pub(super) fn integers(found: Span, scale: i32, range: Interval) -> Interval {
    let end = |value: f64, round: fn(f64) -> f64| round(value * 2f64.powi(scale)).clamp(range.lo as f64, range.hi as f64) as i64;
    Interval::new(end(found.lo, f64::floor), end(found.hi, f64::ceil))
}

impl<'a> Tables<'a> {
    /// The greatest distance between a table and its functions over all integers that can come in.
    fn distance(&mut self, key: Key<'a>) -> f64 {
        if let Some((_, error)) = self.0.iter().find(|(known, _)| *known == key) {
            return *error;
        }
        let (primitive, functions, from, to, range) = key;
        if range.hi - range.lo >= MAX_POINTS {
            return f64::INFINITY;
        }
        let unit = 2f64.powi(-to);
        const BLOCK: i64 = 1 << 12;
        let mut worst = 0.0f64;
        let mut start = range.lo;
        while start <= range.hi {
            let end = (start + BLOCK - 1).min(range.hi);
            let x: Vec<i32> = (start..=end).map(|x| x as i32).collect();
            let shape = Shape::new(&[x.len()]).expect("a block is small");
            let mut y = vec![0; x.len()];
            primitive.rules().evaluate(&[(&shape, &x)], &mut y);
            for (x, y) in x.iter().zip(y) {
                let real = Function::chain(functions, f64::from(*x) * 2f64.powi(-from));
                let distance = (real - f64::from(y) * unit).abs();
                worst = if distance.is_nan() { f64::INFINITY } else { worst.max(distance) };
            }
            start = end + 1;
        }
        self.0.push((key, worst));
        worst
    }
}

/// A bound for `|f(x) - f(y)|`, for `x` and `y` in a range and at most `error` apart.
pub(super) fn change(function: Function, (lo, hi): (f64, f64), error: f64) -> f64 {
    if error == 0.0 {
        return 0.0;
    }
    let ends = image(function, (lo, hi));
    // A convex or concave function changes most at an end.
    let domain = match function {
        Function::Exp => Some(lo),
        Function::Reciprocal if lo > 0.0 => Some(lo),
        Function::Pow(_) if lo >= 0.0 => Some(lo),
        Function::Sqrt | Function::Log => Some(lo.max(0.0)),
        _ => None,
    };
    let at_ends = domain.map_or(f64::INFINITY, |lo| {
        let step = error.min(hi - lo);
        let between = |a: f64, b: f64| (function.apply(a) - function.apply(b)).abs();
        let (first, last) = (between(lo, lo + step), between(hi, hi - step));
        if first.is_nan() || last.is_nan() { f64::INFINITY } else { first.max(last) }
    });
    let by_slope = match function {
        Function::Elu { width, .. } if width <= 0.0 => f64::INFINITY,
        _ => slope(function, lo, hi) * error,
    };
    // NaN is not a bound, and a minimum passes over it.
    by_slope.min(at_ends).min(ends.1 - ends.0)
}

/// A bound for a function's slope on a range, less than the function's own where the range is not near its steepest point.
fn slope(function: Function, lo: f64, hi: f64) -> f64 {
    let nearest = if lo <= 0.0 && hi >= 0.0 { 0.0 } else { lo.abs().min(hi.abs()) };
    // These slopes fall with the distance from 0; the factor covers their own rounding.
    let there = match function {
        Function::Sigmoid => {
            let y = Function::Sigmoid.apply(nearest);
            y * (1.0 - y)
        }
        Function::Tanh => 1.0 - Function::Tanh.apply(nearest).powi(2),
        Function::Erf => std::f64::consts::FRAC_2_SQRT_PI * (-nearest * nearest).exp(),
        Function::Softsign => 1.0 / (1.0 + nearest).powi(2),
        Function::Clamp { lo: least, hi: greatest } if hi <= least || lo >= greatest => 0.0,
        _ => return function.slope(lo, hi),
    };
    (there + 1e-12).min(function.slope(lo, hi))
}
