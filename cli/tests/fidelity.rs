//! What a user is told of a model that is not its float network, and of inputs that are not those that were given.

mod common;

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use common::*;

/// Transpiles the example with further arguments into a folder.
fn transpile(folder: &Path, arguments: &[&str]) -> Output {
    maat(&[&["transpile", &example("rockybot.onnx"), "-o", folder.to_str().unwrap()], arguments].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The warnings of a response.
fn warnings(value: &Value) -> Vec<&str> {
    value["warnings"].as_array().map_or_else(Vec::new, |warnings| warnings.iter().map(|warning| warning.as_str().unwrap()).collect())
}

/// A file with an input.
fn input(folder: &Path, features: &Value) -> String {
    let path = folder.join("in.json");
    std::fs::write(&path, features.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What a verb says on the standard error stream, without the phases of long work.
fn said(output: &std::process::Output) -> String {
    text(&output.stderr).lines().filter(|line| !line.starts_with("phase: ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_report_begins_with_the_verdict() {
    let inspected = text(&maat(&["inspect", package()]).stdout);
    assert!(inspected.starts_with("verdict: faithful to the float network on "), "{inspected}");
    let value = json(&["inspect", package()]);
    assert_eq!(value["report"]["verdict"]["fidelity"], "faithful");
    assert_eq!(value["report"]["verdict"]["measured"]["held_out"], true);
    assert_eq!(value["manifest"]["verdict"], value["report"]["verdict"]);
    let report = std::fs::read_to_string(Path::new(package()).join("report.json")).unwrap();
    assert!(report.starts_with("{\n  \"verdict\": {\n    \"fidelity\": \"faithful\","), "{}", &report[..200]);
    let run = json(&["run", package(), "--input", &example("input.json")]);
    assert_eq!((&run["fidelity"], &run["out_of_range"], warnings(&run).len()), (&"faithful".into(), &json!([]), 0));
}

#[test]
fn labels_are_measured_as_equal_and_print_as_integers() {
    let value = json(&["inspect", package()]);
    let outputs = value["report"]["quality"]["held_out"]["outputs"].as_array().unwrap();
    let class = outputs.iter().find(|output| output["name"] == "class").unwrap();
    assert_eq!((&class["elements"], &class["mean"]), (&"labels".into(), &Value::Null));
    assert_eq!(class["of"], value["report"]["quality"]["held_out"]["samples"]);
    assert!(class["share"].as_f64().unwrap() >= 0.99, "{class}");
    let inspected = text(&maat(&["inspect", package()]).stdout);
    let row = inspected.lines().find(|line| line.trim_start().starts_with("class ") && line.contains("held out")).unwrap();
    assert!(row.trim_end().ends_with("% equal") && !row.contains("0.0000"), "{row}");

    let class = json(&["run", package(), "--input", &example("input.json")])["outputs"]["class"]["integers"][0].clone();
    let run = text(&maat(&["run", package(), "--input", &example("input.json")]).stdout);
    assert!(run.contains(&format!("class [1], whole numbers\n  {class}\n")), "{run}");
}

#[test]
fn a_model_that_does_not_compute_its_network_is_refused_unless_that_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("package");
    let calibration = example("calibration.json");
    let narrow = ["--calibration", &calibration, "--bits", "4", "--weight-bits", "4"];
    let refused = transpile(&package, &narrow);
    assert_eq!((refused.status.code(), package.exists()), (Some(2), false));
    let message = text(&refused.stderr);
    for part in ["the quantised model is refused", "`class` gives another label in ", "Try more bits", "--accept-loss"] {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }

    let accepted = transpile(&package, &[&narrow[..], &["--accept-loss"]].concat());
    assert!(accepted.status.success(), "{}", text(&accepted.stderr));
    let (warning, report) = (said(&accepted), text(&accepted.stdout));
    assert!(warning.starts_with("warning: this model does not compute its network, and was made with --accept-loss: "), "{warning}");
    assert!(warning.contains(". Try more bits"), "{warning}");
    assert!(report.starts_with("verdict: REFUSED on ") && report.contains("but made anyway with --accept-loss"), "{report}");

    // Whatever the package is used for, it is said again.
    let package = package.to_str().unwrap();
    assert!(text(&maat(&["inspect", package]).stdout).starts_with("verdict: REFUSED on "));
    let proof = folder.path().join("proof.bin");
    let input = input(folder.path(), &samples(1));
    let run = ["run", package, "--input", &input];
    let prove = ["prove", package, "--input", &input, "-o", proof.to_str().unwrap()];
    for arguments in [&run[..], &prove[..], &[&prove[..], &["--kind", "cairo"]].concat()] {
        let value = json(arguments);
        assert_eq!(value["fidelity"], "refused", "{arguments:?}");
        assert!(warnings(&value)[0].starts_with("this model does not compute its network"), "{value}");
        let output = maat(arguments);
        assert!(said(&output).starts_with("warning: this model does not compute its network"), "{}", said(&output));
    }
}

#[test]
fn a_degraded_model_is_made_with_a_loud_warning() {
    let folder = tempfile::tempdir().unwrap();
    let calibration = example("calibration.json");
    let arguments = ["--calibration", &calibration, "--bits", "9", "--weight-bits", "9", "--json"];
    let value = response(transpile(&folder.path().join("package"), &arguments));
    assert_eq!(value["report"]["verdict"]["fidelity"], "degraded");
    let loss = &value["report"]["verdict"]["losses"][0];
    assert!(loss["changed"].as_u64().unwrap() * 100 > loss["of"].as_u64().unwrap(), "{loss}");
    assert_eq!(value["report"]["verdict"]["advice"][0], "more_bits");
    let warning = warnings(&value)[0];
    assert!(warning.starts_with("this model is degraded: ") && warning.contains("Try more bits"), "{warning}");
}

#[test]
fn without_samples_every_use_says_that_the_accuracy_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("package");
    let transpiled = transpile(&package, &[]);
    assert!(transpiled.status.success());
    let unknown = "the accuracy of this model is unknown";
    assert!(said(&transpiled).starts_with(&format!("warning: {unknown}")), "{}", said(&transpiled));
    // Once there, and once in the report.
    let (warning, report) = (said(&transpiled), text(&transpiled.stdout));
    assert!(warning.trim_end().ends_with("without samples; give samples with --calibration") && warning.lines().count() == 1, "{warning}");
    assert!(report.starts_with("verdict: UNKNOWN"), "{report}");
    assert_eq!((report.matches("--calibration").count(), report.to_lowercase().matches("unknown").count()), (1, 1), "{report}");
    let inspected = text(&maat(&["inspect", package.to_str().unwrap()]).stdout);
    assert_eq!(inspected.to_lowercase().matches("unknown").count(), 1, "{inspected}");
    let package = package.to_str().unwrap();
    let (input, proof) = (input(folder.path(), &json!([vec![0.0; 36]])), folder.path().join("proof.bin"));
    let run = json(&["run", package, "--input", &input]);
    let prove = json(&["prove", package, "--input", &input, "-o", proof.to_str().unwrap()]);
    for value in [run, prove] {
        assert_eq!((&value["fidelity"], warnings(&value).len()), (&"unknown".into(), 1));
        assert!(warnings(&value)[0].starts_with(unknown), "{value}");
    }
}

#[test]
fn inputs_out_of_range_are_clamped_with_a_warning_and_refused_with_strict() {
    let folder = tempfile::tempdir().unwrap();
    let mut features = samples(2);
    features["features"][0][3] = json!(1e9);
    features["features"][1][3] = json!(-2e9);
    features["features"][1][4] = json!(-1e9);
    let (input, proof) = (input(folder.path(), &features), folder.path().join("proof.bin"));
    let run = ["run", package(), "--input", &input];
    let prove = ["prove", package(), "--input", &input, "-o", proof.to_str().unwrap()];
    // Before anything is asked of a chain.
    let execute = ["execute", package(), "--input", &input];
    for arguments in [&run[..], &prove[..], &execute[..]] {
        let refused = maat(&[arguments, &["--strict"]].concat());
        assert_eq!((refused.status.code(), proof.exists()), (Some(2), false));
        let message = text(&refused.stderr);
        assert!(message.contains("input `features`: 3 values in 2 samples outside the model's input range, "), "{message}");
        assert!(message.contains("the worst is -2000000000"), "{message}");
    }
    for arguments in [&run[..], &prove[..]] {
        let value = json(arguments);
        let clamped = &value["out_of_range"][0];
        assert_eq!(clamped["input"], "features");
        assert_eq!((&clamped["values"], &clamped["samples"], &clamped["worst"]), (&3.into(), &2.into(), &json!(-2e9)));
        assert!(clamped["range"][0].as_f64().unwrap() < 0.0 && clamped["range"][1].as_f64().unwrap() > 0.0, "{clamped}");
        assert!(warnings(&value)[0].starts_with("input `features`: 3 values in 2 samples outside the model's input range"), "{value}");
    }
    // Rounding is no reason to say anything, whatever the input is.
    std::fs::write(&input, json!([vec![1.0 / 3.0; 36]]).to_string()).unwrap();
    let output = maat(&["run", package(), "--input", &input, "--strict"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}
