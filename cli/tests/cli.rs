//! The binary as a user meets it.

mod common;

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;

use maat_verifier::layout::Layout;
use serde_json::Value;

use common::*;

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
        "L2 gas",
        "contract steps",
        "calldata felts",
        "fits: a transaction can run an inference",
        "unrolled",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    let value = json(&["inspect", package()]);
    assert_eq!(value["manifest"]["format"], 7);
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
    assert_eq!(value["proof"]["security"]["conjectured"], 99);
}

#[test]
fn the_demo_needs_nothing_but_the_binary_and_what_it_suggests_works() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    // As a user who has the binary alone.
    let run = |arguments: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maat"));
        let output = command.args(arguments.split(' ')).current_dir(folder.path()).env("MAAT_CACHE", &cache).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run("demo --cairo-samples 1");
    assert!(!text.contains(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), "{text}");
    let (_, commands) = text.split_once("Try it yourself:\n").unwrap();
    let commands: Vec<&str> = commands.lines().map(|line| line.trim().strip_prefix("maat ").unwrap()).collect();
    assert_eq!(commands[0], "demo --save-example rockybot");
    assert!(commands.len() == 4 && commands[1].starts_with("transpile ") && commands[3].starts_with("run "), "{commands:?}");
    commands.iter().for_each(|command| drop(run(command)));
    for file in ["rockybot.onnx", "calibration.json", "test.json", "input.json"] {
        assert_eq!(std::fs::read(folder.path().join("rockybot").join(file)).unwrap(), std::fs::read(example(file)).unwrap(), "{file}");
    }
    let message = failure(&["demo", "--save-example", folder.path().join("rockybot").to_str().unwrap()]);
    assert!(message.contains("cannot create the folder ") && message.contains("; name a folder that does not exist yet"), "{message}");
}

#[test]
fn operators_are_listed_and_looked_up() {
    let list = json(&["operators"]);
    assert!(list["operators"].as_array().unwrap().contains(&"Softmax".into()));
    let softmax = json(&["operators", "softmax"]);
    assert_eq!((&softmax["operator"], &softmax["supported"]), (&"Softmax".into(), &true.into()));
    let output = maat(&["operators", "CastMap", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&value["operator"], &value["supported"]), (&"ai.onnx.ml.CastMap".into(), &false.into()));
    assert!(value["advice"].as_str().unwrap().contains("maps"), "{value}");
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
    assert_eq!((&proved["batch"], &proved["zero_knowledge"], &proved["mode"]), (&1.into(), &false.into(), &"plain".into()));
    assert_eq!(proved["proof_bytes"], std::fs::metadata(&proof).unwrap().len());
    // The example is one of the smallest models. The auxiliary columns are over the quadratic extension.
    let layout = Layout::named("short").unwrap();
    assert_eq!(
        (&proved["layout"], &proved["columns"]),
        (&layout.name.into(), &(layout.main_width(0) + 2 * layout.auxiliary_width()).into())
    );
    assert!(proved["rows"].as_u64().unwrap().is_power_of_two());
    assert_eq!(proved["security"]["conjectured"], 99);
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
    for part in ["the proof holds", commitment, "fast", "99 bits conjectured", "NOT zero-knowledge", &outputs[0].to_string()] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

#[test]
fn a_batch_has_one_proof_whose_sides_may_be_hidden_or_committed_to() {
    let folder = tempfile::tempdir().unwrap();
    let (proved, proof) = prove(folder.path(), 2, &["--hide", "inputs", "--no-cache"]);
    assert_eq!((&proved["cached"], &proved["mode"], &proved["zero_knowledge"]), (&false.into(), &"hiding".into(), &true.into()));
    assert_eq!(proved["privacy"]["hidden"], serde_json::json!(["the inputs", "what the model computes in between"]));
    let verified = json(&["verify", &proof, "--model", package()]);
    assert_eq!((&verified["batch"], &verified["inputs"], &verified["zero_knowledge"]), (&2.into(), &Value::Null, &true.into()));
    assert_eq!((&verified["options"]["queries"], &verified["options"]["blowup"]), (&42.into(), &4.into()));
    let logits: Vec<Value> =
        verified["outputs"].as_array().unwrap().iter().flat_map(|outputs| outputs.as_array().unwrap()[..12].to_vec()).collect();
    assert_eq!(logits, integers(folder.path(), "logits"));
    let text = String::from_utf8(maat(&["verify", &proof, "--model", package()]).stdout).unwrap();
    let words = [
        "the proof holds: the model with this commitment, on some inputs, gives these outputs",
        "The proof is zero-knowledge, under the conditions of docs/zero-knowledge.md. Hidden: the inputs, and what the model computes in between.",
        "NOT hidden: the outputs, the batch size,",
    ];
    for words in words {
        assert!(text.contains(words), "`{words}` is missing in:\n{text}");
    }

    // Each digest has a salt of its own.
    let digest = || {
        let (proved, proof) = prove(folder.path(), 2, &["--commit", "inputs"]);
        let verified = json(&["verify", &proof, "--model", package()]);
        assert_eq!(verified["digests"], proved["digests"]);
        assert_eq!((&verified["digests"]["outputs"], &proved["salts"]["outputs"]), (&Value::Null, &Value::Null));
        assert_eq!(proved["salts"]["inputs"].as_str().unwrap().len(), 66);
        verified["digests"]["inputs"].as_str().unwrap().to_owned()
    };
    assert_ne!(digest(), digest());
    for sides in
        [&["--commit", "inputs,outputs"][..], &["--commit", "inputs", "--hide", "outputs"], &["--hide", "inputs", "--hide", "outputs"]]
    {
        let (_, proof) = prove(folder.path(), 2, sides);
        let verified = json(&["verify", &proof, "--model", package()]);
        assert_eq!((&verified["inputs"], &verified["outputs"]), (&Value::Null, &Value::Null), "{sides:?}");
    }
}

#[test]
fn flags_that_contradict_one_another_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let opening = file("opening.json");
    prove(folder.path(), 1, &["--commit", "outputs", "--opening", &opening]);
    let (input, proof) = (file("in.json"), file("other.bin"));
    let refused = |arguments: &[&str]| failure(&[&["prove", package(), "-o", &proof], arguments].concat());
    let message = refused(&["--input", &input, "--hide", "inputs", "--commit", "inputs"]);
    assert!(message.contains("--hide inputs and --commit inputs exclude each other"), "{message}");
    let message = refused(&["--input", &input, "--next-root", "3"]);
    assert!(message.contains("--next-root is for private models, and this one is public"), "{message}");
    let message = refused(&["--input", &input, "--opening", &file("another.json")]);
    assert!(message.contains("--commit"), "{message}");
    let message = refused(&["--chain", &opening, "--commit", "outputs"]);
    assert!(message.contains("has 13 outputs an inference, but the model takes 36 inputs"), "{message}");
    let message = refused(&["--chain", &opening, "--input", &input, "--commit", "inputs"]);
    assert!(message.contains("cannot be used with"), "{message}");
    let message = refused(&["--commit", "inputs"]);
    assert!(message.contains("--input"), "{message}");
    let salt = format!("0x{}", "5a".repeat(32));
    let message = refused(&["--input", &input, "--commit", "inputs", "--salt", &salt]);
    assert!(message.contains("unexpected argument '--salt'"), "{message}");
    assert!(!Path::new(&proof).exists());
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
        let verdict = object(&output);
        assert_eq!((&verdict["ok"], &verdict["exit_code"], &verdict["valid"]), (&false.into(), &1.into(), &false.into()));
        verdict["error"].as_str().unwrap().to_owned()
    };
    let model = ["--model", package()];
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    rejected(&changed, &model);
    assert!(rejected(&good[..good.len() / 2], &model).contains("the file ends early, within its "));
    assert!(rejected(&good[..good.len() - 1], &model).contains("the file ends early, within its "));
    let other = format!("0x{}", "0".repeat(64));
    assert!(rejected(&good, &["--commitment", &other]).starts_with("the proof is for the model 0x00"));

    std::fs::File::options().write(true).open(&path).unwrap().set_len((64 << 20) + 2).unwrap();
    let output = maat(&["verify", &path, "--model", package()]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("the proof does NOT hold: the file has 67108866 bytes, more than 67108864"), "{text}");
    assert!(!text.contains("zero-knowledge"), "{text}");
}

/// The names of the members of an object, in order.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_members_of_responses_do_not_change() {
    let folder = tempfile::tempdir().unwrap();
    let (proved, proof) = prove(folder.path(), 1, &[]);
    let expected = [
        "batch",
        "cached",
        "columns",
        "commitment",
        "digests",
        "exit_code",
        "fidelity",
        "kind",
        "layout",
        "mode",
        "ok",
        "opening",
        "out_of_range",
        "output",
        "peak_rss_bytes",
        "preset",
        "privacy",
        "proof_bytes",
        "prove_ms",
        "rows",
        "salts",
        "security",
        "stages",
        "zero_knowledge",
    ];
    assert_eq!(keys(&proved), expected);
    assert_eq!(keys(&proved["security"]), ["conjectured", "if_not_recomputed", "proven"]);

    let verified = json(&["verify", &proof, "--model", package()]);
    let expected = [
        "batch",
        "commitment",
        "digests",
        "exit_code",
        "inputs",
        "kind",
        "layout",
        "mode",
        "named",
        "ok",
        "opened",
        "options",
        "outputs",
        "preset",
        "privacy",
        "rows",
        "security",
        "valid",
        "verify_ms",
        "zero_knowledge",
    ];
    assert_eq!(keys(&verified), expected);
    assert_eq!(keys(&verified["security"]), ["conjectured", "if_not_recomputed", "proven"]);
    assert_eq!(verified["rows"], proved["rows"]);
    let options = serde_json::json!({ "field_extension": "quadratic", "blowup": 2, "queries": 84, "grinding_bits": 16, "hash": "Blake3" });
    assert_eq!(verified["options"], options);

    let other = format!("0x{}", "0".repeat(64));
    let output = maat(&["verify", &proof, "--commitment", &other, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let rejected: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(keys(&rejected), ["commitment", "error", "exit_code", "inputs", "ok", "outputs", "security", "valid", "verify_ms"]);
    assert_eq!((&rejected["valid"], &rejected["commitment"]), (&false.into(), &other.into()));
    assert!(["inputs", "outputs", "security"].iter().all(|key| rejected[key].is_null()), "{rejected}");
    assert!(rejected["verify_ms"].is_f64());
}

#[test]
fn an_opening_opens_the_proof_that_it_was_written_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (opening, other) = (file("opening.json"), file("other.json"));
    let (proved, proof) = prove(folder.path(), 2, &[]);
    assert_eq!(proved["opening"], Value::Null);
    let public = file("public.bin");
    std::fs::rename(&proof, &public).unwrap();
    let statement = json(&["verify", &public, "--model", package()]);
    let (proved, proof) = prove(folder.path(), 2, &["--commit", "inputs", "--opening", &opening]);
    assert_eq!(proved["opening"], opening.as_str());
    let message = failure(&["verify", &public, "--model", package(), "--opening", &opening]);
    assert!(message.contains("the proof holds, but --opening has nothing to open: the statement commits to nothing"), "{message}");

    let closed = json(&["verify", &proof, "--model", package()]);
    assert_eq!((&closed["inputs"], &closed["opened"]), (&Value::Null, &false.into()));
    let commitment = closed["commitment"].as_str().unwrap();
    for expected in [["--model", package()], ["--commitment", commitment]] {
        let opened = json(&[&["verify", &proof, "--opening", &opening], &expected[..]].concat());
        assert_eq!((&opened["opened"], &opened["digests"]), (&true.into(), &closed["digests"]));
        assert_eq!((&opened["inputs"], &opened["outputs"]), (&statement["inputs"], &statement["outputs"]));
    }
    let text = String::from_utf8(maat(&["verify", &proof, "--model", package(), "--opening", &opening]).stdout).unwrap();
    assert!(text.contains("the opening opens its digests") && text.contains("\ninputs, opened     "), "{text}");

    // The owner's alone; and as documented.
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&opening).unwrap().permissions()) & 0o777, 0o600);
    let written: Value = serde_json::from_slice(&std::fs::read(&opening).unwrap()).unwrap();
    assert_eq!((keys(&written), keys(&written["inputs"])), (vec!["inputs"], vec!["salt", "scales", "values"]));
    assert_eq!(written["inputs"]["values"], statement["inputs"]);

    let rejected = |change: &dyn Fn(&mut Value)| {
        let mut changed = written.clone();
        change(&mut changed);
        std::fs::write(&other, changed.to_string()).unwrap();
        let output = maat(&["verify", &proof, "--model", package(), "--opening", &other]);
        assert_eq!((output.status.code(), output.stderr.len()), (Some(1), 0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("the proof holds, but the opening does NOT open its digests: "), "{text}");
        text
    };
    let another = "the salt or a value of the inputs is not the one that was committed to";
    assert!(rejected(&|opening| opening["inputs"]["values"][1][35] = 7.into()).contains(another));
    assert!(rejected(&|opening| opening["inputs"]["salt"] = format!("0x{}", "0".repeat(64)).into()).contains(another));
    let outputs = &statement["outputs"];
    assert!(rejected(&|opening| opening["inputs"]["values"] = outputs.clone()).contains("13 inputs, but the model has 36"));
    let other_side = "it opens other sides than those that are committed to: the outputs";
    assert!(rejected(&|opening| opening["outputs"] = opening["inputs"].clone()).contains(other_side));
    let none = "inputs of 0 inference(s), but the batch has 2";
    assert!(rejected(&|opening| opening["inputs"]["values"] = serde_json::json!([])).contains(none));
    let output = maat(&["verify", &proof, "--model", package(), "--opening", &other, "--json"]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &verdict["valid"], &verdict["inputs"]), (Some(1), &false.into(), &Value::Null));
    assert!(verdict["error"].as_str().unwrap().starts_with("the opening does not open its digests: "), "{verdict}");

    std::fs::write(&other, b"[").unwrap();
    let message = failure(&["verify", &proof, "--model", package(), "--opening", &other]);
    assert!(message.contains("other.json is not an opening of a proof's digests: EOF"), "{message}");
    let both = file("both");
    let message = failure(&["prove", package(), "--input", &file("in.json"), "--commit", "inputs", "--opening", &both, "-o", &both]);
    assert!(message.contains("cannot be both the proof and what opens its digests"), "{message}");
    assert!(!Path::new(&both).exists());
}

/// The files of a folder whose names end in this way.
fn files(folder: &Path, end: &str) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

#[test]
fn a_forged_cache_does_not_change_a_proof() {
    let folder = tempfile::tempdir().unwrap();
    let (input, proof, cache) = (folder.path().join("in.json"), folder.path().join("proof.bin"), folder.path().join("cache"));
    std::fs::write(&input, samples(1).to_string()).unwrap();
    let (input, output) = (input.to_str().unwrap(), proof.to_str().unwrap());
    let prove = |more: &[&str]| maat_with(&cache, &[&["prove", package(), "--input", input, "-o", output, "--json"], more].concat());
    for cached in [false, true] {
        assert_eq!(response(prove(&[]))["cached"], cached);
    }
    let kept = files(&cache, ".fixed");
    let [path] = &kept[..] else { panic!("one file: {kept:?}") };
    // Everything in the file is an extension of some columns, and only its root tells whose.
    let honest = std::fs::read(path).unwrap();
    for position in [72, honest.len() / 2, honest.len() - 8] {
        let mut forged = honest.clone();
        forged[position] ^= 1;
        std::fs::write(path, &forged).unwrap();
        assert_eq!(response(prove(&[]))["cached"], false, "{position}");
        json(&["verify", output, "--model", package()]);
        // It was written anew.
        assert_eq!(std::fs::read(path).unwrap(), honest, "{position}");
    }
}

#[cfg(unix)]
#[test]
fn a_cache_folder_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (input, proof, cache) = (folder.path().join("in.json"), folder.path().join("proof.bin"), folder.path().join("cache"));
    std::fs::write(&input, samples(1).to_string()).unwrap();
    std::fs::create_dir(&cache).unwrap();
    let (input, output) = (input.to_str().unwrap(), proof.to_str().unwrap());
    let allow = |mode| std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(mode)).unwrap();
    let prove = || maat_with(&cache, &["prove", package(), "--input", input, "-o", output]);
    allow(0o777);
    for _ in 0..2 {
        let proved = prove();
        let warning = String::from_utf8(proved.stderr).unwrap();
        assert!(proved.status.success(), "{warning}");
        assert!(
            warning.starts_with("warning: the cache folder ") && warning.contains("run `chmod go-w ") && warning.contains("MAAT_CACHE"),
            "{warning}"
        );
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0);
    }
    let shown = maat_with(&cache, &["cache", "show", "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert!(shown["used"] == false && shown["warnings"][0].as_str().unwrap().contains("chmod go-w"), "{shown}");
    // An executable from there is not run.
    let chain = maat_with(&cache, &["devnet", "status"]);
    assert_eq!(chain.status.code(), Some(2));
    assert!(String::from_utf8(chain.stderr).unwrap().contains("the local chain is not run from there: the cache folder "));
    allow(0o700);
    assert!(prove().stderr.is_empty());
    assert_eq!(files(&cache, ".fixed").len(), 1);
}

#[test]
fn the_cache_keeps_its_limit_and_is_cleared_without_what_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let (input, proof, cache) = (folder.path().join("in.json"), folder.path().join("proof.bin"), folder.path().join("cache"));
    let (input_path, output) = (input.to_str().unwrap(), proof.to_str().unwrap());
    let maat_limited = |limit: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_maat"));
        command.args(arguments).arg("--json").env("MAAT_CACHE", &cache).env("MAAT_CACHE_LIMIT", limit).output().unwrap()
    };
    let prove = |limit: &str, count: usize, preset: &str| {
        std::fs::write(&input, samples(count).to_string()).unwrap();
        response(maat_limited(limit, &["prove", package(), "--input", input_path, "-o", output, "--preset", preset]))
    };
    prove("10MB", 1, "fast");
    let one = std::fs::metadata(&files(&cache, ".fixed")[0]).unwrap().len();
    // A file for batches of 2 is as long, or twice as long; there is room for one of the two.
    prove(&format!("{}B", 2 * one), 2, "fast");
    let shown = response(maat_limited("10MB", &["cache", "show"]));
    assert_eq!((&shown["limit_bytes"], &shown["used"]), (&10_000_000.into(), &true.into()));
    assert!(shown["columns"]["bytes"].as_u64().unwrap() <= 2 * one, "{shown}");
    assert_eq!(shown["folder"], cache.to_str().unwrap());
    let before = files(&cache, ".fixed");
    prove("0", 1, "balanced");
    assert_eq!(files(&cache, ".fixed"), before);
    let refused = maat_limited("much", &["prove", package(), "--input", input_path, "-o", output]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&[refused.stdout, refused.stderr].concat()).contains("it must be a size such as 500MB or 2GB"));

    std::fs::write(cache.join("notes.txt"), "mine").unwrap();
    std::fs::create_dir(cache.join("devnet")).unwrap();
    std::fs::write(cache.join("devnet/log"), "of the chain").unwrap();
    let cleared = response(maat_limited("10MB", &["cache", "clear"]));
    assert_eq!((&cleared["removed"]["files"], &cleared["columns"]["files"]), (&before.len().into(), &0.into()));
    assert_eq!((&cleared["local_chain_bytes"], &cleared["removed_local_chain_bytes"]), (&12.into(), &0.into()));
    let cleared = response(maat_limited("10MB", &["cache", "clear", "--local-chain"]));
    assert_eq!((&cleared["local_chain_bytes"], &cleared["removed_local_chain_bytes"]), (&0.into(), &12.into()));
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(cache.join("notes.txt")).unwrap(), "mine");
}

#[test]
fn a_proof_has_the_bits_that_are_asked_for_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (proved, proof) = prove(folder.path(), 1, &[]);
    let bits = |kind: &str| proved["security"][kind].as_u64().unwrap();
    let verify = |least: &[&str]| maat(&[&["verify", &proof, "--model", package()], least].concat());
    for (flag, kind) in [("--min-conjectured", "conjectured"), ("--min-proven", "proven")] {
        let (enough, more) = (bits(kind).to_string(), (bits(kind) + 1).to_string());
        assert!(verify(&[flag, &enough]).status.success(), "{kind}");
        let refused = verify(&[flag, &more]);
        let text = String::from_utf8(refused.stdout).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{text}");
        let reason = format!("it has {enough} {kind} bits of security, fewer than the {more} of {flag}");
        assert_eq!(text.trim(), format!("the proof holds, but it is NOT as secure as asked for: {reason}"));
        let verdict: Value = serde_json::from_slice(&verify(&[flag, &more, "--json"]).stdout).unwrap();
        assert_eq!((&verdict["valid"], &verdict["security"]), (&false.into(), &proved["security"]));
        assert!(verdict["error"].as_str().unwrap().ends_with(&reason), "{verdict}");
    }
    // The bits are for a commitment that was recomputed, and that is always said with them.
    let qualified = format!("{} bits proven, if the commitment was recomputed from the model; else 50 bits", bits("proven"));
    assert!(String::from_utf8(verify(&[]).stdout).unwrap().contains(&qualified));
    assert_eq!(proved["security"]["if_not_recomputed"], 50);
    let proved = maat(&["prove", package(), "--input", folder.path().join("in.json").to_str().unwrap(), "-o", &proof]);
    assert!(String::from_utf8(proved.stdout).unwrap().contains(&qualified));
}

#[test]
fn values_are_verified_under_their_names_with_real_values_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let (_, proof) = prove(folder.path(), 2, &[]);
    let verified = json(&["verify", &proof, "--model", package()]);
    let run = json(&["run", package(), "--input", folder.path().join("in.json").to_str().unwrap()]);
    for output in ["logits", "class"] {
        let named = &verified["named"]["outputs"][output];
        assert_eq!(named["scale"], run["outputs"][output]["scale"]);
        for list in ["integers", "values"] {
            let all: Vec<Value> = named[list].as_array().unwrap().iter().flat_map(|list| list.as_array().unwrap().clone()).collect();
            assert_eq!(Value::from(all), run["outputs"][output][list], "{output} {list}");
        }
    }
    let features = &verified["named"]["inputs"]["features"];
    assert_eq!(features["integers"], verified["inputs"]);
    let (integer, scale) = (features["integers"][1][7].as_f64().unwrap(), features["scale"].as_i64().unwrap());
    assert_eq!(features["values"][1][7].as_f64().unwrap(), integer * 2f64.powi(-(scale as i32)));
    let text = String::from_utf8(maat(&["verify", &proof, "--model", package()]).stdout).unwrap();
    let class = verified["named"]["outputs"]["class"]["integers"][1][0].to_string();
    assert!(text.contains(&format!("1. features, unit 2^-{scale}: ")) && text.contains(&format!("2. class: {class}\n")), "{text}");

    // With the commitment alone, or the manifest alone, they are integers without names; with another model's file, that is said.
    let commitment = verified["commitment"].as_str().unwrap();
    assert_eq!(json(&["verify", &proof, "--commitment", commitment])["named"], Value::Null);
    let partial = folder.path().join("partial");
    std::fs::create_dir(&partial).unwrap();
    std::fs::copy(Path::new(package()).join("manifest.json"), partial.join("manifest.json")).unwrap();
    let partial_path = partial.to_str().unwrap();
    let named = json(&["verify", &proof, "--model", partial_path]);
    assert_eq!((&named["named"], named.get("warnings")), (&Value::Null, None));
    std::fs::write(partial.join("model.maat"), "another").unwrap();
    let named = json(&["verify", &proof, "--model", partial_path]);
    assert_eq!((&named["valid"], &named["named"], &named["inputs"]), (&true.into(), &Value::Null, &verified["inputs"]));
    assert!(named["warnings"][0].as_str().unwrap().starts_with("values have no names and units: "), "{named}");
}

/// A copy of the example's package, which may be changed.
fn copied(folder: &Path) -> std::path::PathBuf {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
            if from.is_dir() { copy(&from, &to) } else { std::fs::copy(&from, &to).map(|_| ()).unwrap() }
        }
    }
    let copied = folder.join("copied");
    copy(Path::new(package()), &copied);
    copied
}

/// Changes a file of a package, and makes the manifest agree with it, as anybody could.
fn tamper(package: &Path, file: &str, change: &dyn Fn(&mut Vec<u8>)) {
    let (path, manifest) = (package.join(file), package.join("manifest.json"));
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(&path, &bytes).unwrap();
    let mut value: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    value["files"][file] = sha256(&bytes).into();
    std::fs::write(manifest, value.to_string()).unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_package_is_checked_against_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let checked = json(&["check", package(), "--onnx", &example("rockybot.onnx")]);
    assert_eq!((&checked["holds"], &checked["onnx"]["matches"]), (&true.into(), &true.into()), "{checked}");
    let names: Vec<&str> = checked["findings"].as_array().unwrap().iter().map(|finding| finding["what"].as_str().unwrap()).collect();
    for what in ["model commitment", "program hash", "Sierra class hash", "src/lib.cairo", "target/executable.json", "report.json"] {
        assert!(names.contains(&what), "{what} is missing in {names:?}");
    }

    let copy = copied(folder.path());
    let path = copy.to_str().unwrap();
    let differs = || {
        let output = maat(&["check", path, "--json"]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(checked["holds"], false);
        let findings = checked["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["differences"] != serde_json::json!([]))
            .map(|f| f["what"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // Another executable with a manifest that matches: `commitment` does not see it.
    tamper(&copy, "target/executable.json", &|bytes| {
        let mut value: Value = serde_json::from_slice(bytes).unwrap();
        value["program"]["bytecode"].as_array_mut().unwrap().push("0x1".into());
        *bytes = value.to_string().into_bytes();
    });
    json(&["commitment", path]);
    assert_eq!(differs(), ["target/executable.json"]);
    let text = String::from_utf8(maat(&["check", path]).stdout).unwrap();
    assert!(text.contains("DIFFERS  target/executable.json: it is not what the model gives"), "{text}");
    assert!(text.contains("the package is NOT what its model.maat gives"), "{text}");

    // And whatever else the manifest may say.
    let original = std::fs::read(Path::new(package()).join("manifest.json")).unwrap();
    std::fs::copy(Path::new(package()).join("target/executable.json"), copy.join("target/executable.json")).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut manifest: Value = serde_json::from_slice(&original).unwrap();
        change(&mut manifest);
        std::fs::write(copy.join("manifest.json"), manifest.to_string()).unwrap();
        differs()
    };
    let zero = format!("0x{}", "0".repeat(64));
    for (key, what) in
        [("program_hash", "program hash"), ("sierra_class_hash", "Sierra class hash"), ("casm_class_hash", "CASM class hash")]
    {
        assert_eq!(with(&|manifest| manifest[key] = zero.as_str().into()), [what]);
    }
    assert_eq!(with(&|manifest| manifest["entries"][0]["fixed_root"] = zero.as_str().into()), ["model commitment"]);
    assert_eq!(with(&|manifest| manifest["name"] = "other".into()), ["name"]);
    assert_eq!(with(&|manifest| manifest["files"]["src/more.cairo"] = "00".into()), ["src/more.cairo"]);
    let class = serde_json::json!({ "sierra_class_hash": zero, "casm_class_hash": zero });
    let parts = with(&|manifest| manifest["layer_classes"] = vec![class.clone(); 1000].into());
    assert_eq!(parts, ["classes"]);
    // The verdict that every verb repeats, what nothing reads, and files that are taken for a part of the package; but not the user's own, nor
    // what Scarb writes.
    std::fs::create_dir_all(copy.join("target/dev")).unwrap();
    for file in ["src/evil.cairo", "target/other.sierra.json", "target/dev/scarb.json", "target/CACHEDIR.TAG", "notes.txt"] {
        std::fs::write(copy.join(file), "").unwrap();
    }
    let rewritten = with(&|manifest| {
        manifest["verdict"]["fidelity"] = "unknown".into();
        manifest["provenance"]["audited"] = "by nobody".into();
    });
    assert_eq!(rewritten, ["verdict", "manifest.json", "src/evil.cairo", "target/other.sierra.json"]);
    for file in ["src/evil.cairo", "target/other.sierra.json"] {
        std::fs::remove_file(copy.join(file)).unwrap();
    }

    std::fs::write(copy.join("manifest.json"), &original).unwrap();
    tamper(&copy, "report.json", &|bytes| {
        let mut value: Value = serde_json::from_slice(bytes).unwrap();
        value["cost"]["steps"] = 1.into();
        *bytes = value.to_string().into_bytes();
    });
    assert_eq!(differs(), ["report.json"]);
    std::fs::remove_file(copy.join("src/lib.cairo")).unwrap();
    assert_eq!(differs(), ["src/lib.cairo", "report.json"]);

    let other = maat(&["check", package(), "--onnx", &example("input.json")]);
    assert_eq!(other.status.code(), Some(2), "{}", String::from_utf8_lossy(&other.stdout));
    let older = changed_manifest(folder.path(), |manifest| manifest["versions"]["cairo"] = "1.0.0".into());
    let other = maat(&["check", &older]);
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8(other.stderr).unwrap().contains("it was made by Maat "));
}

/// An `.npz` archive with one array of floats.
fn npz(name: &str, shape: &str, values: &[f64]) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:117}\n");
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(format!("{name}.npy"), zip::write::FileOptions::default()).unwrap();
    for part in [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &data] {
        writer.write_all(part).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn inputs_of_proofs_may_be_numpys() {
    let folder = tempfile::tempdir().unwrap();
    let (input, proof) = (folder.path().join("batch.npz"), folder.path().join("numpy.bin"));
    let prove_npz = |bytes: &[u8]| {
        std::fs::write(&input, bytes).unwrap();
        maat(&["prove", package(), "--input", input.to_str().unwrap(), "-o", proof.to_str().unwrap()])
    };
    let inputs: Vec<Vec<f64>> = serde_json::from_value(samples(2)["features"].clone()).unwrap();
    let mut values = inputs.concat();
    let output = prove_npz(&npz("features", "(2, 36)", &values));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verified = json(&["verify", proof.to_str().unwrap(), "--model", package()]);
    let (_, of_json) = prove(folder.path(), 2, &[]);
    let expected = json(&["verify", &of_json, "--model", package()]);
    assert_eq!((&verified["inputs"], &verified["outputs"]), (&expected["inputs"], &expected["outputs"]));

    std::fs::remove_file(&proof).unwrap();
    let refused = |bytes: &[u8]| {
        let output = prove_npz(bytes);
        assert_eq!((output.status.code(), proof.exists()), (Some(2), false));
        errors(&output)
    };
    values[40] = f64::NAN;
    let message = refused(&npz("features", "(2, 36)", &values));
    let place =
        "batch.npz: input `features`: NaN in sample 1, column 4 (counted from 0) is not a finite number. Maat has no missing values";
    assert!(message.contains(place), "{message}");
    let message = refused(&npz("features", "(0, 36)", &[]));
    assert!(message.contains("batch.npz holds no samples"), "{message}");
    let message = refused(&npz("features", "(2, 36)", &values[1..]));
    assert!(message.contains("array `features`: truncated: 8 bytes are missing"), "{message}");
    let message = refused(br#"{"features": []}"#);
    assert!(message.contains("input `features` takes [1, 36], or a batch of such arrays; got [0]"), "{message}");
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
    let manifest = format!("{other}/manifest.json");
    let message = failure(&["verify", &manifest, "--model", &other]);
    assert!(message.contains("but its entries give 0x00"), "{message}");

    let other = changed_manifest(folder.path(), |manifest| manifest["model_commitment"] = format!("0x{}", "0".repeat(64)).into());
    let output = maat(&["commitment", &other, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let compared: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(compared["matches"], false);
    assert!(compared["differences"][0].as_str().unwrap().contains("not that of its entries"), "{compared}");
}

/// What their entry is made of takes seconds, so this is one test of one package.
#[test]
fn a_package_that_was_made_for_contracts_that_verify_has_their_proofs_and_no_other_has() {
    let folder = tempfile::tempdir().unwrap();
    let (input, proof) = (folder.path().join("in.json"), folder.path().join("proof.bin"));
    std::fs::write(&input, samples(1).to_string()).unwrap();
    let (input, proof) = (input.to_str().unwrap(), proof.to_str().unwrap());
    let message = failure(&["prove", package(), "--input", input, "--preset", "starknet", "-o", proof]);
    let expected = "no entry for preset starknet and batches of 1: \
                    proofs that a Starknet contract verifies need a package that `maat transpile .. --contract-proofs` made";
    assert!(message.contains(expected), "{message}");
    let message = failure(&["prove", package(), "--input", input, "--preset", "starknet", "--kind", "cairo", "-o", proof]);
    assert!(message.contains("no Cairo proofs with the preset starknet; their presets are fast, balanced and onchain"), "{message}");
    let [onnx, calibration] = ["rockybot.onnx", "calibration.json"].map(example);
    let own = folder.path().join("own");
    let transpile = |flag| vec!["transpile", &onnx, "--calibration", &calibration, "-o", own.to_str().unwrap(), "--contract-proofs", flag];
    assert!(failure(&transpile("--private")).contains("cannot be used with"));

    // Contracts know one layout, whatever the others have.
    let transpiled = json(&transpile("--layout=wide"));
    let entries = transpiled["manifest"]["entries"].as_array().unwrap();
    let listed: Vec<_> = entries.iter().map(|entry| [&entry["preset"], &entry["layout"]].map(|name| name.as_str().unwrap())).collect();
    assert_eq!(listed, [["fast", "wide"], ["balanced", "wide"], ["onchain", "base"], ["starknet", "base"]]);
    let own = own.to_str().unwrap();
    assert!(String::from_utf8(maat(&["inspect", own]).stdout).unwrap().contains("with proofs that contracts verify"));
    let compared = json(&["commitment", own]);
    assert_eq!((&compared["matches"], &compared["entries"]), (&true.into(), &4.into()));

    let proved = json(&["prove", own, "--input", input, "--preset", "starknet", "-o", proof]);
    assert_eq!(
        (&proved["preset"], &proved["layout"], &proved["commitment"]),
        (&"starknet".into(), &"base".into(), &compared["commitment"])
    );
    assert_eq!(proved["security"]["if_not_recomputed"], 35);
    let verified = json(&["verify", proof, "--model", own]);
    assert_eq!((&verified["preset"], &verified["options"]["hash"]), (&"starknet".into(), &"Poseidon".into()));
    assert!(String::from_utf8(maat(&["verify", proof, "--model", own]).stdout).unwrap().contains("Poseidon"));
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
        vec!["verify", &example("input.json"), "--model", &unprovable],
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
    assert!(message.contains("/does/not/exist is not a package made by `maat transpile`: there is no such folder"), "{message}");
    let message = failure(&["inspect", folder.path().to_str().unwrap()]);
    assert!(message.contains(" is not a package made by `maat transpile`: it has no manifest.json"), "{message}");
    let message = failure(&["inspect", &file("mk.py", "import onnx")]);
    assert!(message.contains("mk.py is not a package made by `maat transpile`: it is not a folder"), "{message}");
    let web = folder.path().join("web");
    std::fs::create_dir(&web).unwrap();
    std::fs::write(web.join("manifest.json"), "{\"short_name\": \"app\"}").unwrap();
    let message = failure(&["inspect", web.to_str().unwrap()]);
    assert!(message.contains("`maat transpile`: its manifest.json is not that of a package: it has no `format`"), "{message}");
    let output = folder.path().join("package");
    let message = failure(&["transpile", &file("text.onnx", "no model"), "-o", output.to_str().unwrap()]);
    assert!(
        message.contains("text.onnx: not an ONNX model") && message.contains("the file is not in ONNX's format, or it is truncated"),
        "{message}"
    );
    assert!(!message.to_lowercase().contains("protobuf"), "{message}");
    let message = failure(&["transpile", "/does/not/m.onnx", "-o", output.to_str().unwrap()]);
    assert_eq!(message.matches("/does/not/m.onnx").count(), 1, "{message}");
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
    let message = failure(&["prove", package(), "--input", &single, "-o", folder.path().to_str().unwrap()]);
    assert!(message.contains("cannot write ") && message.contains(": it is a folder"), "{message}");
    let message = failure(&["verify", proof, "--model", package()]);
    assert!(message.contains("cannot read") && message.contains("proof.bin"), "{message}");
    let message = failure(&["verify", proof, "--model", "/does/not/exist"]);
    assert!(message.contains("/does/not/exist is not a package made by `maat transpile`"), "{message}");
    let older = changed_manifest(folder.path(), |manifest| manifest["format"] = 1.into());
    let message = failure(&["verify", proof, "--model", &older]);
    assert!(
        message.contains("the manifest has format 1, but this program reads format ") && message.contains(": transpile again"),
        "{message}"
    );
    assert!(!Path::new(proof).exists());
}

#[test]
fn a_file_that_is_not_a_proof_could_not_be_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mk.py");
    let other = path.to_str().unwrap();
    std::fs::write(&path, "import onnx").unwrap();
    let zero = format!("0x{}", "0".repeat(64));
    let expected = [["--model", package()], ["--commitment", &zero], ["--program-hash", "0x5"]];
    for file in [other, "/dev/null"] {
        for expected in expected {
            let message = failure(&[&["verify", file], &expected[..]].concat());
            assert!(message.starts_with(&format!("error: {file}: this is not a Maat proof; ")), "{message}");
            let output = maat(&[&["verify", file, "--json"], &expected[..]].concat());
            assert_eq!((output.status.code(), keys(&object(&output))), (Some(2), vec!["error", "exit_code", "ok"]));
        }
    }
    // Too long for a proof, and not one.
    std::fs::File::options().write(true).open(&path).unwrap().set_len((64 << 20) + 2).unwrap();
    assert!(failure(&["verify", other, "--model", package()]).contains("this is not a Maat proof"));
}

#[test]
fn wrong_usage_is_said_with_tips_that_help_and_one_name() {
    let said = |arguments: &[&str]| {
        let output = maat(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        errors(&output)
    };
    let message = said(&["inspect", "package", "--input", "in.json"]);
    assert!(message.contains("unexpected argument '--input' found") && !message.contains("tip:"), "{message}");
    assert!(message.contains("\nUsage: maat inspect "), "{message}");
    assert!(said(&["run", "package", "--inptu", "in.json"]).contains("a similar argument exists: '--input'"));
    let transpile =
        |arguments: &[&str]| said(&[&["transpile", &example("rockybot.onnx"), "-o", &example("input.json")], arguments].concat());
    let message = transpile(&["--percentile", "99"]);
    assert!(message.contains("--percentile needs --ranges percentile"), "{message}");
    assert!(!transpile(&["--percentile", "99", "--ranges", "percentile"]).contains("--percentile"));
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("package");
    let message = said(&["transpile", &example("rockybot.onnx"), "-o", output.to_str().unwrap(), "--assumed-range", "-1"]);
    assert!(message.contains("--assumed-range is -1; it must be a positive number"), "{message}");
    for verb in ["run", "verify", "transpile", "registry"] {
        let help = String::from_utf8(maat(&[verb, "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("Usage: maat {verb}")), "{help}");
    }
}

#[test]
fn parts_are_refused_before_anything_is_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("package");
    let message = failure(&["transpile", &example("rockybot.onnx"), "-o", output.to_str().unwrap(), "--parts", "999"]);
    assert!(message.contains("--parts is 999; it must be at most ") && message.contains(" for this network"), "{message}");
}

#[test]
fn a_package_without_cairo_is_run_proven_verified_and_checked_and_gets_further_commitments() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (onnx, calibration) = (example("rockybot.onnx"), example("calibration.json"));
    let (own, input) = (at("own"), at("in.json"));
    std::fs::write(&input, samples(1).to_string()).unwrap();
    let transpile = ["transpile", &onnx, "--calibration", &calibration, "-o", &own];
    let refused = failure(&[&transpile[..], &["--cairo", "never", "--parts", "2"]].concat());
    assert!(refused.contains("--parts asks for classes, and --cairo never for none"), "{refused}");
    let made = json(&[&transpile[..], &["--cairo", "never", "--presets", "fast,fast"]].concat());
    let manifest = &made["manifest"];
    assert_eq!((&manifest["no_cairo"], &manifest["program_hash"]), (&"it was not wanted".into(), &Value::Null));
    assert_eq!((&made["report"]["cost"], manifest["files"].as_object().unwrap().len()), (&Value::Null, 2));
    let mut files: Vec<_> = std::fs::read_dir(&own).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["manifest.json", "model.maat", "report.json"]);
    let text = String::from_utf8(maat(&["inspect", &own]).stdout).unwrap();
    assert!(text.contains("none: it was not wanted. It can be run, proven and verified, but not deployed"), "{text}");
    assert!(text.contains("multiply-accumulates  13,568"), "{text}");

    assert_eq!(json(&["run", &own, "--input", &input])["outputs"], json(&["run", package(), "--input", &input])["outputs"]);
    let without = "the package has no Cairo program and no contract: it was not wanted. `maat transpile --cairo always` makes";
    for verb in
        [&["run", &own, "--input", &input, "--executor", "cairo"][..], &["prove", &own, "--input", &input, "--kind", "cairo", "-o", "p"]]
    {
        assert!(failure(verb).contains(without), "{}", failure(verb));
    }
    let first = at("first.bin");
    let proved = json(&["prove", &own, "--input", &input, "-o", &first]);
    let commitment = proved["commitment"].as_str().unwrap().to_owned();
    assert_eq!(json(&["check", &own])["holds"], true);

    // Hiding takes an entry that this package does not have, until it is added; what was there before keeps its worth.
    let hidden = at("hidden.bin");
    let hide = ["prove", &own, "--input", &input, "--hide", "inputs", "-o", &hidden];
    let lacking = failure(&hide);
    assert!(lacking.contains("preset balanced") && lacking.contains("`maat commitment` adds one"), "{lacking}");
    let added = json(&["commitment", &own, "--preset", "balanced"]);
    assert_eq!(added["added"], serde_json::json!([{ "preset": "balanced", "batch": 1 }]));
    let second = added["commitment"].as_str().unwrap();
    assert_ne!(second, commitment);
    assert_eq!(json(&hide)["commitment"], *second);
    for (proof, under) in [(&first, commitment.as_str()), (&hidden, second)] {
        json(&["verify", proof, "--commitment", under]);
        assert_eq!(json(&["verify", proof, "--model", &own])["commitment"], *under);
    }
    assert_eq!(json(&["prove", &own, "--input", &input, "-o", &first, "--force"])["commitment"], *commitment);
    assert!(failure(&["commitment", &own, "--preset", "balanced"]).contains("there is nothing to add"));
    assert!(failure(&["commitment", &own, "--preset", "starknet"]).contains("a contract knows the commitment that it was compiled with"));
    assert_eq!(json(&["commitment", &own, "--batch", "2"])["added"].as_array().unwrap().len(), 2);
    std::fs::write(&input, samples(2).to_string()).unwrap();
    json(&["prove", &own, "--input", &input, "-o", &first, "--force"]);
    let compared = json(&["commitment", &own]);
    assert_eq!((&compared["matches"], &compared["further"][0]["commitment"]), (&true.into(), &second.into()));
    assert_eq!(json(&["check", &own])["holds"], true);
    let text = String::from_utf8(maat(&["inspect", &own]).stdout).unwrap();
    assert!(text.contains("further commitment") && text.contains("(batches of 1), presets balanced"), "{text}");

    // What was added is checked as the first is.
    let path = Path::new(&own).join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["further"][0]["entries"][0]["fixed_root"] = format!("0x{}", "1".repeat(64)).into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    for verb in ["commitment", "check"] {
        assert_eq!(maat(&[verb, &own]).status.code(), Some(1), "{verb}");
    }
    // A private model has one commitment. Any other that is listed could be another model's.
    let secret = at("secret");
    let private = ["--cairo", "never", "--private", "--one-time-roots", "1"];
    json(&[&["transpile", &onnx, "--calibration", &calibration, "-o", &secret][..], &private].concat());
    let of_secret = Path::new(&secret).join("manifest.json");
    let mut listed: Value = serde_json::from_slice(&std::fs::read(&of_secret).unwrap()).unwrap();
    listed["further"] = vec![serde_json::json!({ "model_commitment": commitment, "entries": manifest["entries"] })].into();
    std::fs::write(&of_secret, listed.to_string()).unwrap();
    let refused = failure(&["verify", &hidden, "--model", &secret]);
    assert!(refused.contains("it lists further commitments of a private model"), "{refused}");
    let checked = String::from_utf8(maat(&["check", &secret]).stdout).unwrap();
    assert!(checked.contains("DIFFERS  further commitment: a private model has one commitment"), "{checked}");

    // A reason is the model's, unless it is that nobody wanted Cairo.
    manifest["no_cairo"] = "it is too large".into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let checked = String::from_utf8(maat(&["check", &own]).stdout).unwrap();
    assert!(checked.contains("DIFFERS  further commitment: ") && checked.contains("DIFFERS  reason why there is no Cairo: "), "{checked}");
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
    // A salt that salts nothing is a misunderstanding, and so is an opening that opens nothing.
    assert_eq!(maat(&["prove", "package", "--input", "in.json", "-o", "proof.bin", "--salt", &zero]).status.code(), Some(2));
    assert_eq!(maat(&["prove", "package", "--input", "in.json", "-o", "proof.bin", "--opening", "o.json"]).status.code(), Some(2));
    for verb in ["demo", "transpile", "run", "inspect", "prove", "verify", "commitment", "check", "cache"] {
        let help = String::from_utf8(maat(&[verb, "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("  maat {verb}")), "{help}");
    }
    let help = String::from_utf8(maat(&["--help"]).stdout).unwrap();
    let steps = ["  maat transpile ", "  maat prove ", "  maat verify "].map(|step| help.find(step).unwrap());
    assert!(steps.is_sorted(), "{help}");
}

#[test]
fn help_says_what_proofs_keep_secret_and_how_secure_they_are() {
    let help = |verb| String::from_utf8(maat(&[verb, "--help"]).stdout).unwrap();
    assert!(help("prove").contains("NOT zero-knowledge") && help("prove").contains("docs/zero-knowledge.md"), "{}", help("prove"));
    assert!(help("verify").contains("what the proof hides and what not"), "{}", help("verify"));
    assert!(help("commitment").contains("maat audit"), "{}", help("commitment"));
    assert!(String::from_utf8(maat(&["commitment", package()]).stdout).unwrap().contains("NOT zero-knowledge"));
    // The figures are those of the table in docs/proving.md.
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/proving.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | ")).filter_map(|(preset, row)| {
        let [_, conjectured, proven, ""] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else { return None };
        ["fast", "balanced", "onchain", "starknet"].contains(&preset).then_some((preset, conjectured, proven))
    });
    let (rows, help): (Vec<_>, _) = (rows.collect(), help("prove"));
    assert_eq!(rows.len(), 4);
    for (preset, conjectured, proven) in rows {
        // A line of the list may be broken. Where hiding proofs have others, both are there.
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, line) = words.split_once(&format!("- {preset}: ")).unwrap();
        let line = line.split(" - ").next().unwrap();
        assert!(line.contains(&format!(": {conjectured} bits conjectured, {proven} proven")), "{line}");
    }
}

/// A network of the end-to-end tests.
fn export(name: &str) -> String {
    format!("{}/../tests/fixtures/exports/{name}.onnx", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn open_shapes_and_constants_have_flags_and_the_manifest_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let (voice, package) = (export("torch_voice"), folder.path().join("voice").to_str().unwrap().to_owned());
    let refused = |more: &[&str]| failure(&[&["transpile", &voice, "-o", &package], more].concat());
    let open = refused(&[]);
    let expected = "axis 1 of input `input`, which the file calls `samples`, has no fixed length: choose the input's shape with --shape \
                    input=1,samples, where every name is replaced by a number";
    assert!(open.contains(expected), "{open}");
    let undecided = refused(&["--shape", "input=1,16"]);
    assert!(undecided.contains("its condition depends on the network's inputs"), "{undecided}");
    let unknown = refused(&["--shape", "input=1,16", "--set", "rate=16000"]);
    assert!(unknown.contains("input `rate`: the network has no such input, only `input`, `state`, `sr`"), "{unknown}");
    let twice = refused(&["--set", "sr=16000", "--set", "sr=8000"]);
    assert!(twice.contains("--set is given twice for the input `sr`"), "{twice}");
    assert!(refused(&["--shape", "input=1,N"]).contains("`N` is not the length of an axis"));

    // The state's open axis has the name of the first one that is fixed.
    let fixed = ["--shape", "input=1,16", "--set", "sr=16000"];
    let transpiled = json(&[&["transpile", &voice, "-o", &package], &fixed[..]].concat());
    let import = serde_json::json!({ "shapes": { "input": [1, 16] }, "constants": { "sr": [16000.0] } });
    assert_eq!(transpiled["manifest"]["provenance"]["import"], import);
    let inspected = String::from_utf8(maat(&["inspect", &package]).stdout).unwrap();
    assert!(inspected.contains("input [1, 16]") && inspected.contains("sr=16000"), "{inspected}");
    assert!(json(&["check", &package, "--onnx", &voice])["holds"].as_bool().unwrap());
}

#[test]
fn labels_that_are_texts_are_told_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (package, input) = (at("iris"), at("in.json"));
    let transpiled = json(&["transpile", &export("logistic_text_labels"), "--assumed-range", "10", "-o", &package]);
    let texts = ["setosa", "versicolor", "virginica"];
    let provenance = &transpiled["manifest"]["provenance"]["texts"];
    assert_eq!(provenance["output_label"]["values"], serde_json::json!(texts));
    assert_eq!(provenance["output_probability"]["keys"], serde_json::json!(texts));
    let warnings = transpiled["warnings"].to_string();
    assert!(warnings.contains("output `output_label` is text in the ONNX file; the model gives its position among `setosa`"), "{warnings}");
    assert!(warnings.contains("output `output_probability` is a map in the ONNX file"), "{warnings}");

    std::fs::write(&input, r#"{"x": [[6.1, 7.8, 0.7, 0.2]]}"#).unwrap();
    let run = json(&["run", &package, "--input", &input]);
    let label = &run["outputs"]["output_label"];
    let position = usize::try_from(label["integers"][0].as_u64().unwrap()).unwrap();
    assert_eq!(label["texts"], serde_json::json!([texts[position]]));
    assert_eq!(run["outputs"]["output_probability"]["keys"], serde_json::json!(texts));
    let shown = String::from_utf8(maat(&["run", &package, "--input", &input]).stdout).unwrap();
    assert!(shown.contains(&format!("output_label [1], texts\n  {}\n", texts[position])), "{shown}");
    assert!(shown.contains(", for setosa versicolor virginica"), "{shown}");
}
