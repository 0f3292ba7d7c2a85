//! Networks that arrive quantised, by onnxruntime: their integers are computed exactly. See `tests/fixtures/qdq/README.md`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use maat_package::samples::{self, Sample};
use maat_package::{Baseline, Fidelity, Options, quantise_sample};
use maat_runtime::{Executor, Model};
use maat_tests::root;
use maat_transpiler::Network;
use rayon::prelude::*;
use serde::Deserialize;

use crate::common;

/// Least share of a network's integers that are equal.
const LEAST_SHARE: f64 = 0.999;
const CAIRO_RUNS: usize = if cfg!(feature = "slow") { 200 } else { 2 };

/// The integers of a network for each image.
#[derive(Deserialize)]
struct Expected {
    exact: Vec<Vec<i32>>,
    unoptimised: Vec<Vec<i32>>,
    optimised: Vec<Vec<i32>>,
}

fn fixtures() -> PathBuf {
    root().join("tests/fixtures/qdq")
}

fn expected() -> BTreeMap<String, Expected> {
    let rows: BTreeMap<_, _> = serde_json::from_slice(&std::fs::read(fixtures().join("expected.json")).unwrap()).unwrap();
    assert_eq!(rows.len(), 4, "the fixtures have lost networks");
    rows
}

/// The model of a network and the quantised images. The images calibrate it too: what is calibrated is the input alone, which they fill.
fn transpile(name: &str) -> (Model, Vec<Vec<Vec<i32>>>) {
    let network = Network::import(&fixtures().join(format!("{name}_integers.onnx"))).unwrap();
    let images: Vec<Sample> = samples::read(&fixtures().join("images.json"), network.inputs()).unwrap();
    let model = network.quantise(&images, &Options::default()).unwrap().model;
    let inputs = images.iter().map(|image| quantise_sample(&model, image).unwrap()).collect();
    (model, inputs)
}

/// Places in which two lists of integers differ.
fn differences<'a>(found: &'a [Vec<i32>], expected: &'a [Vec<i32>]) -> impl Iterator<Item = (usize, usize, i32, i32)> + 'a {
    let rows = found.iter().zip(expected).enumerate();
    rows.flat_map(|(image, (found, expected))| {
        let pairs = found.iter().zip(expected).enumerate();
        pairs.filter(|(_, (found, expected))| found != expected).map(move |(index, (found, expected))| (image, index, *found, *expected))
    })
}

#[test]
fn the_integers_are_those_that_the_network_means() {
    for (name, expected) in expected() {
        let (model, inputs) = transpile(&name);
        let found: Vec<Vec<i32>> = Executor::run_batch(&model, &inputs).unwrap().into_iter().map(|mut outputs| outputs.remove(0)).collect();
        assert_eq!(found.len(), expected.exact.len());
        let total = found.iter().map(Vec::len).sum::<usize>();
        let off = |expected: &[Vec<i32>]| differences(&found, expected).count();
        println!(
            "{name}: of {total} integers {} differ from the exact ones, {} and {} from onnxruntime's without and with optimisation",
            off(&expected.exact),
            off(&expected.unoptimised),
            off(&expected.optimised)
        );
        for (image, index, found, exact) in differences(&found, &expected.exact) {
            println!("{name}: image {image}, logit {index}: {found} instead of {exact}");
        }
        let share = 1.0 - off(&expected.exact) as f64 / total as f64;
        assert!(share >= LEAST_SHARE, "{name}: only {share} of the integers are equal");
    }
}

#[test]
fn the_integers_are_equal_in_runtime_and_cairo() {
    let names: Vec<String> = expected().into_keys().collect();
    names.into_par_iter().for_each(|name| {
        let (model, inputs) = transpile(&name);
        let program = common::compile(&model);
        inputs.iter().take(CAIRO_RUNS).for_each(|inputs| common::assert_equal(&model, &program, inputs, &name));
    });
}

#[test]
fn ties_raise_no_alarm_and_cost_no_verdict() {
    for name in expected().into_keys().flat_map(|name| [format!("{name}_integers"), name]) {
        let network = Network::import(&fixtures().join(format!("{name}.onnx"))).unwrap();
        let images: Vec<Sample> = samples::read(&fixtures().join("images.json"), network.inputs()).unwrap();
        let quantised = network.quantise(&images, &Options::default()).unwrap();
        assert_eq!(quantised.verdict.fidelity, Fidelity::Faithful, "{name}: {:?}", quantised.verdict);
        for accuracy in quantised.quality.calibration.iter().chain(&quantised.quality.held_out) {
            // tract does not take the files whose outputs are integers.
            assert_ne!(accuracy.baseline, Baseline::Disputed, "{name}");
        }
    }
}
