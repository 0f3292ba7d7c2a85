//! Networks that arrive quantised: layers on integers, whose weights are multiples of one number in each channel, become exact.

use maat_runtime::Interval;

use super::Consumers;
use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, FloatSum, Kind};

/// The factor and offset of a node that turns quantised integers into reals, the same for all elements: ONNX's DequantizeLinear.
fn dequantises(model: &FloatModel, node: &FloatNode) -> Option<(f64, f64)> {
    let ([input], FloatOp::Sum(sum)) = (&node.inputs[..], &node.op) else { return None };
    let integers = model.tensor(*input).1 != Kind::Real && node.kind == Kind::Real;
    let uniform = sum.channels() == 1 && sum.bounds == Bounds::NONE && sum.coefficients[0][0] > 0.0;
    (integers && uniform).then(|| (sum.coefficients[0][0], sum.bias[0]))
}

/// Makes moves and maxima work on the integers themselves: the dequantisation moves after them, toward the layer that it is folded into.
pub(super) fn sink(model: &mut FloatModel, uses: &Consumers) -> bool {
    for position in 0..model.nodes.len() {
        let node = &model.nodes[position];
        if !matches!(node.op, FloatOp::Move { .. } | FloatOp::Max { .. }) {
            continue;
        }
        let producers: Option<Vec<usize>> = node.inputs.iter().map(|input| uses.producer(*input)).collect();
        let Some(producers) = producers else { continue };
        let rules: Option<Vec<(f64, f64)>> = producers.iter().map(|producer| dequantises(model, &model.nodes[*producer])).collect();
        let Some((factor, offset)) = rules.and_then(|rules| rules.iter().all(|rule| *rule == rules[0]).then(|| rules[0])) else { continue };
        let sources: Vec<_> = producers.iter().map(|producer| model.nodes[*producer].inputs[0]).collect();
        let mut range = sources.iter().map(|source| model.tensor(*source).1).reduce(Kind::union).unwrap_or(Kind::Real);
        let op = match &node.op {
            FloatOp::Move { indices, constants } => {
                let Kind::Integer(interval) = range else { continue };
                let integer = |value: &f64| {
                    // Minus infinity means below all values.
                    let exact = if *value == f64::NEG_INFINITY { interval.lo as f64 } else { ((value - offset) / factor).round() };
                    let close = *value == f64::NEG_INFINITY || (exact * factor + offset - value).abs() <= 1e-6 * factor;
                    close.then_some(exact)
                };
                let Some(constants) = constants.iter().map(integer).collect::<Option<Vec<f64>>>() else { continue };
                let point = |value: &f64| Kind::Integer(Interval::point(*value as i64));
                range = constants.iter().map(point).fold(range, Kind::union);
                FloatOp::Move { indices: indices.clone(), constants }
            }
            other => other.clone(),
        };
        let moved = FloatNode { op, inputs: sources, output: uses.fresh(), kind: range, ..node.clone() };
        let dequantise = FloatOp::Sum(FloatSum::uniform(&[factor], offset));
        let node = &mut model.nodes[position];
        node.name = format!("{}.dequantise", node.name);
        (node.op, node.inputs) = (dequantise, vec![moved.output]);
        model.nodes.insert(position, moved);
        return true;
    }
    false
}

/// Weights of quantised networks are integers of at most this size, times one number.
const LARGEST_FACTOR: u32 = 512;
/// How close to a whole number a quotient of two weights must be: they come from products of 32-bit floats in 64 bits.
const WHOLE: f64 = 1e-7;

/// Splits a dense layer from integers to reals, if its weights are whole multiples of one number in each channel: into an exact layer from
/// integers to integers, and a sum with the numbers as factors.
pub(super) fn factorise(model: &mut FloatModel, uses: &Consumers) -> bool {
    for position in 0..model.nodes.len() {
        let node = &model.nodes[position];
        let FloatOp::Affine { groups, weights, bias, bounds } = &node.op else { continue };
        let Kind::Integer(input) = model.tensor(node.inputs[0]).1 else { continue };
        if node.kind != Kind::Real {
            continue;
        }
        let n = weights.len() / bias.len();
        let Some(units) = weights.chunks_exact(n).map(unit).collect::<Option<Vec<f64>>>() else { continue };
        let whole: Vec<f64> = weights.iter().enumerate().map(|(index, weight)| (weight / units[index / n]).round()).collect();
        // A bias that is a multiple as well goes into the exact part; the rest of any other is added after it.
        let whole_bias: Vec<f64> = bias.iter().zip(&units).map(|(bias, unit)| (bias / unit).round()).collect();
        let rest: Vec<f64> = (0..bias.len()).map(|channel| bias[channel] - whole_bias[channel] * units[channel]).collect();
        let rest = rest.iter().zip(&units).map(|(rest, unit)| if rest.abs() <= 1e-4 * unit { 0.0 } else { *rest }).collect();
        let size = input.lo.unsigned_abs().max(input.hi.unsigned_abs()) as f64;
        let reach = whole.chunks_exact(n).zip(&whole_bias).map(|(row, bias)| bias.abs() + row.iter().map(|w| w.abs() * size).sum::<f64>());
        let most = reach.fold(0.0, f64::max);
        if most >= f64::from(i32::MAX) {
            continue;
        }
        let exact = FloatOp::Affine { groups: *groups, weights: whole, bias: whole_bias, bounds: Bounds::NONE };
        let kind = Kind::Integer(Interval::new(-(most as i64), most as i64));
        let exact = FloatNode { op: exact, output: uses.fresh(), kind, ..node.clone() };
        let behind = FloatSum { coefficients: vec![units], bias: rest, bounds: *bounds, ..FloatSum::uniform(&[1.0], 0.0) };
        let elements = node.shape.iter().product();
        let node = &mut model.nodes[position];
        node.name = format!("{}.scale", node.name);
        (node.op, node.inputs) = (FloatOp::Sum(behind.compact(elements)), vec![exact.output]);
        model.nodes.insert(position, exact);
        return true;
    }
    false
}

/// The number that all weights of a channel are whole multiples of; nothing if the multiples would not be small.
fn unit(row: &[f64]) -> Option<f64> {
    let largest = row.iter().fold(0.0, |largest: f64, weight| largest.max(weight.abs()));
    if largest == 0.0 {
        return Some(1.0);
    }
    (1..=LARGEST_FACTOR).map(|multiple| largest / f64::from(multiple)).find(|unit| {
        row.iter().all(|weight| {
            let quotient = weight / unit;
            (quotient - quotient.round()).abs() <= WHOLE * quotient.abs().max(1.0)
        })
    })
}
