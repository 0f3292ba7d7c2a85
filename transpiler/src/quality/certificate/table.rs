//! `Table`: `|f(x) - t(q)| <= |f(x) - f(q)| + |f(q) - t(q)|`; the table may end before its input's range does.

use maat_runtime::{Interval, Primitive, Shape};

use super::arithmetic::{greatest, real_range};
use super::{Bounder, Known};
use crate::float::{FloatNode, Function, image};

/// Tables are compared with their functions at every integer, unless there are more than this.
const MAX_POINTS: i64 = 1 << 24;

/// A table, its functions, and the scales and range of what goes in and out.
type Key<'a> = (&'a Primitive, &'a [Function], i32, i32, Interval);

/// Distances of tables from their functions, kept because recurrent networks need each many times.
#[derive(Default)]
pub(super) struct Tables<'a>(Vec<(Key<'a>, f64)>);

impl<'a> Bounder<'a> {
    pub(super) fn table(&mut self, node: &'a FloatNode, functions: &'a [Function], table: &'a Primitive, x: Known) -> f64 {
        let tensor = self.tensor(node.output);
        let input = self.tensor(node.inputs[0]);
        let own = self.tables.distance((table, functions, input.scale, tensor.scale, input.range));
        let (least, greatest) = real_range(input);
        let (mut lo, mut hi, mut error) = (least.min(x.lo), greatest.max(x.hi), x.error);
        for function in functions {
            error = change(*function, (lo, hi), error);
            (lo, hi) = image(*function, (lo, hi));
        }
        own + error
    }
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
                worst = greatest(worst, (real - f64::from(y) * unit).abs());
            }
            start = end + 1;
        }
        self.0.push((key, worst));
        worst
    }
}

/// A bound for `|f(x) - f(y)|`, for `x` and `y` in a range and at most `error` apart.
fn change(function: Function, (lo, hi): (f64, f64), error: f64) -> f64 {
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
        greatest(between(lo, lo + step), between(hi, hi - step))
    });
    let by_slope = match function {
        Function::Elu { width, .. } if width <= 0.0 => f64::INFINITY,
        _ => function.slope(lo, hi) * error,
    };
    // NaN is not a bound, and a minimum passes over it.
    by_slope.min(at_ends).min(ends.1 - ends.0)
}
