//! Steps and gas of the verifier and its parts: none grows unnoticed.

use std::collections::BTreeMap;

use maat_cairo::CallResult;
use maat_tests::networks::Random;
use maat_tests::root;
use maat_verifier::Goldilocks;
use maat_verifier::layout::{Layout, MASKS_WIDTH, SPONGE_WIDTH};
use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;

use super::library::{call, extension, number, of_elements, packed};
use super::proofs::{EXAMPLES, HIDING, PLAIN};
use super::{span, verify};

const FILE: &str = "tests/golden/verifier_steps.json";
const COMMAND: &str =
    "cargo test --release -p maat -p maat-tests --features maat-tests/slow --test end_to_end write_the_verifiers_steps -- --ignored";
/// Growth in per cent that is not reported.
const TOLERANCE: u64 = 5;

/// What something takes in the VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    steps: u64,
    l2_gas: u64,
}

type Table = BTreeMap<String, Cost>;

impl Cost {
    fn of(call: &CallResult) -> Self {
        Self { steps: call.steps, l2_gas: call.gas }
    }

    /// What one of `count` times takes that a call has more than another.
    fn between(more: &CallResult, fewer: &CallResult, count: u64) -> Self {
        Self { steps: (more.steps - fewer.steps) / count, l2_gas: (more.gas - fewer.gas) / count }
    }
}

fn committed() -> Table {
    let text = std::fs::read_to_string(root().join(FILE)).expect("the table is committed");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"))
}

/// The parts, each by what a call with more of it takes more.
fn parts() -> Table {
    const TIMES: usize = 10;
    let mut random = Random::new(59);
    let mut table = Table::new();
    let mut elements = |count: usize| (0..count).map(|_| Goldilocks::new(random.bits())).collect::<Vec<_>>();
    let (some, row) = (of_elements(&elements(4 * TIMES)), packed(&elements(90)));
    let frame = |count: usize| {
        let mut random = Random::new(61);
        of_elements(&extension(&mut random, count))
    };
    let mut add = |name: &str, function: &str, arguments: &dyn Fn(usize) -> Vec<Vec<Felt>>, times: usize| {
        let cost = Cost::between(&call(function, &arguments(times)), &call(function, &arguments(0)), times as u64);
        table.insert(name.to_owned(), cost);
    };

    // Lists, of which an item has so many felts.
    let mut of_list = |name: &str, function: &str, size: usize| {
        add(name, function, &|times| vec![span(&some[..size * times])], TIMES);
    };
    of_list("element of a felt", "residues", 1);
    of_list("product", "products", 2);
    of_list("inverse", "inverses", 1);
    of_list("product in the extension", "extension_products", 4);
    of_list("inverse in the extension", "extension_inverses", 2);
    of_list("node", "nodes", 2);
    of_list("work", "works", 2);

    let draws = |times: usize| vec![number(1), span(&vec![Felt::ZERO; 2 * times])];
    add("challenge", "transcript", &draws, TIMES);
    add("two felts that are unpacked", "unpack_only", &|times| vec![span(&row[..2 * times]), number(6 * times)], TIMES);
    add("row of 90 elements", "absorb_rows", &|times| vec![span(&row), number(times)], TIMES);
    let siblings = vec![Felt::ONE; 4 * 12];
    add("paths of four trees with twelve levels", "paths_of_four", &|times| vec![number(12), number(times), span(&siblings)], TIMES);
    add("place in a domain of 2^16 points", "places", &|times| vec![number(16), span(&vec![Felt::from(0x5555); times])], TIMES);
    add("fold", "folds", &|times| vec![span(&frame(9).repeat(times))], TIMES);
    let coefficients = frame(32);
    let values = |times: usize| vec![span(&coefficients), span(&some[..times])];
    add("remainder with 32 coefficients", "reversed", &values, TIMES);

    let columns = Layout::base().main_width(0) + 2 * Layout::base().auxiliary_width() + 6;
    let constraints = [vec![Felt::from(11), Felt::from(37)], frame(columns)].concat();
    add("constraints of rows and arguments", "constraints", &|times| vec![span(&constraints.repeat(times))], 1);
    add("constraints of masks", "masks", &|times| vec![span(&frame(MASKS_WIDTH + 2).repeat(times))], 1);
    add("constraints of a sponge", "sponges", &|times| vec![span(&frame(2 * SPONGE_WIDTH + 3).repeat(times))], 1);
    let values = |times: usize| vec![span(&vec![Felt::ONE; times]), number(7 * times), span(&some[..2])];
    add("seven public values", "polynomial", &values, TIMES);
    table
}

/// Whole proofs: those that tests make anyway.
fn proofs() -> Table {
    let of = |name: &str, felts: &[Felt]| (name.to_owned(), Cost::of(&verify(felts).unwrap()));
    let mut table = Table::from([
        of("proof of rockybot", &PLAIN.felts),
        of("proof of rockybot with hidden inputs and committed outputs", &HIDING.felts),
    ]);
    if cfg!(feature = "slow") {
        table.extend(EXAMPLES.iter().map(|(what, proof)| of(&format!("proof of {what}"), &proof.felts)));
    }
    table
}

/// How a row is above the table by more than it may, if it is.
fn growth(name: &str, old: Option<&Cost>, new: Cost) -> Option<String> {
    let Some(old) = old else { return Some(format!("{name} has no row; it takes {new:?}")) };
    let grew = |old: u64, new: u64| new * 100 > old * (100 + TOLERANCE);
    let too_far = grew(old.steps, new.steps) || grew(old.l2_gas, new.l2_gas);
    too_far.then(|| format!("{name} grew from {old:?} to {new:?}"))
}

fn assert_not_grown(found: &Table) {
    let table = committed();
    let grown: Vec<String> = found.iter().filter_map(|(name, new)| growth(name, table.get(name), *new)).collect();
    assert!(grown.is_empty(), "{}\nIf that is meant, rewrite the table with\n{COMMAND}", grown.join("\n"));
}

#[test]
fn no_part_takes_more_than_in_the_table() {
    assert_not_grown(&parts());
}

#[test]
fn no_proof_takes_more_than_in_the_table() {
    assert_not_grown(&proofs());
}

#[test]
fn growth_beyond_the_tolerance_is_reported() {
    let cost = |steps, l2_gas| Cost { steps, l2_gas };
    let found = |new| growth("a fold", Some(&cost(1000, 100_000)), new);
    assert!(found(cost(1051, 100_000)).is_some() && found(cost(1000, 105_001)).is_some());
    assert!(found(cost(1050, 105_000)).is_none() && found(cost(10, 10)).is_none());
    assert!(growth("a fold", None, cost(1, 1)).is_some());
}

/// Without the feature `slow`, the rows of larger proofs stay as they are.
#[test]
#[ignore = "rewrites tests/golden/verifier_steps.json"]
fn write_the_verifiers_steps() {
    let mut table = if cfg!(feature = "slow") { Table::new() } else { committed() };
    table.extend(parts());
    table.extend(proofs());
    let text = serde_json::to_string_pretty(&table).unwrap();
    std::fs::write(root().join(FILE), format!("{text}\n")).unwrap();
}
