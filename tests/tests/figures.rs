//! Figures of the examples: the pages show what `tests/golden/figures.json` has.
//!
//! `models.rs`, `contracts.rs` and `starknet.rs`, which build and run the examples anyway, compare what they measure with that file.

use maat_package::{Cost as ReportedCost, run_contract};
use maat_starknet::{Account, Registry};
use maat_tests::figures::{COMMAND, Class, Cost, Example, Figures, PAGES_COMMAND, committed, stale_blocks, write_blocks};
use maat_tests::models::{MODELS, RealModel};

use crate::{models, starknet};

/// What a report's figures are here.
pub fn of_report(cost: &ReportedCost) -> Cost {
    let class = |class: &maat_package::ClassSize| Class {
        name: class.name.clone(),
        sierra_felts: class.sierra_felts,
        casm_felts: class.casm_felts,
        sierra_bytes: class.sierra_bytes,
        declaration_l2_gas: class.declaration_l2_gas,
    };
    Cost { macs: cost.macs, steps: cost.steps, l2_gas: cost.contract.l2_gas, classes: cost.classes.iter().map(class).collect() }
}

#[test]
fn every_trained_model_has_figures() {
    let figures = committed();
    let names: Vec<&str> = figures.examples.keys().map(String::as_str).collect();
    let mut models: Vec<&str> = MODELS.iter().map(|row| row.name).collect();
    models.sort_unstable();
    assert_eq!(names, models, "write the figures with\n{COMMAND}");
}

#[test]
fn the_pages_show_the_figures() {
    let stale = stale_blocks(&committed());
    assert!(stale.is_empty(), "{}\nRewrite the blocks with\n{PAGES_COMMAND}", stale.join("\n"));
}

#[test]
#[ignore = "rewrites the blocks of README.md, CONTRIBUTING.md and docs/"]
fn write_the_pages() {
    write_blocks(&committed());
}

/// Builds a model's package, runs it in the executors, and once on the local chain.
fn measure(row: &'static RealModel, account: &Account) -> Example {
    let example = starknet::example(row.name, None);
    let (contract, layers) = (example.package.contract().unwrap(), example.package.layer_classes().unwrap());
    let (_, call) = run_contract(&example.model, &contract, &layers, &example.samples[0]).unwrap();
    let deployment = example.deploy(account);
    let registry = Registry::at(account.client(), deployment.registry);
    let one = registry.invoke(account, starknet::version(&deployment), &example.cases(1).0, None).unwrap();
    let [receipt] = one.receipts[..] else { panic!("one transaction") };
    let network = row.network();
    Example {
        cost: of_report(&example.package.report().unwrap().cost.unwrap()),
        sample_steps: models::sample_steps(row, &example.model, &example.package.program().unwrap(), &example.samples),
        contract_steps: call.steps,
        charged_l2_gas: receipt.l2_gas,
        nearness: models::nearness(row, &network, &example.model),
        held_out: models::held_out(row, &network),
    }
}

#[test]
#[ignore = "rewrites tests/golden/figures.json and the blocks of the pages"]
fn write_the_figures() {
    let devnet = starknet::devnet();
    let client = starknet::client(&devnet.network());
    let account = starknet::account(&devnet, &client, 0);
    let examples = MODELS.iter().map(|row| (row.name.to_owned(), measure(row, &account))).collect();
    let figures = Figures { by_hand: committed().by_hand, examples };
    figures.write();
    write_blocks(&figures);
}
