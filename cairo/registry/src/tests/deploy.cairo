//! `deploy`.

use core::pedersen::pedersen;
use core::poseidon::poseidon_hash_span;
use maat_interfaces::registry::{IModelRegistryDispatcherTrait, IModelRegistryViewsDispatcherTrait};
use starknet::ContractAddress;
use starknet::testing::{set_block_timestamp, set_contract_address};
use crate::registry::model_registry::{Event, InstanceDeployed};
use crate::tests::{DAY, NOW, OTHER, OWNER, assert_event, assert_no_more_events, mocks, registry_with_model};

/// The address that the network's rule gives for an empty calldata.
fn expected_address(registry: ContractAddress, salt: felt252, class_hash: felt252) -> ContractAddress {
    let no_calldata = pedersen(0, 0);
    let mut hash = 0;
    for value in ['STARKNET_CONTRACT_ADDRESS', registry.into(), salt, class_hash, no_calldata].span() {
        hash = pedersen(hash, *value);
    }
    pedersen(hash, 5).try_into().unwrap()
}

#[test]
fn anyone_deploys_an_instance() {
    let registry = registry_with_model();
    set_contract_address(OTHER);
    let instance = registry.models.deploy(1, 1, 'salt');
    assert_eq!(registry.views.instance(instance), (1, 1));
    assert!(instance != registry.views.version(1, 1).instance);
    assert_event(registry, Event::InstanceDeployed(InstanceDeployed { model: 1, version: 1, caller: OTHER, instance }));
    assert_no_more_events(registry);
    assert_eq!(registry.models.predict(instance, [4, 5].span()), [9, 2].span());
}

#[test]
fn an_instances_address_can_be_foretold() {
    let registry = registry_with_model();
    let salt = poseidon_hash_span([OWNER.into(), 'salt'].span());
    let expected = expected_address(registry.address, salt, mocks::honest::TEST_CLASS_HASH.into());
    assert_eq!(registry.models.deploy(1, 1, 'salt'), expected);
}

#[test]
fn nobody_takes_anothers_address() {
    let registry = registry_with_model();
    let instance = registry.models.deploy(1, 1, 'salt');
    set_contract_address(OTHER);
    assert!(registry.models.deploy(1, 1, 'salt') != instance);
}

#[test]
#[should_panic(expected: ('CONTRACT_ALREADY_DEPLOYED', 'ENTRYPOINT_FAILED'))]
fn a_salt_serves_once() {
    let registry = registry_with_model();
    registry.models.deploy(1, 1, 'salt');
    registry.models.deploy(1, 1, 'salt');
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_model_is_not_deployed() {
    registry_with_model().models.deploy(2, 1, 0);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_is_not_deployed() {
    registry_with_model().models.deploy(1, 2, 0);
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn version_zero_is_not_deployed() {
    registry_with_model().models.deploy(1, 0, 0);
}

#[test]
fn a_version_is_deployed_until_its_deprecation_takes_effect() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY - 1);
    registry.models.deploy(1, 1, 'salt');
}

#[test]
#[should_panic(expected: ('registry: version is deprecated', 'ENTRYPOINT_FAILED'))]
fn a_deprecated_version_is_not_deployed() {
    let registry = registry_with_model();
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.deploy(1, 1, 'salt');
}

#[test]
#[should_panic(expected: ('registry: version is revoked', 'ENTRYPOINT_FAILED'))]
fn a_revoked_version_is_not_deployed() {
    let registry = registry_with_model();
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + DAY);
    registry.models.deploy(1, 1, 'salt');
}
