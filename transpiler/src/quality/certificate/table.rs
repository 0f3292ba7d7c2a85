//! `Table`: `t(q) - f(x) = (f(q) - f(x)) + (t(q) - f(q))`; the table may end before its input's range does.
//!
//! `t(q) - f(q)` is known at every integer `q` of narrow inputs. Of wide ones it is known at every `s`th, and in between it is further off
//! by at most `s / 2` times both slopes, and the table's rounding.

use maat_runtime::{Interval, Primitive, Shape};

use super::Bounder;
use super::arithmetic::Span;
use super::cell::{Cell, Element, Known, Link};
use crate::float::{FloatNode, Function, image};

/// Tables are compared with their functions at no more than this many integers.
const MAX_POINTS: i64 = 1 << 22;

/// A table, its functions, and the scales and range of what goes in and out.
type Key<'a> = (&'a Primitive, &'a [Function], i32, i32, Interval);

/// Distances of tables from their functions, for each block of integers, kept because recurrent networks need each many times.
#[derive(Default)]
pub(super) struct Tables<'a>(Vec<(Key<'a>, Vec<f64>)>);

impl<'a> Bounder<'a> {
    pub(super) fn table(&mut self, node: &'a FloatNode, functions: &'a [Function], table: &'a Primitive, x: &Known) -> Vec<Element> {
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
            let error = Span::around(own + moved);
            let mut link = Link::of(error);
            if let Some(slope) = derivative(functions, x.real.hull(x.found)).filter(|_| self.links) {
                link.rest = Span::around(own);
                link.add(0, index, slope, x.error);
            }
            let found = range.map_or(Span::ALL, |range| Span::of(range, output.scale));
            Element { cell: Cell { real: Span::new(real.0, real.1), found, error, hole: false }, link }
        };
        (0..x.len()).map(cell).collect()
    }

    /// How far the table is from its functions at the integers that can come in.
    pub(super) fn table_error(&mut self, node: &'a FloatNode, functions: &'a [Function], table: &'a Primitive, x: &Known) -> f64 {
        let (input, output) = (self.tensor(node.inputs[0]), self.tensor(node.output));
        let found = integers(x.hull().found, input.scale, input.range);
        self.tables.distance((table, functions, input.scale, output.scale, input.range), found)
    }
}

/// The integers in an interval of reals, within their range.
pub(super) fn integers(found: Span, scale: i32, range: Interval) -> Interval {
    let end = |value: f64, round: fn(f64) -> f64| round(value * 2f64.powi(scale)).clamp(range.lo as f64, range.hi as f64) as i64;
    Interval::new(end(found.lo, f64::floor), end(found.hi, f64::ceil))
}

/// Integers whose greatest distance is kept together.
const BLOCK: i64 = 1 << 10;

impl<'a> Tables<'a> {
    /// The greatest distance between a table and its functions over integers, in blocks that hold them all.
    fn distance(&mut self, key: Key<'a>, found: Interval) -> f64 {
        let range = key.4;
        // A power of two that every block is a multiple of.
        let step = ((range.hi - range.lo) / MAX_POINTS + 1).max(1) as u64;
        let step = step.next_power_of_two() as i64;
        let length = BLOCK * step;
        let position = self.0.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            self.0.push((key, vec![f64::NAN; ((range.hi - range.lo) / length + 1) as usize]));
            self.0.len() - 1
        });
        let block = |value: i64| ((value.clamp(range.lo, range.hi) - range.lo) / length) as usize;
        let mut worst = 0.0f64;
        for index in block(found.lo)..=block(found.hi) {
            let blocks = &mut self.0[position].1;
            if blocks[index].is_nan() {
                let start = range.lo + index as i64 * length;
                blocks[index] = greatest_distance(key, Interval::new(start, (start + length - 1).min(range.hi)), step);
            }
            worst = worst.max(blocks[index]);
        }
        worst
    }
}

fn greatest_distance((primitive, functions, from, to, _): Key<'_>, block: Interval, step: i64) -> f64 {
    let unit = 2f64.powi(-to);
    let x: Vec<i32> = (block.lo..=block.hi).step_by(step as usize).chain([block.hi]).map(|x| x as i32).collect();
    let shape = Shape::new(&[x.len()]).expect("a block is small");
    let mut y = vec![0; x.len()];
    primitive.rules().evaluate(&[(&shape, &x)], &mut y);
    let worst = x.iter().zip(y).fold(0.0, |worst: f64, (x, y)| {
        let real = Function::chain(functions, f64::from(*x) * 2f64.powi(-from));
        let distance = (real - f64::from(y) * unit).abs();
        if distance.is_nan() { f64::INFINITY } else { worst.max(distance) }
    });
    if step == 1 {
        return worst;
    }
    let Primitive::Table(table) = primitive else { return f64::INFINITY };
    let steepest = table.knots.windows(2).map(|pair| (f64::from(pair[1]) - f64::from(pair[0])).abs()).fold(0.0, f64::max);
    let of_table = steepest * unit / 2f64.powi(table.fraction.into());
    let of_functions = Function::chain_slope(functions, (block.lo as f64 * 2f64.powi(-from), block.hi as f64 * 2f64.powi(-from)));
    let between = (of_table + of_functions * 2f64.powi(-from)) * step as f64 / 2.0 + unit;
    if between.is_nan() { f64::INFINITY } else { worst + between }
}

/// What the slope of functions, applied one after another, is on an interval; nothing where that is not worked out.
fn derivative(functions: &[Function], span: Span) -> Option<Span> {
    let mut slope = Span::point(1.0);
    let mut within = span;
    for function in functions {
        slope = slope.times(slopes(*function, within)?);
        let (lo, hi) = image(*function, (within.lo, within.hi));
        within = Span::new(lo, hi);
    }
    slope.size().is_finite().then_some(slope)
}

/// A function's slope on an interval, with room for the rounding of its ends.
fn slopes(function: Function, Span { lo, hi }: Span) -> Option<Span> {
    let ends = |a: f64, b: f64| Span::new(a.min(b), a.max(b));
    // A bell that is greatest at 0.
    let bell = |at: &dyn Fn(f64) -> f64| {
        let (a, b) = (at(lo), at(hi));
        Span::new(a.min(b), if lo <= 0.0 && hi >= 0.0 { at(0.0) } else { a.max(b) })
    };
    let signs = |below: f64, above: f64| match (hi < 0.0, lo > 0.0) {
        (true, _) => Span::point(below),
        (_, true) => Span::point(above),
        _ => ends(below, above),
    };
    let sigmoid = |x: f64| Function::Sigmoid.apply(x);
    let span = match function {
        Function::Linear { factor, .. } => Span::point(factor),
        Function::Abs => signs(-1.0, 1.0),
        Function::LeakyRelu(slope) => signs(slope, 1.0),
        Function::Clamp { lo: least, hi: greatest } if lo > least && hi < greatest => Span::point(1.0),
        Function::Clamp { lo: least, hi: greatest } if hi < least || lo > greatest => Span::ZERO,
        Function::Clamp { .. } => Span::new(0.0, 1.0),
        Function::Sigmoid => bell(&|x| sigmoid(x) * sigmoid(-x)),
        Function::Tanh => bell(&|x| 1.0 - libm::tanh(x).powi(2)),
        Function::Erf => bell(&|x| std::f64::consts::FRAC_2_SQRT_PI * libm::exp(-x * x)),
        Function::Softsign => bell(&|x| 1.0 / (1.0 + x.abs()).powi(2)),
        Function::Softplus => ends(sigmoid(lo), sigmoid(hi)),
        Function::Exp => ends(libm::exp(lo), libm::exp(hi)),
        Function::Log if lo > 0.0 => ends(1.0 / lo, 1.0 / hi),
        Function::Sqrt if lo > 0.0 => ends(0.5 / lo.sqrt(), 0.5 / hi.sqrt()),
        Function::Reciprocal if lo > 0.0 || hi < 0.0 => ends(-1.0 / (lo * lo), -1.0 / (hi * hi)),
        Function::Pow(exponent) if lo > 0.0 => ends(exponent * libm::pow(lo, exponent - 1.0), exponent * libm::pow(hi, exponent - 1.0)),
        _ => return None,
    };
    let room = span.size() * 1e-12 + 1e-300;
    Some(span.plus(Span::around(room)))
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
    let by_slope = slope(function, lo, hi) * error;
    // NaN is not a bound, and a minimum passes over it.
    by_slope.min(at_ends).min(ends.1 - ends.0)
}

/// A bound for a function's slope on a range, less than the function's own where the range is not near its steepest point.
fn slope(function: Function, lo: f64, hi: f64) -> f64 {
    let known = function.slope(lo, hi);
    slopes(function, Span { lo, hi }).map_or(known, |slopes| (slopes.size() + 1e-12).min(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::EXAMPLES;

    #[test]
    fn slopes_hold_every_difference_quotient() {
        let linear = Function::Linear { factor: 0.5, offset: 0.25 };
        for function in EXAMPLES.iter().copied() {
            for chain in [vec![function], vec![linear, function], vec![function, linear]] {
                for (lo, hi) in [(-6.0, 7.0), (-3.0, -0.5), (0.25, 4.0), (-0.75, 0.5), (0.5, 0.5625)] {
                    let Some(slope) = derivative(&chain, Span::new(lo, hi)) else { continue };
                    let points: Vec<f64> = (0..=200).map(|k| lo + (hi - lo) * f64::from(k) / 200.0).collect();
                    for pair in points.windows(2) {
                        let quotient = (Function::chain(&chain, pair[1]) - Function::chain(&chain, pair[0])) / (pair[1] - pair[0]);
                        assert!(
                            quotient >= slope.lo - 1e-9 && quotient <= slope.hi + 1e-9,
                            "{chain:?} near {}: {quotient}, {slope:?}",
                            pair[0]
                        );
                    }
                }
            }
        }
        assert!(derivative(&[Function::Exp], Span::new(0.0, 1.0)).is_some_and(|slope| slope.hi < 2.72), "the slope of e^x is e^x");
        assert_eq!(derivative(&[Function::Gelu], Span::new(0.0, 1.0)), None);
    }
}
