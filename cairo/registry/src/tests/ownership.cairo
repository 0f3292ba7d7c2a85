//! `transfer_ownership` and `accept_ownership`.

use maat_interfaces::registry::{
    IModelOwnershipDispatcherTrait, IModelRegistryDispatcherTrait, IModelRegistryViewsDispatcherTrait,
};
use starknet::ContractAddress;
use starknet::testing::set_contract_address;
use crate::ownership::ownership_component::{Event as OwnershipEvent, OwnershipOffered, OwnershipTransferred};
use crate::registry::model_registry::Event;
use crate::tests::{
    OTHER, OWNER, Registry, ZERO, assert_event, assert_no_more_events, drop_events, mocks, new_registry, register_class,
    registry_with_model,
};

fn assert_owned(registry: Registry, owner: ContractAddress, expected: Span<u64>) {
    assert_eq!(registry.views.model_count_of(owner), expected.len().into());
    let mut found = array![];
    for model in registry.views.models_of(owner, 0, 100) {
        assert_eq!(*model.owner, owner);
        found.append(*model.id);
    }
    assert_eq!(found.span(), expected);
}

fn hand_over(registry: Registry, model: u64, from: ContractAddress, to: ContractAddress) {
    set_contract_address(from);
    registry.ownership.transfer_ownership(model, to);
    set_contract_address(to);
    registry.ownership.accept_ownership(model);
}

// transfer_ownership

#[test]
fn an_offer_changes_no_owner() {
    let registry = registry_with_model();
    registry.ownership.transfer_ownership(1, OTHER);
    assert_eq!(registry.views.model(1).owner, OWNER);
    assert_eq!(registry.views.model(1).pending_owner, OTHER);
    let offered = OwnershipOffered { model: 1, owner: OWNER, new_owner: OTHER };
    assert_event(registry, Event::OwnershipEvent(OwnershipEvent::OwnershipOffered(offered)));
    assert_no_more_events(registry);
    // The owner still is one.
    registry.models.deprecate(1, 1);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn nobody_else_offers() {
    let registry = registry_with_model();
    set_contract_address(OTHER);
    registry.ownership.transfer_ownership(1, OTHER);
}

#[test]
#[should_panic(expected: ('registry: unknown model', 'ENTRYPOINT_FAILED'))]
fn an_unknown_model_is_not_offered() {
    registry_with_model().ownership.transfer_ownership(2, OTHER);
}

#[test]
#[should_panic(expected: ('registry: unknown model', 'ENTRYPOINT_FAILED'))]
fn the_zero_address_offers_no_unknown_model() {
    let registry = registry_with_model();
    set_contract_address(ZERO);
    registry.ownership.transfer_ownership(2, OTHER);
}

#[test]
#[should_panic(expected: ('registry: not the offered owner', 'ENTRYPOINT_FAILED'))]
fn an_offer_taken_back_is_not_accepted() {
    let registry = registry_with_model();
    registry.ownership.transfer_ownership(1, OTHER);
    registry.ownership.transfer_ownership(1, ZERO);
    assert_eq!(registry.views.model(1).pending_owner, ZERO);
    set_contract_address(OTHER);
    registry.ownership.accept_ownership(1);
}

#[test]
#[should_panic(expected: ('registry: not the offered owner', 'ENTRYPOINT_FAILED'))]
fn a_later_offer_replaces_an_earlier_one() {
    let registry = registry_with_model();
    registry.ownership.transfer_ownership(1, OTHER);
    registry.ownership.transfer_ownership(1, 'third'.try_into().unwrap());
    set_contract_address(OTHER);
    registry.ownership.accept_ownership(1);
}

// accept_ownership

#[test]
fn an_accepted_offer_changes_the_owner() {
    let registry = registry_with_model();
    registry.ownership.transfer_ownership(1, OTHER);
    drop_events(registry);
    set_contract_address(OTHER);
    registry.ownership.accept_ownership(1);
    assert_eq!(registry.views.model(1).owner, OTHER);
    assert_eq!(registry.views.model(1).pending_owner, ZERO);
    let transferred = OwnershipTransferred { model: 1, previous_owner: OWNER, new_owner: OTHER };
    assert_event(registry, Event::OwnershipEvent(OwnershipEvent::OwnershipTransferred(transferred)));
    assert_no_more_events(registry);
    registry.models.deprecate(1, 1);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn a_former_owner_has_no_say() {
    let registry = registry_with_model();
    hand_over(registry, 1, OWNER, OTHER);
    set_contract_address(OWNER);
    registry.models.revoke(1, 1);
}

#[test]
#[should_panic(expected: ('registry: not the offered owner', 'ENTRYPOINT_FAILED'))]
fn nobody_else_accepts() {
    let registry = registry_with_model();
    registry.ownership.transfer_ownership(1, OTHER);
    registry.ownership.accept_ownership(1);
}

#[test]
#[should_panic(expected: ('registry: not the offered owner', 'ENTRYPOINT_FAILED'))]
fn an_offer_is_accepted_once() {
    let registry = registry_with_model();
    hand_over(registry, 1, OWNER, OTHER);
    hand_over(registry, 1, OTHER, OWNER);
    set_contract_address(OTHER);
    registry.ownership.accept_ownership(1);
}

#[test]
#[should_panic(expected: ('registry: not the offered owner', 'ENTRYPOINT_FAILED'))]
fn the_zero_address_does_not_accept_what_is_not_on_offer() {
    let registry = registry_with_model();
    set_contract_address(ZERO);
    registry.ownership.accept_ownership(1);
}

#[test]
#[should_panic(expected: ('registry: unknown model', 'ENTRYPOINT_FAILED'))]
fn an_unknown_model_is_not_accepted() {
    registry_with_model().ownership.accept_ownership(2);
}

// The lists by owner.

#[test]
fn the_lists_by_owner_follow_the_owners() {
    let registry = new_registry();
    for name in ['a', 'b', 'c', 'd'].span() {
        register_class(registry, *name, mocks::honest::TEST_CLASS_HASH);
    }
    assert_owned(registry, OWNER, [1, 2, 3, 4].span());
    assert_owned(registry, OTHER, [].span());

    // From the front: the last moves there.
    hand_over(registry, 1, OWNER, OTHER);
    assert_owned(registry, OWNER, [4, 2, 3].span());
    assert_owned(registry, OTHER, [1].span());
    // The last.
    hand_over(registry, 3, OWNER, OTHER);
    assert_owned(registry, OWNER, [4, 2].span());
    // The one that moved.
    hand_over(registry, 4, OWNER, OTHER);
    assert_owned(registry, OWNER, [2].span());
    assert_owned(registry, OTHER, [1, 3, 4].span());
    // The only one, and back.
    hand_over(registry, 2, OWNER, OTHER);
    assert_owned(registry, OWNER, [].span());
    hand_over(registry, 3, OTHER, OWNER);
    assert_owned(registry, OWNER, [3].span());
    assert_owned(registry, OTHER, [1, 2, 4].span());
}

#[test]
fn a_model_handed_to_its_owner_stays_listed_once() {
    let registry = registry_with_model();
    register_class(registry, 'b', mocks::honest::TEST_CLASS_HASH);
    hand_over(registry, 1, OWNER, OWNER);
    assert_owned(registry, OWNER, [2, 1].span());
}
