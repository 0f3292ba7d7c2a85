//! Cairo steps of each operator's small network: none grows unnoticed.

use std::collections::BTreeSet;

use maat_package::{Options, quantise_sample, run_program};
use maat_tests::steps::{COMMAND, Case, Row, TOLERANCE, Table, cases, committed, path, without_network};
use maat_transpiler::supported_operators;
use rayon::prelude::*;

use crate::common;

const SAMPLES: usize = 32;

fn measure(case: &Case) -> Row {
    let (onnx, samples) = case.build(SAMPLES);
    let network = common::import(onnx);
    let quantised = network.quantise(&samples, &Options::default()).unwrap_or_else(|error| panic!("{}: {error}", case.operator));
    let model = quantised.model;
    let program = common::compile(&model);
    let inputs = quantise_sample(&model, &samples[0]).unwrap();
    common::assert_equal(&model, &program, &inputs, case.operator);
    let (outputs, steps) = run_program(&model, &program, &inputs).unwrap();
    Row {
        network: case.describe(),
        inputs: inputs.iter().map(Vec::len).sum(),
        outputs: outputs.iter().map(Vec::len).sum(),
        macs: model.macs(),
        steps,
    }
}

/// How a row differs from the table by more than it may, if it does.
fn difference(operator: &str, old: Option<&Row>, new: &Row) -> Option<String> {
    let Some(old) = old else { return Some(format!("{operator} has no row; it takes {} steps", new.steps)) };
    if old.network != new.network {
        return Some(format!("{operator} has another network: `{}`, not `{}`", new.network, old.network));
    }
    let verb = if new.steps > old.steps { "grew" } else { "shrank" };
    let too_far = old.steps.abs_diff(new.steps) * 100 > old.steps * TOLERANCE;
    too_far.then(|| format!("{operator} {verb} from {} to {} steps", old.steps, new.steps))
}

#[test]
fn every_operator_has_a_network_or_a_reason() {
    let cases = cases();
    let without = without_network();
    let named = || cases.iter().map(|case| case.operator).chain(without.keys().copied());
    let (found, supported): (BTreeSet<&str>, BTreeSet<&str>) = (named().collect(), supported_operators().collect());
    assert_eq!(named().count(), found.len(), "an operator is listed twice");
    let missing: Vec<_> = supported.difference(&found).collect();
    assert!(missing.is_empty(), "tests/src/steps.rs has no network for {missing:?}: add one, then\n{COMMAND}");
    let unknown: Vec<_> = found.difference(&supported).collect();
    assert!(unknown.is_empty(), "tests/src/steps.rs has networks for {unknown:?}, which are not supported");
    let rows: BTreeSet<String> = committed().into_keys().collect();
    let operators: BTreeSet<String> = cases.iter().map(|case| case.operator.to_owned()).collect();
    assert!(rows == operators, "tests/golden/steps.json is not of the networks in tests/src/steps.rs; rewrite it with\n{COMMAND}");
}

#[test]
fn no_operators_steps_differ_from_the_table() {
    let table = committed();
    let cases = cases();
    let differences = cases.par_iter().filter_map(|case| difference(case.operator, table.get(case.operator), &measure(case)));
    let differences: Vec<String> = differences.collect();
    assert!(
        differences.is_empty(),
        "{}\nIf that is meant, rewrite the table with\n{COMMAND}\nand docs/operators.md after it",
        differences.join("\n")
    );
}

#[test]
fn growth_and_shrinking_beyond_the_tolerance_are_reported() {
    let row = |steps| Row { network: String::new(), inputs: 1, outputs: 1, macs: 0, steps };
    let found = |new| difference("Abs", Some(&row(1000)), &row(new));
    assert_eq!(found(1051).unwrap(), "Abs grew from 1000 to 1051 steps");
    assert_eq!(found(949).unwrap(), "Abs shrank from 1000 to 949 steps");
    assert!(found(1050).is_none() && found(950).is_none());
    assert!(difference("Abs", None, &row(1)).is_some());
}

#[test]
#[ignore = "rewrites tests/golden/steps.json"]
fn write_the_steps() {
    let table: Table = cases().par_iter().map(|case| (case.operator.to_owned(), measure(case))).collect();
    let text = serde_json::to_string_pretty(&table).unwrap();
    std::fs::write(path(), format!("{text}\n")).unwrap();
}
