//! The binary as a user meets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

fn maat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_maat")).args(arguments).env_remove("MAAT_CORELIB").output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = maat(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "a pipe sees no progress: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn failure(arguments: &[&str]) -> String {
    let output = maat(arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn example(file: &str) -> String {
    format!("{}/../examples/rockybot/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The example's package, transpiled once.
fn package() -> &'static str {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    let path = PACKAGE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rockybot");
        let output =
            maat(&["transpile", &example("rockybot.onnx"), "--calibration", &example("calibration.json"), "-o", path.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("same argmax") && text.contains("Cairo steps") && text.contains("wrote "), "{text}");
        path
    });
    path.to_str().unwrap()
}

#[test]
fn both_executors_print_the_same_outputs() {
    let input = example("test.json");
    let runtime = json(&["run", package(), "--input", &input]);
    assert_eq!(runtime["executor"], "runtime");
    assert_eq!(runtime["steps"], Value::Null);
    assert!(runtime["ms"].as_f64().unwrap() >= 0.0);
    let logits = &runtime["outputs"]["logits"];
    assert_eq!(logits["shape"], serde_json::json!([256, 12]));
    let integers = logits["integers"].as_array().unwrap();
    assert_eq!((integers.len(), logits["values"].as_array().unwrap().len()), (256 * 12, 256 * 12));
    let unit = 2f64.powi(-i32::try_from(logits["scale"].as_i64().unwrap()).unwrap());
    assert_eq!(logits["values"][5].as_f64().unwrap(), integers[5].as_f64().unwrap() * unit);
    assert_eq!(runtime["outputs"]["class"]["shape"], serde_json::json!([256]));

    let cairo = json(&["run", package(), "--input", &input, "--executor", "cairo"]);
    assert_eq!(cairo["executor"], "cairo");
    assert_eq!(cairo["outputs"], runtime["outputs"]);
    let steps = cairo["steps"].as_u64().unwrap();
    assert!(steps > 256 * 1_000 && steps < 256 * 13_568, "{steps}");
}

#[test]
fn inspect_shows_nodes_ranges_accuracy_and_cost() {
    let text = String::from_utf8(maat(&["inspect", package()]).stdout).unwrap();
    for part in
        ["program hash", "dense1", "Affine", "ArgMax", "proven range", "error per node", "held out", "L2 gas, estimated", "unrolled"]
    {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    let value = json(&["inspect", package()]);
    assert_eq!(value["manifest"]["format"], 1);
    assert_eq!(value["report"]["cost"]["macs"], 13_568);
    assert_eq!(value["report"]["quality"]["certificate"].as_array().unwrap().len(), 5);
}

#[test]
fn the_demo_runs_and_reports() {
    let value = json(&["demo", "--cairo-samples", "2"]);
    assert_eq!(value["test"]["samples"], 256);
    assert!(value["test"]["same_argmax"].as_u64().unwrap() >= 254);
    assert_eq!(value["first_sample"]["float"].as_array().unwrap().len(), 12);
}

#[test]
fn errors_go_to_the_error_stream_with_a_failing_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let message = failure(&["run", package(), "--input", &file("short.json", "[1, 2, 3]")]);
    assert!(message.contains("input `features` takes [1, 36], or a batch of such arrays; got [3]"), "{message}");
    let message = failure(&["run", package(), "--input", &file("name.json", "{\"prices\": [1]}")]);
    assert!(message.contains("the network has no input `prices`; its inputs are: `features`"), "{message}");
    let message = failure(&["run", "/does/not/exist", "--input", &example("test.json")]);
    assert!(message.contains("cannot read /does/not/exist/manifest.json"), "{message}");
    let output = folder.path().join("package");
    let message = failure(&["transpile", &file("text.onnx", "no model"), "-o", output.to_str().unwrap()]);
    assert!(message.contains("text.onnx: not an ONNX model"), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    assert!(!output.exists());
    let message = failure(&["inspect", "/does/not/exist", "--json"]);
    assert!(serde_json::from_str::<Value>(&message).unwrap()["error"].as_str().unwrap().contains("cannot read"));
}

#[test]
fn wrong_usage_has_its_own_exit_code_and_every_verb_an_example() {
    assert_eq!(maat(&["run"]).status.code(), Some(2));
    assert_eq!(maat(&["dance"]).status.code(), Some(2));
    for verb in ["demo", "transpile", "run", "inspect"] {
        let help = String::from_utf8(maat(&[verb, "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("  maat {verb}")), "{help}");
    }
}
