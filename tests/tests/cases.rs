//! Every row of the table of networks: transpiled at several widths, close to the float network, and equal in runtime and Cairo VM.

use maat_package::{Options, Widths, quantise_sample};
use maat_runtime::Executor;
use maat_tests::networks::{CASES, Random};
use maat_tests::onnx::{Attribute, Onnx};
use rayon::prelude::*;

use crate::common;

/// Widths for every row.
const WIDTHS: &[(u32, u32)] = &[(16, 16), (8, 8)];
/// More widths for every few rows.
const ODD_WIDTHS: &[(u32, u32)] = &[(4, 4), (16, 4), (5, 12)];
const EVERY: usize = if cfg!(feature = "slow") { 1 } else { 8 };

#[test]
fn every_network_is_equal_in_runtime_and_cairo() {
    assert!(CASES.len() >= 31, "the table has lost rows");
    CASES.par_iter().enumerate().for_each(|(position, case)| {
        let network = common::import((case.onnx)());
        let samples = Random::new(42).samples(64, case.inputs, 1.0);
        let odd = if position.is_multiple_of(EVERY) { ODD_WIDTHS } else { &[] };
        for (activations, weights) in WIDTHS.iter().chain(odd) {
            let what = format!("{} at {activations}/{weights} bits", case.name);
            let widths = Widths { activations: *activations, weights: *weights };
            // Few bits lose much, but the runtime and Cairo lose the same.
            let quantised = network.quantise(&samples, &Options { widths, accept_loss: true, ..Options::default() });
            let quantised = quantised.unwrap_or_else(|error| panic!("{what}: {error}"));
            let program = common::compile(&quantised.model);
            let mut random = Random::new(7);
            for _ in 0..8 {
                let inputs = common::random_inputs(&quantised.model, &mut random);
                common::assert_equal(&quantised.model, &program, &inputs, &what);
            }
        }
    });
}

#[test]
fn at_16_bits_every_network_is_close_to_the_float_network() {
    for case in CASES {
        let network = common::import((case.onnx)());
        let samples = Random::new(43).samples(200, case.inputs, 1.0);
        let quantised = network.quantise(&samples, &Options::default()).unwrap();
        let accuracy = quantised.quality.calibration.unwrap();
        assert_eq!(accuracy.samples, 150, "every fourth sample is kept back");
        for output in &accuracy.outputs {
            let Some(error) = output.distance() else {
                assert!(output.agreement().unwrap().share >= 0.99, "{}: `{}`: {output:?}", case.name, output.name);
                continue;
            };
            // The steps of input, weights and output are at most 2^-14 of the greatest value each; what is summed up is a few terms.
            let bound = error.magnitude.max(1.0) * 1e-3;
            assert!(error.max <= bound, "{}: `{}` is off by {} of {}", case.name, output.name, error.max, error.magnitude);
        }
    }
}

#[test]
fn labels_are_taken_by_the_place_of_the_greatest_score() {
    // The places themselves, labels that are equally far apart, and any others.
    for labels in [[0, 1, 2], [7, 4, 1], [3, -5, 40]] {
        let onnx = Onnx::new().input("x", &[1, 3]).integers("labels", &[3], &labels);
        let onnx = onnx.node("arg", "ArgMax", &["x"], "place", &[("axis", Attribute::Int(1))]);
        let network = common::import(onnx.node("pick", "ai.onnx.ml.ArrayFeatureExtractor", &["labels", "place"], "y", &[]).output("y"));
        let scores = |place: usize| vec![(0..3).map(|class| f64::from(u8::from(class == place))).collect()];
        let quantised = network.quantise(&[0, 1, 2].map(scores), &Options::default()).unwrap();
        for (place, label) in labels.iter().enumerate() {
            let inputs = quantise_sample(&quantised.model, &scores(place)).unwrap();
            let outputs = Executor::run_batch(&quantised.model, &[inputs]).unwrap();
            assert_eq!(outputs, [[[i32::try_from(*label).unwrap()]]], "{labels:?}");
        }
    }
}
