//! Cairo proofs as a user meets them.

mod common;

use std::path::Path;

use maat_verifier::cairo::columns::{AUXILIARY_WIDTH, MAIN_WIDTH};
use serde_json::{Value, json};

use common::*;

/// Proves the first test input with further arguments; gives the response, and the proof's file.
fn prove(folder: &Path, arguments: &[&str]) -> (Value, String) {
    let (input, proof) = (folder.join("in.json"), folder.join("proof.bin"));
    std::fs::write(&input, samples(1).to_string()).unwrap();
    let proof = proof.to_str().unwrap().to_owned();
    let proved = json(&[&["prove", package(), "--kind", "cairo", "--input", input.to_str().unwrap(), "-o", &proof], arguments].concat());
    (proved, proof)
}

fn program_hash() -> String {
    let manifest = std::fs::read(Path::new(package()).join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    manifest["program_hash"].as_str().unwrap().to_owned()
}

#[test]
fn a_packages_program_is_proven_and_verified_with_its_hash_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (proved, proof) = prove(folder.path(), &[]);
    assert_eq!((&proved["kind"], &proved["zero_knowledge"]), (&"cairo".into(), &false.into()));
    assert_eq!(proved["program_hash"], program_hash());
    assert_eq!(proved["proof_bytes"], std::fs::metadata(&proof).unwrap().len());
    assert!(proved["stark_bytes"].as_u64().unwrap() < proved["proof_bytes"].as_u64().unwrap());
    assert_eq!((&proved["rows"], &proved["columns"]), (&(1 << 14).into(), &(MAIN_WIDTH + AUXILIARY_WIDTH).into()));
    let stages = proved["stages"].as_object().unwrap();
    assert!(stages.contains_key("trace") && stages.contains_key("verification"), "{stages:?}");
    // Nothing but the proof is left, beside the inputs.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

    // The model proof of the same input states the same.
    let (input, model_proof) = (folder.path().join("in.json"), folder.path().join("model.bin"));
    json(&["prove", package(), "--input", input.to_str().unwrap(), "-o", model_proof.to_str().unwrap()]);
    let of_model = json(&["verify", model_proof.to_str().unwrap(), "--model", package()]);
    let verified = json(&["verify", &proof, "--model", package()]);
    assert_eq!((&verified["valid"], &verified["kind"]), (&true.into(), &"cairo".into()));
    assert_eq!((&verified["inputs"], &verified["outputs"]), (&of_model["inputs"][0], &of_model["outputs"][0]));
    assert_eq!(verified["named"], of_model["named"]);
    assert_eq!((&verified["steps"], &verified["builtins"]), (&proved["steps"], &proved["builtins"]));
    assert_eq!((&verified["security"], &verified["security"]["conjectured"]), (&proved["security"], &97.into()));

    let hash = program_hash();
    let by_hash = json(&["verify", &proof, "--program-hash", &hash]);
    assert_eq!((&by_hash["output"], &by_hash["inputs"]), (&verified["output"], &Value::Null));
    assert_eq!(by_hash["output"].as_array().unwrap().len(), 49);
    let text = String::from_utf8(maat(&["verify", &proof, "--model", package()]).stdout).unwrap();
    let steps = proved["steps"].as_u64().unwrap();
    let steps = format!("{},{:03}", steps / 1000, steps % 1000);
    for part in
        ["the proof holds", &hash, &steps, "range_check 1,", "fast", "97 bits conjectured", "NOT zero-knowledge: a Cairo proof holds"]
    {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

/// All files in a folder and below.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_hash_that_somebody_put_into_the_cache_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, proof) = prove(folder.path(), &[]);
    let cache = folder.path().join("cache");
    let verify = |hash: &str| maat_with(&cache, &["verify", &proof, "--program-hash", hash]);
    assert!(verify(&program_hash()).status.success());
    // Whatever was kept of the verification says from now on that the program has another's hash.
    let other = format!("0x{:064x}", 5);
    files(&cache).iter().for_each(|path| std::fs::write(path, &other).unwrap());
    let forged = verify(&other);
    assert_eq!(forged.status.code(), Some(1), "{}", String::from_utf8_lossy(&forged.stdout));
    assert!(verify(&program_hash()).status.success());
    assert_eq!(files(&cache), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_cairo_proof_has_the_bits_that_are_asked_for_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (proved, proof) = prove(folder.path(), &[]);
    let verify = |least: &[&str]| maat(&[&["verify", &proof, "--model", package(), "--json"], least].concat());
    assert!(verify(&["--min-conjectured", "97", "--min-proven", "57"]).status.success());
    for least in [["--min-conjectured", "98"], ["--min-proven", "58"]] {
        let refused = verify(&least);
        assert_eq!(refused.status.code(), Some(1));
        let verdict: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!((&verdict["valid"], &verdict["security"]), (&false.into(), &proved["security"]));
        assert!(verdict["error"].as_str().unwrap().contains(&format!("fewer than the {} of {}", least[1], least[0])), "{verdict}");
    }
}

#[test]
fn a_cairo_proof_that_does_not_hold_has_a_failing_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (_, proof) = prove(folder.path(), &["--preset", "onchain"]);
    let rejected = |arguments: &[&str]| {
        let output = maat(&[&["verify"], arguments].concat());
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = rejected(&[&proof, "--program-hash", "0x5"]);
    let other = format!("does NOT hold: the proof is for the program {}, not for 0x{:064x}", program_hash(), 5);
    assert!(text.contains(&other), "{text}");
    let mut bytes = std::fs::read(&proof).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&proof, bytes).unwrap();
    assert!(rejected(&[&proof, "--model", package()]).contains("does NOT hold: the STARK does not hold"));
    let verdict: Value = serde_json::from_str(&rejected(&[&proof, "--model", package(), "--json"])).unwrap();
    assert_eq!((&verdict["valid"], &verdict["output"]), (&false.into(), &Value::Null));
    assert!(verdict["error"].as_str().unwrap().contains("the STARK does not hold"));
    std::fs::write(&proof, "no proof").unwrap();
    assert!(failure(&["verify", &proof, "--program-hash", "0x5"]).contains("proof.bin: this is not a Maat proof"));
}

/// Any executable: here the package's own, as anybody has it.
#[test]
fn any_executable_is_proven_on_a_list_of_felts() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (executable, proof, args) = (format!("{}/target/executable.json", package()), path("proof.bin"), path("args.json"));
    // The page's arguments, which are 36 zeros.
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/proving.md")).unwrap();
    assert!(page.contains("python3 -c 'print([0] * 36)' > args.json"));
    std::fs::write(&args, json!([0; 36][..]).to_string()).unwrap();
    json(&["cairo-prove", &executable, "--args", &args, "-o", &proof]);
    let values: Vec<Value> = (0..36).map(|value| if value % 2 == 0 { json!(value) } else { json!(format!("0x{value:x}")) }).collect();
    std::fs::write(&args, Value::from(values).to_string()).unwrap();
    let proved = json(&["cairo-prove", &executable, "--args", &args, "-o", &proof]);
    assert_eq!(proved["program_hash"], program_hash());
    let verified = json(&["verify", &proof, "--program-hash", &program_hash()]);
    let expected: Vec<String> = (0..36).map(|value| format!("0x{value:x}")).collect();
    assert_eq!(verified["output"].as_array().unwrap()[..36], expected.iter().map(|felt| json!(felt)).collect::<Vec<_>>());

    // A program that refuses its arguments says why, and nothing is written.
    std::fs::remove_file(&proof).unwrap();
    let message = failure(&["cairo-prove", &executable, "-o", &proof]);
    assert!(message.contains("panicked"), "{message}");
    std::fs::write(&args, "[1.5]").unwrap();
    let message = failure(&["cairo-prove", &executable, "--args", &args, "-o", &proof]);
    assert!(message.contains("args.json: the arguments are not a list of felts: element 1: 1.5"), "{message}");
    let message = failure(&["cairo-prove", &args, "-o", &proof]);
    assert!(message.contains("it must be an executable"), "{message}");
    let message = failure(&["cairo-prove", "/does/not/exist", "-o", &proof]);
    assert!(message.contains("cannot read /does/not/exist"), "{message}");
    assert!(!Path::new(&proof).exists());
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, proof) = prove(folder.path(), &[]);
    let (input, other) = (folder.path().join("in.json"), folder.path().join("other.bin"));
    let (input, other) = (input.to_str().unwrap(), other.to_str().unwrap());
    let zero = format!("0x{}", "0".repeat(64));
    let message = failure(&["verify", &proof, "--commitment", &zero]);
    assert!(message.contains("the file holds a Cairo proof") && message.contains("--program-hash"), "{message}");
    let opening = folder.path().join("opening.json");
    json(&["prove", package(), "--input", input, "-o", other, "--commit", "inputs", "--opening", opening.to_str().unwrap()]);
    let message = failure(&["verify", &proof, "--model", package(), "--opening", opening.to_str().unwrap()]);
    assert!(message.contains("no digest that --opening could open"), "{message}");
    let message = failure(&["verify", other, "--program-hash", "0x5"]);
    assert!(message.contains("the file holds a model proof") && message.contains("--commitment"), "{message}");
    let message = failure(&["prove", package(), "--kind", "cairo", "--input", input, "-o", other, "--commit", "inputs"]);
    assert!(message.contains("--commit needs a model proof"), "{message}");
    std::fs::write(input, samples(2).to_string()).unwrap();
    let message = failure(&["prove", package(), "--kind", "cairo", "--input", input, "-o", other]);
    assert!(message.contains("has a batch of 2, and a Cairo proof is for one inference"), "{message}");
    assert_eq!(maat(&["verify", &proof, "--program-hash", "5"]).status.code(), Some(2));
}

#[test]
fn help_says_how_secure_cairo_proofs_are() {
    let help = String::from_utf8(maat(&["cairo-prove", "--help"]).stdout).unwrap();
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("takes the integers of its inputs, one after the other, without a length in front: 36 for RockyBot"), "{help}");
    assert!(help.contains("  maat cairo-prove ") && help.contains("NOT zero-knowledge"), "{help}");
    // The figures are those of the table in docs/proving.md.
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/proving.md")).unwrap();
    let (_, rows) = page.split_once("| preset of a Cairo proof | conjectured bits | proven bits |\n|---|---|---|\n").unwrap();
    for (preset, row) in ["fast", "balanced", "onchain"].into_iter().zip(rows.lines()) {
        let ["", name, conjectured, proven, ""] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else { panic!("{row}") };
        assert_eq!(name, preset);
        let line = help.lines().find(|line| line.trim_start().starts_with(&format!("- {preset}:"))).unwrap();
        assert!(line.ends_with(&format!(": {conjectured} bits conjectured, {proven} proven")), "{line}");
    }
}
