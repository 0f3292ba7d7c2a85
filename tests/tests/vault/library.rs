//! The classes of the vault: their sizes, and that the library is what the vault calls, and does nothing but compute.

use std::collections::BTreeSet;

use cairo_lang_starknet_classes::contract_class::ContractClass;
use maat_cairo::{CairoPackage, Compiler, Contract};
use maat_tests::root;

use super::contracts::selector;
use crate::common::assert_fits;

/// The library and the vault.
fn classes() -> [Contract; 2] {
    let paths = [CairoPackage::STRATEGY_LIBRARY, CairoPackage::VAULT];
    let contracts = Compiler::default().contracts(&CairoPackage::vault(), &paths).unwrap_or_else(|error| panic!("{error}"));
    contracts.try_into().unwrap_or_else(|_| panic!("two paths are two contracts"))
}

#[test]
fn the_vault_and_its_library_are_classes_that_mainnet_takes_and_belong_together() {
    let [library, vault] = classes();
    assert_fits("library", &library);
    assert_fits("vault", &vault);
    let source = std::fs::read_to_string(root().join("cairo/vault/src/library.cairo")).unwrap();
    let (_, rest) = source.split_once("#[cfg(not(test))]\npub const LIBRARY: ClassHash = ").expect("the constant");
    let (pinned, _) = rest.split_once(".try_into()").expect("a conversion");
    let found = format!("{:#x}", library.class_hash());
    assert_eq!(pinned, found, "LIBRARY in cairo/vault/src/library.cairo must be {found}, the class that is compiled now");
}

#[test]
fn the_library_only_computes() {
    let [library, vault] = classes();
    let class = |contract: &Contract| serde_json::from_slice::<ContractClass>(&contract.sierra_json()).unwrap();
    let (class, vault) = (class(&library), class(&vault));
    let functions = [
        "wanted",
        "prepare",
        "check",
        "check_price",
        "evaluate",
        "proven",
        "recorded",
        "market",
        "nav",
        "open",
        "decide",
        "shortfall",
        "unwind",
        "floor",
    ];
    let points = &class.entry_points_by_type;
    let found: BTreeSet<_> = points.external.iter().map(|point| selector_of(&point.selector)).collect();
    assert_eq!(found, functions.iter().map(|function| selector(function)).collect());
    assert!(points.constructor.is_empty() && points.l1_handler.is_empty());
    let calls = |class: &ContractClass| -> BTreeSet<String> {
        let program = class.extract_sierra_program(false).unwrap().program;
        let names = program.libfunc_declarations.iter().map(|libfunc| libfunc.long_id.generic_id.0.to_string());
        names.filter(|name| name.contains("syscall") || name.starts_with("storage_")).collect()
    };
    assert_eq!(calls(&class), BTreeSet::new());
    // The same look at the vault finds what there is.
    assert!(calls(&vault).contains("library_call_syscall") && calls(&vault).contains("storage_write_syscall"));
}

fn selector_of(felt: &num_bigint::BigUint) -> starknet_types_core::felt::Felt {
    starknet_types_core::felt::Felt::from_bytes_be_slice(&felt.to_bytes_be())
}
