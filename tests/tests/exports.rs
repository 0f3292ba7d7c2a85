//! Networks of other programs' exporters: each is taken and computes what onnxruntime does, or is refused by name; `docs/exports.md` says so.
//!
//! `cargo test --release -p maat -p maat-tests --test end_to_end exports:: -- --nocapture` prints the table.

use std::sync::OnceLock;

use maat_package::quantise_sample;
use maat_prover::{LayoutChoice, ProvingKey, Visibility, entries_for};
use maat_tests::exports::{Export, Outcome, outcomes, page};
use maat_tests::root;
use maat_verifier::{Mode, Preset, Values, verify};
use rayon::prelude::*;

const COMMAND: &str = "cargo test --release -p maat -p maat-tests --test end_to_end write_the_exports -- --ignored";

/// Networks that are refused, with a part of the reason.
const REFUSALS: &[(&str, &str)] = &[("svc_probability_three", "probabilities of more than two classes come from an iteration")];

/// One of each kind, whose first held-out inference is proven. With the feature `slow`, all are.
const PROVEN: &[&str] = &[
    "catboost_binary",
    "extra_trees_text_labels",
    "jax_mlp",
    "keras_convolution_tensorflow",
    "knn_classifier",
    "lgbm_regressor",
    "one_hot_ridge",
    "script_functions",
    "spox_dense",
    "svc_rbf",
    "torch_decoder_dynamo",
    "torch_loops_script",
    "torch_voice",
    "xgb_regressor",
];

/// All tests in this file share one run.
fn results() -> &'static [(Export, Outcome)] {
    static RESULTS: OnceLock<Vec<(Export, Outcome)>> = OnceLock::new();
    RESULTS.get_or_init(outcomes)
}

#[test]
fn exports_compute_what_onnxruntime_does_or_are_refused_by_name() {
    let results = results();
    assert!(results.len() >= 80, "{} exports", results.len());
    let mut wrong = Vec::new();
    for (export, outcome) in results {
        println!("{}: {}", export.name, outcome.text());
        let expected = REFUSALS.iter().find(|(name, _)| *name == export.name).map(|(_, reason)| *reason);
        let as_expected = match (outcome, expected) {
            (Outcome::Refused(reason), Some(expected)) => reason.contains(expected),
            (Outcome::Taken(..), None) => export.holds(outcome),
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{}: {}", export.name, outcome.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_exports_is_up_to_date() {
    let committed = std::fs::read_to_string(root().join("docs/exports.md")).unwrap_or_default();
    assert!(committed == page(results(), COMMAND), "docs/exports.md is not what the tests give; rewrite it with\n{COMMAND}");
}

#[test]
#[ignore = "rewrites docs/exports.md"]
fn write_the_exports() {
    std::fs::write(root().join("docs/exports.md"), page(results(), COMMAND)).unwrap();
}

#[test]
fn an_inference_of_each_kind_is_proven() {
    let chosen = |export: &Export| cfg!(feature = "slow") || PROVEN.contains(&export.name.as_str());
    let taken: Vec<_> = results()
        .iter()
        .filter_map(|(export, outcome)| match outcome {
            Outcome::Taken(model, _) if chosen(export) => Some((export, model)),
            _ => None,
        })
        .collect();
    assert!(taken.len() >= PROVEN.len(), "only {} exports are taken", taken.len());
    taken.into_par_iter().for_each(|(export, model)| {
        let name = &export.name;
        let inputs = quantise_sample(model, &export.held_out[0]).unwrap();
        let entries = entries_for(model, &[1], &[Preset::Fast], LayoutChoice::Cheapest).unwrap_or_else(|error| panic!("{name}: {error}"));
        let commitment = entries.commitment();
        let key = ProvingKey::new(model, entries, (Preset::Fast, Mode::Plain), 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        let proved = key.prove(std::slice::from_ref(&inputs), (Visibility::Public, Visibility::Public), &|_| ());
        let proved = proved.unwrap_or_else(|error| panic!("{name}: {error}"));
        let statement = verify(&proved.file.to_bytes(), &commitment).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = maat_runtime::Executor::new(model).run(&inputs).unwrap().concat();
        assert_eq!((statement.inputs, statement.outputs), (Values::Public(inputs.concat()), Values::Public(expected)), "{name}");
    });
}
