//! The end-to-end tests, a module for each file. One binary holds them all: each would be linked with the whole Cairo compiler.

mod architectures;
mod cairo_proofs;
mod cairo_tests;
mod calibration;
mod cases;
mod certificate;
mod chain;
mod chain_proofs;
mod columns;
mod common;
mod conformance;
mod contracts;
mod equivalence;
mod errors;
mod exports;
mod figures;
mod golden;
mod history;
mod importing;
mod imports;
mod indices;
mod models;
mod operator_proofs;
mod operators;
mod pragma;
mod proof_verifier;
mod prove;
mod qdq;
mod rockybot;
mod starknet;
mod steps;
mod strategy;
mod tables;
mod vault;
mod vault_chain;
mod vault_hours;

#[test]
fn every_file_is_a_module() {
    let folder = maat_tests::root().join("tests/tests");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.retain(|name| name != "main");
    names.sort();
    let declared: Vec<&str> = include_str!("main.rs").lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, names);
}
