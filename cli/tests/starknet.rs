//! The verbs that work on a network, on a local chain of their own.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::user::{User, local_chain};
use common::{example, package, samples};
use maat_package::PackageFolder;
use maat_runtime::{Interval, Tensor};
use maat_starknet::devnet::Devnet;
use maat_verifier::Entries;
use serde_json::{Value, json};

#[test]
fn a_model_is_deployed_executed_and_revoked() {
    let user = User::new().by_a_script();
    assert!(user.failure(&["deploy", package()]).contains("start it with `maat devnet start`"));
    assert_eq!(user.json(&["devnet", "status"])["state"], "does not run");
    assert_eq!(user.json(&["devnet", "start", "--seed", "9"])["state"], "started");
    let again = user.json(&["devnet", "start"]);
    assert_eq!((again["state"].as_str(), again["chain"]["seed"].as_u64()), (Some("runs already"), Some(9)));

    let input = user.home.path().join("in.json");
    std::fs::write(&input, samples(3).to_string()).unwrap();
    let input = input.to_str().unwrap();
    assert!(user.failure(&["execute", package(), "--input", input]).contains("`maat deploy` deploys it"));
    refuses_broken_packages(&user, input);
    // Everything has a receipt below, so none of it was on the chain before.
    let deployed = user.json(&["deploy", package(), "--name", "rocky", "--metadata", "of the tests"]);
    assert_eq!((deployed["name"].as_str(), deployed["version"].as_u64()), (Some("rocky"), Some(1)));
    assert!(deployed["steps"].as_array().unwrap().iter().all(|step| step["receipt"]["l2_gas"].as_u64().unwrap() > 0), "{deployed}");
    let [warning] = &deployed["warnings"].as_array().unwrap()[..] else { panic!("one warning: {deployed}") };
    assert!(warning.as_str().unwrap().contains("with a timelock of 0 s: you can end it at once"), "{warning}");
    let other = user.failure(&["deploy", package(), "--name", "rocky", "--timelock", "60"]);
    assert!(other.contains("its timelock is 0 s, and not 60 s") && other.contains("--adopt"), "{other}");
    let adopted = user.json(&["deploy", package(), "--name", "rocky", "--timelock", "60", "--adopt"]);
    assert_eq!((&adopted["instance"], &adopted["timelock"]), (&deployed["instance"], &0.into()));
    let again = user.json(&["deploy", package(), "--name", "rocky"]);
    assert!(again["steps"].as_array().unwrap().iter().all(|step| step["receipt"].is_null()), "{again}");
    assert_eq!(again["instance"], deployed["instance"]);

    assert!(user.failure(&["execute", package(), "--input", input]).contains("no model rockybot with the class of this package"));
    let runtime = user.json(&["run", package(), "--input", input]);
    let called = user.json(&["execute", package(), "--input", input, "--name", "rocky"]);
    assert_eq!((&called["outputs"], called["transactions"].as_array().unwrap().len()), (&runtime["outputs"], 0));
    let invoked = user.json(&["execute", package(), "--input", input, "--name", "rocky", "--invoke"]);
    assert_eq!((&invoked["outputs"], invoked["inferences"].as_u64()), (&runtime["outputs"], Some(3)));
    let [transaction] = &invoked["transactions"].as_array().unwrap()[..] else { panic!("one transaction: {invoked}") };
    assert!(transaction["l2_gas_share"].as_f64().unwrap() < 0.01 && transaction["calldata_felts"] == 4 + 3 + 3 * 37, "{transaction}");
    assert!(invoked["model_part"]["steps"].as_u64().unwrap() < 20_000, "{invoked}");
    let instance = deployed["instance"].as_str().unwrap();
    let by_instance = user.json(&["execute", package(), "--input", input, "--instance", instance]);
    assert_eq!(by_instance["outputs"], runtime["outputs"]);

    let listed = user.json(&["registry", "list"])["models"].clone();
    assert_eq!((listed[0]["name"].as_str(), listed.as_array().unwrap().len()), (Some("rocky"), 1));
    let text = String::from_utf8(user.run(&["registry", "show", "rocky"]).stdout).unwrap();
    let model = PackageFolder::open(Path::new(package())).unwrap().model().unwrap();
    let port_shown = format!("[1, 36] * 2^-{} in -32768..=32767", model.inputs()[0].scale);
    for part in ["1, active", &port_shown, "of the tests", "model commitment"] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    let shown = &user.json(&["registry", "show", "rocky"])["versions"][0];
    let port = |tensor: &Tensor| {
        let Interval { lo, hi } = tensor.range;
        json!({ "shape": tensor.shape.dims(), "scales": tensor.scales(), "lo": lo, "hi": hi })
    };
    assert_eq!(shown["inputs"], model.inputs().iter().map(port).collect::<Value>());
    assert_eq!(shown["outputs"], model.outputs().iter().map(|output| port(model.tensor(output.tensor))).collect::<Value>());
    assert!(user.failure(&["registry", "show", "none"]).contains("no model \"none\""));
    assert!(user.failure(&["registry", "revoke", "rocky", "--version", "2"]).contains("versions 1 to 1, and no version 2"));
    assert!(user.failure(&["registry", "accept", "rocky"]).contains("registry: not the offered owner"));
    let offered = user.json(&["registry", "transfer", "rocky", "--to", "0x5"]);
    assert!(offered["model"]["pending_owner"].as_str().unwrap().ends_with('5'));
    let deprecated = user.json(&["registry", "deprecate", "rocky"]);
    assert_eq!(deprecated["model"]["versions"][0]["status"], "deprecated");
    assert_eq!(user.json(&["execute", package(), "--input", input, "--name", "rocky"])["outputs"], runtime["outputs"]);
    let revoked = user.json(&["registry", "revoke", "1"]);
    assert_eq!(revoked["model"]["versions"][0]["status"], "revoked");
    let refused = user.failure(&["execute", package(), "--input", input, "--name", "rocky"]);
    assert_eq!(refused, "error: the execution was refused: registry: version is revoked\n");

    assert_eq!(user.json(&["devnet", "stop"])["state"], "stopped");
    assert_eq!(user.json(&["devnet", "stop"])["state"], "was not running");
}

/// Packages that other verbs refuse are refused by `deploy` with the same words.
fn refuses_broken_packages(user: &User, input: &str) {
    let copy = user.home.path().join("broken");
    let broken = copy.to_str().unwrap();
    let proof = user.home.path().join("proof.bin");
    let prove = ["prove", broken, "--input", input, "-o", proof.to_str().unwrap()];
    let run = ["run", broken, "--input", input];
    let original = PackageFolder::open(Path::new(package())).unwrap();
    let whole = || {
        for file in original.files() {
            let to = copy.join(file.strip_prefix(package()).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(file, to).unwrap();
        }
    };
    let model = copy.join("model.maat");
    whole();
    std::fs::remove_file(&model).unwrap();
    let message = user.failure(&["deploy", broken]);
    assert!(message.contains("cannot read") && message.contains("model.maat"), "{message}");
    assert_eq!(message, user.failure(&run));
    whole();
    std::fs::write(&model, b"MAAT").unwrap();
    let message = user.failure(&["deploy", broken]);
    assert!(message.contains("model.maat: the file is not the one that manifest.json lists: transpile again"), "{message}");
    assert_eq!(message, user.failure(&run));
    whole();
    let manifest = copy.join("manifest.json");
    let mut value: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    value["model_commitment"] = format!("0x{}", "0".repeat(64)).into();
    std::fs::write(&manifest, value.to_string()).unwrap();
    let message = user.failure(&["deploy", broken]);
    assert!(message.contains("but its entries give 0x00"), "{message}");
    assert_eq!(message, user.failure(&prove));
    // Entries that fit the commitment, but not the contract's.
    let entries = Entries::new(original.entries().unwrap().as_slice()[1..].to_vec()).unwrap();
    value["model_commitment"] = entries.commitment().to_string().into();
    value["entries"].as_array_mut().unwrap().retain(|entry| {
        entries.as_slice().iter().any(|kept| (entry["preset"].as_str(), &entry["batch"]) == (Some(kept.preset.name()), &kept.batch.into()))
    });
    std::fs::write(&manifest, value.to_string()).unwrap();
    let message = user.failure(&["deploy", broken]);
    assert!(message.contains("what `model_commitment` of the contract gives is not what manifest.json has: transpile again"), "{message}");
}

#[test]
fn a_configured_network_signs_with_a_key_that_is_never_shown() {
    let user = User::new();
    let devnet = Devnet::start(&local_chain(), 3, &mut |_| {}).unwrap();
    let (address, key) = devnet.accounts().unwrap()[4];
    let key = format!("{key:#x}");
    let file = user.home.path().join("maat.toml");
    let write = |more: &str| {
        let text = format!("[networks.local]\nurl = \"{}\"\naccount = \"{address:#x}\"\n{more}\n", devnet.url());
        std::fs::write(&file, text).unwrap();
    };
    write("key_env = \"MAAT_TEST_KEY\"\nchain_id = \"SN_SEPOLIA\"");
    let network = ["--network", "local"];
    let with_key = |arguments: &[&str]| user.command(&[arguments, &network].concat()).env("MAAT_TEST_KEY", &key).output().unwrap();
    let text = |output: &Output| String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();

    assert!(user.failure(&[&["registry", "deploy"], &network[..]].concat()).contains("MAAT_TEST_KEY is not set"));
    assert!(text(&with_key(&["deploy", package()])).contains("deploy it with `maat registry deploy`"));
    let mut shown = text(&with_key(&["registry", "deploy"]));
    shown += &text(&with_key(&["deploy", package()]));
    shown += &text(&with_key(&["registry", "list"]));
    assert!(shown.contains("rockybot") && shown.contains(&format!("{address:#066x}")), "{shown}");
    assert!(!shown.contains(key.trim_start_matches("0x")), "a key was shown");
    let manifest = std::fs::read_to_string(Path::new(package()).join("manifest.json")).unwrap();
    assert!(!manifest.contains(key.trim_start_matches("0x")));

    // The key of somebody else, and none at all.
    let other = format!("{:#x}", devnet.accounts().unwrap()[5].1);
    let refused =
        user.command(&["registry", "transfer", "rockybot", "--to", "0x5", "--network", "local"]).env("MAAT_TEST_KEY", other).output();
    let refused = text(&refused.unwrap());
    assert!(refused.contains("the key is not the account's"), "{refused}");
    write("key_env = \"MAAT_TEST_KEY\"\nchain_id = \"SN_SEPOLIA\"\nmax_fee_strk = 0.000001");
    let dear = text(&with_key(&["registry", "transfer", "rockybot", "--to", "0x5"]));
    assert!(dear.contains("network `local` may cost 0.000001 STRK at most") && dear.contains("max_fee_strk"), "{dear}");
    write("key_env = \"MAAT_TEST_KEY\"");
    assert!(text(&with_key(&["registry", "list"])).contains("a key is given, but no chain_id"));
    write("private_key = \"0x1\"\n");
    assert!(text(&with_key(&["registry", "list"])).contains("a key must not be in this file"));
    write("chain_id = \"SN_MAIN\"\nkey_env = \"MAAT_TEST_KEY\"\n");
    assert!(text(&with_key(&["registry", "list"])).contains("is of chain SN_SEPOLIA, but SN_MAIN is configured"));
    let unknown = user.failure(&["registry", "list", "--network", "elsewhere"]);
    assert!(unknown.contains("there is no network `elsewhere`") && unknown.contains("local, devnet"), "{unknown}");
}

#[test]
fn what_cannot_be_read_is_refused_before_anything_is_sent() {
    let user = User::new();
    assert!(user.failure(&["deploy", package(), "--salt", "5"]).contains("--salt 5: it is not a felt"));
    let input = example("input.json");
    assert!(user.failure(&["execute", package(), "--input", &input, "--instance", "x"]).contains("--instance x: it is not an address"));
    assert!(user.failure(&["registry", "transfer", "1", "--to", "me"]).contains("--to me: it is not an address"));
    assert!(user.failure(&["deploy", "/no/such/package"]).contains("/no/such/package"));
    let missing = user.command(&["devnet", "start"]).env("MAAT_DEVNET", "/no/such/file").output().unwrap();
    assert!(String::from_utf8_lossy(&missing.stderr).contains("MAAT_DEVNET names /no/such/file, which is not a file"));
}

#[test]
fn a_node_on_this_machine_is_asked_directly_and_its_keys_are_not_shown() {
    let home = tempfile::tempdir().unwrap();
    let node = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = node.local_addr().unwrap().port();
    let file = home.path().join("maat.toml");
    std::fs::write(&file, format!("[networks.here]\nurl = \"http://user:password@127.0.0.1:{port}/v3/0123456789abcdef\"\n")).unwrap();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = node.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut part = [0; 1024];
            let count = std::io::Read::read(&mut stream, &mut part).unwrap();
            request.extend_from_slice(&part[..count]);
        }
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\"\u{1b}[2J\u{9b}\"";
        std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_maat"));
    command.args(["registry", "list", "--network", "here", "--json"]).env("MAAT_CONFIG", &file);
    // A proxy that is not there.
    let output = command.env("HTTP_PROXY", "http://127.0.0.1:1").env("http_proxy", "http://127.0.0.1:1").output().unwrap();
    let error = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(error.contains(&format!("no Starknet node answers at http://127.0.0.1:{port}/..")), "{error}");
    for part in ["password", "0123456789abcdef", "\u{1b}", "\u{9b}", "127.0.0.1:1/"] {
        assert!(!error.contains(part), "{part:?} is in {error}");
    }
    asked.join().unwrap();
}

#[test]
fn the_demo_ends_on_a_chain() {
    let user = User::new();
    let demo = user.json(&["demo", "--starknet", "--cairo-samples", "2"]);
    assert_eq!(demo["starknet"]["samples"], 2);
    assert!(demo["starknet"]["transaction"]["l2_gas"].as_u64().unwrap() > 1_000_000, "{}", demo["starknet"]);
    assert_eq!(user.json(&["devnet", "status"])["state"], "does not run");
}
