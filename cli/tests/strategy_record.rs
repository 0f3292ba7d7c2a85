//! Records as a user makes and verifies them.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use common::*;

/// A folder with the example's strategy, its first 50 hours, and a record of them.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let strategy = fs::read_to_string(example("strategy.toml")).unwrap();
        let replaced = |text: &str, from: &str, to: &str| {
            assert!(text.contains(from), "{from} is missing in:\n{text}");
            text.replace(from, to)
        };
        let strategy = replaced(&strategy, "\"../../rocky\"", &format!("{:?}", package()));
        let strategy = replaced(&strategy, "2022-05-04T01:00:00Z", "2021-06-03T00:00:00Z");
        fs::write(folder.path().join("strategy.toml"), strategy).unwrap();
        let prices = fs::read_to_string(example("prices.csv")).unwrap();
        fs::write(folder.path().join("prices.csv"), prices.lines().take(51).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        Self(folder)
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn prove(&self, more: &[&str]) -> Vec<String> {
        let (strategy, prices, record) = (self.at("strategy.toml"), self.at("prices.csv"), self.at("record.bin"));
        let arguments = ["strategy", "prove", &strategy, "--prices", &prices, "--batch", "2", "-o", &record];
        arguments.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

fn strs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// What a verb says that has checked something which does not hold.
fn refusal(arguments: &[&str]) -> String {
    let output = maat(&[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&object["ok"], &object["valid"]), (&false.into(), &false.into()));
    object["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_record_is_made_and_holds_for_whoever_has_the_same_prices_and_rules() {
    let folder = Folder::new();
    let made = json(&strs(&folder.prove(&["--jobs", "2"])));
    assert_eq!((&made["hours"], &made["decisions"], &made["proofs"], &made["jobs"]), (&50.into(), &15.into(), &8.into(), &2.into()));
    assert_eq!(made["record_bytes"], fs::metadata(folder.at("record.bin")).unwrap().len());
    // No work folder is left.
    assert_eq!(folder.files(), ["prices.csv", "record.bin", "strategy.toml"].map(|name| Path::new(&folder.at(name)).to_path_buf()));

    let (record, prices, strategy) = (folder.at("record.bin"), folder.at("prices.csv"), folder.at("strategy.toml"));
    let verified = json(&["strategy", "verify", &record, "--prices", &prices, "--strategy", &strategy]);
    assert_eq!(verified["results"], made["results"]);
    assert_eq!(verified["results"].as_array().unwrap().len(), 12);
    assert_eq!(verified["decisions"].as_array().unwrap().len(), 15);
    assert_eq!((&verified["digest"], &verified["warnings"]), (&made["digest"], &Value::Null));
    assert_eq!(verified["compared"], serde_json::json!({ "prices": true, "rules": true, "network": true, "input_rules": true }));
    assert_eq!((&verified["first_hour"], &verified["price_chain"].is_string()), (&"2021-06-01T07:00:00Z".into(), &true));

    let output = maat(&["strategy", "verify", &record, "--prices", &prices, "--strategy", &strategy]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("the record holds") && text.contains("Proven: ") && text.contains("NOT proven: "), "{text}");

    // It replaces itself, but nothing else.
    assert_eq!(json(&strs(&folder.prove(&[])))["proofs_found"], 0);
    fs::write(folder.at("record.bin"), "thesis").unwrap();
    let refused = failure(&strs(&folder.prove(&[])));
    assert!(refused.contains("it exists, and is not a record of a Maat strategy"), "{refused}");
    assert_eq!(fs::read_to_string(folder.at("record.bin")).unwrap(), "thesis");
}

#[test]
fn a_record_is_refused_with_the_reason_and_what_was_not_compared_is_said() {
    let folder = Folder::new();
    let made = json(&strs(&folder.prove(&[])));
    let (record, prices, strategy) = (folder.at("record.bin"), folder.at("prices.csv"), folder.at("strategy.toml"));

    let alone = maat(&["strategy", "verify", &record]);
    let warnings = errors(&alone);
    assert!(alone.status.success());
    assert!(warnings.contains("the record's own prices were used"), "{warnings}");
    let digest = made["digest"].as_str().unwrap();
    assert!(warnings.contains("nobody compared the network or the rules") && warnings.contains(digest), "{warnings}");
    let network = json_with_warnings(&["strategy", "verify", &record, "--prices", &prices, "--model", package()]);
    assert!(network[0].contains("nobody compared the rules") && network.len() == 1, "{network:?}");
    let rules = json_with_warnings(&["strategy", "verify", &record, "--prices", &prices, "--digest", digest]);
    assert!(rules[0].contains("scales and ranges of inputs are the owner's word") && rules.len() == 1, "{rules:?}");

    let other = format!("0x{}", "1".repeat(64));
    assert!(refusal(&["strategy", "verify", &record, "--digest", &other]).starts_with("digest: "));
    let other = format!("0x00{}", "1".repeat(62));
    assert!(refusal(&["strategy", "verify", &record, "--commitment", &other]).starts_with("commitment: "));
    let refused = failure(&["strategy", "verify", &record, "--commitment", &other, "--model", package()]);
    assert!(refused.contains(&format!("--commitment is {other}, and the package of --model has 0x00")), "{refused}");
    assert!(refusal(&["strategy", "verify", &record, "--min-proven", "120"]).contains("fewer than the 120 of --min-proven"));
    let changed = folder.at("changed.csv");
    fs::write(&changed, fs::read_to_string(&prices).unwrap().replace("T09:00:00Z,", "T09:00:00Z,1")).unwrap();
    let reason = refusal(&["strategy", "verify", &record, "--prices", &changed]);
    assert!(reason.starts_with("observations: 2021-06-01T09:00:00Z: the base price is "), "{reason}");
    assert!(reason.ends_with(&format!(" USD in {changed}")), "{reason}");
    let rules = fs::read_to_string(&strategy).unwrap().replace("max_trade_bps = 2500", "max_trade_bps = 1000");
    fs::write(&strategy, rules).unwrap();
    let reason = refusal(&["strategy", "verify", &record, "--strategy", &strategy]);
    assert!(reason.contains(&format!("limits.max_trade_bps: 2500 in the record, 1000 in {strategy}")), "{reason}");

    let mut bytes = fs::read(&record).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&record, bytes).unwrap();
    assert!(refusal(&["strategy", "verify", &record]).starts_with("the record is damaged"));
    assert!(failure(&["strategy", "verify", &prices]).contains("this is not a record"));
}

#[test]
fn a_record_that_hides_the_features_says_what_it_does_not_prove() {
    let folder = Folder::new();
    let open = json(&strs(&folder.prove(&[])));
    assert_eq!((&open["features"], &open["zero_knowledge"]), (&"public".into(), &false.into()));
    let made = json(&strs(&folder.prove(&["--hide", "features"])));
    assert_eq!((&made["features"], &made["zero_knowledge"], &made["results"]), (&"hidden".into(), &Value::Null, &open["results"]));
    assert_eq!((&made["strategy"]["features"], &made["strategy"]["hidden_window"]), (&serde_json::json!([]), &36.into()));

    let (record, prices, strategy) = (folder.at("record.bin"), folder.at("prices.csv"), folder.at("strategy.toml"));
    let said = "features are hidden: each decision is one that the network gives on some inputs within its ranges; that these are the \
                strategy's features of these prices is the maker's word";
    let verify = ["strategy", "verify", &record, "--prices", &prices, "--strategy", &strategy];
    let verified = json(&verify);
    assert_eq!((&verified["features"], &verified["not_proven"]), (&"hidden".into(), &said.into()));
    assert_eq!((&verified["warnings"], &verified["results"]), (&serde_json::json!([said]), &open["results"]));
    let checked = json(&["strategy", "check", &strategy]);
    assert_eq!((&verified["digest"], &open["digest"]), (&checked["digest_with_hidden_features"], &checked["digest"]));
    let text = String::from_utf8(maat(&verify).stdout).unwrap();
    assert!(text.starts_with(&format!("the record holds, but {said}\n")), "{text}");
    assert!(!text.contains("every decision is proven"), "{text}");

    let reason = refusal(&[&verify[..], &["--features", "public"]].concat());
    assert_eq!(reason, "features: they are hidden in the record, and public ones were expected");
    assert_eq!(json(&[&verify[..], &["--features", "hidden"]].concat())["valid"], true);
    let digest = open["digest"].as_str().unwrap();
    assert!(refusal(&["strategy", "verify", &record, "--digest", digest]).contains("shows for hidden features"));
    let refused = failure(&[&verify[..], &["--features", "some"]].concat());
    assert!(refused.contains("features are public or hidden"), "{refused}");
}

#[test]
fn what_no_record_can_be_made_of_is_said_before_the_work() {
    let folder = Folder::new();
    let (strategy, prices, record) = (folder.at("strategy.toml"), folder.at("prices.csv"), folder.at("record.bin"));
    let refused = failure(&["strategy", "prove", &strategy, "--prices", &prices, "-o", &record]);
    assert!(refused.contains("list the size with `maat transpile .. --batch 1000`"), "{refused}");
    let refused = failure(&["strategy", "prove", &strategy, "--prices", &prices, "--batch", "2", "-o", &prices, "--force"]);
    assert!(refused.contains("it is the prices"), "{refused}");
    // A policy with too few rows shows at the first answers, and nothing is kept of them.
    let few = fs::read_to_string(&strategy).unwrap().replace("targets = [0, 1250,", "targets = [0] # 1250,");
    fs::write(&strategy, few).unwrap();
    let refused = failure(&strs(&folder.prove(&["--jobs", "1"])));
    assert!(refused.contains("the network answers") && refused.contains("classes from 0 to 0"), "{refused}");
    assert_eq!(folder.files().len(), 2);
    fs::write(&prices, "hour,price\n2021-06-01T07:00:00Z,2000\n").unwrap();
    let refused = failure(&strs(&folder.prove(&[])));
    assert!(refused.contains("there is no decision: the network sees 36 hours in a row"), "{refused}");
    assert_eq!(folder.files().len(), 2);
}

/// The warnings of a verb that succeeds.
fn json_with_warnings(arguments: &[&str]) -> Vec<String> {
    let object = json(arguments);
    let texts = object["warnings"].as_array().into_iter().flatten();
    texts.map(|warning| warning.as_str().unwrap().to_owned()).collect()
}
