//! `maat submit`, `maat registry facts` and `maat vault step --proof` by the binary, without a chain: what is refused before one is asked.

mod common;

use common::{example, failure, json, maat, object, package};
use serde_json::Value;

/// A proof of the example's input with a preset that no contract verifies.
fn proof(folder: &std::path::Path) -> String {
    let proof = folder.join("proof.bin").to_str().unwrap().to_owned();
    json(&["prove", package(), "--input", &example("input.json"), "--preset", "fast", "-o", &proof]);
    proof
}

#[test]
fn what_is_no_proof_for_contracts_is_refused_before_a_chain_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let proof = proof(folder.path());
    let strategy = example("strategy.toml");
    let missing = folder.path().join("missing.bin").to_str().unwrap().to_owned();
    let other = folder.path().join("other.bin").to_str().unwrap().to_owned();
    std::fs::write(&other, b"MAAT").unwrap();
    // The end of it is damaged, and a part of its header.
    let mut bytes = std::fs::read(&proof).unwrap();
    bytes.truncate(40);
    let cut = folder.path().join("cut.bin").to_str().unwrap().to_owned();
    std::fs::write(&cut, bytes).unwrap();
    for verb in [&["submit"][..], &["vault", "step", &strategy, "--proof"]] {
        let refused = |path: &str| failure(&[verb, &[path]].concat());
        assert!(refused(&proof).contains("preset `fast`, and contracts verify preset `starknet` alone"), "{}", refused(&proof));
        assert!(refused(&missing).contains("cannot read"), "{}", refused(&missing));
        assert!(refused(&other).contains("this is not a Maat proof"), "{}", refused(&other));
        assert!(refused(&cut).contains("cannot be used on a chain"), "{}", refused(&cut));
    }
    let output = maat(&["submit", &proof, "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let object = object(&output);
    assert_eq!(object["ok"], Value::Bool(false));
    assert!(object["error"].as_str().unwrap().contains("preset `starknet`"), "{object}");
}

#[test]
fn arguments_are_looked_at_before_a_chain_is_asked() {
    let strategy = example("strategy.toml");
    let refused = failure(&["vault", "propose", &strategy, "--min-bits", "129"]);
    assert!(refused.contains("129 is not in 0..=128"), "{refused}");
    assert!(failure(&["vault", "propose", &strategy, "--min-bits", "96", "--guardian", "0x1"]).contains("cannot be used with"));
    assert!(failure(&["registry", "facts", "rocky", "--limit", "many"]).contains("--limit"));
    assert!(failure(&["registry", "facts", "rocky", "--network", "nowhere"]).contains("nowhere"));
}

#[test]
fn a_package_is_shown_with_what_a_proof_of_it_would_cost_on_chain() {
    let inspected = json(&["inspect", package()]);
    let rows = inspected["on_chain"].as_array().unwrap();
    let batches: Vec<u64> = rows.iter().map(|row| row["batch"].as_u64().unwrap()).collect();
    assert_eq!(batches, [1, 2]);
    for row in rows {
        let [execution, proof] = ["execution_l2_gas", "proof_l2_gas"].map(|name| row[name].as_u64().unwrap());
        assert!(execution < 5_000_000 && (25_000_000..45_000_000).contains(&proof), "{row}");
        assert_eq!(row["cheaper"], "execution");
    }
    let text = String::from_utf8(maat(&["inspect", package()]).stdout).unwrap();
    assert!(text.contains("on chain, batch of 1") && text.contains("times cheaper"), "{text}");
}
