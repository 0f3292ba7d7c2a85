//! `maat vault keep` by the binary, killed again and again, on a local chain of its own; and the record of its hours against the chain.

mod common;

use std::process::Stdio;
use std::time::Duration;

use common::user::User;
use common::{errors, example, package};

/// Hours that are replayed: 35 that the network looks back at, and six at which it decides.
const HOURS: usize = 41;

#[test]
fn a_keeper_that_is_killed_again_and_again_leaves_nothing_out_and_does_nothing_twice() {
    let user = User::new();
    let home = user.home.path();
    let text = std::fs::read_to_string(example("strategy.toml")).unwrap().replace("\"../../rocky\"", &format!("{:?}", package()));
    let (file, prices) = (home.join("strategy.toml"), home.join("prices.csv"));
    std::fs::write(&file, text).unwrap();
    let all = std::fs::read_to_string(example("demo.csv")).unwrap();
    let rows: Vec<&str> = all.lines().take(HOURS + 1).collect();
    std::fs::write(&prices, rows.join("\n")).unwrap();
    let (file, prices) = (file.to_str().unwrap(), prices.to_str().unwrap());

    let started = user.json(&["devnet", "start"]);
    let vault = user.json(&["vault", "deploy", file])["vault"].as_str().unwrap().to_owned();
    user.json(&["vault", "deposit", &vault, "--assets", "1000", "--mint"]);

    // Prices are replayed on the local chain only, by whatever name another one goes.
    let elsewhere = format!("[networks.elsewhere]\nurl = {}\nchain_id = \"SN_SEPOLIA\"\n", started["chain"]["url"]);
    std::fs::write(home.join("maat.toml"), elsewhere).unwrap();
    let refused = user.failure(&["vault", "keep", &vault, "--network", "elsewhere", "--prices", prices]);
    assert!(refused.contains("--prices is for the local chain, and the network is `elsewhere`"), "{refused}");
    std::fs::remove_file(home.join("maat.toml")).unwrap();

    // It is killed a little later each time, wherever it is then, until it reaches the end.
    let keep = ["vault", "keep", &vault, "--prices", prices, "--json"];
    let mut kills = 0;
    let last = loop {
        let mut child = user.command(&keep).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(1_200 + 230 * kills));
        let running = child.try_wait().unwrap().is_none();
        if running && kills < 12 {
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            continue;
        }
        break child.wait_with_output().unwrap();
    };
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    assert!(kills >= 3, "it was killed {kills} times");
    let kept: serde_json::Value = serde_json::from_slice(&last.stdout).unwrap();
    assert!(String::from_utf8_lossy(&last.stderr).contains("class "), "no hour is told");

    // Each hour once, each decision once, and no other: the record of these prices is the vault's.
    let history = user.json(&["vault", "history", &vault, "--decisions"]);
    let decided: Vec<&str> =
        history["events"].as_array().unwrap().iter().filter(|it| it["event"] == "Decided").map(|it| it["hour"].as_str().unwrap()).collect();
    assert_eq!(decided.len(), 6, "{decided:?}");
    let shift = kept["shift_hours"].as_u64().unwrap();
    let moved = |row: &&str| {
        let (hour, price) = row.split_once(',').unwrap();
        let hour: maat_strategy::hour::Hour = hour.parse().unwrap();
        format!("{},{price}", hour + shift)
    };
    let moved: Vec<String> = rows[1..].iter().map(moved).collect();
    assert!(moved.last().unwrap().starts_with(decided.last().unwrap()), "the last price is the last decision's");
    let record = |name: &str, rows: &[String]| {
        let (prices, record) = (home.join(format!("{name}.csv")), home.join(format!("{name}.bin")));
        std::fs::write(&prices, format!("hour,price\n{}\n", rows.join("\n"))).unwrap();
        let (prices, record) = (prices.to_str().unwrap().to_owned(), record.to_str().unwrap().to_owned());
        user.run(&["strategy", "prove", file, "--prices", &prices, "--batch", "1", "-o", &record]);
        record
    };
    let against = |record: &str| user.run(&["strategy", "verify", record, "--network", "devnet", "--vault", &vault, "--json"]);
    let honest = against(&record("honest", &moved));
    assert_eq!(honest.status.code(), Some(0), "{}", String::from_utf8_lossy(&honest.stdout));
    let found: serde_json::Value = serde_json::from_slice(&honest.stdout).unwrap();
    let on_chain = &found["on_chain"];
    assert_eq!((&on_chain["decisions"], &on_chain["hours"], &on_chain["undecided"]), (&6.into(), &HOURS.into(), &serde_json::json!([])));
    let warnings = found["warnings"].to_string();
    assert!(warnings.contains("the feed is a MOCK") && warnings.contains("the adapter is a MOCK"), "{warnings}");

    // The last hour left out; and another price than the chain has.
    let shorter = against(&record("shorter", &moved[..HOURS - 1]));
    let said = String::from_utf8_lossy(&shorter.stdout).into_owned();
    assert!(shorter.status.code() == Some(1) && said.contains("left out") && errors(&shorter).is_empty(), "{said}");
    let mut spoilt = moved;
    spoilt[HOURS - 3] = spoilt[HOURS - 3].replace(',', ",1");
    let spoilt = against(&record("spoilt", &spoilt));
    assert_eq!(spoilt.status.code(), Some(1), "{}", String::from_utf8_lossy(&spoilt.stdout));
}
