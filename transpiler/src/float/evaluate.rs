//! Runs a float network in `f64`. Calibration sees these values, and the integers are compared with them.

use std::collections::HashMap;

use super::{Columns, FloatModel, FloatNode, FloatOp, Function, Kind, Rounding, ValueId};

/// The value of one node for the values of its inputs, row-major.
pub fn evaluate(op: &FloatOp, kind: Kind, shape: &[usize], inputs: &[(&[usize], &[f64])]) -> Vec<f64> {
    let mut y = real(op, shape, inputs);
    if let Kind::Integer(range) = kind {
        let rounding = if let FloatOp::Sum(sum) = op { sum.rounding } else { Rounding::HalfUp };
        y.iter_mut().for_each(|y| *y = rounding.apply(*y).clamp(range.lo as f64, range.hi as f64));
    }
    y
}

fn real(op: &FloatOp, shape: &[usize], inputs: &[(&[usize], &[f64])]) -> Vec<f64> {
    let x = inputs[0].1;
    match op {
        FloatOp::Affine { groups, weights, bias, bounds } => {
            let n = weights.len() / bias.len();
            let channels = bias.len() / groups;
            let block = |x: &[f64]| {
                let of = |(channel, bias): (usize, &f64)| {
                    let x = &x[channel / channels * n..][..n];
                    bounds.apply(bias + weights[channel * n..][..n].iter().zip(x).map(|(w, x)| w * x).sum::<f64>())
                };
                bias.iter().enumerate().map(of).collect::<Vec<f64>>()
            };
            x.chunks_exact(groups * n).flat_map(block).collect()
        }
        FloatOp::Sum(sum) => {
            let of = |element: usize| {
                let channel = sum.channel(element);
                let terms = sum.coefficients.iter().zip(inputs).map(|(row, (_, x))| row[channel] * x[element]);
                sum.bounds.apply(sum.bias[channel] + terms.sum::<f64>())
            };
            (0..x.len()).map(of).collect()
        }
        FloatOp::Product { rows, columns, inner } => {
            let other = inputs[1].1;
            let batches = x.chunks_exact(rows * inner).zip(other.chunks_exact(columns * inner));
            let batch = |(a, b): (&[f64], &[f64])| {
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                let row = |a: &[f64]| b.chunks_exact(*inner).map(|b| dot(a, b)).collect::<Vec<f64>>();
                a.chunks_exact(*inner).flat_map(row).collect::<Vec<f64>>()
            };
            batches.flat_map(batch).collect()
        }
        FloatOp::Table(functions) => x.iter().map(|x| Function::chain(functions, *x)).collect(),
        FloatOp::Divide => x.iter().zip(inputs[1].1).map(|(a, b)| a / b).collect(),
        FloatOp::Max { axis, .. } => {
            along(inputs[0], *axis, |values| values.fold(f64::NEG_INFINITY, |best, (_, x)| if x > best { x } else { best }))
        }
        FloatOp::ArgMax { axis, .. } => along(inputs[0], *axis, |values| {
            let better = |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
            values.reduce(better).map_or(0.0, |(position, _)| position as f64)
        }),
        FloatOp::Greater => x.iter().zip(inputs[1].1).map(|(a, b)| f64::from(u8::from(a > b))).collect(),
        FloatOp::Select => (0..x.len()).map(|i| if x[i] == 1.0 { inputs[1].1[i] } else { inputs[2].1[i] }).collect(),
        FloatOp::Move { indices, .. } if indices.is_empty() => x.to_vec(),
        FloatOp::Move { indices, constants } => {
            let all: Vec<f64> = inputs.iter().flat_map(|(_, x)| x.iter()).chain(constants).copied().collect();
            debug_assert_eq!(indices.len(), shape.iter().product::<usize>());
            indices.iter().map(|index| all[*index as usize]).collect()
        }
    }
}

/// Folds the elements along an axis, with their positions.
fn along((shape, x): (&[usize], &[f64]), axis: usize, fold: impl Fn(&mut dyn Iterator<Item = (usize, f64)>) -> f64) -> Vec<f64> {
    let (length, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
    let of = |position: usize| {
        let start = position / inner * length * inner + position % inner;
        fold(&mut (0..length).map(|k| (k, x[start + k * inner])))
    };
    (0..x.len() / length).map(of).collect()
}

/// Runs a network on one sample and gives every tensor. An input with columns is divided by their units.
pub fn run(model: &FloatModel, sample: &[Vec<f64>]) -> HashMap<ValueId, Vec<f64>> {
    let in_units = |x: &Vec<f64>, columns: &Columns| x.iter().zip(columns.units().iter().cycle()).map(|(x, unit)| x / unit).collect();
    let given = |x: &Vec<f64>, columns: Option<&Columns>| columns.map_or_else(|| x.clone(), |columns| in_units(x, columns));
    let inputs = model.inputs.iter().zip(sample);
    let mut values: HashMap<ValueId, Vec<f64>> = inputs.map(|(input, x)| (input.value, given(x, input.columns.as_ref()))).collect();
    let mut shapes: HashMap<ValueId, &[usize]> = model.inputs.iter().map(|input| (input.value, input.shape.as_slice())).collect();
    for node in &model.nodes {
        let y = step(node, &values, &shapes);
        values.insert(node.output, y);
        shapes.insert(node.output, &node.shape);
    }
    values
}

/// Runs one node.
fn step(node: &FloatNode, values: &HashMap<ValueId, Vec<f64>>, shapes: &HashMap<ValueId, &[usize]>) -> Vec<f64> {
    let inputs: Vec<(&[usize], &[f64])> = node.inputs.iter().map(|id| (shapes[id], values[id].as_slice())).collect();
    evaluate(&node.op, node.kind, &node.shape, &inputs)
}
