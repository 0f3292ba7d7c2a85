//! Pipelines of scikit-learn on tables of real data keep what onnxruntime computes from them (tests/fixtures/tables).

use std::collections::BTreeMap;

use maat_package::samples::Sample;
use maat_package::{Options, quantise_sample};
use maat_runtime::{Executor, dequantise};
use maat_tests::root;
use maat_transpiler::Network;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    calibration: Vec<Vec<f64>>,
    held_out: Vec<Vec<f64>>,
    /// What onnxruntime computes from each row that was held out, by output.
    expected: BTreeMap<String, Vec<serde_json::Value>>,
}

/// Of the held-out rows, at least this share must get onnxruntime's class.
const LEAST_AGREEMENT: f64 = 0.995;
/// On no held-out row may a regression be farther from onnxruntime than this share of its outputs' range.
const GREATEST_ERROR: f64 = 0.001;

/// A pipeline's first output for each held-out row, and onnxruntime's.
fn outputs(name: &str) -> Vec<(f64, f64)> {
    let folder = root().join("tests/fixtures/tables");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let Table { calibration, held_out, expected } = serde_json::from_str(&text).unwrap();
    let network = Network::import(&folder.join(format!("{name}.onnx"))).unwrap();
    let samples: Vec<Sample> = calibration.into_iter().map(|row| vec![row]).collect();
    let model = network.quantise(&samples, &Options::default()).unwrap().model;
    let (output, mut executor) = (&model.outputs()[0], Executor::new(&model));
    let expected = &expected[&output.name];
    assert_eq!(expected.len(), held_out.len());
    let found = held_out.into_iter().zip(expected).map(|(row, expected)| {
        executor.run(&quantise_sample(&model, &[row]).unwrap()).unwrap();
        let expected = expected.as_f64().or_else(|| expected.get(0)?.as_f64()).expect("one number a row");
        (dequantise(executor.value(output.tensor)[0], model.tensor(output.tensor).scale), expected)
    });
    found.collect()
}

fn assert_same_classes(name: &str) {
    let outputs = outputs(name);
    let equal = outputs.iter().filter(|(found, expected)| found == expected).count();
    assert!(equal as f64 >= LEAST_AGREEMENT * outputs.len() as f64, "{name}: {equal} of {} classes", outputs.len());
}

#[test]
fn a_scaler_and_a_logistic_regression_keep_their_classes() {
    assert_same_classes("breast_cancer");
}

#[test]
fn a_random_forest_keeps_its_classes() {
    assert_same_classes("wine");
}

#[test]
fn a_regression_keeps_its_values() {
    let outputs = outputs("diabetes");
    let (lo, hi) =
        outputs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), (_, expected)| (lo.min(*expected), hi.max(*expected)));
    let worst = outputs.iter().map(|(found, expected)| (found - expected).abs()).fold(0.0, f64::max);
    assert!(worst <= GREATEST_ERROR * (hi - lo), "off by {worst} of {}", hi - lo);
}
