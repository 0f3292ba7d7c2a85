//! Ranges of real-valued nodes by interval arithmetic, for calibration and the certificate.

use super::{Bounds, FloatModel, FloatNode, FloatOp, Function, Kind, ValueId};

/// The image of a range, also where that is infinite or ends at a pole.
pub fn image(function: Function, (lo, hi): (f64, f64)) -> (f64, f64) {
    let pole = matches!(function, Function::Pow(exponent) if exponent < 0.0 && lo <= 0.0 && hi >= 0.0);
    let unknown = pole || function.apply(lo).is_nan() || function.apply(hi).is_nan();
    if unknown { (f64::NEG_INFINITY, f64::INFINITY) } else { function.image(lo, hi) }
}

/// The inputs and constants that a node takes elements from: all, except for moves.
pub struct Used {
    /// Positions of the inputs.
    pub inputs: Vec<usize>,
    /// Values of the constants.
    pub constants: Vec<f64>,
    /// Positions of the constants.
    pub positions: Vec<usize>,
}

/// What a node takes elements from; `elements` gives the number of a tensor's.
pub fn used(node: &FloatNode, elements: impl Fn(ValueId) -> usize) -> Used {
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
fn linear_range(row: &[f64], bias: f64, x: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let range = row.iter().zip(x).fold((bias, bias), |(lo, hi), (weight, x)| {
        let (a, b) = if *weight == 0.0 { (0.0, 0.0) } else { (weight * x.0, weight * x.1) };
        (lo + a.min(b), hi + a.max(b))
    });
    anything_for_nan(range)
}

fn anything_for_nan((lo, hi): (f64, f64)) -> (f64, f64) {
    (if lo.is_nan() { f64::NEG_INFINITY } else { lo }, if hi.is_nan() { f64::INFINITY } else { hi })
}

/// The range of a node's elements, for operands of given ranges.
pub fn range_of(float: &FloatModel, node: &FloatNode, operands: &[(f64, f64)]) -> (f64, f64) {
    node_range(node, operands, &used(node, |value| float.elements(value)))
}

/// As [`range_of`], where it is known what the node uses of its operands.
pub fn node_range(node: &FloatNode, inputs: &[(f64, f64)], used: &Used) -> (f64, f64) {
    let join = |ranges: &mut dyn Iterator<Item = (f64, f64)>| ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0.0, 0.0));
    let corners = |of: fn(f64, f64) -> f64| {
        let values = [inputs[0].0, inputs[0].1].into_iter().flat_map(|a| [inputs[1].0, inputs[1].1].map(|b| of(a, b)));
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
        FloatOp::Table(functions) => functions.iter().fold(inputs[0], |range, function| image(*function, range)),
        FloatOp::Divide if inputs[1].0 > 0.0 || inputs[1].1 < 0.0 => corners(|a, b| a / b),
        FloatOp::Divide => (f64::NEG_INFINITY, f64::INFINITY),
        FloatOp::Max { .. } => inputs[0],
        FloatOp::ArgMax { .. } | FloatOp::Greater => match node.kind {
            Kind::Integer(range) => (range.lo as f64, range.hi as f64),
            Kind::Real => (f64::NEG_INFINITY, f64::INFINITY),
        },
        FloatOp::Select => join(&mut inputs[1..].iter().copied()),
        FloatOp::Move { .. } => {
            let constants = used.constants.iter().filter(|value| **value != f64::NEG_INFINITY || node.kind != Kind::Real);
            let ranges = used.inputs.iter().map(|position| inputs[*position]);
            join(&mut ranges.chain(constants.map(|value| (*value, *value))))
        }
    };
    let bounds = node.kind.within(Bounds::NONE);
    (bounds.apply(range.0), bounds.apply(range.1))
}
