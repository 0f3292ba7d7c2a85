//! Figures of the examples that stand on several pages, kept in `tests/golden/figures.json`.
//!
//! ```text
//! packages, runs, the local chain --test write_the_figures--> golden/figures.json --tables--> blocks --pages--> README.md, docs/
//! ```
//!
//! Tests that come upon a figure anyway compare it with [`assert_committed`].

mod pages;
mod tables;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use pages::{stale_blocks, write_blocks};

use crate::root;

/// Rewrites the figures, and the pages that show them.
pub const COMMAND: &str = "cargo test --release -p maat -p maat-tests --test end_to_end write_the_figures -- --ignored";
/// Rewrites the pages alone, as the committed figures are.
pub const PAGES_COMMAND: &str = "cargo test --release -p maat -p maat-tests --test end_to_end write_the_pages -- --ignored";
/// Where they are kept, from the project's root.
pub const FILE: &str = "tests/golden/figures.json";

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Those that depend on the machine. They are measured and entered by hand.
    pub by_hand: ByHand,
    /// Those of each trained model, by its name in [`MODELS`](crate::models::MODELS).
    pub examples: BTreeMap<String, Example>,
}

/// Minutes of processor time of builds from nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByHand {
    /// `cargo build --release`.
    pub first_build_minutes: f64,
    /// The local chain, as `maat devnet start` builds it.
    pub local_chain_minutes: f64,
}

/// Figures of a trained model, at the default options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// What its report says.
    pub cost: Cost,
    /// The most Cairo steps that its program takes for the first test samples, as many as [`cairo_runs`](crate::models::RealModel).
    pub sample_steps: usize,
    /// Cairo steps of its contract for the first test sample.
    pub contract_steps: u64,
    /// L2 gas that the local chain charges for a transaction with the first test sample.
    pub charged_l2_gas: u64,
    /// How near its integers come to the float network on the test samples.
    pub nearness: Nearness,
    /// Of a classifier, how many test samples are classified right.
    pub held_out: Option<HeldOut>,
}

/// What a package's report says of costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Multiply-accumulates.
    pub macs: u64,
    /// Cairo steps of the program for an input of zeros.
    pub steps: usize,
    /// L2 gas of the contract for an input of zeros, by its own counter, calldata included.
    pub l2_gas: u64,
    /// Its classes.
    pub classes: Vec<Class>,
}

/// The size of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// `model`, or `part 1` and so on.
    pub name: String,
    /// Felts of the Sierra program.
    pub sierra_felts: usize,
    /// Felts of the CASM bytecode.
    pub casm_felts: usize,
    /// Bytes of the Sierra class as JSON.
    pub sierra_bytes: usize,
    /// L2 gas of its declaration.
    pub declaration_l2_gas: u64,
}

/// How near the integers come to the float network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nearness {
    /// How many test samples have the float network's choice, and how many there are.
    SameChoice(usize, usize),
    /// The greatest error of an output in per cent of the greatest value, rounded up to two decimals.
    Error(f64),
}

/// Test samples that are classified right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOut {
    /// How many there are.
    pub samples: usize,
    /// By the float network.
    pub float: usize,
    /// By the integers, by the bits of activations and weights.
    pub by_bits: BTreeMap<u32, usize>,
}

fn path() -> PathBuf {
    root().join(FILE)
}

/// The committed figures.
pub fn committed() -> Figures {
    let text = std::fs::read_to_string(path()).expect("the figures are committed");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"))
}

impl Figures {
    /// Writes them to their file.
    pub fn write(&self) {
        let text = serde_json::to_string_pretty(self).expect("figures are plain data");
        std::fs::write(path(), format!("{text}\n")).unwrap_or_else(|error| panic!("{FILE}: {error}"));
    }
}

/// Asserts that a figure of an example is the committed one.
pub fn assert_committed<T: PartialEq + Debug>(name: &str, what: &str, found: &T, of: impl Fn(&Example) -> T) {
    let figures = committed();
    let example = figures.examples.get(name).unwrap_or_else(|| panic!("{FILE} has no figures of {name}; write them with\n{COMMAND}"));
    let committed = of(example);
    assert!(
        *found == committed,
        "{name}, {what}: {found:?}, but {FILE} has {committed:?}. If that is meant, rewrite it and the pages that show it with\n{COMMAND}"
    );
}
