//! What is known of every tensor for all inputs in their declared range: a proven range, and a bound of the distance to the float network.
//!
//! With `e` the bound of an operand and `d` that of a node's own rounding, each rule is of the form `e' = slope * e + d`, where the slope
//! is the real operation's (the sum of a row's weights, a function's steepest slope, 1 for a maximum). Where no such bound is useful, at
//! comparisons and jumps, the width of both ranges together bounds the distance. In the rules, `x` is the float network's value, `q` the
//! integers' in real units, and the float network computes with real numbers: [`SLACK`] is for what its 64 bits round.
//!
//! A bound that is not a number counts as none: it must never be lost in a maximum, which is why [`greatest`] stands for `f64::max`.

use std::collections::HashMap;

use maat_runtime::primitives::Sum;
use maat_runtime::{Interval, Model, Node, Primitive, Requantise, Tensor, TensorId};
use serde::{Deserialize, Serialize};

use crate::accuracy::significant;
use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, FloatSum, Function, Kind, Rounding, ValueId};
use crate::quantise::{Mapped, threshold};

/// What is proven of a tensor, for every input within its own range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertifiedNode {
    /// The input or node that gives the tensor.
    pub name: String,
    /// `Input`, or the primitive.
    pub primitive: String,
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// Scale exponent.
    pub scale: i32,
    /// The scale exponents of an input's columns, where they are not one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<i32>,
    /// The proven range, in integers: interval arithmetic over the actual weights.
    pub range: Interval,
    /// The same in real units, to four significant digits; for columns, that of the coarsest.
    pub real_range: (f64, f64),
    /// No element is further than this from the float network's, unless that is infinite; absent for tensors that the float network does
    /// not have, and where there is no bound. For columns, that of the coarsest.
    pub error_bound: Option<f64>,
}

impl CertifiedNode {
    /// The scale exponents: one of all elements, or one for each column.
    pub fn scales(&self) -> &[i32] {
        if self.columns.is_empty() { std::slice::from_ref(&self.scale) } else { &self.columns }
    }
}

/// The certificate of a quantised network.
pub fn certify(float: &FloatModel, mapped: &Mapped) -> Vec<CertifiedNode> {
    let model = &mapped.model;
    let bounds = Bounder::run(float, mapped);
    let by_tensor: HashMap<TensorId, f64> = mapped.tensors.iter().filter_map(|(value, id)| Some((*id, bounds.get(value)?.error))).collect();
    let ids: HashMap<usize, TensorId> = mapped.tensors.values().map(|id| (id.index(), *id)).collect();
    let primitives = model.inputs().iter().map(|_| "Input").chain(model.nodes().map(|(node, _)| node.primitive.name()));
    let tensors = model.tensors().iter().zip(primitives).enumerate();
    let certified = tensors.map(|(index, (tensor, primitive))| CertifiedNode {
        name: tensor.name.clone(),
        primitive: primitive.to_owned(),
        shape: tensor.shape.dims().to_vec(),
        scale: tensor.scale,
        columns: tensor.columns.clone(),
        range: tensor.range,
        real_range: {
            let (lo, hi) = real_range(tensor);
            (significant(lo), significant(hi))
        },
        error_bound: ids.get(&index).and_then(|id| by_tensor.get(id)).copied().filter(|error| error.is_finite()).map(rounded_up),
    });
    certified.collect()
}

/// Four significant digits, not below the value: short numbers survive a report's text exactly.
fn rounded_up(value: f64) -> f64 {
    let rounded = significant(value);
    if rounded >= value { rounded } else { significant(value * 1.001) }
}

fn real_range(tensor: &Tensor) -> (f64, f64) {
    let unit = 2f64.powi(-tensor.scale);
    (tensor.range.lo as f64 * unit, tensor.range.hi as f64 * unit)
}

/// What is known of a float tensor and its integers.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Range of the float network's elements.
    lo: f64,
    hi: f64,
    /// Bound of the distance.
    error: f64,
    /// Whether there may be elements of minus infinity beside those of the range, to which the bound does not apply: what pads the windows
    /// of a maximum. The integers have the least number there.
    holes: bool,
}

impl Known {
    fn size(&self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// The same without holes: what every operation sees but moves and maxima.
    fn filled(self) -> Self {
        if self.holes { Self { lo: f64::NEG_INFINITY, error: f64::INFINITY, holes: false, ..self } } else { self }
    }
}

struct Bounder<'a> {
    float: &'a FloatModel,
    model: &'a Model,
    nodes: HashMap<TensorId, &'a Node>,
    tensors: &'a HashMap<ValueId, TensorId>,
    known: HashMap<ValueId, Known>,
    /// Distances of tables from their functions, which recurrent networks ask for again and again.
    tables: Vec<(TableKey<'a>, f64)>,
}

/// A table, its functions, and the scales and range of what goes in and out.
type TableKey<'a> = (&'a Primitive, &'a [Function], i32, i32, Interval);

/// Floats of a network of a few thousand terms are exact to more than this share of a bound, or of a tensor's unit.
const SLACK: f64 = 1e-7;

/// Tables are compared with their functions at every integer, unless there are more.
const MAX_POINTS: i64 = 1 << 24;

impl<'a> Bounder<'a> {
    fn run(float: &'a FloatModel, mapped: &'a Mapped) -> HashMap<ValueId, Known> {
        let nodes = mapped.model.nodes().map(|(node, id)| (id, node)).collect();
        let mut bounder = Self { float, model: &mapped.model, nodes, tensors: &mapped.tensors, known: HashMap::new(), tables: Vec::new() };
        for input in &float.inputs {
            let tensor = bounder.tensor(input.value);
            let (lo, hi) = real_range(tensor);
            // Within the range nothing saturates.
            let error = if input.kind == Kind::Real { half(tensor) } else { 0.0 };
            bounder.known.insert(input.value, Known { lo, hi, error, holes: false });
        }
        for node in &float.nodes {
            let known = bounder.node(node);
            bounder.known.insert(node.output, known);
        }
        bounder.known
    }

    fn tensor(&self, value: ValueId) -> &'a Tensor {
        self.model.tensor(self.tensors[&value])
    }

    fn node(&mut self, node: &'a FloatNode) -> Known {
        let inputs: Vec<Known> = node.inputs.iter().map(|input| self.known[input]).collect();
        let used = used(node, |value| self.tensor(value).shape.elements());
        let keeps_holes = matches!(node.op, FloatOp::Move { .. } | FloatOp::Max { .. });
        let inputs: Vec<Known> = inputs.into_iter().map(|known| if keeps_holes { known } else { known.filled() }).collect();
        let (lo, hi) = float_range(node, &inputs, &used);
        let tensor = self.tensor(node.output);
        let (least, greatest) = real_range(tensor);
        let by_rule = self.error(node, &inputs, &used, (lo, hi));
        // Both values lie in their ranges, so they are no further apart than the ranges' far ends.
        let span = (hi - least).max(greatest - lo);
        let error = if by_rule.is_nan() { span } else { by_rule.min(span) };
        let error = match node.kind {
            Kind::Real if error > 0.0 => error * (1.0 + SLACK) + SLACK * 2.0 * half(tensor),
            // The distance of two integers is one.
            Kind::Integer(_) => (error * (1.0 + SLACK)).floor(),
            Kind::Real => 0.0,
        };
        // Any infinite maximum would be one of padding alone, whatever the inputs are: calibration would have refused it.
        let holes = match &node.op {
            FloatOp::Move { .. } => {
                let constants = used.constants.contains(&f64::NEG_INFINITY) && node.kind == Kind::Real;
                constants || used.inputs.iter().any(|position| inputs[*position].holes)
            }
            _ => false,
        };
        Known { lo: lo.max(least - error), hi: hi.min(greatest + error), error, holes }
    }

    /// The node of the quantised model that gives a node's tensor.
    fn quantised(&self, node: &FloatNode) -> Option<&'a Node> {
        self.nodes.get(&self.tensors[&node.output]).copied()
    }

    fn error(&mut self, node: &'a FloatNode, inputs: &[Known], used: &Used, range: (f64, f64)) -> f64 {
        let Some(quantised) = self.quantised(node) else { return f64::NAN };
        let tensor = self.tensor(node.output);
        match (&node.op, &quantised.primitive) {
            // |sum w x + b - (sum w' q + b')| <= sum |w| e + |sum (w - w') q + b - b'|, and saturation and rounding.
            (FloatOp::Affine { weights, bias, bounds, .. }, Primitive::Affine(affine)) => {
                let (input, x) = (self.tensor(node.inputs[0]), inputs[0]);
                let n = weights.len() / bias.len();
                let channel = |channel: usize| {
                    let exponent = i32::from(affine.requantise.shift_of(channel)) + tensor.scale - input.scale;
                    let (unit, row) = (2f64.powi(-exponent), &weights[channel * n..][..n]);
                    let moved: f64 = row.iter().map(|weight| scaled(weight.abs(), x.error)).sum();
                    let rounded = row.iter().zip(affine.row(channel)).map(|(weight, integer)| weight - f64::from(*integer) * unit);
                    let bias_rounded = bias[channel] - affine.bias[channel] as f64 * 2f64.powi(-exponent - input.scale);
                    let by_weights = farthest(rounded.map(|weight| (weight, input)), bias_rounded);
                    let sums = linear_range(row, bias[channel], std::iter::repeat(x));
                    moved + by_weights + saturation(within(*bounds, node.kind), sums, &affine.requantise, tensor.scale)
                };
                let by_channel = (0..bias.len()).map(|index| rounded(channel(index), node, &affine.requantise, index, tensor));
                by_channel.fold(0.0, greatest)
            }
            (FloatOp::Sum(sum), Primitive::Sum(integers)) => {
                let channel = |channel: usize| {
                    let row: Vec<f64> = sum.coefficients.iter().map(|row| row[channel]).collect();
                    let moved: f64 = row.iter().zip(inputs).map(|(factor, x)| scaled(factor.abs(), x.error)).sum();
                    let sums = linear_range(&row, sum.bias[channel], inputs.iter().copied());
                    let bounds = within(sum.bounds, node.kind);
                    if integers.coefficients.len() > row.len() {
                        // Three sums that round half to even, of numbers that are represented exactly.
                        let bounds = Bounds { lo: sum.rounding.apply(bounds.lo), hi: sum.rounding.apply(bounds.hi) };
                        let distance = moved + saturation(bounds, sums, &integers.requantise, tensor.scale);
                        return if distance > 0.0 { distance + 1.0 } else { distance };
                    }
                    let by_bounds = saturation(bounds, sums, &integers.requantise, tensor.scale);
                    // The accumulator's unit is 2^-scale.
                    let scale = i32::from(integers.requantise.shift_of(channel)) + tensor.scale;
                    let operands = node.inputs.iter().map(|input| self.tensor(*input)).zip(&row).zip(&integers.coefficients);
                    let terms = operands.map(|((operand, factor), integers)| {
                        (factor - f64::from(integers[channel]) * 2f64.powi(operand.scale - scale), operand)
                    });
                    let bias = unrounded_bias(node, sum, integers, channel) as f64 * 2f64.powi(-scale);
                    rounded(moved + farthest(terms, sum.bias[channel] - bias) + by_bounds, node, &integers.requantise, channel, tensor)
                };
                (0..sum.channels()).map(channel).fold(0.0, greatest)
            }
            // a b - a' b' = a (b - b') + b' (a - a')
            (FloatOp::Product { inner, .. }, Primitive::Product(product)) => {
                let (a, b) = (inputs[0], inputs[1]);
                let (low, high) = real_range(self.tensor(node.inputs[1]));
                let moved = *inner as f64 * (scaled(a.size(), b.error) + scaled(low.abs().max(high.abs()), a.error));
                let by_bounds = saturation(within(Bounds::NONE, node.kind), range, &product.requantise, tensor.scale);
                rounded(moved + by_bounds, node, &product.requantise, 0, tensor)
            }
            // |f(x) - t(q)| <= |f(x) - f(q)| + |f(q) - t(q)|; the table may end before its input's range does.
            (FloatOp::Table(functions), table @ Primitive::Table(_)) if node.kind == Kind::Real => {
                let input = self.tensor(node.inputs[0]);
                let own = self.table_error((table, functions, input.scale, tensor.scale, input.range));
                let (least, greatest) = real_range(input);
                let (mut lo, mut hi, mut error) = (least.min(inputs[0].lo), greatest.max(inputs[0].hi), inputs[0].error);
                for function in functions {
                    error = change(*function, (lo, hi), error);
                    (lo, hi) = image(*function, (lo, hi));
                }
                own + error
            }
            (FloatOp::Divide, primitive) if node.kind == Kind::Real => self.quotient_error(node, inputs, primitive, range),
            (FloatOp::Max { .. }, Primitive::Max(_)) => inputs[0].error,
            (FloatOp::ArgMax { .. }, _) if inputs[0].error == 0.0 => 0.0,
            // Two tensors are compared at the finer of their scales, a constant as it is unless it is rounded past an integer.
            (FloatOp::Greater, Primitive::Sum(sum)) => {
                let exact = if sum.coefficients.len() == 1 {
                    let below = sum.coefficients[0][0] < 0;
                    let (value, constant, whole): (_, _, fn(f64) -> f64) = if below { (1, 0, f64::ceil) } else { (0, 1, f64::floor) };
                    let (scale, kind) = (self.tensor(node.inputs[value]).scale, self.float.tensor(node.inputs[value]).1);
                    let is_kept = |c: &f64| threshold(*c, scale, kind, whole) == whole(c * 2f64.powi(scale));
                    let constants = self.float.constants(node.inputs[constant]);
                    inputs[value].error == 0.0 && constants.is_some_and(|constants| constants.iter().all(is_kept))
                } else {
                    let apart = (self.tensor(node.inputs[0]).scale - self.tensor(node.inputs[1]).scale).abs();
                    inputs.iter().all(|x| x.error == 0.0) && apart <= 30
                };
                if exact { 0.0 } else { f64::NAN }
            }
            (FloatOp::Select, _) if inputs[0].error == 0.0 => {
                [1, 2].map(|position| self.aligned_error(node, inputs[position], position)).into_iter().fold(0.0, greatest)
            }
            (FloatOp::Move { .. }, Primitive::Move(integers)) => {
                let by_inputs = used.inputs.iter().map(|position| self.aligned_error(node, inputs[*position], *position));
                let unit = 2f64.powi(-tensor.scale);
                let constants = used.constants.iter().zip(&used.positions).map(|(value, position)| {
                    let found = f64::from(integers.constants[*position]) * unit;
                    match node.kind {
                        Kind::Integer(range) => (Rounding::HalfUp.apply(*value).clamp(range.lo as f64, range.hi as f64) - found).abs(),
                        Kind::Real if *value == f64::NEG_INFINITY => 0.0,
                        Kind::Real => (value - found).abs(),
                    }
                });
                by_inputs.chain(constants).fold(0.0, greatest)
            }
            _ => f64::NAN,
        }
    }

    /// With the exact quotient `z = n' / d'` of the integers, `n / d - z = ((n - n') + z (d' - d)) / d`, and where `z` saturates at `c`
    /// beyond `n / d`, the same with `c` for `z`, because `c d'` lies between `n / d * d'` and `n'`.
    fn quotient_error(&self, node: &FloatNode, inputs: &[Known], primitive: &Primitive, range: (f64, f64)) -> f64 {
        let (tensor, half) = (self.tensor(node.output), half(self.tensor(node.output)));
        let (num, den) = (inputs[0], inputs[1]);
        let least = if den.lo > 0.0 { den.lo } else { -den.hi };
        // Divisors of the integers have the sign of the real ones and are at least a unit in size; changing signs is exact.
        let turned = node.inputs.iter().map(|input| self.tensor(*input).range).all(|range| range.lo > i64::from(i32::MIN));
        if !(least > den.error && (den.lo > 0.0 || turned)) {
            return f64::NAN;
        }
        // A quotient that is finer than asked for is rounded twice.
        let rounding = if matches!(primitive, Primitive::Divide(_)) { half } else { 2.0 * half };
        let (low, high) = real_range(tensor);
        let moved = (num.error + scaled(low.abs().max(high.abs()) + rounding, den.error)) / least;
        let bounds = Requantise { shift: vec![0], lo: tensor.range.lo as i32, hi: tensor.range.hi as i32 };
        moved + rounding + saturation(Bounds::NONE, range, &bounds, tensor.scale)
    }

    /// An element of an input that a move or a selection passes on, perhaps at another scale: rounded to a coarser unit, and saturated
    /// where the new range ends before the old one.
    fn aligned_error(&self, node: &FloatNode, known: Known, position: usize) -> f64 {
        let from = self.tensor(node.inputs[position]);
        let Some(quantised) = self.quantised(node) else { return f64::NAN };
        let to = self.model.tensor(quantised.inputs[position]);
        let ((from_low, from_high), (low, high)) = (real_range(from), real_range(to));
        let rounding = if from.scale > to.scale { half(to) } else { 0.0 };
        known.error + rounding.max(low - from_low).max(from_high - high)
    }

    /// The greatest distance between a table and its functions over all integers that can come in.
    fn table_error(&mut self, key: TableKey<'a>) -> f64 {
        if let Some((_, error)) = self.tables.iter().find(|(known, _)| *known == key) {
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
            let shape = maat_runtime::Shape::new(&[x.len()]).expect("a block is small");
            let mut y = vec![0; x.len()];
            primitive.rules().evaluate(&[(&shape, &x)], &mut y);
            for (x, y) in x.iter().zip(y) {
                let real = Function::chain(functions, f64::from(*x) * 2f64.powi(-from));
                worst = greatest(worst, (real - f64::from(y) * unit).abs());
            }
            start = end + 1;
        }
        self.tables.push((key, worst));
        worst
    }
}

/// Half a unit of a tensor.
fn half(tensor: &Tensor) -> f64 {
    2f64.powi(-tensor.scale - 1)
}

/// The greater bound; none if one is none.
fn greatest(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// `factor * error`, where nothing comes of nothing: a weight of 0 takes no part, even if its input may be infinite.
fn scaled(factor: f64, error: f64) -> f64 {
    if factor == 0.0 || error == 0.0 { 0.0 } else { factor * error }
}

/// The bounds that a float node's results have in the end.
fn within(bounds: Bounds, kind: Kind) -> Bounds {
    match kind {
        Kind::Real => bounds,
        Kind::Integer(range) => bounds.then(Bounds { lo: range.lo as f64, hi: range.hi as f64 }),
    }
}

/// The distance of two results, given that of what they are rounded from.
fn rounded(distance: f64, node: &FloatNode, requantise: &Requantise, channel: usize, tensor: &Tensor) -> f64 {
    let shifted = requantise.shift_of(channel) > 0;
    // Where both are rounded to integers, the same number may be a tie that is broken in two ways.
    let ties = shifted && matches!(&node.op, FloatOp::Sum(sum) if sum.rounding == Rounding::HalfEven);
    match node.kind {
        Kind::Real => distance + if shifted { half(tensor) } else { 0.0 },
        Kind::Integer(_) if distance > 0.0 || ties => distance + 1.0,
        Kind::Integer(_) => distance,
    }
}

/// A sum's bias before what rounding down subtracts.
fn unrounded_bias(node: &FloatNode, sum: &FloatSum, integers: &Sum, channel: usize) -> i64 {
    let shift = integers.requantise.shift_of(channel);
    let down = node.kind != Kind::Real && sum.rounding == Rounding::Down && shift > 0;
    integers.bias[channel] + if down { 1i64 << (shift - 1) } else { 0 }
}

/// The greatest size of `sum_t factor_t * q_t + offset` for integers of the tensors' ranges.
fn farthest<'t>(terms: impl Iterator<Item = (f64, &'t Tensor)>, offset: f64) -> f64 {
    let (lo, hi) = terms.fold((offset, offset), |(lo, hi), (factor, tensor)| {
        let (least, greatest) = real_range(tensor);
        let (a, b) = (factor * least, factor * greatest);
        (lo + a.min(b), hi + a.max(b))
    });
    greatest(lo.abs(), hi.abs())
}

/// How far the bounds of the integers are from the real ones, for values of a range. The distance of two clamps falls and then rises, so
/// that it is greatest at an end.
fn saturation(bounds: Bounds, (lo, hi): (f64, f64), requantise: &Requantise, scale: i32) -> f64 {
    let unit = 2f64.powi(-scale);
    let integers = Bounds { lo: f64::from(requantise.lo) * unit, hi: f64::from(requantise.hi) * unit };
    let distance = |value: f64| (bounds.apply(value) - integers.apply(value)).abs();
    greatest(distance(lo), distance(hi))
}

/// A bound of `|f(x) - f(y)|` for `x` and `y` of a range that are no further apart than `error`.
fn change(function: Function, (lo, hi): (f64, f64), error: f64) -> f64 {
    if error == 0.0 {
        return 0.0;
    }
    let ends = image(function, (lo, hi));
    // A function that rises or falls faster and faster, or slower and slower, changes most at an end.
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
    // What is not a number is not a bound, and a minimum passes over it.
    by_slope.min(at_ends).min(ends.1 - ends.0)
}

/// The image of a range, also where that is infinite or ends at a pole.
fn image(function: Function, (lo, hi): (f64, f64)) -> (f64, f64) {
    let pole = matches!(function, Function::Pow(exponent) if exponent < 0.0 && lo <= 0.0 && hi >= 0.0);
    let unknown = pole || function.apply(lo).is_nan() || function.apply(hi).is_nan();
    if unknown { (f64::NEG_INFINITY, f64::INFINITY) } else { function.image(lo, hi) }
}

/// The inputs and constants that a node takes elements from: all but for moves.
struct Used {
    inputs: Vec<usize>,
    constants: Vec<f64>,
    /// Positions of the constants.
    positions: Vec<usize>,
}

fn used(node: &FloatNode, elements: impl Fn(ValueId) -> usize) -> Used {
    let all: Vec<usize> = (0..node.inputs.len()).collect();
    let (indices, constants) = match &node.op {
        FloatOp::Move { indices, constants } if !indices.is_empty() => (indices, constants),
        _ => return Used { inputs: all, constants: Vec::new(), positions: Vec::new() },
    };
    let mut ends = Vec::with_capacity(all.len());
    node.inputs.iter().fold(0, |start, input| {
        ends.push(start + elements(*input));
        ends[ends.len() - 1]
    });
    let taken = ends.last().copied().unwrap_or(0);
    let (mut by_input, mut by_constant) = (vec![false; all.len()], vec![false; constants.len()]);
    for index in indices.iter().map(|index| *index as usize) {
        match index.checked_sub(taken) {
            Some(constant) => by_constant[constant] = true,
            None => by_input[ends.partition_point(|end| *end <= index)] = true,
        }
    }
    let positions: Vec<usize> = (0..constants.len()).filter(|position| by_constant[*position]).collect();
    Used {
        inputs: all.into_iter().filter(|position| by_input[*position]).collect(),
        constants: positions.iter().map(|position| constants[*position]).collect(),
        positions,
    }
}

/// The range of `sum_t row_t * x_t + bias`.
fn linear_range(row: &[f64], bias: f64, x: impl Iterator<Item = Known>) -> (f64, f64) {
    let range = row.iter().zip(x).fold((bias, bias), |(lo, hi), (weight, x)| {
        let (a, b) = if *weight == 0.0 { (0.0, 0.0) } else { (weight * x.lo, weight * x.hi) };
        (lo + a.min(b), hi + a.max(b))
    });
    anything_for_nan(range)
}

fn anything_for_nan((lo, hi): (f64, f64)) -> (f64, f64) {
    (if lo.is_nan() { f64::NEG_INFINITY } else { lo }, if hi.is_nan() { f64::INFINITY } else { hi })
}

/// The range of a float node's elements, for operands of given ranges.
pub(crate) fn range_of(float: &FloatModel, node: &FloatNode, operands: &[(f64, f64)]) -> (f64, f64) {
    let known: Vec<Known> = operands.iter().map(|(lo, hi)| Known { lo: *lo, hi: *hi, error: 0.0, holes: false }).collect();
    float_range(node, &known, &used(node, |value| float.elements(value)))
}

/// The range of a float node's elements.
fn float_range(node: &FloatNode, inputs: &[Known], used: &Used) -> (f64, f64) {
    let join = |ranges: &mut dyn Iterator<Item = (f64, f64)>| ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0.0, 0.0));
    let corners = |of: fn(f64, f64) -> f64| {
        let values = [inputs[0].lo, inputs[0].hi].into_iter().flat_map(|a| [inputs[1].lo, inputs[1].hi].map(|b| of(a, b)));
        join(&mut values.map(|value| anything_for_nan((value, value))))
    };
    let range = match &node.op {
        FloatOp::Affine { weights, bias, bounds, .. } => {
            let n = weights.len() / bias.len();
            let rows = weights.chunks_exact(n).zip(bias);
            let (lo, hi) = join(&mut rows.map(|(row, bias)| linear_range(row, *bias, std::iter::repeat(inputs[0]))));
            (bounds.apply(lo), bounds.apply(hi))
        }
        FloatOp::Sum(sum) => {
            let channel = |channel: usize| {
                let row: Vec<f64> = sum.coefficients.iter().map(|row| row[channel]).collect();
                linear_range(&row, sum.bias[channel], inputs.iter().copied())
            };
            let (lo, hi) = join(&mut (0..sum.channels()).map(channel));
            let (lo, hi) = (sum.bounds.apply(lo), sum.bounds.apply(hi));
            if node.kind == Kind::Real { (lo, hi) } else { (sum.rounding.apply(lo), sum.rounding.apply(hi)) }
        }
        FloatOp::Product { rows, columns, inner } => {
            let (lo, hi) = corners(|a, b| a * b);
            // A square is not negative.
            let square = node.inputs[0] == node.inputs[1] && (*rows, *columns) == (1, 1);
            (if square { lo.max(0.0) } else { lo } * *inner as f64, hi * *inner as f64)
        }
        FloatOp::Table(functions) => functions.iter().fold((inputs[0].lo, inputs[0].hi), |range, function| image(*function, range)),
        FloatOp::Divide if inputs[1].lo > 0.0 || inputs[1].hi < 0.0 => corners(|a, b| a / b),
        FloatOp::Divide => (f64::NEG_INFINITY, f64::INFINITY),
        FloatOp::Max { .. } => (inputs[0].lo, inputs[0].hi),
        FloatOp::ArgMax { .. } | FloatOp::Greater => match node.kind {
            Kind::Integer(range) => (range.lo as f64, range.hi as f64),
            Kind::Real => (f64::NEG_INFINITY, f64::INFINITY),
        },
        FloatOp::Select => join(&mut inputs[1..].iter().map(|x| (x.lo, x.hi))),
        FloatOp::Move { .. } => {
            let constants = used.constants.iter().filter(|value| **value != f64::NEG_INFINITY || node.kind != Kind::Real);
            let ranges = used.inputs.iter().map(|position| (inputs[*position].lo, inputs[*position].hi));
            join(&mut ranges.chain(constants.map(|value| (*value, *value))))
        }
    };
    let bounds = within(Bounds::NONE, node.kind);
    (bounds.apply(range.0), bounds.apply(range.1))
}
