//! The small Starknet of these tests: what it shares with the real one, so that what holds on it holds there.

use std::sync::{Arc, LazyLock};

use maat_cairo::{CairoPackage, Compiler, Contract, Crate, Edition, Sources, gas};
use maat_tests::root;
use starknet_rust_core::utils::get_contract_address;
use starknet_types_core::felt::Felt;

use crate::common::chain::{Chain, Class, Done, Failure, selector, text};

const ACCOUNT: Felt = Felt::from_hex_unchecked("0xacc");
const FIRST: Felt = Felt::from_hex_unchecked("0x100");
const SECOND: Felt = Felt::from_hex_unchecked("0x200");

/// The class of `tests/fixtures/chain/contract.cairo`.
static PROBE: LazyLock<(Contract, Arc<Class>)> = LazyLock::new(|| {
    let mut sources = Sources::default();
    sources.insert("lib.cairo", std::fs::read_to_string(root().join("tests/fixtures/chain/contract.cairo")).unwrap());
    let main = Crate { name: "probe".to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: String::new() };
    let contract = Compiler::default().contract(&CairoPackage { main, dependencies: vec![] });
    let contract = contract.unwrap_or_else(|error| panic!("{error}"));
    let class = Arc::new(Class::new(&contract));
    (contract, class)
});

fn class_hash() -> Felt {
    PROBE.1.hash()
}

/// Two contracts, which hold 10 and 20.
fn two() -> Chain {
    let mut chain = Chain::new(1_000);
    chain.declare(PROBE.1.clone());
    for (address, value) in [(FIRST, 10), (SECOND, 20)] {
        chain.deploy(address, class_hash(), &[Felt::from(value)]).unwrap();
    }
    chain
}

fn call(chain: &mut Chain, to: Felt, function: &str, calldata: &[Felt]) -> Result<Done, Failure> {
    chain.call(ACCOUNT, to, function, calldata)
}

fn value(chain: &mut Chain, of: Felt) -> Felt {
    call(chain, of, "get", &[]).unwrap().output[0]
}

/// Calldata of a call that is passed on.
fn passed(to: Felt, function: &str, calldata: &[Felt]) -> Vec<Felt> {
    [&[to, selector(function), calldata.len().into()], calldata].concat()
}

fn said(done: &Done) -> Vec<(Felt, Felt)> {
    done.events.iter().map(|event| (event.from, event.keys[1])).collect()
}

#[test]
fn a_failed_call_is_undone_with_its_callers_unless_one_catches_it() {
    let mut chain = two();
    let seven = Felt::from(7);
    let failing = passed(SECOND, "set_and_fail", &[seven]);
    let reason = vec![seven, text("ENTRYPOINT_FAILED")];
    assert_eq!(call(&mut chain, SECOND, "set_and_fail", &[seven]), Err(Failure::Panicked(vec![seven])));
    assert_eq!(call(&mut chain, FIRST, "relay", &failing), Err(Failure::Panicked(reason.clone())));
    let twice = passed(SECOND, "relay", &passed(SECOND, "set_and_fail", &[seven]));
    let twice = call(&mut chain, FIRST, "relay", &twice);
    assert_eq!(twice, Err(Failure::Panicked([reason.clone(), vec![text("ENTRYPOINT_FAILED")]].concat())));
    assert_eq!((value(&mut chain, FIRST), value(&mut chain, SECOND)), (Felt::from(10), Felt::from(20)));

    // What was caught is undone, and nothing else.
    let inner = passed(FIRST, "attempt", &failing);
    let done = call(&mut chain, FIRST, "relay", &inner).unwrap();
    // `relay` gives a list of what `attempt` gave: false, and the reason's felts.
    assert_eq!(done.output, [vec![4.into(), Felt::ZERO, Felt::TWO], reason].concat());
    assert_eq!(said(&done), [(FIRST, Felt::ONE), (FIRST, Felt::TWO)]);
    assert_eq!(value(&mut chain, SECOND), Felt::from(20));
}

#[test]
fn a_contract_that_is_called_within_its_own_call_sees_what_was_stored() {
    let mut chain = two();
    let back = passed(SECOND, "relay", &passed(FIRST, "set", &[Felt::from(11)]));
    let done = call(&mut chain, FIRST, "relay", &back).unwrap();
    assert_eq!(said(&done), [(FIRST, Felt::ONE), (SECOND, Felt::ONE), (SECOND, Felt::TWO), (FIRST, Felt::TWO)]);
    assert_eq!(done.events[0].keys[0], selector("Said"));
    assert_eq!(done.events[1].data, [Felt::TWO]);
    assert_eq!(value(&mut chain, FIRST), Felt::from(11));
    // Each is within the one before.
    let mut deep = passed(FIRST, "get", &[]);
    for _ in 0..48 {
        deep = passed(FIRST, "attempt", &deep);
    }
    assert!(call(&mut chain, FIRST, "attempt", &deep).is_ok());
    assert!(matches!(call(&mut chain, FIRST, "attempt", &passed(FIRST, "attempt", &deep)), Err(Failure::Fatal(_))));
}

#[test]
fn a_callee_sees_its_caller_and_a_library_its_callers_contract() {
    let mut chain = two();
    let context = |felts: &[Felt]| felts[felts.len() - 4..].to_vec();
    let direct = call(&mut chain, FIRST, "context", &[]).unwrap().output;
    assert_eq!(context(&direct), [ACCOUNT, FIRST, ACCOUNT, Felt::from(1_000)]);
    chain.now = 2_000;
    let passed_on = call(&mut chain, FIRST, "relay", &passed(SECOND, "context", &[])).unwrap().output;
    assert_eq!(context(&passed_on), [FIRST, SECOND, ACCOUNT, Felt::from(2_000)]);
    let borrowed = call(&mut chain, FIRST, "borrow", &passed(class_hash(), "context", &[])).unwrap().output;
    assert_eq!(context(&borrowed), [ACCOUNT, FIRST, ACCOUNT, Felt::from(2_000)]);
    call(&mut chain, FIRST, "borrow", &passed(class_hash(), "set", &[Felt::from(12)])).unwrap();
    assert_eq!((value(&mut chain, FIRST), value(&mut chain, SECOND)), (Felt::from(12), Felt::from(20)));
    let failed = call(&mut chain, FIRST, "borrow", &passed(class_hash(), "set_and_fail", &[Felt::from(13)]));
    assert_eq!(failed.unwrap_err().reason(), Felt::from(13));
    assert_eq!(value(&mut chain, FIRST), Felt::from(12));
}

#[test]
fn a_contract_deploys_another_one_whose_address_follows_from_what_it_is() {
    let mut chain = two();
    let (salt, thirty) = (Felt::from(5), Felt::from(30));
    let made = call(&mut chain, FIRST, "create", &[class_hash(), salt, Felt::ONE, thirty]).unwrap().output[0];
    assert_eq!(made, get_contract_address(salt, class_hash(), &[thirty], FIRST));
    assert_eq!(value(&mut chain, made), thirty);
    assert_eq!(call(&mut chain, FIRST, "class_of", &[made]).unwrap().output, [class_hash()]);
    assert_eq!(call(&mut chain, FIRST, "class_of", &[ACCOUNT]).unwrap().output, [Felt::ZERO]);
    // It is there already; and a contract that is not made leaves no class behind.
    assert!(matches!(call(&mut chain, FIRST, "create", &[class_hash(), salt, Felt::ONE, thirty]), Err(Failure::Fatal(_))));
    let failed = passed(FIRST, "create", &[class_hash(), salt, Felt::ONE, Felt::ZERO]);
    assert!(matches!(call(&mut chain, SECOND, "attempt", &failed), Err(Failure::Fatal(_))));
    let never = get_contract_address(salt, class_hash(), &[Felt::ZERO], FIRST);
    assert_eq!(call(&mut chain, FIRST, "class_of", &[never]).unwrap().output, [Felt::ZERO]);
}

#[test]
fn nobody_catches_a_call_of_nothing() {
    let mut chain = two();
    let attempt = |chain: &mut Chain, to, function| call(chain, FIRST, "attempt", &passed(to, function, &[]));
    assert!(matches!(attempt(&mut chain, ACCOUNT, "get"), Err(Failure::Fatal(_))));
    let library = passed(FIRST, "borrow", &passed(Felt::ONE, "get", &[]));
    assert!(matches!(call(&mut chain, SECOND, "attempt", &library), Err(Failure::Fatal(_))));
    let caught = attempt(&mut chain, SECOND, "no_such_function").unwrap().output;
    assert_eq!(caught, [Felt::ZERO, Felt::TWO, text("ENTRYPOINT_NOT_FOUND"), text("ENTRYPOINT_FAILED")]);
}

#[test]
fn gas_is_what_the_chain_takes() {
    let mut chain = two();
    let twenty = [Felt::from(20)];
    // A function without state takes what `Contract::call` counts, in each run of a machine.
    let alone = PROBE.0.call("squares", &twenty).unwrap();
    for _ in 0..3 {
        let done = call(&mut chain, FIRST, "squares", &twenty).unwrap();
        assert_eq!((&done.output, done.execution_gas), (&alone.output, alone.gas));
        assert_eq!(done.gas(), alone.gas + gas::CALLDATA_FELT);
    }
    let library = call(&mut chain, FIRST, "borrow", &passed(class_hash(), "squares", &twenty)).unwrap();
    assert!(library.execution_gas > alone.gas + gas::LIBRARY_CALL && library.execution_gas < alone.gas + gas::LIBRARY_CALL + 100_000);

    // Writing what is there costs no new cell, and cells that are new cost one each.
    let ten = call(&mut chain, FIRST, "set", &[Felt::from(9)]).unwrap();
    assert_eq!(ten.new_cells, 0);
    assert!(ten.execution_gas > gas::STORAGE_WRITE && ten.execution_gas < gas::STORAGE_WRITE + 20_000);
    call(&mut chain, FIRST, "set", &[Felt::ZERO]).unwrap();
    let new = call(&mut chain, FIRST, "set", &[Felt::from(9)]).unwrap();
    assert_eq!((new.new_cells, new.gas() - ten.gas()), (1, gas::NEW_STORAGE_CELL));
    let said = call(&mut chain, FIRST, "say", &[Felt::from(9)]).unwrap();
    assert_eq!(said.gas() - said.execution_gas, 6 * gas::CALLDATA_FELT);
    assert!(said.execution_gas > gas::EMIT_EVENT && said.execution_gas < gas::EMIT_EVENT + 20_000);

    // What runs out of gas is undone, wherever it does.
    let forwarded = passed(SECOND, "set", &[Felt::from(21)]);
    let enough = call(&mut chain, FIRST, "relay", &forwarded).unwrap().execution_gas;
    call(&mut chain, SECOND, "set", &[Felt::from(20)]).unwrap();
    for part in 0..40 {
        let failed = chain.call_within(ACCOUNT, FIRST, "relay", &forwarded, enough * part / 40);
        assert_eq!(failed.unwrap_err().reason(), text("Out of gas"), "{part}");
        assert_eq!(value(&mut chain, SECOND), Felt::from(20));
    }
}

#[test]
fn a_machine_that_is_full_is_replaced() {
    let mut chain = two();
    let expected: u64 = (0..2_000).map(|number| number * number).sum();
    for _ in 0..20 {
        assert_eq!(call(&mut chain, FIRST, "squares", &[Felt::from(2_000)]).unwrap().output, [Felt::from(expected)]);
    }
}
