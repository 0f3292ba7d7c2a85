//! What is known of every tensor for all inputs in their declared range: a proven range, and a bound of the distance to the float network.
//!
//! With `e` the bound of an operand and `d` that of a node's own rounding, each rule is of the form `e' = slope * e + d`, where the slope
//! is the real operation's (the sum of a row's weights, a function's steepest slope, 1 for a maximum). Where no such bound is useful, at
//! comparisons and jumps, the width of both ranges together bounds the distance.

use std::collections::HashMap;

use maat_runtime::{Interval, Model, Node, Primitive, Requantise, Tensor, TensorId};
use serde::{Deserialize, Serialize};

use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, FloatSum, Function, Kind, ValueId};
use crate::quantise::Mapped;

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
    /// The proven range, in integers: interval arithmetic over the actual weights.
    pub range: Interval,
    /// The same in real units.
    pub real_range: (f64, f64),
    /// No element is further than this from the float network's; absent for tensors that the float network does not have.
    pub error_bound: Option<f64>,
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
        range: tensor.range,
        real_range: real_range(tensor),
        error_bound: ids.get(&index).and_then(|id| by_tensor.get(id)).copied().filter(|error| error.is_finite()),
    });
    certified.collect()
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
}

impl Known {
    fn size(&self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }
}

struct Bounder<'a> {
    model: &'a Model,
    nodes: HashMap<TensorId, &'a Node>,
    tensors: &'a HashMap<ValueId, TensorId>,
    known: HashMap<ValueId, Known>,
    /// Distances of tables from their functions, which recurrent networks ask for again and again.
    tables: Vec<(TableKey<'a>, f64)>,
}

/// A table, its functions, and the scales and range of what goes in and out.
type TableKey<'a> = (&'a Primitive, &'a [Function], i32, i32, Interval);

/// Floats of a network of a few thousand terms are exact to far more than this.
const SLACK: f64 = 1e-9;

impl<'a> Bounder<'a> {
    fn run(float: &'a FloatModel, mapped: &'a Mapped) -> HashMap<ValueId, Known> {
        let nodes = mapped.model.nodes().map(|(node, id)| (id, node)).collect();
        let mut bounder = Self { model: &mapped.model, nodes, tensors: &mapped.tensors, known: HashMap::new(), tables: Vec::new() };
        for input in &float.inputs {
            let tensor = bounder.tensor(input.value);
            let (lo, hi) = real_range(tensor);
            let error = if input.kind == Kind::Real { 2f64.powi(-tensor.scale - 1) } else { 0.0 };
            bounder.known.insert(input.value, Known { lo, hi, error });
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
        let (lo, hi) = float_range(node, &inputs);
        let tensor = self.tensor(node.output);
        let (least, greatest) = real_range(tensor);
        let by_rule = self.error(node, &inputs, tensor, (lo, hi));
        let error = by_rule * (1.0 + SLACK) + if by_rule > 0.0 { SLACK * 2f64.powi(-tensor.scale) } else { 0.0 };
        // Both values lie in their ranges, so they are no further apart than the ranges' far ends.
        let span = (hi - least).max(greatest - lo);
        Known { lo, hi, error: if error.is_nan() { span } else { error.min(span) } }
    }

    /// The primitive that gives a node's tensor.
    fn primitive(&self, node: &FloatNode) -> Option<&'a Primitive> {
        self.nodes.get(&self.tensors[&node.output]).map(|node| &node.primitive)
    }

    fn error(&mut self, node: &'a FloatNode, inputs: &[Known], tensor: &Tensor, range: (f64, f64)) -> f64 {
        let half = 2f64.powi(-tensor.scale - 1);
        let exact = inputs.iter().all(|input| input.error == 0.0);
        match (&node.op, self.primitive(node)) {
            (FloatOp::Affine { groups, weights, bias, bounds }, Some(Primitive::Affine(affine))) => {
                let input = self.tensor(node.inputs[0]);
                let (x, unit) = (inputs[0], 2f64.powi(-input.scale));
                let size = input.range.lo.unsigned_abs().max(input.range.hi.unsigned_abs()) as f64 * unit;
                let n = weights.len() / bias.len();
                debug_assert_eq!((*groups, n), (affine.groups as usize, affine.inputs as usize));
                let channel = |channel: usize| {
                    let exponent = i32::from(affine.requantise.shift_of(channel)) + tensor.scale - input.scale;
                    let unit = 2f64.powi(-exponent);
                    let row = weights[channel * n..][..n].iter().zip(affine.row(channel));
                    let by_weights: f64 =
                        row.map(|(weight, integer)| weight.abs() * x.error + (weight - f64::from(*integer) * unit).abs() * size).sum();
                    let by_bias = (bias[channel] - affine.bias[channel] as f64 * unit * 2f64.powi(-input.scale)).abs();
                    let (lo, hi) = linear_range(&weights[channel * n..][..n], bias[channel], std::iter::repeat(x));
                    by_weights + by_bias + saturation(*bounds, (lo, hi), &affine.requantise, tensor.scale)
                };
                let worst = (0..bias.len()).map(channel).fold(0.0, f64::max);
                if node.kind == Kind::Real { worst + half } else { worst }
            }
            (FloatOp::Sum(sum), Some(Primitive::Sum(integers))) if integers.coefficients.len() == sum.coefficients.len() => {
                let operands: Vec<&Tensor> = node.inputs.iter().map(|input| self.tensor(*input)).collect();
                let channels = integers.bias.len();
                let channel = |channel: usize| {
                    // The accumulator's unit.
                    let scale = i32::from(integers.requantise.shift_of(channel)) + tensor.scale;
                    let mut total = (sum.bias[channel] - self.unrounded_bias(sum, integers, channel) as f64 * 2f64.powi(-scale)).abs();
                    for (term, (operand, x)) in operands.iter().zip(inputs).enumerate() {
                        let real = sum.coefficients[term][channel];
                        let integer = f64::from(integers.coefficients[term][channel]) * 2f64.powi(operand.scale - scale);
                        let size = operand.range.lo.unsigned_abs().max(operand.range.hi.unsigned_abs()) as f64 * 2f64.powi(-operand.scale);
                        total += real.abs() * x.error + (real - integer).abs() * size;
                    }
                    let row: Vec<f64> = sum.coefficients.iter().map(|row| row[channel]).collect();
                    let (lo, hi) = linear_range(&row, sum.bias[channel], inputs.iter().copied());
                    total + saturation(sum.bounds, (lo, hi), &integers.requantise, tensor.scale)
                };
                let worst = (0..channels).map(channel).fold(0.0, f64::max);
                match node.kind {
                    Kind::Real => worst + half,
                    // Two numbers that are close may be rounded to neighbours.
                    Kind::Integer(_) if worst > 0.0 => worst + 1.0,
                    Kind::Integer(_) => 0.0,
                }
            }
            // Round half to even, of numbers that are represented exactly.
            (FloatOp::Sum(_), Some(Primitive::Sum(_))) if exact => 0.0,
            (FloatOp::Product { inner, .. }, Some(Primitive::Product(product))) => {
                let (a, b) = (inputs[0], inputs[1]);
                let (low, high) = real_range(self.tensor(node.inputs[1]));
                let propagated = *inner as f64 * (a.size() * b.error + low.abs().max(high.abs()) * a.error);
                let rounding = if product.requantise.shift[0] > 0 { half } else { 0.0 };
                propagated + rounding + saturation(Bounds::NONE, range, &product.requantise, tensor.scale)
            }
            (FloatOp::Table(functions), Some(table @ Primitive::Table(_))) => {
                let input = self.tensor(node.inputs[0]);
                let own = self.table_error((table, functions, input.scale, tensor.scale, input.range));
                let (lo, hi) = real_range(input);
                let (mut lo, mut hi, mut slope) = (lo.min(inputs[0].lo), hi.max(inputs[0].hi), 1.0);
                for function in functions {
                    slope *= function.slope(lo, hi);
                    (lo, hi) = function.image(lo, hi);
                }
                own + if inputs[0].error > 0.0 { slope * inputs[0].error } else { 0.0 }
            }
            (FloatOp::Divide, Some(primitive)) => {
                let (num, den) = (inputs[0], inputs[1]);
                let least = if den.lo > 0.0 { den.lo } else { -den.hi };
                let (low, high) = real_range(tensor);
                let (quotient_lo, quotient_hi) = range;
                let requantise = match primitive {
                    Primitive::Divide(divide) => Requantise { shift: vec![0], lo: divide.lo, hi: divide.hi },
                    _ => return f64::NAN,
                };
                if least <= den.error {
                    return f64::NAN;
                }
                let propagated = (num.error + low.abs().max(high.abs()) * den.error) / least;
                propagated
                    + half * (1.0 + den.error / least)
                    + saturation(Bounds::NONE, (quotient_lo, quotient_hi), &requantise, tensor.scale)
            }
            (FloatOp::Max { .. }, _) => inputs[0].error,
            (FloatOp::ArgMax { .. } | FloatOp::Greater, _) if exact => 0.0,
            (FloatOp::Select, _) if inputs[0].error == 0.0 => self.moved(node, &inputs[1..], &node.inputs[1..], tensor, &[]),
            (FloatOp::Move { constants, .. }, _) => self.moved(node, inputs, &node.inputs, tensor, constants),
            _ => f64::NAN,
        }
    }

    /// A sum's bias before what rounding down subtracts.
    fn unrounded_bias(&self, sum: &FloatSum, integers: &maat_runtime::primitives::Sum, channel: usize) -> i64 {
        let shift = integers.requantise.shift_of(channel);
        let down = sum.rounding == crate::float::Rounding::Down && shift > 0;
        integers.bias[channel] + if down { 1i64 << (shift - 1) } else { 0 }
    }

    /// Elements that move, perhaps to another scale on the way.
    fn moved(&self, node: &FloatNode, inputs: &[Known], values: &[ValueId], tensor: &Tensor, constants: &[f64]) -> f64 {
        let half = 2f64.powi(-tensor.scale - 1);
        let (low, high) = real_range(tensor);
        let of = |(known, value): (&Known, &ValueId)| {
            let from = self.tensor(*value);
            if from.scale == tensor.scale || node.kind != Kind::Real {
                return known.error;
            }
            // Rounded to a coarser unit, and saturated where the new range ends before the old one.
            let (from_low, from_high) = real_range(from);
            let rounding = if from.scale > tensor.scale { half } else { 0.0 };
            known.error + rounding + (low - from_low).max(from_high - high).max(0.0)
        };
        let by_inputs = inputs.iter().zip(values).map(of).fold(0.0, f64::max);
        let unit = 2f64.powi(tensor.scale);
        let constant = |value: &f64| {
            if value.is_finite() {
                ((value * unit + 0.5).floor().clamp(f64::from(i32::MIN), f64::from(i32::MAX)) / unit - value).abs()
            } else {
                0.0
            }
        };
        constants.iter().map(constant).fold(by_inputs, f64::max)
    }

    /// The greatest distance between a table and its functions over all integers that can come in.
    fn table_error(&mut self, key: TableKey<'a>) -> f64 {
        if let Some((_, error)) = self.tables.iter().find(|(known, _)| *known == key) {
            return *error;
        }
        let (primitive, functions, from, to, range) = key;
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
                worst = worst.max((real - f64::from(y) * unit).abs());
            }
            start = end + 1;
        }
        self.tables.push((key, worst));
        worst
    }
}

/// How far the bounds of the integers are from the real ones, for values of a range.
fn saturation(bounds: Bounds, (lo, hi): (f64, f64), requantise: &Requantise, scale: i32) -> f64 {
    let unit = 2f64.powi(-scale);
    let integers = Bounds { lo: f64::from(requantise.lo) * unit, hi: f64::from(requantise.hi) * unit };
    let distance = |value: f64| (bounds.apply(value) - integers.apply(value)).abs();
    distance(lo).max(distance(hi))
}

/// The range of `sum_t row_t * x_t + bias`.
fn linear_range(row: &[f64], bias: f64, x: impl Iterator<Item = Known>) -> (f64, f64) {
    row.iter().zip(x).fold((bias, bias), |(lo, hi), (weight, x)| {
        let (a, b) = if *weight == 0.0 { (0.0, 0.0) } else { (weight * x.lo, weight * x.hi) };
        (lo + a.min(b), hi + a.max(b))
    })
}

/// The range of a float node's elements.
fn float_range(node: &FloatNode, inputs: &[Known]) -> (f64, f64) {
    let join = |ranges: &mut dyn Iterator<Item = (f64, f64)>| ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0.0, 0.0));
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
        FloatOp::Product { inner, .. } => {
            let corners =
                [inputs[0].lo, inputs[0].hi].into_iter().flat_map(|a| [inputs[1].lo, inputs[1].hi].map(|b| a * b * *inner as f64));
            join(&mut corners.map(|value| if value.is_nan() { (f64::NEG_INFINITY, f64::INFINITY) } else { (value, value) }))
        }
        FloatOp::Table(functions) => functions.iter().fold((inputs[0].lo, inputs[0].hi), |(lo, hi), function| function.image(lo, hi)),
        FloatOp::Divide if inputs[1].lo > 0.0 || inputs[1].hi < 0.0 => {
            let corners = [inputs[0].lo, inputs[0].hi].into_iter().flat_map(|a| [inputs[1].lo, inputs[1].hi].map(|b| a / b));
            join(&mut corners.map(|value| (value, value)))
        }
        FloatOp::Divide => (f64::NEG_INFINITY, f64::INFINITY),
        FloatOp::Max { .. } => (inputs[0].lo, inputs[0].hi),
        FloatOp::ArgMax { .. } | FloatOp::Greater => match node.kind {
            Kind::Integer(range) => (range.lo as f64, range.hi as f64),
            Kind::Real => (f64::NEG_INFINITY, f64::INFINITY),
        },
        FloatOp::Select => join(&mut inputs[1..].iter().map(|x| (x.lo, x.hi))),
        FloatOp::Move { constants, .. } => {
            let finite = constants.iter().filter(|value| value.is_finite());
            join(&mut inputs.iter().map(|x| (x.lo, x.hi)).chain(finite.map(|value| (*value, *value))))
        }
    };
    match node.kind {
        Kind::Integer(integers) => {
            (range.0.clamp(integers.lo as f64, integers.hi as f64), range.1.clamp(integers.lo as f64, integers.hi as f64))
        }
        Kind::Real => range,
    }
}
