//! `maat strategy backtest` and `check` on the binary: the verdict first, what is written and what is never overwritten.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{errors, failure, json, maat, package};
use maat_strategy::hour::Hour;
use tempfile::TempDir;

/// A folder with a strategy on the example's package and a file of prices.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(hours: usize) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.write("strategy.toml", &strategy(1));
        bench.write("prices.csv", &prices(hours));
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.at(name), text).unwrap();
    }

    /// The verb on the strategy and the prices, and what follows.
    fn arguments<'a>(&self, more: &'a [&'a str]) -> Vec<String> {
        let own = ["strategy", "backtest", &text(&self.at("strategy.toml")), "--prices", &text(&self.at("prices.csv"))].map(str::to_owned);
        own.into_iter().chain(more.iter().map(|argument| (*argument).to_owned())).collect()
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

fn strategy(trials: u32) -> String {
    format!(
        r#"
        name = "RockyBot"
        model = {{ package = {package:?} }}
        pair = {{ base = {{ symbol = "WETH", decimals = 18 }}, quote = {{ symbol = "USDC", decimals = 6 }} }}
        features = [{{ kind = "difference", lags = {{ from = 0, to = 35 }} }}]
        policy = {{ kind = "class", output = "class", targets = [0, 0, 0, 0, 0, 0, 5000, 5000, 10000, 10000, 10000, 10000] }}
        limits = {{ max_weight_bps = 10000, max_trade_bps = 5000, max_turnover_bps = 20000, cooldown_hours = 1, min_trade_bps = 100,
            min_slip_bps = 10, max_slip_bps = 50, max_drift_bps = 100, max_drawdown_bps = 5000, max_saturated = 2, deposit_cap = 1000000 }}
        fees = {{ management_bps = 100, settle_bps = 30 }}
        backtest = {{ deposit = 10000, costs_bps = [0, 10, 30], train_until = "2021-06-11T00:00:00Z", trials = {trials} }}
        "#,
        package = package()
    )
    .lines()
    .map(str::trim)
    .collect::<Vec<_>>()
    .join("\n")
    // Inline tables are of one line.
    .replace(",\n", ", ")
}

/// Prices that go up and down by a few USD, in no order that anybody could foresee.
fn prices(hours: usize) -> String {
    let first: Hour = "2021-06-01T07:00:00Z".parse().unwrap();
    let (mut state, mut cents) = (1u64, 250_000u64);
    let mut lines = vec!["hour,price".to_owned()];
    for hour in 0..hours as u64 {
        // Knuth's generator for 64 bits; its high bits.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cents = cents + (state >> 33) % 4_001 - 2_000;
        lines.push(format!("{},{}.{:02}", first + hour, cents / 100, cents % 100));
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_first_line_is_the_verdict_and_everything_is_shown() {
    let bench = Bench::new(600);
    let output = maat(&borrowed(&bench.arguments(&["--shuffles", "39"])));
    assert!(output.status.success(), "{}", errors(&output));
    let shown = String::from_utf8(output.stdout).unwrap();
    let first = shown.lines().next().unwrap();
    assert_eq!(first, "Does not beat its own shuffled decisions on the held-out prices: \"RockyBot\"");
    let expected = [
        "shuffles and",
        "IN-SAMPLE: prices before 2021-06-11T00:00:00Z",
        "HELD-OUT: prices from 2021-06-11T00:00:00Z on, which it was not trained on, by the owner's word",
        "0 bps, at the quote",
        "30 bps, one quote later",
        "break-even cost",
        "buy and hold",
        "constant weight",
        "drawdown │",
        "What this does not say:",
        "Nothing here is live",
    ];
    for expected in expected {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
}

#[test]
fn json_has_every_number_and_the_seed_decides() {
    let bench = Bench::new(600);
    let run = |more: &[&str]| json(&borrowed(&bench.arguments(more)));
    let one = run(&["--shuffles", "39"]);
    assert_eq!(one, run(&["--shuffles", "39", "--seed", "1"]));
    let other = run(&["--shuffles", "39", "--seed", "2"]);
    let medians = |object: &serde_json::Value| object["report"]["parts"][1]["runs"][4]["shuffled"]["median_return"].clone();
    assert_ne!(medians(&one), medians(&other));
    assert_eq!((&one["hours"], &one["live"]), (&600.into(), &serde_json::Value::Null));
    let parts = one["report"]["parts"].as_array().unwrap();
    assert_eq!(parts.iter().map(|part| part["label"].as_str().unwrap()).collect::<Vec<_>>(), ["in_sample", "held_out"]);
    // The first of 36 hours that have a window is the last of them.
    assert_eq!(parts[0]["from"], "2021-06-02T18:00:00Z");
    assert_eq!((&parts[0]["to"], &parts[1]["from"]), (&"2021-06-10T23:00:00Z".into(), &"2021-06-10T23:00:00Z".into()));
    let decisions: u64 = parts.iter().map(|part| part["decisions"].as_u64().unwrap()).sum();
    assert_eq!(decisions, 565);
    for part in parts {
        assert_eq!(part["runs"].as_array().unwrap().len(), 6);
        for run in part["runs"].as_array().unwrap() {
            let amount: u128 = run["strategy"]["equity"].as_str().unwrap().parse().unwrap();
            let share = run["strategy"]["return"].as_f64().unwrap();
            assert!((amount as f64 / 1e10 - 1.0 - share).abs() < 1e-9, "{run}");
            assert_eq!(run["shifted"]["tried"], 39);
        }
    }
    let left_out = run(&["--shuffles", "0"]);
    assert_eq!((&left_out["beats_chance"], &left_out["report"]["verdict"]["outcome"]), (&serde_json::Value::Null, &"not_compared".into()));
}

#[test]
fn a_chart_is_drawn_and_replaces_nothing_but_charts() {
    let bench = Bench::new(400);
    let path = text(&bench.at("chart.svg"));
    let draw = |more: &[&str]| bench.arguments(&[&["--shuffles", "0", "--svg", &path], more].concat());
    let output = maat(&borrowed(&draw(&[])));
    assert!(output.status.success(), "{}", errors(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("wrote "));
    let picture = fs::read_to_string(&path).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n") && picture.contains("RockyBot"), "{picture}");
    assert!(maat(&borrowed(&draw(&[]))).status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), picture);
    fs::write(&path, "<svg>a drawing</svg>").unwrap();
    let refused = failure(&borrowed(&draw(&[])));
    assert!(refused.contains("it exists, and is not a chart of Maat") && refused.contains("--force"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "<svg>a drawing</svg>");
    assert!(maat(&borrowed(&draw(&["--force"]))).status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), picture);
    for (source, what) in [("strategy.toml", "the strategy"), ("prices.csv", "the prices")] {
        let refused = failure(&borrowed(&bench.arguments(&["--svg", &text(&bench.at(source)), "--force"])));
        assert!(refused.contains(&format!("it is {what}")), "{refused}");
    }
}

#[test]
fn a_chart_may_go_to_the_standard_output() {
    let bench = Bench::new(400);
    let output = maat(&borrowed(&bench.arguments(&["--shuffles", "0", "--svg", "-"])));
    assert!(output.status.success());
    assert!(output.stdout.starts_with(b"<svg ") && output.stdout.ends_with(b"</svg>\n"));
    assert!(errors(&output).contains("Not judged"));
    let output = maat(&borrowed(&bench.arguments(&["--svg", "-", "--json"])));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("cannot both go to the standard output"));
}

#[test]
fn prices_that_cannot_be_used_are_named() {
    let bench = Bench::new(35);
    let refused = failure(&borrowed(&bench.arguments(&[])));
    assert!(refused.contains("prices.csv has no 36 hours in a row, which the features look at"), "{refused}");
    bench.write("prices.csv", "hour,price\n2021-06-01T07:00:00Z,2500\n2021-06-01T07:00:00Z,2500\n");
    assert!(failure(&borrowed(&bench.arguments(&[]))).contains("prices.csv: line 3: 2021-06-01T07:00:00Z is not after"));
    let refused = failure(&borrowed(&bench.arguments(&["--shuffles", "100001"])));
    assert!(refused.contains("100001"), "{refused}");
}

#[test]
fn a_move_that_no_history_accepts_is_left_out_and_said() {
    let bench = Bench::new(400);
    let jump: Vec<String> = prices(400)
        .lines()
        .map(|line| if line.starts_with("2021-06-05T00:") { "2021-06-05T00:00:00Z,9999".to_owned() } else { line.to_owned() })
        .collect();
    bench.write("prices.csv", &jump.join("\n"));
    let output = maat(&borrowed(&bench.arguments(&["--shuffles", "0"])));
    assert!(output.status.success());
    let said = errors(&output);
    assert!(
        said.contains("warning: 1 price is left out, as a vault's history would do")
            && said.contains("2021-06-05T00:00:00Z: the base price went from"),
        "{said}"
    );
    // Windows that would reach over the hour give no decisions.
    let object = json(&borrowed(&bench.arguments(&["--shuffles", "0"])));
    assert_eq!((&object["hours"], object["refused_hours"].as_array().unwrap().len()), (&399.into(), 1));
    let undecided = &object["report"]["parts"][0]["runs"][0]["strategy"]["outcomes"]["undecided"];
    assert!(undecided.as_u64().unwrap() >= 35, "{undecided}");
}

#[test]
fn too_few_shuffles_for_the_trials_are_said() {
    let bench = Bench::new(600);
    bench.write("strategy.toml", &strategy(10));
    let object = json(&borrowed(&bench.arguments(&["--shuffles", "198"])));
    assert_eq!(object["beats_chance"], serde_json::Value::Null);
    let verdict = object["verdict"].as_str().unwrap();
    assert!(verdict.contains("of 10 trials one without skill can be above all 198 shuffles, and at least 199 are needed"), "{verdict}");
    assert!(object["caveats"].as_array().unwrap().iter().any(|caveat| caveat.as_str().unwrap().contains("The owner tried 10 strategies")));
}

#[test]
fn a_check_says_what_follows_from_the_file_and_warns() {
    let bench = Bench::new(1);
    let strategy_file = text(&bench.at("strategy.toml"));
    let checked = json(&["strategy", "check", &strategy_file]);
    // Twice the value a day, at 0.5 % of slip and 1 % of error of the oracle.
    assert_eq!((&checked["window_hours"], &checked["worst_day_bps"]), (&36.into(), &200.0.into()));
    let warnings = checked["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let cheap = "settle_bps is 30, but the purchases that a deposit causes can cost the other investors 50 basis points of it";
    assert!(warnings[0].as_str().unwrap().contains(cheap), "{warnings:?}");

    bench.write("strategy.toml", &strategy(1).replace("settle_bps = 30", "settle_bps = 50"));
    let checked = json(&["strategy", "check", &strategy_file]);
    assert_eq!((&checked["warnings"], &checked["unreachable_rows"]), (&serde_json::Value::Null, &serde_json::json!([])));
    bench.write("strategy.toml", &strategy(1).replace("settle_bps = 30", "settle_bps = 50").replace("targets = [", "targets = [0, "));
    let checked = json(&["strategy", "check", &strategy_file]);
    assert_eq!(checked["unreachable_rows"], serde_json::json!([12]));
    assert!(checked["warnings"][0].as_str().unwrap().contains("leads to the targets 12"), "{checked}");
}
