//! What is proven about every tensor for all inputs in their declared ranges: its range, and a bound for its distance from the float
//! network.
//!
//! With `e` the bound of an operand and `d` that of a node's own rounding, each rule has the form `e' = slope * e + d`, with the slope of
//! the real operation (the sum of a row's weights, a function's steepest slope, 1 for a maximum). Where no such bound is useful, at
//! comparisons and jumps, the width of both ranges together bounds the distance. In the rules, `x` is the float network's value and `q` the
//! integers' in real units. They treat the float network as exact: [`SLACK`] covers what its 64 bits round.
//!
//! Each primitive's rule is in its own file, and so is that of comparisons, which become a sum.

mod affine;
mod arg_max;
mod arithmetic;
mod divide;
mod greater;
mod max;
mod r#move;
mod product;
mod select;
mod sum;
mod table;

use std::collections::HashMap;

use maat_package::{CertifiedNode, significant};
use maat_runtime::{Model, Node, Primitive, Tensor, TensorId};

use crate::float::{FloatModel, FloatNode, FloatOp, Kind, Used, ValueId, node_range, used};
use crate::quantise::Mapped;
use arithmetic::{half, real_range};
use table::Tables;

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

/// Four significant digits, not below the value. Short numbers survive a report's text exactly.
fn rounded_up(value: f64) -> f64 {
    let rounded = significant(value);
    if rounded >= value { rounded } else { significant(value * 1.001) }
}

/// What is known about a float tensor and its integers.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Range of the float network's elements.
    lo: f64,
    hi: f64,
    /// Bound of the distance.
    error: f64,
    /// Whether there may also be elements of minus infinity, which pad the windows of a maximum. Range and bound do not apply to them; the
    /// integers have the least number there.
    holes: bool,
}

impl Known {
    fn size(&self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// The same without holes: what every operation except moves and maxima sees.
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
    tables: Tables<'a>,
}

/// 64-bit floats of a network with a few thousand terms are more exact than this share of a bound, or of a tensor's unit.
const SLACK: f64 = 1e-7;

impl<'a> Bounder<'a> {
    fn run(float: &'a FloatModel, mapped: &'a Mapped) -> HashMap<ValueId, Known> {
        let nodes = mapped.model.nodes().map(|(node, id)| (id, node)).collect();
        let mut bounder =
            Self { float, model: &mapped.model, nodes, tensors: &mapped.tensors, known: HashMap::new(), tables: Tables::default() };
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
        let (lo, hi) = node_range(node, &inputs.iter().map(|known| (known.lo, known.hi)).collect::<Vec<_>>(), &used);
        let tensor = self.tensor(node.output);
        let (least, greatest) = real_range(tensor);
        let by_rule = self.rule(node, &inputs, &used, (lo, hi));
        // Both values lie in their ranges, so they are at most as far apart as the far ends.
        let span = (hi - least).max(greatest - lo);
        let error = if by_rule.is_nan() { span } else { by_rule.min(span) };
        let error = match node.kind {
            Kind::Real if error > 0.0 => error * (1.0 + SLACK) + SLACK * 2.0 * half(tensor),
            // The distance of two integers is an integer.
            Kind::Integer(_) => (error * (1.0 + SLACK)).floor(),
            Kind::Real => 0.0,
        };
        // An infinite maximum could only be one of nothing but padding, whatever the inputs are, and calibration would have refused that.
        let holes = match &node.op {
            FloatOp::Move { .. } => {
                let constants = used.constants.contains(&f64::NEG_INFINITY) && node.kind == Kind::Real;
                constants || used.inputs.iter().any(|position| inputs[*position].holes)
            }
            _ => false,
        };
        Known { lo: lo.max(least - error), hi: hi.min(greatest + error), error, holes }
    }

    /// The node of the quantised model that computes a node's tensor.
    fn quantised(&self, node: &FloatNode) -> Option<&'a Node> {
        self.nodes.get(&self.tensors[&node.output]).copied()
    }

    /// The bound by the rule of the node's primitive; NaN where there is none.
    fn rule(&mut self, node: &'a FloatNode, inputs: &[Known], used: &Used, range: (f64, f64)) -> f64 {
        let Some(quantised) = self.quantised(node) else { return f64::NAN };
        match (&node.op, &quantised.primitive) {
            (FloatOp::Affine { weights, bias, bounds, .. }, Primitive::Affine(affine)) => {
                self.affine(node, (weights, bias, *bounds), affine, inputs[0])
            }
            (FloatOp::Sum(sum), Primitive::Sum(integers)) => self.sum(node, sum, integers, inputs),
            (FloatOp::Product { inner, .. }, Primitive::Product(product)) => self.product(node, *inner, product, inputs, range),
            (FloatOp::Table(functions), Primitive::Table(_)) if node.kind == Kind::Real => {
                self.table(node, functions, &quantised.primitive, inputs[0])
            }
            (FloatOp::Divide, primitive) if node.kind == Kind::Real => self.divide(node, primitive, inputs, range),
            // Exact quotients, unless a divisor is 0, of exact integers.
            (FloatOp::Divide, _) if inputs.iter().all(|x| x.error == 0.0) && (inputs[1].lo > 0.0 || inputs[1].hi < 0.0) => 0.0,
            (FloatOp::Max { .. }, Primitive::Max(_)) => max::bound(inputs[0]),
            (FloatOp::ArgMax { .. }, _) => arg_max::bound(inputs[0]),
            (FloatOp::Greater, Primitive::Sum(sum)) => self.greater(node, sum, inputs),
            (FloatOp::Select, _) => self.select(node, inputs),
            (FloatOp::Move { .. }, Primitive::Move(integers)) => self.r#move(node, integers, inputs, used),
            _ => f64::NAN,
        }
    }

    /// The bound for elements that a move or a selection passes on, perhaps at another scale: rounded to a coarser unit, and saturated
    /// where the new range ends before the old one.
    fn aligned_error(&self, node: &FloatNode, known: Known, position: usize) -> f64 {
        let from = self.tensor(node.inputs[position]);
        let Some(quantised) = self.quantised(node) else { return f64::NAN };
        let to = self.model.tensor(quantised.inputs[position]);
        let ((from_low, from_high), (low, high)) = (real_range(from), real_range(to));
        let rounding = if from.scale > to.scale { half(to) } else { 0.0 };
        known.error + rounding.max(low - from_low).max(from_high - high)
    }
}
