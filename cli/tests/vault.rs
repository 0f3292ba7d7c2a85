//! `maat vault` by the binary, on a local chain of its own: every verb, its text and JSON, and what it refuses.

mod common;

use std::path::Path;

use common::user::User;
use common::{example, package};
use serde_json::Value;

/// RockyBot's strategy with the package of the tests, in the user's home.
fn strategy(user: &User) -> String {
    let text = std::fs::read_to_string(example("strategy.toml")).unwrap();
    let text = text.replace("\"../../rocky\"", &format!("{:?}", package()));
    assert!(text.contains(package()), "{text}");
    let path = user.home.path().join("strategy.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn events(answer: &Value) -> Vec<&str> {
    let events = answer["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap());
    events.filter(|name| !["Transfer", "Approval"].contains(name)).collect()
}

/// An answer without its warnings, of which a vault of mocks always has some.
fn json(user: &User, arguments: &[&str]) -> Value {
    user.json(arguments)
}

#[test]
fn a_vault_is_used_from_its_deployment_to_the_last_withdrawal() {
    let user = User::new();
    let file = &strategy(&user)[..];
    assert!(user.failure(&["vault", "show", file]).contains("start it with `maat devnet start`"));
    json(&user, &["devnet", "start"]);
    assert!(user.failure(&["vault", "show", file]).contains("`maat deploy` deploys it"));

    let deployed = json(&user, &["vault", "deploy", file]);
    assert!(deployed["steps"].as_array().unwrap().iter().all(|step| step["receipt"]["l2_gas"].as_u64().unwrap() > 0), "{deployed}");
    let again = json(&user, &["vault", "deploy", file]);
    assert!(again["steps"].as_array().unwrap().iter().all(|step| step["receipt"].is_null()), "{again}");
    assert_eq!(again["vault"], deployed["vault"]);
    let vault = deployed["vault"].as_str().unwrap();
    // The address and the file lead to the same vault; another address to none.
    let shown = json(&user, &["vault", "show", file]);
    assert_eq!(shown["vault"], json(&user, &["vault", "show", vault])["vault"]);
    assert_eq!((shown["state"].as_str(), &shown["nav"]), (Some("active"), &Value::Null));
    assert!(shown["warnings"].as_array().unwrap().iter().any(|warning| warning.as_str().unwrap().contains("mocks")), "{shown}");
    assert!(user.failure(&["vault", "show", "0x1234"]).contains("there is no contract at 0x0"));
    let token = deployed["quote_token"].as_str().unwrap();
    assert!(user.failure(&["vault", "show", token]).contains("is not a vault"));

    // Somebody without tokens, an amount that is none, and a deposit.
    let poor = user.failure(&["vault", "deposit", file, "--assets", "1000"]);
    assert!(poor.contains("has 0 USDC, and the deposit needs 1000 USDC; on the local chain --mint makes test tokens"), "{poor}");
    for (amount, reason) in [("0", "it is nothing"), ("1e3", "an amount is a decimal number"), ("0.0000001", "more digits")] {
        let refused = user.failure(&["vault", "deposit", file, "--assets", amount, "--mint"]);
        assert!(refused.contains(reason), "{refused}");
    }
    let deposit = json(&user, &["vault", "deposit", file, "--assets", "1000.5", "--mint"]);
    assert_eq!(
        (events(&deposit), &deposit["events"].as_array().unwrap().last().unwrap()["assets"]),
        (vec!["DepositRequest"], &"1000.5".into())
    );
    let waits = user.failure(&["vault", "claim", file]);
    assert!(waits.contains("is filled: deposit ") && waits.contains("waits for the price of"), "{waits}");

    // Two hours: the request may have been made within the last 601 s of one, and belongs to the second then.
    let late = user.failure(&["vault", "settle", file]);
    assert!(late.contains("no hour is recorded yet: `maat vault record` records one"), "{late}");
    let mut filled = false;
    for price in ["1800.25", "1810"] {
        let recorded = json(&user, &["vault", "record", file, "--price", price, "--next-hour"]);
        assert_eq!(recorded["quote_price"], "1.00");
        let settled = json(&user, &["vault", "settle", file]);
        filled |= events(&settled).contains(&"Settled");
    }
    assert!(filled);
    let again = user.failure(&["vault", "record", file]);
    assert!(again.contains("history: hour is not later (this hour is recorded already"), "{again}");
    let gap = user.failure(&["vault", "step", file]);
    assert!(gap.contains("vault: the window has a gap (hours are missing"), "{gap}");
    let claimed = json(&user, &["vault", "claim", file]);
    assert!(events(&claimed).contains(&"Claimed"), "{claimed}");

    let page = String::from_utf8(user.run(&["vault", "show", file]).stdout).unwrap();
    for part in [
        "RockyBot vault: active, on devnet",
        "net asset value    1000.5 USDC",
        "WETH at 1810.00 USD",
        // Less the fee of 0.5 %, and with what managing gave the owner, who is the investor.
        "its shares         995.49",
        "no: the features look at 36",
    ] {
        assert!(page.contains(part), "`{part}` is missing in:\n{page}");
    }

    // Half is redeemed, the rest leaves in kind.
    let too_many = user.failure(&["vault", "redeem", file, "--shares", "1000.6"]);
    assert!(too_many.contains("the account has 995.49") && too_many.contains(" vROCKY, and not 1000.6 vROCKY"), "{too_many}");
    assert_eq!(events(&json(&user, &["vault", "redeem", file, "--shares", "50"])), ["RedeemRequest"]);
    for _ in 0..2 {
        json(&user, &["vault", "record", file, "--price", "1810", "--next-hour"]);
        json(&user, &["vault", "settle", file, "--raise"]);
    }
    assert!(events(&json(&user, &["vault", "claim", file])).contains(&"Claimed"));
    assert!(events(&json(&user, &["vault", "exit", file, "--all"])).contains(&"ExitedInKind"));
    assert_eq!(events(&json(&user, &["vault", "withdraw", file])), ["Withdrawn"]);
    assert!(user.failure(&["vault", "withdraw", file]).contains("nothing is owed to 0x0"));
    assert!(user.failure(&["vault", "reclaim", file]).contains("no request of the account 0x0"));

    govern(&user, file);
    let history = json(&user, &["vault", "history", file]);
    for name in ["DepositRequest", "Settled", "RedeemRequest", "ExitedInKind", "Withdrawn", "Paused", "ChangeProposed"] {
        assert!(events(&history).contains(&name), "{name}: {history}");
    }
    assert_eq!(events(&json(&user, &["vault", "history", file, "--decisions"])), [""; 0]);
}

fn govern(user: &User, file: &str) {
    assert_eq!(events(&json(user, &["vault", "pause", file])), ["Paused"]);
    let paused = user.failure(&["vault", "deposit", file, "--assets", "1", "--mint"]);
    assert!(paused.contains("vault: not while paused (redemptions, claims and exits in kind work"), "{paused}");
    assert_eq!(events(&json(user, &["vault", "pause", file, "--end"])), ["Unpaused"]);
    // The file's own limits, and two roles.
    for change in [["--limits", file], ["--policy", file], ["--guardian", "0x5"]] {
        assert_eq!(events(&json(user, &["vault", "propose", file, change[0], change[1]])), ["ChangeProposed"], "{change:?}");
    }
    let shown = json(user, &["vault", "show", file]);
    let numbers: Vec<u64> = shown["proposals"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(user.failure(&["vault", "apply", file, "1"]).contains("vault: too early ("));
    assert_eq!(events(&json(user, &["vault", "cancel", file, "3"])), ["ChangeCancelled"]);
    assert_eq!(events(&json(user, &["vault", "cancel", file, "3", "--before"])), ["ChangeCancelled"; 2]);
    assert!(user.failure(&["vault", "cancel", file, "1"]).contains("vault: no such proposal"));
    assert!(user.failure(&["vault", "unwind", file]).contains("vault: not while active"));
    assert_eq!(events(&json(user, &["vault", "transfer", file, "--to", "0x5"])), ["OwnershipTransferStarted"]);
    assert!(user.failure(&["vault", "accept", file]).contains("vault: not the offered owner"));
}

#[test]
fn what_no_vault_can_follow_is_refused_before_anything_is_asked() {
    let user = User::new();
    let file = strategy(&user);
    let without = std::fs::read_to_string(&file).unwrap().split("[vault]").next().unwrap().to_owned();
    let path = user.home.path().join("without.toml");
    std::fs::write(&path, without).unwrap();
    let refused = user.failure(&["vault", "deploy", path.to_str().unwrap()]);
    assert!(refused.contains("it has no table [vault]"), "{refused}");
    assert!(Path::new(&file).exists());
}
