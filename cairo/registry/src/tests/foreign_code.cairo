//! Classes that do their worst while the registry calls them.
//!
//! The test runner keeps the state and the events of a call that succeeds and forgets those of one that fails, as the network does, so
//! these tests can go on after a failure. What it cannot show: that an out-of-gas failure of a class takes the whole transaction with it.

use core::poseidon::poseidon_hash_span;
use maat_interfaces::registry::{
    IModelRegistryDispatcherTrait, IModelRegistrySafeDispatcher, IModelRegistrySafeDispatcherTrait, IModelRegistryViewsDispatcherTrait,
};
use starknet::ContractAddress;
use starknet::syscalls::storage_read_syscall;
use starknet::testing::set_contract_address;
use crate::registry::model_registry::{Event, Executed, InstanceDeployed};
use crate::tests::{
    NAME, OTHER, OWNER, Registry, assert_event, assert_no_more_events, drop_events, mocks, new_registry, register_class,
    registry_with_model,
};

fn safe(registry: Registry) -> IModelRegistrySafeDispatcher {
    IModelRegistrySafeDispatcher { contract_address: registry.address }
}

/// What stands in a contract's storage where the registry keeps the owner of model 1.
fn owner_cell_of(contract: ContractAddress) -> felt252 {
    set_contract_address(contract);
    let value = storage_read_syscall(0, mocks::owner_cell()).unwrap();
    set_contract_address(OWNER);
    value
}

/// The hash of a list of small numbers as it stands in calldata.
fn hash(values: Span<i32>) -> felt252 {
    let mut serialised = array![];
    values.serialize(ref serialised);
    poseidon_hash_span(serialised.span())
}

// While it is registered.

#[test]
fn a_constructor_that_registers_gets_a_model_of_its_own() {
    let registry = new_registry();
    assert_eq!(register_class(registry, NAME, mocks::registering_constructor::TEST_CLASS_HASH), (2, 1));

    let (inner, outer) = (registry.views.version(1, 1), registry.views.version(2, 1));
    assert_eq!(registry.views.model_count(), 2);
    assert_eq!(registry.views.model(1).name, 'inner');
    assert_eq!(registry.views.model(1).owner, outer.instance);
    assert_eq!(inner.class_hash, mocks::second::TEST_CLASS_HASH);
    assert_eq!(inner.program_hash, 'inner program');
    assert_eq!(registry.views.model(2).name, NAME);
    assert_eq!(registry.views.model(2).owner, OWNER);
    assert_eq!(outer.class_hash, mocks::registering_constructor::TEST_CLASS_HASH);
    assert_eq!(outer.model_commitment, 'commitment');
    assert_eq!(registry.views.instance(inner.instance), (1, 1));
    assert_eq!(registry.views.instance(outer.instance), (2, 1));
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn a_class_that_takes_the_name_first_is_not_registered_under_it() {
    register_class(new_registry(), 'contested', mocks::name_thief::TEST_CLASS_HASH);
}

#[test]
#[feature("safe_dispatcher")]
fn of_a_refused_registration_nothing_stays() {
    let registry = new_registry();
    assert!(safe(registry).register('contested', mocks::name_thief::TEST_CLASS_HASH, 0, 0, "").is_err());
    assert_eq!(registry.views.model_count(), 0);
    assert_eq!(registry.views.model_by_name('contested'), 0);
    assert_no_more_events(registry);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_class_does_not_act_for_the_owner_who_registers_it() {
    register_class(registry_with_model(), NAME, mocks::revoking::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('registry: class was replaced', 'ENTRYPOINT_FAILED'))]
fn a_class_that_replaces_itself_at_once_is_not_registered() {
    register_class(new_registry(), NAME, mocks::replacing_constructor::TEST_CLASS_HASH);
}

// While it is deployed.

#[test]
fn a_constructor_that_executes_changes_nothing() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::executing_constructor::TEST_CLASS_HASH);
    drop_events(registry);
    let instance = registry.models.deploy(1, 1, 'salt');
    assert_eq!(registry.views.instance(instance), (1, 1));
    let executed = Executed {
        model: 1,
        version: 1,
        caller: instance,
        instance: registry.views.version(1, 1).instance,
        input_hash: hash([1, 2].span()),
        output_hash: hash([3, 2].span()),
    };
    assert_event(registry, Event::Executed(executed));
    assert_event(registry, Event::InstanceDeployed(InstanceDeployed { model: 1, version: 1, caller: OWNER, instance }));
    assert_no_more_events(registry);
}

#[test]
#[should_panic(expected: ('registry: class was replaced', 'ENTRYPOINT_FAILED'))]
fn a_class_that_replaces_itself_at_once_is_not_deployed() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::replacing_later::TEST_CLASS_HASH);
    registry.models.deploy(1, 1, 'salt');
}

// While it is executed.

#[test]
fn a_class_that_executes_itself_is_executed_that_often() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::executing::TEST_CLASS_HASH);
    drop_events(registry);
    let sealed = registry.views.version(1, 1).instance;
    assert_eq!(registry.models.execute(1, 1, [7, 8].span()), [7, 8].span());

    let executed = |caller, input| {
        Event::Executed(
            Executed { model: 1, version: 1, caller, instance: sealed, input_hash: hash(input), output_hash: hash(input) },
        )
    };
    assert_event(registry, executed(sealed, [].span()));
    assert_event(registry, executed(sealed, [8].span()));
    assert_event(registry, executed(OWNER, [7, 8].span()));
    assert_no_more_events(registry);
}

#[test]
#[should_panic(expected: ('registry: class was replaced', 'ENTRYPOINT_FAILED'))]
fn a_class_that_replaced_itself_is_not_executed() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::replacing::TEST_CLASS_HASH);
    // This still is the registered class.
    assert_eq!(registry.models.execute(1, 1, [5].span()), [5].span());
    registry.models.execute(1, 1, [5].span());
}

#[test]
#[should_panic(expected: ('registry: class was replaced', 'ENTRYPOINT_FAILED'))]
fn a_class_that_replaced_itself_executes_no_batch() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::replacing::TEST_CLASS_HASH);
    registry.models.execute(1, 1, [5].span());
    registry.models.execute_batch(1, 1, [[5].span()].span());
}

#[test]
#[should_panic(expected: ('registry: class was replaced', 'ENTRYPOINT_FAILED'))]
fn an_instance_that_replaced_its_class_predicts_nothing() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::replacing::TEST_CLASS_HASH);
    let instance = registry.models.deploy(1, 1, 'salt');
    registry.models.predict(instance, [5].span());
    registry.models.predict(instance, [5].span());
}

#[test]
fn an_instance_that_replaced_its_class_is_the_only_one() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::replacing::TEST_CLASS_HASH);
    let before = registry.views.version(1, 1);
    registry.models.predict(registry.models.deploy(1, 1, 'salt'), [5].span());
    assert_eq!(registry.models.execute(1, 1, [5].span()), [5].span());
    assert_eq!(registry.views.version(1, 1), before);
}

#[test]
fn a_class_writes_to_its_own_storage_only() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::writing::TEST_CLASS_HASH);
    let sealed = registry.views.version(1, 1).instance;
    // The mock knows the right place.
    assert_eq!(owner_cell_of(registry.address), OWNER.into());
    assert_eq!(owner_cell_of(sealed), 0);

    registry.models.execute(1, 1, [5].span());
    assert_eq!(owner_cell_of(registry.address), OWNER.into());
    assert_eq!(owner_cell_of(sealed), sealed.into());
    assert_eq!(registry.views.model(1).owner, OWNER);
}

#[test]
#[should_panic(expected: ('mock: out of order', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_class_that_panics_gives_the_caller_its_reason() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::panicking::TEST_CLASS_HASH);
    registry.models.execute(1, 1, [5].span());
}

#[test]
#[feature("safe_dispatcher")]
fn a_failed_execution_emits_nothing() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::panicking::TEST_CLASS_HASH);
    drop_events(registry);
    set_contract_address(OTHER);
    assert!(safe(registry).execute(1, 1, [5].span()).is_err());
    assert_no_more_events(registry);
}

#[test]
#[should_panic(expected: ('registry: malformed output', 'ENTRYPOINT_FAILED'))]
fn an_output_beyond_the_integers_is_refused() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::malformed::TEST_CLASS_HASH);
    registry.models.execute(1, 1, [5].span());
}

#[test]
#[should_panic(expected: ('registry: malformed output', 'ENTRYPOINT_FAILED'))]
fn an_output_with_more_behind_it_is_refused() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::malformed::TEST_CLASS_HASH);
    registry.models.execute_batch(1, 1, [].span());
}
