//! Set-up that the tests share. A call's caller is whoever the test acts as.

mod deploy;
mod entries;
mod execute;
mod facts;
mod foreign_code;
mod lifecycle;
pub mod mocks;
mod ownership;
mod register;
mod views;

use maat_interfaces::registry::{
    IFactRegistryDispatcher, IModelOwnershipDispatcher, IModelRegistryDispatcher, IModelRegistryDispatcherTrait,
    IModelRegistryViewsDispatcher,
};
use starknet::testing::{pop_log, set_block_timestamp, set_contract_address};
use starknet::{ClassHash, ContractAddress, SyscallResultTrait};
use crate::registry::model_registry;

pub const OWNER: ContractAddress = 'owner'.try_into().unwrap();
pub const OTHER: ContractAddress = 'other'.try_into().unwrap();
/// The class that verifies proofs, and none.
pub const VERIFIER: ClassHash = maat_mocks::verifier::mock_verifier::TEST_CLASS_HASH;
pub const NO_CLASS: ClassHash = 0.try_into().unwrap();
pub const ZERO: ContractAddress = 0.try_into().unwrap();

pub const NAME: felt252 = 'rocky';
pub const PROGRAM: felt252 = 'program';
pub const NOW: u64 = 1_700_000_000;
pub const DAY: u64 = 24 * 60 * 60;
pub const MAX_U64: u64 = 0xffffffffffffffff;

/// One registry through all its interfaces.
#[derive(Copy, Drop)]
pub struct Registry {
    pub address: ContractAddress,
    pub models: IModelRegistryDispatcher,
    pub views: IModelRegistryViewsDispatcher,
    pub ownership: IModelOwnershipDispatcher,
    pub facts: IFactRegistryDispatcher,
}

/// A new registry with this verifier. From now on the test acts as `OWNER`, at `NOW`.
pub fn registry_with_verifier(verifier: ClassHash) -> Registry {
    let calldata = [verifier.into()].span();
    let (address, _) = starknet::syscalls::deploy_syscall(model_registry::TEST_CLASS_HASH, 0, calldata, false).unwrap_syscall();
    set_contract_address(OWNER);
    set_block_timestamp(NOW);
    Registry {
        address,
        models: IModelRegistryDispatcher { contract_address: address },
        views: IModelRegistryViewsDispatcher { contract_address: address },
        ownership: IModelOwnershipDispatcher { contract_address: address },
        facts: IFactRegistryDispatcher { contract_address: address },
    }
}

/// A new registry. From now on the test acts as `OWNER`, at `NOW`.
pub fn new_registry() -> Registry {
    registry_with_verifier(VERIFIER)
}

/// A new registry in which the honest class is version 1 of model 1, with a timelock of a day.
pub fn registry_with_model() -> Registry {
    let registry = new_registry();
    register_class(registry, NAME, mocks::honest::TEST_CLASS_HASH);
    drop_events(registry);
    registry
}

/// Registers a class with a timelock of a day and no metadata.
pub fn register_class(registry: Registry, name: felt252, class_hash: ClassHash) -> (u64, u32) {
    registry.models.register(name, class_hash, PROGRAM, DAY, "")
}

pub fn drop_events(registry: Registry) {
    while starknet::testing::pop_log_raw(registry.address).is_some() {}
}

pub fn assert_event(registry: Registry, expected: model_registry::Event) {
    assert_eq!(pop_log(registry.address), Some(expected));
}

pub fn assert_no_more_events(registry: Registry) {
    assert!(starknet::testing::pop_log_raw(registry.address).is_none());
}
