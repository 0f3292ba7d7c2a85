//! `execute`, `execute_batch` and `predict`.

use core::poseidon::poseidon_hash_span;
use maat_interfaces::registry::{IModelRegistryDispatcherTrait, IModelRegistryViewsDispatcherTrait};
use starknet::testing::{set_block_timestamp, set_contract_address};
use crate::registry::model_registry::{Event, Executed};
use crate::tests::{
    DAY, NAME, NOW, OTHER, OWNER, assert_event, assert_no_more_events, drop_events, mocks, new_registry, register_class,
    registry_with_model,
};

// execute

#[test]
fn anyone_executes_a_version() {
    let registry = registry_with_model();
    set_contract_address(OTHER);
    assert_eq!(registry.models.execute(1, 1, [1, -20, 300].span()), [281, 3].span());

    let executed = Executed {
        model: 1,
        version: 1,
        caller: OTHER,
        instance: registry.views.version(1, 1).instance,
        input_hash: poseidon_hash_span([3, 1, -20, 300].span()),
        output_hash: poseidon_hash_span([2, 281, 3].span()),
    };
    assert_event(registry, Event::Executed(executed));
    assert_no_more_events(registry);
}

#[test]
fn each_version_executes_its_class() {
    let registry = registry_with_model();
    register_class(registry, NAME, mocks::second::TEST_CLASS_HASH);
    assert_eq!(registry.models.execute(1, 1, [5].span()), [5, 1].span());
    assert_eq!(registry.models.execute(1, 2, [5].span()), [-1].span());
}

#[test]
fn the_ends_of_the_integers_pass_through() {
    let registry = registry_with_model();
    assert_eq!(registry.models.execute(1, 1, [-0x80000000].span()), [-0x80000000, 1].span());
    assert_eq!(registry.models.execute(1, 1, [0x7fffffff].span()), [0x7fffffff, 1].span());
    assert_eq!(registry.models.execute(1, 1, [].span()), [0, 0].span());
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_model_is_not_executed() {
    registry_with_model().models.execute(2, 1, [1].span());
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_is_not_executed() {
    registry_with_model().models.execute(1, 2, [1].span());
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn version_zero_is_not_executed() {
    registry_with_model().models.execute(1, 0, [1].span());
}

#[test]
fn a_deprecated_version_is_executed() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY);
    assert_eq!(registry.models.execute(1, 1, [7].span()), [7, 1].span());
}

#[test]
fn a_version_is_executed_until_its_revocation_takes_effect() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY - 1);
    assert_eq!(registry.models.execute(1, 1, [7].span()), [7, 1].span());
}

#[test]
#[should_panic(expected: ('registry: version is revoked', 'ENTRYPOINT_FAILED'))]
fn a_revoked_version_is_not_executed() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.execute(1, 1, [7].span());
}

#[test]
fn revocation_is_of_one_version() {
    let registry = registry_with_model();
    register_class(registry, NAME, mocks::second::TEST_CLASS_HASH);
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY);
    assert_eq!(registry.models.execute(1, 2, [5].span()), [-1].span());
}

// execute_batch

#[test]
fn a_batch_is_executed_in_order() {
    let registry = registry_with_model();
    let inputs = [[1, 2].span(), [].span(), [-3].span()].span();
    assert_eq!(registry.models.execute_batch(1, 1, inputs), [[3, 2].span(), [0, 0].span(), [-3, 1].span()].span());

    let executed = Executed {
        model: 1,
        version: 1,
        caller: OWNER,
        instance: registry.views.version(1, 1).instance,
        input_hash: poseidon_hash_span([3, 2, 1, 2, 0, 1, -3].span()),
        output_hash: poseidon_hash_span([3, 2, 3, 2, 2, 0, 0, 2, -3, 1].span()),
    };
    assert_event(registry, Event::Executed(executed));
    assert_no_more_events(registry);
}

#[test]
fn an_empty_batch_gives_an_empty_batch() {
    assert!(registry_with_model().models.execute_batch(1, 1, [].span()).is_empty());
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_executes_no_batch() {
    registry_with_model().models.execute_batch(1, 2, [].span());
}

#[test]
#[should_panic(expected: ('registry: version is revoked', 'ENTRYPOINT_FAILED'))]
fn a_revoked_version_executes_no_batch() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.execute_batch(1, 1, [].span());
}

// predict

#[test]
fn a_deployed_instance_predicts() {
    let registry = registry_with_model();
    let instance = registry.models.deploy(1, 1, 'salt');
    drop_events(registry);
    set_contract_address(OTHER);
    assert_eq!(registry.models.predict(instance, [2, 2].span()), [4, 2].span());

    let executed = Executed {
        model: 1,
        version: 1,
        caller: OTHER,
        instance,
        input_hash: poseidon_hash_span([2, 2, 2].span()),
        output_hash: poseidon_hash_span([2, 4, 2].span()),
    };
    assert_event(registry, Event::Executed(executed));
    assert_no_more_events(registry);
}

#[test]
fn a_sealed_instance_predicts() {
    let registry = registry_with_model();
    assert_eq!(registry.models.predict(registry.views.version(1, 1).instance, [2].span()), [2, 1].span());
}

#[test]
fn an_instance_of_a_deprecated_version_predicts() {
    let registry = registry_with_model();
    let instance = registry.models.deploy(1, 1, 'salt');
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY);
    assert_eq!(registry.models.predict(instance, [2].span()), [2, 1].span());
}

#[test]
#[should_panic(expected: ('registry: version is revoked', 'ENTRYPOINT_FAILED'))]
fn an_instance_of_a_revoked_version_predicts_nothing() {
    let registry = registry_with_model();
    let instance = registry.models.deploy(1, 1, 'salt');
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.predict(instance, [2].span());
}

#[test]
#[should_panic(expected: ('registry: unknown instance', 'ENTRYPOINT_FAILED'))]
fn an_instance_that_the_registry_did_not_deploy_predicts_nothing() {
    let registry = registry_with_model();
    // Of the very class.
    let class_hash = mocks::honest::TEST_CLASS_HASH;
    let (instance, _) = starknet::syscalls::deploy_syscall(class_hash, 0, [].span(), false).unwrap();
    registry.models.predict(instance, [2].span());
}

#[test]
#[should_panic(expected: ('registry: unknown instance', 'ENTRYPOINT_FAILED'))]
fn an_instance_of_another_registry_predicts_nothing() {
    let elsewhere = registry_with_model();
    set_contract_address(OTHER);
    let registry = new_registry();
    assert!(registry.address != elsewhere.address);
    registry.models.predict(elsewhere.views.version(1, 1).instance, [2].span());
}
