//! `register`, and that what it recorded stays.

use maat_interfaces::model::Port;
use maat_interfaces::registry::{
    IModelOwnershipDispatcherTrait, IModelRegistryDispatcherTrait, IModelRegistryViewsDispatcherTrait, ModelVersion, RegisteredModel,
};
use starknet::ClassHash;
use starknet::testing::{set_block_timestamp, set_contract_address};
use crate::registry::model_registry::{Event, ModelRegistered, VersionRegistered};
use crate::tests::{
    DAY, NAME, NOW, OTHER, OWNER, PROGRAM, ZERO, assert_event, assert_no_more_events, mocks, new_registry, register_class,
    registry_with_model,
};

const HONEST: ClassHash = mocks::honest::TEST_CLASS_HASH;
const SECOND: ClassHash = mocks::second::TEST_CLASS_HASH;
const MAX_TIMELOCK: u64 = 30 * DAY;

fn text(length: u32) -> ByteArray {
    let mut text = "";
    for _ in 0..length {
        text.append_byte('x');
    }
    text
}

#[test]
fn the_first_version_makes_a_model() {
    let registry = new_registry();
    assert_eq!(registry.models.register(NAME, HONEST, PROGRAM, 3 * DAY, "{\"kind\": \"strategy\"}"), (1, 1));

    let model = RegisteredModel { id: 1, name: NAME, owner: OWNER, pending_owner: ZERO, versions: 1 };
    assert_eq!(registry.views.model(1), model);
    let version = registry.views.version(1, 1);
    let expected = ModelVersion {
        name: NAME,
        version: 1,
        class_hash: HONEST,
        model_commitment: 'commitment',
        program_hash: PROGRAM,
        inputs: [Port { shape: [1, 3].span(), scales: [8].span(), lo: -0x8000, hi: 0x7fff }].span(),
        outputs: [
            Port { shape: [1].span(), scales: [-2].span(), lo: -0x80000000, hi: 0x7fffffff },
            Port { shape: [].span(), scales: [0].span(), lo: 3, hi: 3 },
        ]
            .span(),
        metadata: "{\"kind\": \"strategy\"}",
        instance: version.instance,
        timelock: 3 * DAY,
        registered_at: NOW,
    };
    assert_eq!(version, expected);
    assert!(version.instance != ZERO);
    assert_eq!(registry.views.instance(version.instance), (1, 1));
    assert_eq!(registry.views.version_by_class(1, HONEST), 1);

    assert_event(registry, Event::ModelRegistered(ModelRegistered { model: 1, name: NAME, owner: OWNER }));
    let registered = VersionRegistered {
        model: 1,
        version: 1,
        class_hash: HONEST,
        model_commitment: 'commitment',
        program_hash: PROGRAM,
        instance: version.instance,
        timelock: 3 * DAY,
    };
    assert_event(registry, Event::VersionRegistered(registered));
    assert_no_more_events(registry);
}

#[test]
fn the_owner_adds_versions() {
    let registry = registry_with_model();
    assert_eq!(registry.models.register(NAME, SECOND, 'other program', 0, "more"), (1, 2));

    assert_eq!(registry.views.model(1).versions, 2);
    assert_eq!(registry.views.model_count(), 1);
    let version = registry.views.version(1, 2);
    assert_eq!(version.class_hash, SECOND);
    assert_eq!(version.model_commitment, 'second');
    assert_eq!(version.version, 2);
    assert!(version.instance != registry.views.version(1, 1).instance);
    let registered = VersionRegistered {
        model: 1,
        version: 2,
        class_hash: SECOND,
        model_commitment: 'second',
        program_hash: 'other program',
        instance: version.instance,
        timelock: 0,
    };
    assert_event(registry, Event::VersionRegistered(registered));
    assert_no_more_events(registry);
}

#[test]
fn a_version_never_changes() {
    let registry = registry_with_model();
    let before = registry.views.version(1, 1);

    set_block_timestamp(NOW + DAY);
    register_class(registry, NAME, SECOND);
    registry.models.deploy(1, 1, 'salt');
    registry.models.execute(1, 1, [1].span());
    registry.models.deprecate(1, 1);
    registry.models.revoke(1, 1);
    registry.ownership.transfer_ownership(1, OTHER);
    set_contract_address(OTHER);
    registry.ownership.accept_ownership(1);
    register_class(registry, NAME, mocks::largest::TEST_CLASS_HASH);

    assert_eq!(registry.views.version(1, 1), before);
    assert_eq!(registry.views.version_by_class(1, HONEST), 1);
}

#[test]
fn another_name_is_another_model() {
    let registry = registry_with_model();
    set_contract_address(OTHER);
    assert_eq!(register_class(registry, 'bullwinkle', HONEST), (2, 1));
    assert_eq!(registry.views.model(2).owner, OTHER);
    assert!(registry.views.version(2, 1).instance != registry.views.version(1, 1).instance);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn nobody_else_adds_versions() {
    let registry = registry_with_model();
    set_contract_address(OTHER);
    register_class(registry, NAME, SECOND);
}

#[test]
#[should_panic(expected: ('registry: not the owner', 'ENTRYPOINT_FAILED'))]
fn a_former_owner_adds_no_versions() {
    let registry = registry_with_model();
    registry.ownership.transfer_ownership(1, OTHER);
    set_contract_address(OTHER);
    registry.ownership.accept_ownership(1);
    set_contract_address(OWNER);
    register_class(registry, NAME, SECOND);
}

#[test]
#[should_panic(expected: ('registry: caller is zero', 'ENTRYPOINT_FAILED'))]
fn the_zero_address_owns_nothing() {
    let registry = new_registry();
    set_contract_address(ZERO);
    register_class(registry, NAME, HONEST);
}

// The name.

#[test]
fn any_printable_name_of_31_characters_is_taken() {
    let registry = new_registry();
    register_class(registry, 'abcdefghijklmnopqrstuvwxyzABCDE', HONEST);
    register_class(registry, '!', HONEST);
    register_class(registry, '~', HONEST);
    register_class(registry, 'a-b_c.d/e@1', HONEST);
    assert_eq!(registry.views.model_count(), 4);
}

#[test]
#[should_panic(expected: ('registry: name is empty', 'ENTRYPOINT_FAILED'))]
fn an_empty_name_is_refused() {
    register_class(new_registry(), 0, HONEST);
}

#[test]
#[should_panic(expected: ('registry: name is too long', 'ENTRYPOINT_FAILED'))]
fn a_name_of_32_bytes_is_refused() {
    register_class(new_registry(), 0x100000000000000000000000000000000000000000000000000000000000000, HONEST);
}

#[test]
#[should_panic(expected: ('registry: name is too long', 'ENTRYPOINT_FAILED'))]
fn the_largest_felt_is_no_name() {
    register_class(new_registry(), -1, HONEST);
}

#[test]
#[should_panic(expected: ('registry: name not printable', 'ENTRYPOINT_FAILED'))]
fn a_name_with_a_space_is_refused() {
    register_class(new_registry(), 'rocky bot', HONEST);
}

#[test]
#[should_panic(expected: ('registry: name not printable', 'ENTRYPOINT_FAILED'))]
fn a_name_with_a_control_character_is_refused() {
    register_class(new_registry(), 0x7f61, HONEST);
}

#[test]
#[should_panic(expected: ('registry: name not printable', 'ENTRYPOINT_FAILED'))]
fn a_name_that_ends_in_a_zero_byte_is_refused() {
    register_class(new_registry(), 0x6100, HONEST);
}

#[test]
#[should_panic(expected: ('registry: name not printable', 'ENTRYPOINT_FAILED'))]
fn a_name_beyond_ascii_is_refused() {
    register_class(new_registry(), 0xc3a4, HONEST);
}

// The class.

#[test]
#[should_panic(expected: ('registry: class is zero', 'ENTRYPOINT_FAILED'))]
fn the_zero_class_is_refused() {
    register_class(new_registry(), NAME, 0.try_into().unwrap());
}

#[test]
#[should_panic(expected: ('CLASS_HASH_NOT_FOUND', 'ENTRYPOINT_FAILED'))]
fn an_undeclared_class_is_refused() {
    register_class(new_registry(), NAME, 'undeclared'.try_into().unwrap());
}

#[test]
#[should_panic(expected: ('registry: class is registered', 'ENTRYPOINT_FAILED'))]
fn a_class_is_one_version_of_a_model() {
    let registry = registry_with_model();
    register_class(registry, NAME, SECOND);
    register_class(registry, NAME, HONEST);
}

#[test]
#[should_panic(expected: ('ENTRYPOINT_NOT_FOUND', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_class_that_is_no_model_is_refused() {
    register_class(new_registry(), NAME, mocks::no_model::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('Failed to deserialize param #1', 'CONSTRUCTOR_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_class_whose_constructor_takes_arguments_is_refused() {
    register_class(new_registry(), NAME, mocks::demanding::TEST_CLASS_HASH);
}

#[test]
fn as_many_ports_axes_and_scales_as_allowed_are_recorded() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::largest::TEST_CLASS_HASH);
    let version = registry.views.version(1, 1);
    assert_eq!(version.inputs.len(), 32);
    assert_eq!(version.inputs, version.outputs);
    for position in 0..32_u32 {
        let (shape, scales) = ([1, 2, 3, 4, 5, 6, 7, 8].span(), mocks::scales_from(position, 8));
        let lo = position.try_into().unwrap();
        let port = Port { shape, scales, lo, hi: lo + 1 };
        assert_eq!(*version.inputs[position], port);
    }
}

#[test]
#[should_panic(expected: ('registry: too many inputs', 'ENTRYPOINT_FAILED'))]
fn too_many_inputs_are_refused() {
    register_class(new_registry(), NAME, mocks::too_many_inputs::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('registry: too many outputs', 'ENTRYPOINT_FAILED'))]
fn too_many_outputs_are_refused() {
    register_class(new_registry(), NAME, mocks::too_many_outputs::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('registry: too many axes', 'ENTRYPOINT_FAILED'))]
fn an_input_of_too_many_axes_is_refused() {
    register_class(new_registry(), NAME, mocks::too_many_input_axes::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('registry: too many axes', 'ENTRYPOINT_FAILED'))]
fn an_output_of_too_many_axes_is_refused() {
    register_class(new_registry(), NAME, mocks::too_many_output_axes::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('registry: too many scales', 'ENTRYPOINT_FAILED'))]
fn too_many_scales_of_inputs_and_outputs_together_are_refused() {
    register_class(new_registry(), NAME, mocks::too_many_scales::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('registry: empty range, lo > hi', 'ENTRYPOINT_FAILED'))]
fn an_input_with_an_empty_range_is_refused() {
    register_class(new_registry(), NAME, mocks::empty_input_range::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('registry: empty range, lo > hi', 'ENTRYPOINT_FAILED'))]
fn an_output_with_an_empty_range_is_refused() {
    register_class(new_registry(), NAME, mocks::empty_output_range::TEST_CLASS_HASH);
}

#[test]
#[should_panic(expected: ('Returned data too short', 'ENTRYPOINT_FAILED'))]
fn a_class_that_says_nothing_of_ranges_is_refused() {
    register_class(new_registry(), NAME, mocks::without_ranges::TEST_CLASS_HASH);
}

// The timelock and the metadata.

#[test]
fn the_timelock_is_at_most_30_days() {
    let registry = new_registry();
    registry.models.register(NAME, HONEST, PROGRAM, MAX_TIMELOCK, "");
    registry.models.register(NAME, SECOND, PROGRAM, 0, "");
    assert_eq!(registry.views.version(1, 1).timelock, MAX_TIMELOCK);
    assert_eq!(registry.views.version(1, 2).timelock, 0);
}

#[test]
#[should_panic(expected: ('registry: timelock is too long', 'ENTRYPOINT_FAILED'))]
fn a_longer_timelock_is_refused() {
    new_registry().models.register(NAME, HONEST, PROGRAM, MAX_TIMELOCK + 1, "");
}

#[test]
fn metadata_of_1024_bytes_is_recorded() {
    let registry = new_registry();
    registry.models.register(NAME, HONEST, PROGRAM, DAY, text(1024));
    assert_eq!(registry.views.version(1, 1).metadata, text(1024));
}

#[test]
#[should_panic(expected: ('registry: metadata is too long', 'ENTRYPOINT_FAILED'))]
fn longer_metadata_is_refused() {
    new_registry().models.register(NAME, HONEST, PROGRAM, DAY, text(1025));
}
