//! Decides what to compare the integers with: the ONNX file run by tract, or the lowered network.

use std::collections::HashMap;

use maat_package::Baseline;
use maat_package::samples::Sample;

use crate::float::{FloatModel, FloatNode, FloatOp, Kind, ValueId, evaluate, run};
use crate::onnx::Reference;

/// Samples on which the two are compared.
const COMPARED: usize = 16;
/// Two elements are apart if they differ by more than this share of the output's greatest value in the sample.
const APART: f64 = 1e-2;
/// Two outputs are apart if more than one element in this many is. Positions and roundings may differ where floats are close to a tie, but
/// most do not.
const ONE_IN: usize = 10;
/// Runs in which the lowered network's floats are shaken. A value on a tie falls on the other side in half of them.
const SHAKEN_RUNS: u64 = 8;
/// The share of a tensor's greatest value by which its elements are shaken: eight units in the last place of a 32-bit float, as in long
/// sums.
const SHAKEN_BY: f64 = 1.0 / (1u64 << 20) as f64;
/// All of tract's roundings together may move a value this many times as far as one shaken run.
const TOGETHER: f64 = 2.0;

/// Which of the two to believe on these samples, and which output is disputed.
///
/// Where the two are apart, the lowered network runs again with errors like those of 32-bit floats in everything that it computes. If that
/// alone moves the same elements as far, ties explain the difference: a value within a few units in the last place of a tie moves by one
/// step of its quantisation, and with it everything computed from it. A wrong lowering is apart also where nothing is close to a tie.
pub fn baseline(float: &FloatModel, reference: Option<&Reference>, samples: &[Sample]) -> (Baseline, Option<String>) {
    let Some(reference) = reference else { return (Baseline::Lowered, None) };
    let mut ties = false;
    for (index, sample) in samples.iter().take(COMPARED).enumerate() {
        let Some(by_tract) = reference.run(sample) else { return (Baseline::Lowered, None) };
        let lowered = run(float, sample);
        let mut shaken: Option<Vec<HashMap<ValueId, Vec<f64>>>> = None;
        for (name, value) in &float.outputs {
            let (ours, theirs) = (&lowered[value], by_tract.get(name).map_or(&[][..], Vec::as_slice));
            if ours.len() != theirs.len() {
                return (Baseline::Disputed, Some(name.clone()));
            }
            let apart = apart(ours, theirs);
            if few(apart.len(), ours.len()) {
                continue;
            }
            let runs =
                shaken.get_or_insert_with(|| (0..SHAKEN_RUNS).map(|run| shake(float, sample, index as u64 * SHAKEN_RUNS + run)).collect());
            let reach = |element: usize| runs.iter().map(|run| (run[value][element] - ours[element]).abs()).fold(0.0, f64::max);
            let unexplained = apart.iter().filter(|element| (ours[**element] - theirs[**element]).abs() > TOGETHER * reach(**element));
            if !few(unexplained.count(), ours.len()) {
                return (Baseline::Disputed, Some(name.clone()));
            }
            ties = true;
        }
    }
    (if ties { Baseline::RoundingTies } else { Baseline::Tract }, None)
}

/// The elements in which two outputs are apart.
fn apart(ours: &[f64], theirs: &[f64]) -> Vec<usize> {
    let magnitude = ours.iter().chain(theirs).filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    (0..ours.len()).filter(|element| (ours[*element] - theirs[*element]).abs() > APART * magnitude).collect()
}

fn few(count: usize, of: usize) -> bool {
    count * ONE_IN <= of
}

/// Runs the lowered network with an error in each number that it computes, different for each seed.
fn shake(float: &FloatModel, sample: &[Vec<f64>], seed: u64) -> HashMap<ValueId, Vec<f64>> {
    let mut noise = Noise(seed);
    let mut values: HashMap<ValueId, Vec<f64>> = HashMap::new();
    let mut shapes: HashMap<ValueId, &[usize]> = HashMap::new();
    for (input, given) in float.inputs.iter().zip(sample) {
        let mut x = given.clone();
        if input.kind == Kind::Real {
            noise.add(&mut x);
        }
        values.insert(input.value, x);
        shapes.insert(input.value, &input.shape);
    }
    for node in &float.nodes {
        let inputs: Vec<(&[usize], &[f64])> = node.inputs.iter().map(|input| (shapes[input], values[input].as_slice())).collect();
        // What is rounded is shaken first: a tie is decided by the number before it.
        let exact = !is_inexact(node);
        let mut y = evaluate(&node.op, if exact { node.kind } else { Kind::Real }, &node.shape, &inputs);
        if !exact {
            noise.add(&mut y);
            if let (Kind::Integer(range), FloatOp::Sum(sum)) = (node.kind, &node.op) {
                y.iter_mut().for_each(|y| *y = sum.rounding.apply(*y).clamp(range.lo as f64, range.hi as f64));
            }
        }
        values.insert(node.output, y);
        shapes.insert(node.output, &node.shape);
    }
    values
}

/// Whether 32-bit floats round what a node computes: arithmetic on reals does, and so does a sum with factors that are not whole.
fn is_inexact(node: &FloatNode) -> bool {
    match &node.op {
        FloatOp::Sum(sum) => node.kind == Kind::Real || !sum.is_whole(),
        FloatOp::Affine { .. } | FloatOp::Product { .. } | FloatOp::Table(_) | FloatOp::Divide => node.kind == Kind::Real,
        FloatOp::Max { .. } | FloatOp::ArgMax { .. } | FloatOp::Greater | FloatOp::Select | FloatOp::Move { .. } => false,
    }
}

/// Errors of floats, from SplitMix64 (Steele et al. 2014).
struct Noise(u64);

impl Noise {
    fn add(&mut self, values: &mut [f64]) {
        let greatest = values.iter().filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
        values.iter_mut().for_each(|x| *x += SHAKEN_BY * greatest * self.unit());
    }

    /// A number in [-1, 1).
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use maat_package::samples;

    use super::*;
    use crate::{fuse, lowering, onnx};

    const NETWORKS: [&str; 4] = ["cnn_per_channel", "cnn_per_tensor", "mlp_per_channel", "mlp_per_tensor"];

    /// A network that onnxruntime quantised: lowered, run by tract, and some images.
    fn quantised(name: &str) -> (FloatModel, Option<Reference>, Vec<Sample>) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/qdq");
        let imported = onnx::import(&folder.join(format!("{name}.onnx")), &maat_package::ImportOptions::default()).unwrap();
        let (mut float, _) = lowering::lower(&imported.graph).unwrap();
        fuse::fuse(&mut float);
        let inputs: Vec<_> = float.inputs.iter().map(|input| (input.name.clone(), input.shape.clone())).collect();
        let images = samples::read(&folder.join("images.json"), &inputs).unwrap();
        (float, imported.reference().ok(), images)
    }

    #[test]
    fn networks_that_arrive_quantised_differ_by_ties_at_most() {
        for name in NETWORKS {
            let (float, reference, images) = quantised(name);
            assert!(reference.is_some(), "tract takes {name}");
            for images in images.chunks(COMPARED) {
                let (found, _) = baseline(&float, reference.as_ref(), images);
                assert!(matches!(found, Baseline::Tract | Baseline::RoundingTies), "{name}: {found:?}");
            }
        }
    }

    /// A quarter more in one quantisation, wherever it is in the network, is not a tie.
    #[test]
    fn a_wrong_lowering_is_disputed() {
        for name in NETWORKS {
            let (float, reference, images) = quantised(name);
            let rounds = |node: &FloatNode| matches!(&node.op, FloatOp::Sum(sum) if node.kind != Kind::Real && !sum.is_whole());
            let positions: Vec<usize> = (0..float.nodes.len()).filter(|position| rounds(&float.nodes[*position])).collect();
            assert!(positions.len() > 2, "{name} has lost its quantisations");
            for position in positions {
                let mut wrong = float.clone();
                let FloatOp::Sum(sum) = &mut wrong.nodes[position].op else { unreachable!("only sums round") };
                sum.coefficients.iter_mut().flatten().for_each(|factor| *factor *= 1.25);
                let node = &wrong.nodes[position].name;
                let (found, output) = baseline(&wrong, reference.as_ref(), &images[..COMPARED]);
                assert_eq!((found, output.is_some()), (Baseline::Disputed, true), "{name}, node `{node}`");
            }
        }
    }

    #[test]
    fn without_tract_the_lowered_network_is_the_witness() {
        let (float, _, images) = quantised(NETWORKS[0]);
        assert_eq!(baseline(&float, None, &images), (Baseline::Lowered, None));
    }
}
