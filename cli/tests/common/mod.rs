//! What the tests of the binary share.
#![allow(dead_code, reason = "each test file uses some of these")]

pub mod user;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

pub fn maat(arguments: &[&str]) -> Output {
    maat_with(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"), arguments)
}

pub fn maat_with(cache: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_maat")).args(arguments).env_remove("MAAT_CORELIB").env("MAAT_CACHE", cache).output().unwrap()
}

pub fn json(arguments: &[&str]) -> Value {
    response(maat(&[arguments, &["--json"]].concat()))
}

pub fn response(output: Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let object = object(&output);
    assert_eq!((&object["ok"], &object["exit_code"]), (&true.into(), &0.into()));
    object
}

/// The one object on the standard output. Nothing else is said, but for the phases of long work.
pub fn object(output: &Output) -> Value {
    assert_eq!(errors(output), "");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

/// The standard error stream without the phases, which a slow machine reports.
pub fn errors(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    text.split_inclusive('\n').filter(|line| !line.starts_with("phase: ")).collect()
}

/// What is said to a verb that cannot do what it should.
pub fn failure(arguments: &[&str]) -> String {
    let output = maat(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    errors(&output)
}

pub fn example(file: &str) -> String {
    format!("{}/../examples/rockybot/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The first of the example's test inputs.
pub fn samples(count: usize) -> Value {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(example("test.json")).unwrap()).unwrap();
    serde_json::json!({ "features": all["features"].as_array().unwrap()[..count] })
}

/// The example's package, transpiled once.
pub fn package() -> &'static str {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    let path = PACKAGE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rockybot");
        let (onnx, calibration) = (example("rockybot.onnx"), example("calibration.json"));
        let output = maat(&["transpile", &onnx, "--calibration", &calibration, "--batch", "2", "-o", path.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("same argmax") && text.contains("Cairo steps") && text.contains("wrote ") && text.contains("(batches of 1, 2)"),
            "{text}"
        );
        path
    });
    path.to_str().unwrap()
}
