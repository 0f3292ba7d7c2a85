//! Property: whatever the samples look like, a model calibrated on them computes the network on them, and a branch that no sample reached
//! still gives the right values.

use crate::common;

use maat_package::samples::Sample;
use maat_package::{Options, quantise_sample};
use maat_runtime::{Executor, dequantise};
use maat_tests::networks::Random;
use maat_tests::onnx::{Attribute, Onnx};
use maat_tests::steps::{Case, cases};
use maat_transpiler::{Network, Quantised};

/// What is done to the values of samples: to element `index` of all elements so far.
type Pattern = (&'static str, fn(f64, usize) -> f64);

const PATTERNS: &[Pattern] = &[
    ("all positive", |x, _| x.abs() + 0.01),
    ("all negative", |x, _| -x.abs() - 0.01),
    ("constant", |_, _| 0.75),
    ("zero", |_, _| 0.0),
    ("tiny", |x, _| x * 1e-6),
    ("huge", |x, _| x * 1e6),
    ("one outlier", |x, index| if index == 5 { 100.0 } else { x }),
];

/// Operators for which a pattern makes no sense, with the reason.
const WITHOUT: &[(&str, &str, &str)] = &[
    ("Cast", "huge", "its integers saturate"),
    ("Cos", "huge", "16 bits leave nothing of the phase, and the model is refused"),
    ("DynamicQuantizeLinear", "zero", "is 0 / 0, and the model is refused"),
    ("Erf", "tiny", "tract's own function is off by 5 * 10^-7"),
    ("Exp", "huge", "is infinite there"),
    ("Exp", "one outlier", "is infinite there"),
    ("GRU", "huge", "the units of its sums are wider than the steps of its gates, and one in a hundred falls on the other side"),
    ("LpNormalization", "zero", "is 0 / 0, and the model is refused"),
    ("Round", "huge", "its integers saturate"),
    ("Sin", "huge", "16 bits leave nothing of the phase, and the model is refused"),
];

fn integers(quantised: &Quantised, sample: &Sample) -> Vec<Vec<f64>> {
    let model = &quantised.model;
    let mut executor = Executor::new(model);
    executor.run(&quantise_sample(model, sample).unwrap()).unwrap();
    let real = |output: &maat_runtime::Port| {
        let scale = model.tensor(output.tensor).scale;
        executor.value(output.tensor).iter().map(|q| dequantise(*q, scale)).collect()
    };
    model.outputs().iter().map(real).collect()
}

/// The mean distance of an output from the float network's, and the greatest value there.
fn distance(network: &Network, quantised: &Quantised, samples: &[Sample], output: usize) -> (f64, f64) {
    let (mut total, mut count, mut greatest) = (0.0, 0, 0.0f64);
    for sample in samples {
        let expected = &network.run_float(sample)[output];
        for (expected, found) in expected.iter().zip(&integers(quantised, sample)[output]).filter(|(expected, _)| expected.is_finite()) {
            total += (expected - found).abs();
            greatest = greatest.max(expected.abs());
            count += 1;
        }
    }
    (total / f64::from(count.max(1)), greatest)
}

fn transformed(case: &Case, count: usize, pattern: Pattern) -> Vec<Sample> {
    let mut index = 0;
    let (_, samples) = case.build_from(count, &mut |x| {
        index += 1;
        (pattern.1)(x, index)
    });
    samples
}

#[test]
fn every_operator_computes_what_it_was_calibrated_on() {
    let mut failures = Vec::new();
    for case in cases() {
        let (onnx, _) = case.build(1);
        let network = common::import(onnx);
        let one = ("one sample", (|x, _| x) as fn(f64, usize) -> f64);
        let patterns = PATTERNS.iter().map(|pattern| (*pattern, 12)).chain([(one, 1)]);
        for (pattern, count) in patterns {
            if WITHOUT.iter().any(|(operator, without, _)| (*operator, *without) == (case.operator, pattern.0)) {
                continue;
            }
            let samples = transformed(&case, count, pattern);
            // What is lost is judged here.
            let quantised = match network.quantise(&samples, &Options { accept_loss: true, ..Options::default() }) {
                Ok(quantised) => quantised,
                Err(error) => {
                    failures.push(format!("{} {}: {error}", case.operator, pattern.0));
                    continue;
                }
            };
            for (output, port) in quantised.model.outputs().iter().enumerate() {
                let (mean, greatest) = distance(&network, &quantised, &samples, output);
                // Truth values have a size even if all are false.
                let size = if quantised.model.tensor(port.tensor).scale == 0 { greatest.max(1.0) } else { greatest };
                if mean > 0.01 * size {
                    failures.push(format!("{} {}: output {output} is off by {mean} of {greatest}", case.operator, pattern.0));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Functions of one variable with a branch for each sign, whose slope is much the same on both sides.
const BRANCHES: &[&str] = &[
    "Abs",
    "Celu",
    "Elu",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "Mish",
    "Neg",
    "PRelu",
    "Relu",
    "Selu",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Swish",
    "Tanh",
    "ThresholdedRelu",
];

#[test]
fn a_branch_that_no_sample_reached_is_not_destroyed() {
    for case in cases().into_iter().filter(|case| BRANCHES.contains(&case.operator)) {
        let network = common::import(case.build(1).0);
        let (_, probes) = case.build(12);
        for pattern in &PATTERNS[..4] {
            let samples = transformed(&case, 12, *pattern);
            let quantised = network.quantise(&samples, &Options::default()).unwrap();
            let size = samples.iter().flatten().flatten().fold(0.0f64, |size, x| size.max(x.abs()));
            // Without any value seen, inputs are taken to lie within plus and minus 1.
            let size = if size > 0.0 { size } else { 1.0 };
            let within = |sample: &Sample| sample.iter().map(|x| x.iter().map(|x| x.clamp(-size, size)).collect()).collect();
            let probes: Vec<Sample> = probes.iter().map(within).collect();
            let (mean, greatest) = distance(&network, &quantised, &probes, 0);
            assert!(mean <= 0.01 * greatest, "{} {}: off by {mean} of {greatest}", case.operator, pattern.0);
        }
    }
}

/// The greatest value of `mid` on the samples is just below a power of two, where its scale would end without room.
#[test]
fn values_a_little_beyond_the_samples_are_not_cut() {
    let sums = [(0.9, 0.08), (0.08, 0.9), (-0.5, 0.3)];
    let tests = [
        ("Add", sums, (0.55, 0.53)),
        ("Mul", [(1.4, 0.7), (0.7, 1.4), (-0.5, 0.3)], (1.04, 1.04)),
        ("Div", [(1.96, 1.0), (2.5, 1.5), (-0.5, 0.8)], (2.1, 1.0)),
        ("Exp", [(0.6, 0.07), (0.07, 0.6), (-0.5, 0.3)], (0.4, 0.34)),
    ];
    for (operator, samples, (a, b)) in tests {
        let onnx = Onnx::new().input("a", &[1]).input("b", &[1]);
        let onnx = match operator {
            "Exp" => onnx.node("sum", "Add", &["a", "b"], "sum", &[]).node("mid", "Exp", &["sum"], "mid", &[]),
            _ => onnx.node("mid", operator, &["a", "b"], "mid", &[]),
        };
        let network = common::import(onnx.node("square", "Mul", &["mid", "mid"], "y", &[]).output("y"));
        let samples: Vec<Sample> = samples.iter().map(|(a, b)| vec![vec![*a], vec![*b]]).collect();
        let quantised = network.quantise(&samples, &Options::default()).unwrap();
        let (off, greatest) = distance(&network, &quantised, &[vec![vec![a], vec![b]]], 0);
        assert!(off < 1e-3 * greatest, "{operator}: off by {off} of {greatest}");
    }
}

/// The choice between two computed sides is the same on all samples.
#[test]
fn a_side_that_no_sample_chose_is_not_destroyed() {
    let onnx = Onnx::new()
        .input("x", &[1, 8])
        .floats("zero", &[], &[0.0])
        .floats("factor", &[], &[100.0])
        .node("scaled", "Mul", &["x", "factor"], "large", &[])
        .node("positive", "Greater", &["x", "zero"], "condition", &[])
        .node("choice", "Where", &["condition", "x", "large"], "y", &[])
        .output("y");
    let network = common::import(onnx);
    let mut random = Random::new(3);
    let probes = random.samples(20, &[8], 1.0);
    let positive: Vec<Sample> = probes.iter().map(|sample| vec![sample[0].iter().map(|x| x.abs()).collect()]).collect();
    let quantised = network.quantise(&positive, &Options::default()).unwrap();
    let (mean, greatest) = distance(&network, &quantised, &probes, 0);
    assert!(mean <= 0.01 * greatest, "off by {mean} of {greatest}");
}

/// A layer whose inputs were 0 on all samples keeps its weights.
#[test]
fn what_stands_behind_a_branch_that_no_sample_reached_is_not_destroyed() {
    let mut random = Random::new(9);
    let onnx = Onnx::new()
        .input("x", &[1, 8])
        .floats("w", &[8, 4], &random.normal(32, 1.0))
        .floats("b", &[4], &random.normal(4, 1e-3))
        .node("minus", "Neg", &["x"], "negated", &[])
        .node("relu", "Relu", &["negated"], "negative", &[])
        .node("layer", "Gemm", &["negative", "w", "b"], "y", &[("transB", Attribute::Int(0))])
        .output("y");
    let network = common::import(onnx);
    let probes = random.samples(20, &[8], 1.0);
    let positive: Vec<Sample> = probes.iter().map(|sample| vec![sample[0].iter().map(|x| x.abs()).collect()]).collect();
    let quantised = network.quantise(&positive, &Options::default()).unwrap();
    assert!(quantised.quality.unseen.contains(&"relu".to_owned()), "{:?}", quantised.quality.unseen);
    let (mean, greatest) = distance(&network, &quantised, &probes, 0);
    assert!(mean <= 0.01 * greatest, "off by {mean} of {greatest}");
}

/// Whether a sample is kept back or not: a network that was never compared on such inputs must not be trusted with them.
#[test]
fn samples_for_which_the_float_network_has_no_number_are_refused() {
    let network = common::import(Onnx::new().input("x", &[1, 1]).node("log", "Log", &["x"], "y", &[]).output("y"));
    for wrong in [2, 3, 4, 7, 8] {
        let samples: Vec<Sample> = (0..12).map(|index| vec![vec![if index == wrong { -1.0 } else { f64::from(index + 1) }]]).collect();
        let error = network.quantise(&samples, &Options::default()).err().expect("it is refused").to_string();
        assert!(error.contains(&format!("node `log` takes the logarithm of -1 for sample {wrong} ")), "{error}");
    }
}
