//! `record_fact`.

use maat_interfaces::registry::IFactRegistryDispatcherTrait;
use starknet::testing::set_contract_address;
use crate::facts::facts_component::{Event as FactsEvent, FactRecorded};
use crate::registry::model_registry::Event;
use crate::tests::{OWNER, Registry, VERIFIER, ZERO, assert_event, assert_no_more_events, new_registry, registry_with_verifier};

const FACT: felt252 = 'fact';

/// A new registry; the test acts as its verifier.
fn as_verifier() -> Registry {
    let registry = new_registry();
    set_contract_address(VERIFIER);
    registry
}

fn assert_recorded(registry: Registry, security_bits: u16) {
    assert_event(registry, Event::FactsEvent(FactsEvent::FactRecorded(FactRecorded { fact: FACT, security_bits })));
}

#[test]
fn the_verifier_records_facts() {
    let registry = as_verifier();
    assert_eq!(registry.facts.verifier(), VERIFIER);
    assert_eq!(registry.facts.fact_security_bits(FACT), 0);
    registry.facts.record_fact(FACT, 96);
    assert_eq!(registry.facts.fact_security_bits(FACT), 96);
    assert_eq!(registry.facts.fact_security_bits('other fact'), 0);
    assert_recorded(registry, 96);
    assert_no_more_events(registry);
}

#[test]
fn the_highest_level_is_kept() {
    let registry = as_verifier();
    registry.facts.record_fact(FACT, 1);
    registry.facts.record_fact(FACT, 80);
    registry.facts.record_fact(FACT, 79);
    registry.facts.record_fact(FACT, 80);
    assert_eq!(registry.facts.fact_security_bits(FACT), 80);
    registry.facts.record_fact(FACT, 0xffff);
    assert_eq!(registry.facts.fact_security_bits(FACT), 0xffff);
    assert_recorded(registry, 1);
    assert_recorded(registry, 80);
    assert_recorded(registry, 0xffff);
    assert_no_more_events(registry);
}

#[test]
#[should_panic(expected: ('registry: no security bits', 'ENTRYPOINT_FAILED'))]
fn a_proof_without_security_is_none() {
    as_verifier().facts.record_fact(FACT, 0);
}

#[test]
#[should_panic(expected: ('registry: not the verifier', 'ENTRYPOINT_FAILED'))]
fn nobody_else_records_facts() {
    let registry = new_registry();
    set_contract_address(OWNER);
    registry.facts.record_fact(FACT, 96);
}

#[test]
#[should_panic(expected: ('registry: not the verifier', 'ENTRYPOINT_FAILED'))]
fn without_a_verifier_not_even_the_zero_address_records_facts() {
    let registry = registry_with_verifier(ZERO);
    assert_eq!(registry.facts.verifier(), ZERO);
    set_contract_address(ZERO);
    registry.facts.record_fact(FACT, 96);
}
