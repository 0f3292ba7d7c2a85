//! Finds out which node or input the error of the outputs comes from.

use std::collections::HashMap;

use maat_package::samples::{Sample, quantise_sample};
use maat_package::{Blame, significant};
use maat_runtime::{Executor, dequantise};

use crate::error::TranspileError;
use crate::float::{FloatModel, FloatOp, Kind, ValueId, evaluate, run};
use crate::quantise::Mapped;

/// Multiply-accumulates to spend on finding out.
const BUDGET: u64 = 2_000_000_000;
const MAX_SAMPLES: u64 = 8;

/// The shares of all nodes and inputs, the greatest first; empty for networks that are too large to try each node.
///
/// A node's own error is the difference between its integers and the real operation on the same inputs; an input's is its rounding. Each is
/// added to the float network's value by itself, and the outputs are compared.
///
/// # Errors
/// A sample does not fit.
pub fn blame(mapped: &Mapped, float: &FloatModel, samples: &[Sample]) -> Result<Vec<Blame>, TranspileError> {
    let cost = (mapped.model.macs() + mapped.model.tensors().iter().map(|tensor| tensor.shape.elements() as u64).sum::<u64>()).max(1);
    let asked = float.inputs.len() + float.nodes.len();
    let affordable = BUDGET / cost / (asked as u64).max(1);
    let count = usize::try_from(affordable.min(MAX_SAMPLES)).unwrap_or(0).min(samples.len());
    let mut totals = vec![0.0; asked];
    let (of_inputs, of_nodes) = totals.split_at_mut(float.inputs.len());
    let mut executor = Executor::new(&mapped.model);
    for sample in samples.iter().step_by((samples.len() / count.max(1)).max(1)).take(count) {
        let values = run(float, sample);
        executor.run(&quantise_sample(&mapped.model, sample)?).expect("quantised samples are within the inputs' ranges");
        let real = |value: ValueId| -> Vec<f64> {
            let id = mapped.tensors[&value];
            executor.value(id).iter().map(|q| dequantise(*q, mapped.model.tensor(id).scale)).collect()
        };
        for (input, total) in float.inputs.iter().zip(&mut *of_inputs) {
            *total += disturbance(float, 0, input.value, real(input.value), &values);
        }
        for (position, node) in float.nodes.iter().enumerate() {
            if node.kind != Kind::Real || matches!(node.op, FloatOp::Max { .. }) {
                continue;
            }
            let inputs: Vec<(&[usize], Vec<f64>)> = node.inputs.iter().map(|input| (float.tensor(*input).0, real(*input))).collect();
            let inputs: Vec<(&[usize], &[f64])> = inputs.iter().map(|(shape, values)| (*shape, values.as_slice())).collect();
            let ideal = evaluate(&node.op, node.kind, &node.shape, &inputs);
            let own = real(node.output).into_iter().zip(ideal).map(|(found, ideal)| if ideal.is_finite() { found - ideal } else { 0.0 });
            let disturbed: Vec<f64> = values[&node.output].iter().zip(own).map(|(value, error)| value + error).collect();
            of_nodes[position] += disturbance(float, position + 1, node.output, disturbed, &values);
        }
    }
    let all: f64 = totals.iter().sum();
    let names = float.inputs.iter().map(|input| &input.name).chain(float.nodes.iter().map(|node| &node.name));
    let mut blames: Vec<Blame> = names
        .zip(totals)
        .filter(|(_, total)| *total > 0.0 && all.is_finite())
        .map(|(name, total)| Blame { name: name.clone(), share: significant(total / all) })
        .collect();
    blames.sort_by(|a, b| b.share.total_cmp(&a.share));
    Ok(blames)
}

/// The squared change of the outputs when one tensor has other values. The nodes that take it come from `first` on.
fn disturbance(float: &FloatModel, first: usize, tensor: ValueId, disturbed: Vec<f64>, values: &HashMap<ValueId, Vec<f64>>) -> f64 {
    let mut changed: HashMap<ValueId, Vec<f64>> = HashMap::from([(tensor, disturbed)]);
    for node in &float.nodes[first..] {
        if node.inputs.iter().any(|input| changed.contains_key(input)) {
            let inputs: Vec<(&[usize], &[f64])> =
                node.inputs.iter().map(|input| (float.tensor(*input).0, changed.get(input).unwrap_or(&values[input]).as_slice())).collect();
            let y = evaluate(&node.op, node.kind, &node.shape, &inputs);
            changed.insert(node.output, y);
        }
    }
    let of = |value: &ValueId| {
        let Some(found) = changed.get(value) else { return 0.0 };
        let differences = found.iter().zip(&values[value]).map(|(a, b)| a - b).filter(|difference| difference.is_finite());
        differences.map(|difference| difference * difference).sum::<f64>()
    };
    float.outputs.iter().map(|(_, value)| of(value)).sum()
}
