//! Folds elementwise sums into the layers and tables around them: a bias, a normalisation or an activation costs nothing.

use super::{Consumers, columns};
use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, FloatSum, Function, Kind};

/// Folds a node into the one that takes its result as the only input.
pub(super) fn fold(model: &mut FloatModel, uses: &Consumers) -> bool {
    for consumer in 0..model.nodes.len() {
        let [input] = model.nodes[consumer].inputs[..] else { continue };
        let Some(producer) = uses.producer(input) else { continue };
        let (first, second) = (&model.nodes[producer], &model.nodes[consumer]);
        // Rounding to integers between the two must stay. Turning integers into reals costs nothing, so it may be repeated, and so may
        // bringing columns to one unit.
        let from_integers = first.inputs.iter().all(|input| model.tensor(*input).1 != Kind::Real);
        let repeatable = from_integers || columns::joins_columns(model, uses, input).is_some();
        if first.kind != Kind::Real || (uses.count(input) != 1 && !repeatable) {
            continue;
        }
        if let Some(op) = compose(first, second) {
            let (inputs, name) = (first.inputs.clone(), first.name.clone());
            let second = &mut model.nodes[consumer];
            // A layer that absorbs the node after it keeps its own name.
            if matches!(op, FloatOp::Affine { .. }) && !matches!(second.op, FloatOp::Affine { .. }) {
                second.name = name;
            }
            (second.op, second.inputs) = (op, inputs);
            return true;
        }
    }
    false
}

/// One operation that does what the two do, one after the other.
fn compose(first: &FloatNode, second: &FloatNode) -> Option<FloatOp> {
    match (&first.op, &second.op) {
        // clamp(c * clamp(W x + b) + d); rounding to integers stays separate, because a dense layer rounds in one way only
        (FloatOp::Affine { groups, weights, bias, bounds }, FloatOp::Sum(sum)) if second.kind == Kind::Real => {
            let (factor, offset) = per_channel(sum, bias.len())?;
            let bounds = compose_bounds(*bounds, &factor, &offset, sum.bounds)?;
            let n = weights.len() / bias.len();
            let weights = weights.iter().enumerate().map(|(index, weight)| factor[index / n] * weight).collect();
            let bias = (0..bias.len()).map(|channel| factor[channel] * bias[channel] + offset[channel]).collect();
            Some(FloatOp::Affine { groups: *groups, weights, bias, bounds })
        }
        // W (c * x + d) + b, clamped
        (FloatOp::Sum(sum), FloatOp::Affine { groups, weights, bias, bounds }) if first.inputs.len() == 1 && sum.bounds == Bounds::NONE => {
            let (n, m) = (weights.len() / bias.len(), bias.len());
            let (factor, offset) = per_channel(sum, groups * n)?;
            let element = |channel: usize, j: usize| channel / (m / groups) * n + j;
            let shift = |channel: usize| (0..n).map(|j| weights[channel * n + j] * offset[element(channel, j)]).sum::<f64>();
            let bias = bias.iter().enumerate().map(|(channel, bias)| bias + shift(channel)).collect();
            let weights = weights.iter().enumerate().map(|(index, weight)| weight * factor[element(index / n, index % n)]).collect();
            Some(FloatOp::Affine { groups: *groups, weights, bias, bounds: *bounds })
        }
        // clamp(c * clamp(sum_t a_t x_t + b) + d)
        (FloatOp::Sum(first_sum), FloatOp::Sum(next)) => {
            let elements: usize = second.shape.iter().product();
            let factor: Vec<f64> = (0..elements).map(|element| next.coefficients[0][next.channel(element)]).collect();
            let offset: Vec<f64> = (0..elements).map(|element| next.bias[next.channel(element)]).collect();
            let bounds = compose_bounds(first_sum.bounds, &factor, &offset, next.bounds)?;
            let scaled = |row: &[f64]| (0..elements).map(|element| factor[element] * row[first_sum.channel(element)]).collect::<Vec<f64>>();
            let bias = scaled(&first_sum.bias).iter().zip(&offset).map(|(b, d)| b + d).collect();
            let coefficients = first_sum.coefficients.iter().map(|row| scaled(row)).collect();
            Some(FloatOp::Sum(FloatSum { coefficients, bias, inner: 1, bounds, rounding: next.rounding }.compact(elements)))
        }
        (FloatOp::Sum(sum), FloatOp::Table(functions)) if first.inputs.len() == 1 => {
            Some(FloatOp::Table([&as_functions(sum)?[..], functions].concat()))
        }
        (FloatOp::Table(functions), FloatOp::Sum(sum)) if second.kind == Kind::Real => {
            Some(FloatOp::Table([functions, &as_functions(sum)?[..]].concat()))
        }
        (FloatOp::Table(functions), FloatOp::Table(next)) => Some(FloatOp::Table([&functions[..], next].concat())),
        _ => None,
    }
}

/// A sum of one tensor with one rule for all elements, as functions of one variable.
fn as_functions(sum: &FloatSum) -> Option<Vec<Function>> {
    let ([row], [offset]) = (sum.coefficients.as_slice(), sum.bias.as_slice()) else { return None };
    let linear = Function::Linear { factor: row[0], offset: *offset };
    let clamp = Function::Clamp { lo: sum.bounds.lo, hi: sum.bounds.hi };
    Some(if sum.bounds == Bounds::NONE { vec![linear] } else { vec![linear, clamp] })
}

/// A sum's factor and offset for each of `channels` consecutive elements, if its period divides them.
fn per_channel(sum: &FloatSum, channels: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let [row] = sum.coefficients.as_slice() else { return None };
    let period = if sum.channels() == 1 { 1 } else { sum.inner * sum.channels() };
    let repeat = |values: &[f64]| (0..channels).map(|element| values[sum.channel(element)]).collect();
    channels.is_multiple_of(period).then(|| (repeat(row), repeat(&sum.bias)))
}

/// The bounds of `clamp_next(factor * clamp(x) + offset)` as one clamp, if they are one: nothing was clamped before, or all elements are
/// scaled by the same positive factor.
fn compose_bounds(bounds: Bounds, factor: &[f64], offset: &[f64], next: Bounds) -> Option<Bounds> {
    if bounds == Bounds::NONE {
        return Some(next);
    }
    let alike = factor.iter().all(|value| *value == factor[0]) && offset.iter().all(|value| *value == offset[0]) && factor[0] > 0.0;
    alike.then(|| Bounds { lo: factor[0] * bounds.lo + offset[0], hi: factor[0] * bounds.hi + offset[0] }.then(next))
}
