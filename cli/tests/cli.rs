//! The binary as a user meets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use maat_verifier::layout::{AUXILIARY_WIDTH, MAIN_WIDTH};
use serde_json::Value;

fn maat(arguments: &[&str]) -> Output {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    Command::new(env!("CARGO_BIN_EXE_maat")).args(arguments).env_remove("MAAT_CORELIB").env("MAAT_CACHE", cache).output().unwrap()
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

/// The first of the example's test inputs.
fn samples(count: usize) -> Value {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(example("test.json")).unwrap()).unwrap();
    serde_json::json!({ "features": all["features"].as_array().unwrap()[..count] })
}

/// The example's package, transpiled once.
fn package() -> &'static str {
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
    for part in [
        "program hash",
        "model commitment",
        "dense1",
        "Affine",
        "ArgMax",
        "proven range",
        "error per node",
        "held out",
        "L2 gas, estimated",
        "unrolled",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    let value = json(&["inspect", package()]);
    assert_eq!(value["manifest"]["format"], 2);
    assert_eq!(value["manifest"]["entries"].as_array().unwrap().len(), 6);
    assert_eq!(value["report"]["cost"]["macs"], 13_568);
    assert_eq!(value["report"]["quality"]["certificate"].as_array().unwrap().len(), 5);
}

#[test]
fn the_demo_runs_and_reports() {
    let value = json(&["demo", "--cairo-samples", "2"]);
    assert_eq!(value["test"]["samples"], 256);
    assert!(value["test"]["same_argmax"].as_u64().unwrap() >= 254);
    assert_eq!(value["first_sample"]["float"].as_array().unwrap().len(), 12);
    assert_eq!(value["proof"]["security"]["conjectured"], 97);
}

/// Proves the first test inputs with further arguments; gives the response, and the proof's file.
fn prove(folder: &Path, count: usize, arguments: &[&str]) -> (Value, String) {
    let (input, proof) = (folder.join("in.json"), folder.join("proof.bin"));
    std::fs::write(&input, samples(count).to_string()).unwrap();
    let proof = proof.to_str().unwrap().to_owned();
    let proved = json(&[&["prove", package(), "--input", input.to_str().unwrap(), "-o", &proof], arguments].concat());
    (proved, proof)
}

/// The integers of an output of the runtime, for the inputs that were proven.
fn integers(folder: &Path, output: &str) -> Vec<Value> {
    let run = json(&["run", package(), "--input", folder.join("in.json").to_str().unwrap()]);
    run["outputs"][output]["integers"].as_array().unwrap().clone()
}

#[test]
fn a_proof_is_verified_with_the_commitment_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (proved, proof) = prove(folder.path(), 1, &[]);
    assert_eq!(proved["kind"], "model");
    assert_eq!((&proved["batch"], &proved["zero_knowledge"], &proved["salt"]), (&1.into(), &false.into(), &Value::Null));
    assert_eq!(proved["proof_bytes"], std::fs::metadata(&proof).unwrap().len());
    // The auxiliary columns are over the quadratic extension.
    assert_eq!(proved["columns"], MAIN_WIDTH + 2 * AUXILIARY_WIDTH);
    assert!(proved["rows"].as_u64().unwrap().is_power_of_two());
    assert_eq!(proved["security"]["conjectured"], 97);
    assert!(proved["security"]["proven"].as_u64().unwrap() >= 50);
    let stages = proved["stages"].as_object().unwrap();
    assert!(stages.contains_key("fixed columns") && stages.contains_key("witness"), "{stages:?}");
    let sum: f64 = stages.values().map(|ms| ms.as_f64().unwrap()).sum();
    let total = proved["prove_ms"].as_f64().unwrap();
    assert!(sum <= total && sum > total * 0.5, "{sum} {total}");
    assert!(proved["peak_rss_bytes"].as_u64().is_none_or(|bytes| bytes > 1 << 20));
    // Nothing but the proof is left, beside the inputs.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

    // A folder with the manifest and nothing else is enough.
    let manifest = folder.path().join("verifier");
    std::fs::create_dir(&manifest).unwrap();
    std::fs::copy(Path::new(package()).join("manifest.json"), manifest.join("manifest.json")).unwrap();
    let commitment = proved["commitment"].as_str().unwrap();
    let verified = json(&["verify", &proof, "--model", manifest.to_str().unwrap()]);
    assert_eq!((&verified["valid"], &verified["commitment"]), (&true.into(), &proved["commitment"]));
    assert_eq!(verified["security"], proved["security"]);
    assert!(verified["verify_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(verified["inputs"][0].as_array().unwrap().len(), 36);
    let outputs = [integers(folder.path(), "logits"), integers(folder.path(), "class")].concat();
    assert_eq!(verified["outputs"][0].as_array().unwrap(), &outputs);

    let output = maat(&["verify", &proof, "--commitment", commitment]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in ["the proof holds", commitment, "fast", "97 bits conjectured", "NOT zero-knowledge", &outputs[0].to_string()] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

#[test]
fn a_batch_has_one_proof_and_may_be_committed_to() {
    let folder = tempfile::tempdir().unwrap();
    let salt = format!("0x{}", "5a".repeat(32));
    let (proved, proof) = prove(folder.path(), 2, &["--commit-inputs", "--salt", &salt, "--no-cache"]);
    assert_eq!((&proved["salt"], &proved["cached"]), (&salt.as_str().into(), &false.into()));
    let verified = json(&["verify", &proof, "--model", package()]);
    assert_eq!((&verified["batch"], &verified["inputs"]), (&2.into(), &Value::Null));
    let logits: Vec<Value> =
        verified["outputs"].as_array().unwrap().iter().flat_map(|outputs| outputs.as_array().unwrap()[..12].to_vec()).collect();
    assert_eq!(logits, integers(folder.path(), "logits"));

    // The same salt gives the same commitment; a fresh one does not.
    let again = |salt: &[&str]| {
        let (_, proof) = prove(folder.path(), 2, &[&["--commit-inputs"], salt].concat());
        json(&["verify", &proof, "--model", package()])["io_commitment"].clone()
    };
    assert_eq!(again(&["--salt", &salt]), verified["io_commitment"]);
    assert_ne!(again(&[]), verified["io_commitment"]);
    let (_, proof) = prove(folder.path(), 2, &["--commit-inputs", "--commit-outputs"]);
    let verified = json(&["verify", &proof, "--model", package()]);
    assert_eq!((&verified["inputs"], &verified["outputs"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_cached_proving_key_proves_the_same() {
    let folder = tempfile::tempdir().unwrap();
    // The proofs themselves may differ: grinding takes the first nonce that any thread finds.
    let verified = |arguments: &[&str]| {
        let (proved, proof) = prove(folder.path(), 2, &[&["--preset", "onchain"], arguments].concat());
        let mut verified = json(&["verify", &proof, "--model", package()]);
        verified.as_object_mut().unwrap().remove("verify_ms");
        (proved["cached"].as_bool().unwrap(), verified)
    };
    let (cached, computed) = verified(&["--no-cache"]);
    assert!(!cached);
    verified(&[]);
    assert_eq!(verified(&[]), (true, computed));
}

#[test]
fn a_rejected_proof_has_a_failing_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (_, path) = prove(folder.path(), 1, &[]);
    let good = std::fs::read(&path).unwrap();
    let rejected = |bytes: &[u8], arguments: &[&str]| {
        std::fs::write(&path, bytes).unwrap();
        let output = maat(&[&["verify", &path, "--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stderr.is_empty());
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(verdict["valid"], false);
        verdict["error"].as_str().unwrap().to_owned()
    };
    let model = ["--model", package()];
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    rejected(&changed, &model);
    rejected(&good[..good.len() - 1], &model);
    assert_eq!(rejected(b"no proof", &model), "this is no Maat proof");
    let other = format!("0x{}", "0".repeat(64));
    assert!(rejected(&good, &["--commitment", &other]).starts_with("the proof is for the model 0x00"));

    std::fs::File::options().write(true).open(&path).unwrap().set_len((64 << 20) + 2).unwrap();
    let output = maat(&["verify", &path, "--model", package()]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("the proof does NOT hold: the file has 67108865 bytes, more than 67108864"), "{text}");
}

/// A copy of the package with a change of its manifest.
fn changed_manifest(folder: &Path, change: impl FnOnce(&mut Value)) -> String {
    let copy = folder.join("package");
    std::fs::create_dir_all(&copy).unwrap();
    for file in ["manifest.json", "model.maat"] {
        std::fs::copy(Path::new(package()).join(file), copy.join(file)).unwrap();
    }
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(copy.join("manifest.json")).unwrap()).unwrap();
    change(&mut manifest);
    std::fs::write(copy.join("manifest.json"), manifest.to_string()).unwrap();
    copy.to_str().unwrap().to_owned()
}

#[test]
fn a_commitment_is_compared_with_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let compared = json(&["commitment", package()]);
    assert_eq!((&compared["matches"], &compared["entries"]), (&true.into(), &6.into()));
    assert_eq!(compared["commitment"], compared["recomputed"]);

    let root = format!("0x{}", "12".repeat(32));
    let other = changed_manifest(folder.path(), |manifest| manifest["entries"][0]["fixed_root"] = root.as_str().into());
    let output = maat(&["commitment", &other]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("does NOT match"), "{text}");
    assert!(text.contains(&format!("preset fast, batches of 1: fixed root {root} in the manifest, 0x")), "{text}");
    // Nobody can prove or verify with a manifest that contradicts itself.
    let message = failure(&["verify", &other, "--model", &other]);
    assert!(message.contains("but its entries make 0x00"), "{message}");

    let other = changed_manifest(folder.path(), |manifest| manifest["model_commitment"] = format!("0x{}", "0".repeat(64)).into());
    let output = maat(&["commitment", &other, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let compared: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(compared["matches"], false);
    assert!(compared["differences"][0].as_str().unwrap().contains("not that of its entries"), "{compared}");
}

#[test]
fn a_model_without_proofs_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let unprovable = changed_manifest(folder.path(), |manifest| {
        let manifest = manifest.as_object_mut().unwrap();
        manifest.remove("entries");
        manifest["model_commitment"] = Value::Null;
        manifest.insert("unprovable".to_owned(), "it is too large".into());
    });
    let proof = folder.path().join("proof.bin");
    for arguments in [
        vec!["prove", &unprovable, "--input", &example("test.json"), "-o", proof.to_str().unwrap()],
        vec!["verify", proof.to_str().unwrap(), "--model", &unprovable],
        vec!["commitment", &unprovable],
    ] {
        let message = failure(&arguments);
        assert!(message.contains("the model cannot be proven: it is too large"), "{message}");
    }
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
    let proof = folder.path().join("proof.bin");
    let proof = proof.to_str().unwrap();
    let batch = file("three.json", &serde_json::to_string(&samples(3)).unwrap());
    let message = failure(&["prove", package(), "--input", &batch, "-o", proof]);
    assert!(message.contains("has a batch of 3, but the package's commitment is for batches of 1, 2"), "{message}");
    assert!(message.contains("--batch 3"), "{message}");
    let single = file("one.json", &serde_json::to_string(&samples(1)).unwrap());
    let message = failure(&["prove", package(), "--input", &single, "-o", "/does/not/exist/proof.bin"]);
    assert!(message.contains("cannot write /does/not/exist/proof.bin"), "{message}");
    let message = failure(&["verify", proof, "--model", package()]);
    assert!(message.contains("cannot read") && message.contains("proof.bin"), "{message}");
    let message = failure(&["verify", proof, "--model", "/does/not/exist"]);
    assert!(message.contains("cannot read /does/not/exist/manifest.json"), "{message}");
    assert!(!Path::new(proof).exists());
    let message = failure(&["inspect", "/does/not/exist", "--json"]);
    assert!(serde_json::from_str::<Value>(&message).unwrap()["error"].as_str().unwrap().contains("cannot read"));
}

#[test]
fn wrong_usage_has_its_own_exit_code_and_every_verb_an_example() {
    assert_eq!(maat(&["run"]).status.code(), Some(2));
    assert_eq!(maat(&["dance"]).status.code(), Some(2));
    let zero = format!("0x{}", "0".repeat(64));
    assert_eq!(maat(&["verify", "proof.bin"]).status.code(), Some(2));
    assert_eq!(maat(&["verify", "proof.bin", "--model", "package", "--commitment", &zero]).status.code(), Some(2));
    assert_eq!(maat(&["verify", "proof.bin", "--commitment", "0x12"]).status.code(), Some(2));
    assert_eq!(maat(&["prove", "package", "--input", "in.json", "-o", "proof.bin", "--preset", "slow"]).status.code(), Some(2));
    // A salt that salts nothing is a misunderstanding.
    assert_eq!(maat(&["prove", "package", "--input", "in.json", "-o", "proof.bin", "--salt", &zero]).status.code(), Some(2));
    for verb in ["demo", "transpile", "run", "inspect", "prove", "verify", "commitment"] {
        let help = String::from_utf8(maat(&[verb, "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("  maat {verb}")), "{help}");
    }
}
