//! The ONNX project's backend tests: what counts passes, nothing is wrong, and `docs/operators.md` says so.
//!
//! `MAAT_CASE=substring cargo test --release -p maat -p maat-tests --test end_to_end conformance:: -- --nocapture` runs and lists some tests only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use maat_tests::conformance::{Report, Run, Suite, Verdict, WHEEL};
use maat_tests::root;
use rayon::prelude::*;

use crate::common;

/// Chooses tests by a part of their name.
const FILTER: &str = "MAAT_CASE";
const COMMAND: &str = "cargo test --release -p maat -p maat-tests --test end_to_end write_the_operator_table -- --ignored";
/// What must pass of the tests that count, in per cent.
const LEAST_SHARE: usize = 90;
/// Models that compute more elements than this are not compiled to Cairo.
const LARGEST_PROGRAM: usize = 1 << 13;

/// All tests in this file share one run.
fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| {
        silence_the_importer();
        let wheel = WHEEL.locate(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap_or_else(|reason| panic!("{reason}"));
        let suite = Suite::read(&wheel).unwrap();
        assert!(suite.tests.len() > 1700, "the wheel has lost tests: {}", suite.tests.len());
        Report::new(&suite, filter().as_deref())
    })
}

/// A panic in the importer's thread is foreign code that met a model it does not expect; it comes back as an error.
fn silence_the_importer() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(maat_transpiler::IMPORT_THREAD) {
            hook(info);
        }
    }));
}

fn filter() -> Option<String> {
    std::env::var(FILTER).ok()
}

fn page_path() -> PathBuf {
    root().join("docs/operators.md")
}

#[test]
fn the_backend_tests_that_count_pass() {
    let report = report();
    let ((applicable, passed), wrong) = (report.counts(), report.wrong());
    println!("{applicable} tests count, {passed} pass, {} are wrong", wrong.len());
    for (what, tests) in [("Excluded", &report.excluded()), ("Refused", &report.refused()), ("Wrong", &wrong)] {
        println!("\n{what}:\n{}", tests.join("\n"));
    }
    assert!(wrong.is_empty(), "{} tests are wrong:\n{}", wrong.len(), wrong.join("\n"));
    if filter().is_none() {
        assert!(passed * 100 >= applicable * LEAST_SHARE, "only {passed} of {applicable} tests pass:\n{}", report.refused().join("\n"));
    }
}

#[test]
fn the_operator_table_is_up_to_date() {
    if filter().is_none() {
        let committed = std::fs::read_to_string(page_path()).unwrap_or_default();
        assert!(committed == report().page(COMMAND), "docs/operators.md is not what the tests give; rewrite it with\n{COMMAND}");
    }
}

#[test]
#[ignore = "rewrites docs/operators.md"]
fn write_the_operator_table() {
    assert!(filter().is_none(), "the table is of all tests: unset {FILTER}");
    std::fs::write(page_path(), report().page(COMMAND)).unwrap();
}

/// The smallest test of each operator; with the feature `slow`, all tests up to a size that compiles in seconds.
#[test]
fn a_test_of_each_operator_is_equal_in_runtime_and_cairo() {
    let mut chosen: BTreeMap<&str, (&str, &Run)> = BTreeMap::new();
    for row in &report().rows {
        let Verdict::Passed(run) = &row.verdict else { continue };
        if elements(run) > LARGEST_PROGRAM {
            continue;
        }
        let key = if cfg!(feature = "slow") { &row.test } else { &row.operator };
        let smallest = chosen.entry(key).or_insert((&row.test, run));
        if elements(run) < elements(smallest.1) {
            *smallest = (&row.test, run);
        }
    }
    assert!(filter().is_some() || !chosen.is_empty());
    chosen.into_par_iter().for_each(|(_, (test, run))| {
        let program = common::compile(&run.model);
        common::assert_equal(&run.model, &program, &run.inputs, test);
    });
}

/// How many elements a model computes.
fn elements(run: &Run) -> usize {
    run.model.tensors().iter().map(|tensor| tensor.shape.elements()).sum()
}
