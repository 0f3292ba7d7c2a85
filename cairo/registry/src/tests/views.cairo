//! What front ends read, and the form in which events reach them.

use maat_interfaces::registry::{
    IModelOwnershipDispatcherTrait, IModelRegistryDispatcherTrait, IModelRegistryViewsDispatcherTrait,
};
use starknet::testing::{pop_log_raw, set_contract_address};
use crate::page::page;
use crate::tests::{
    DAY, MAX_U64, NAME, NOW, OTHER, OWNER, PROGRAM, Registry, ZERO, assert_no_more_events, mocks, new_registry, register_class,
    registry_with_model,
};

/// A registry of these models, of one version each.
fn registry_of(names: Span<felt252>) -> Registry {
    let registry = new_registry();
    for name in names {
        register_class(registry, *name, mocks::honest::TEST_CLASS_HASH);
    }
    registry
}

fn assert_page(count: u64, start: u64, limit: u64, from: u64, to: u64) {
    let positions = page(count, start, limit);
    assert_eq!(positions.start, from);
    assert_eq!(positions.end, to);
}

#[test]
fn an_empty_registry_has_nothing_to_show() {
    let registry = new_registry();
    assert_eq!(registry.views.model_count(), 0);
    assert!(registry.views.models(0, 100).is_empty());
    assert_eq!(registry.views.model_count_of(OWNER), 0);
    assert_eq!(registry.views.model_count_of(ZERO), 0);
    assert!(registry.views.models_of(ZERO, 0, 100).is_empty());
    assert_eq!(registry.views.model_by_name(NAME), 0);
    assert!(registry.views.versions(1, 0, 100).is_empty());
    assert_eq!(registry.views.version_by_class(1, mocks::honest::TEST_CLASS_HASH), 0);
    assert_eq!(registry.views.instance(OTHER), (0, 0));
}

// model, models, models_of

#[test]
#[should_panic(expected: ('registry: unknown model', 'ENTRYPOINT_FAILED'))]
fn an_unknown_model_is_not_shown() {
    registry_with_model().views.model(2);
}

#[test]
#[should_panic(expected: ('registry: unknown model', 'ENTRYPOINT_FAILED'))]
fn model_zero_is_not_shown() {
    registry_with_model().views.model(0);
}

#[test]
fn models_come_in_pages() {
    let registry = registry_of(['a', 'b', 'c'].span());
    assert_eq!(registry.views.model_count(), 3);
    let models = registry.views.models(0, 100);
    assert_eq!(models.len(), 3);
    assert_eq!(*models[0].id, 1);
    assert_eq!(*models[2].name, 'c');
    let models = registry.views.models(1, 1);
    assert_eq!(models.len(), 1);
    assert_eq!(*models[0], registry.views.model(2));
    assert_eq!(registry.views.models(2, MAX_U64).len(), 1);
    assert!(registry.views.models(3, 1).is_empty());
    assert!(registry.views.models(0, 0).is_empty());
    assert!(registry.views.models(MAX_U64, MAX_U64).is_empty());
}

#[test]
fn an_owners_models_come_in_pages() {
    let registry = registry_of(['a', 'b'].span());
    set_contract_address(OTHER);
    register_class(registry, 'c', mocks::honest::TEST_CLASS_HASH);
    assert_eq!(registry.views.model_count_of(OWNER), 2);
    assert_eq!(registry.views.models_of(OWNER, 0, 100).len(), 2);
    assert_eq!(*registry.views.models_of(OWNER, 1, 5)[0], registry.views.model(2));
    assert_eq!(*registry.views.models_of(OTHER, 0, 1)[0], registry.views.model(3));
    assert!(registry.views.models_of(OWNER, 2, 1).is_empty());
    assert!(registry.views.models_of(OWNER, MAX_U64, MAX_U64).is_empty());
}

#[test]
fn a_page_has_at_most_100_entries() {
    assert_page(250, 0, 100, 0, 100);
    assert_page(250, 0, 101, 0, 100);
    assert_page(250, 100, MAX_U64, 100, 200);
    assert_page(250, 200, MAX_U64, 200, 250);
    assert_page(250, 249, 1, 249, 250);
    assert_page(250, 250, 1, 250, 250);
    assert_page(250, MAX_U64, MAX_U64, 250, 250);
    assert_page(MAX_U64, MAX_U64, MAX_U64, MAX_U64, MAX_U64);
    assert_page(MAX_U64, MAX_U64 - 1, MAX_U64, MAX_U64 - 1, MAX_U64);
    assert_page(0, 0, 0, 0, 0);
}

#[test]
fn a_model_is_found_by_its_name() {
    let registry = registry_of(['a', 'b'].span());
    assert_eq!(registry.views.model_by_name('a'), 1);
    assert_eq!(registry.views.model_by_name('b'), 2);
    assert_eq!(registry.views.model_by_name('A'), 0);
    assert_eq!(registry.views.model_by_name(0), 0);
}

// version, versions, version_by_class, lifecycle

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_is_not_shown() {
    registry_with_model().views.version(1, 2);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn version_zero_is_not_shown() {
    registry_with_model().views.version(1, 0);
}

#[test]
fn versions_come_in_pages() {
    let registry = registry_with_model();
    register_class(registry, NAME, mocks::second::TEST_CLASS_HASH);
    let versions = registry.views.versions(1, 0, 100);
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0], @registry.views.version(1, 1));
    assert_eq!(versions[1], @registry.views.version(1, 2));
    assert_eq!(registry.views.versions(1, 1, 1)[0], @registry.views.version(1, 2));
    assert!(registry.views.versions(1, 2, 1).is_empty());
    assert!(registry.views.versions(1, MAX_U64, MAX_U64).is_empty());
    assert!(registry.views.versions(2, 0, 100).is_empty());
}

#[test]
fn a_version_is_found_by_its_class() {
    let registry = registry_with_model();
    register_class(registry, NAME, mocks::second::TEST_CLASS_HASH);
    assert_eq!(registry.views.version_by_class(1, mocks::honest::TEST_CLASS_HASH), 1);
    assert_eq!(registry.views.version_by_class(1, mocks::second::TEST_CLASS_HASH), 2);
    assert_eq!(registry.views.version_by_class(1, mocks::largest::TEST_CLASS_HASH), 0);
    assert_eq!(registry.views.version_by_class(2, mocks::honest::TEST_CLASS_HASH), 0);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_has_no_lifecycle() {
    registry_with_model().views.lifecycle(1, 2);
}

// Events, as they stand in a receipt.

#[test]
fn events_are_searched_by_their_keys() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::honest::TEST_CLASS_HASH);
    let sealed: felt252 = registry.views.version(1, 1).instance.into();
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("ModelRegistered"), 1, NAME, OWNER.into()].span());
    assert!(data.is_empty());
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("VersionRegistered"), 1, 1, mocks::honest::TEST_CLASS_HASH.into()].span());
    assert_eq!(data, ['commitment', PROGRAM, sealed, DAY.into()].span());

    let instance = registry.models.deploy(1, 1, 0);
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("InstanceDeployed"), 1, 1, OWNER.into()].span());
    assert_eq!(data, [instance.into()].span());

    registry.models.execute(1, 1, [].span());
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("Executed"), 1, 1, OWNER.into()].span());
    assert_eq!(data.len(), 3);

    // The components' events look as if they were the contract's own.
    registry.models.deprecate(1, 1);
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("DeprecationAnnounced"), 1, 1].span());
    assert_eq!(data, [(NOW + DAY).into()].span());
    registry.models.revoke(1, 1);
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("RevocationAnnounced"), 1, 1].span());
    assert_eq!(data, [(NOW + DAY).into()].span());
    registry.models.cancel(1, 1);
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("AnnouncementCancelled"), 1, 1].span());
    assert!(data.is_empty());

    registry.ownership.transfer_ownership(1, OTHER);
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("OwnershipOffered"), 1, OWNER.into(), OTHER.into()].span());
    assert!(data.is_empty());
    set_contract_address(OTHER);
    registry.ownership.accept_ownership(1);
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("OwnershipTransferred"), 1, OWNER.into(), OTHER.into()].span());
    assert!(data.is_empty());

    assert_no_more_events(registry);
}
