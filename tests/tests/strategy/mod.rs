//! Features, policy, limits and amounts: the crate `maat-strategy` and the Cairo package `maat_vault` give the same, on named and on random
//! calls, and in Cairo they cost what they did.

mod calls;
mod cases;
mod random;

use std::collections::BTreeMap;
use std::path::PathBuf;

use maat_cairo::{CairoPackage, Compiler, Crate, Edition, Executable, Sources};
use maat_strategy::limits::{Plan, Reason};
use maat_tests::networks::Random;
use maat_tests::root;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;

use calls::{Cairo, Call, Outcome};
use cases::cases;

/// Random calls that are compared.
const RANDOM_CALLS: usize = if cfg!(feature = "slow") { 100_000 } else { 10_000 };
/// Random calls of one run in the VM.
const BATCH: usize = 500;

/// A golden vector.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    call: Call,
    /// What comes out, as Rust shows it.
    gives: String,
}

fn path() -> PathBuf {
    root().join("tests/golden/strategy.json")
}

fn golden() -> Vec<Row> {
    let rows: Vec<Row> = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
    assert!(rows.len() >= 140, "the table has lost rows");
    rows
}

/// A file of `tests/fixtures/vault/` as a package that uses `maat_vault`.
fn package(file: &str) -> CairoPackage {
    let mut sources = Sources::default();
    sources.insert("lib.cairo", std::fs::read_to_string(root().join("tests/fixtures/vault").join(file)).unwrap());
    let main = Crate { name: "uses_vault".to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: String::new() };
    CairoPackage { main, dependencies: vec![CairoPackage::vault().main, Crate::interfaces(), Crate::vault_interfaces()] }
}

fn program(file: &str) -> Executable {
    Compiler::default().executable(&package(file)).unwrap_or_else(|error| panic!("{error}"))
}

/// Asserts that the Cairo functions give what the Rust ones gave.
fn assert_equal_in_cairo(program: &Executable, calls: &[(String, Call, Outcome)]) {
    let mut arguments = vec![Felt::from(calls.len())];
    calls.iter().for_each(|(_, call, _)| call.write(&mut arguments));
    let run = program.run(&arguments).unwrap_or_else(|error| panic!("{error}"));
    // The results are one list, with its length.
    let mut found = &run.output[1..];
    for (name, call, outcome) in calls {
        let mut expected = Vec::new();
        outcome.write(&mut expected);
        let this = found.split_off(..expected.len().min(found.len())).unwrap();
        assert_eq!(this, expected, "{name}: {call:?} gives {outcome} in Rust");
    }
    assert!(found.is_empty(), "there are {} felts behind the last result", found.len());
}

#[test]
fn rust_gives_the_golden_vectors() {
    for row in golden() {
        assert_eq!(row.call.in_rust().to_string(), row.gives, "{}", row.name);
    }
}

#[test]
fn cairo_gives_the_golden_vectors() {
    let calls: Vec<_> = golden()
        .into_iter()
        .map(|row| {
            let outcome = row.call.in_rust();
            assert_eq!(outcome.to_string(), row.gives, "{}", row.name);
            (row.name, row.call, outcome)
        })
        .collect();
    assert_equal_in_cairo(&program("calls.cairo"), &calls);
}

#[test]
fn the_golden_vectors_are_those_of_the_cases() {
    let names: std::collections::BTreeSet<_> = cases().iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), cases().len(), "two cases have the same name");
    let expected: Vec<_> = cases().into_iter().map(|(name, call)| (name.to_owned(), call)).collect();
    let found: Vec<_> = golden().into_iter().map(|row| (row.name, row.call)).collect();
    assert_eq!(found, expected, "write_the_vectors writes the file");
}

#[test]
#[ignore = "rewrites tests/golden/strategy.json"]
fn write_the_vectors() {
    let rows = cases().into_iter().map(|(name, call)| {
        let gives = call.in_rust().to_string();
        serde_json::to_string(&Row { name: name.to_owned(), call, gives }).unwrap()
    });
    std::fs::write(path(), format!("[\n{}\n]\n", rows.collect::<Vec<_>>().join(",\n"))).unwrap();
}

/// What a result is, so that it can be counted.
fn kind(call: &Call, outcome: &Outcome) -> String {
    let kind = match outcome {
        Outcome::Amount(None)
        | Outcome::Rate(None)
        | Outcome::HighWater(None)
        | Outcome::Target(None)
        | Outcome::Plan(None)
        | Outcome::Position(None) => "nothing",
        Outcome::HighWater(Some((mark, _))) if mark.breaches > 0 => "a breach",
        Outcome::Features(evaluated) if evaluated.saturated > 0 => "some clamped",
        Outcome::Plan(Some(Plan::Hold(reason))) => reason.name(),
        Outcome::Plan(Some(Plan::Buy { .. })) => "buy",
        Outcome::Plan(Some(Plan::Sell { .. })) => "sell",
        _ => "something",
    };
    format!("{}: {kind}", call.function())
}

#[test]
fn cairo_gives_what_rust_gives_on_random_calls() {
    let mut random = Random::new(8);
    let calls: Vec<_> = (0..RANDOM_CALLS)
        .map(|index| {
            let call = random::call(&mut random);
            let outcome = call.in_rust();
            (format!("random call {index}"), call, outcome)
        })
        .collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    calls.iter().for_each(|(_, call, outcome)| *counts.entry(kind(call, outcome)).or_default() += 1);
    println!("{counts:#?}");
    let plans = Reason::ALL.map(Reason::name).into_iter().chain(["buy", "sell", "nothing"]).map(|kind| format!("plan: {kind}"));
    let others = [
        "mul_div_floor: nothing",
        "mul_div_ceil: something",
        "share_ceil: something",
        "rate: nothing",
        "value_ceil: nothing",
        "base_floor: something",
        "management_shares: something",
        "observe: nothing",
        "observe: a breach",
        "observe: something",
        "features: some clamped",
        "features: something",
        "target: nothing",
        "unwind: sell",
        "unwind: small",
        "filled: nothing",
        "filled: something",
    ];
    for kind in plans.chain(others.map(str::to_owned)) {
        let count = counts.get(&kind).copied().unwrap_or_default();
        assert!(count * 1_000 >= RANDOM_CALLS, "{kind}: only {count} of the random calls");
    }
    let program = program("calls.cairo");
    calls.par_chunks(BATCH).for_each(|batch| assert_equal_in_cairo(&program, batch));
}

/// Steps of a program's loop: its first argument is the number of rounds.
fn steps_of_a_round(file: &str, arguments: &[Felt]) -> usize {
    let program = program(file);
    let steps = |rounds: u8| program.run(&[&[Felt::from(rounds)], arguments].concat()).unwrap_or_else(|error| panic!("{error}")).steps;
    steps(2) - steps(1)
}

#[test]
fn features_take_at_most_so_many_steps() {
    // As RockyBot has them: 36 differences of an hour, in steps of 1/64 USD.
    let groups = [maat_strategy::features::Feature::Difference { lags: (0..36).collect() }];
    let rules = [maat_strategy::features::InputRule { scale: 6, lo: -32_768, hi: 32_767 }; 36];
    let window: Vec<u64> = (0..36u64).map(|hour| 264_916_000_000 + hour * 791_900_000 * (hour % 3)).collect();
    let mut arguments = Vec::new();
    groups.as_slice().write(&mut arguments);
    rules.as_slice().write(&mut arguments);
    window.as_slice().write(&mut arguments);
    let steps = steps_of_a_round("features.cairo", &arguments);
    println!("{steps} steps for 36 differences");
    assert!((3_700..=3_900).contains(&steps), "{steps} steps");
}

#[test]
fn a_plan_takes_at_most_so_many_steps() {
    for (name, most) in [("the largest trade is bought", 430), ("the largest trade is sold", 540)] {
        let call = cases().into_iter().find(|(case, _)| *case == name).map(|(_, call)| call);
        let Some(Call::Plan { limits, position, hour, target, .. }) = call else { panic!("{name}") };
        let mut arguments = Vec::new();
        limits.write(&mut arguments);
        position.write(&mut arguments);
        hour.write(&mut arguments);
        target.write(&mut arguments);
        let steps = steps_of_a_round("plan.cairo", &arguments);
        println!("{name}: {steps} steps, the rate's included");
        assert!((300..=most).contains(&steps), "{name}: {steps} steps");
    }
}

#[test]
fn a_contract_may_call_all_of_them() {
    // Compiling refuses what mainnet has not audited.
    let contract = Compiler::default().contract(&package("contract.cairo")).unwrap_or_else(|error| panic!("{error}"));
    println!("{} Sierra felts, {} CASM felts", contract.sierra_felts(), contract.casm_felts());
    assert!(contract.casm_felts() > 0);
}
