//! The contract. There is no upgrade and no administrator: what is registered stays, and only a model's owner adds to it.
//!
//! # Foreign code
//!
//! A registered class is foreign code. A library call would run it in the registry's own storage, where it could rewrite owners and
//! versions, replace the registry's class, or act under the registry's address. So the registry never makes library calls to it. Each
//! version is *sealed* instead: its registration deploys one instance of its class, and its execution calls that instance, as any contract
//! calls another, after a check that the instance's class still is the registered one. A malicious class can hurt only itself.
//!
//! Warning: the seal fixes a version's code, not what that code does. A class may keep state or call others, and so answer differently
//! tomorrow. Classes that Maat generates do neither; whoever relies on a version rebuilds its class from the model's package and compares the
//! class hash.
//!
//! # The verifier
//!
//! One library call is made, to verify a proof. Its class is no foreign code: it is fixed when the registry is made, before any model is
//! there, and nothing changes it, so that it is a part of the registry as much as its own class is. It makes no system calls, by which alone
//! it could touch the registry's storage; the tests look at the compiled class. Whoever relies on a registry compares both class hashes. It
//! is called as a library because a proof has thousands of felts, and the call's calldata are those that the registry was given.

#[starknet::contract]
pub mod model_registry {
    use core::num::traits::Zero;
    use core::poseidon::poseidon_hash_span;
    use maat_interfaces::model::{IModelDispatcher, IModelDispatcherTrait};
    use maat_interfaces::registry::{
        Fact, IFactRegistry, IModelRegistry, IModelRegistryViews, Lifecycle, ModelVersion, Proven, RegisteredModel,
    };
    use maat_interfaces::verifier::Entry;
    use starknet::storage::{
        Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePathEntry, StoragePointerReadAccess,
        StoragePointerWriteAccess,
    };
    use starknet::syscalls::{call_contract_syscall, deploy_syscall, get_class_hash_at_syscall};
    use starknet::{ClassHash, ContractAddress, SyscallResultTrait, get_block_timestamp, get_caller_address};
    use crate::checks::{MAX_METADATA, MAX_TIMELOCK, check_name, check_ports};
    use crate::errors::Errors;
    use crate::facts::facts_component;
    use crate::lifecycle::lifecycle_component;
    use crate::ownership::ownership_component;
    use crate::page::page;
    use crate::records::{InstanceOf, StoredPorts, VersionRecord};

    component!(path: ownership_component, storage: ownership, event: OwnershipEvent);
    component!(path: lifecycle_component, storage: lifecycle, event: LifecycleEvent);
    component!(path: facts_component, storage: facts, event: FactsEvent);

    #[storage]
    struct Storage {
        #[substorage(v0)]
        ownership: ownership_component::Storage,
        #[substorage(v0)]
        lifecycle: lifecycle_component::Storage,
        #[substorage(v0)]
        facts: facts_component::Storage,
        model_count: u64,
        /// By model.
        names: Map<u64, felt252>,
        /// By name.
        models_by_name: Map<felt252, u64>,
        /// By model.
        version_counts: Map<u64, u32>,
        /// By model and version. Only `register` writes here, and only to versions that did not exist before.
        versions: Map<(u64, u32), VersionRecord>,
        /// By model and class.
        versions_by_class: Map<(u64, ClassHash), u32>,
        /// By address.
        instances: Map<ContractAddress, InstanceOf>,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        ModelRegistered: ModelRegistered,
        VersionRegistered: VersionRegistered,
        InstanceDeployed: InstanceDeployed,
        Executed: Executed,
        #[flat]
        OwnershipEvent: ownership_component::Event,
        #[flat]
        LifecycleEvent: lifecycle_component::Event,
        #[flat]
        FactsEvent: facts_component::Event,
    }

    /// There is a new model.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct ModelRegistered {
        #[key]
        pub model: u64,
        #[key]
        pub name: felt252,
        #[key]
        pub owner: ContractAddress,
    }

    /// A model has a new version.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct VersionRegistered {
        #[key]
        pub model: u64,
        #[key]
        pub version: u32,
        #[key]
        pub class_hash: ClassHash,
        pub model_commitment: felt252,
        pub program_hash: felt252,
        /// The sealed one.
        pub instance: ContractAddress,
        pub timelock: u64,
    }

    /// Someone deployed an instance of a version.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct InstanceDeployed {
        #[key]
        pub model: u64,
        #[key]
        pub version: u32,
        #[key]
        pub caller: ContractAddress,
        pub instance: ContractAddress,
    }

    /// A version ran. The hashes are `poseidon_hash_span` of the input and the output, or of the batches of them, as they stand in
    /// calldata, lengths included.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Executed {
        #[key]
        pub model: u64,
        #[key]
        pub version: u32,
        #[key]
        pub caller: ContractAddress,
        pub instance: ContractAddress,
        pub input_hash: felt252,
        pub output_hash: felt252,
    }

    /// `verifier` is the class that verifies proofs; zero if there is none. It is fixed for good.
    #[constructor]
    fn constructor(ref self: ContractState, verifier: ClassHash) {
        self.facts.initialise(verifier);
    }

    #[abi(embed_v0)]
    impl OwnershipImpl = ownership_component::OwnershipImpl<ContractState>;

    #[abi(embed_v0)]
    impl ModelRegistryImpl of IModelRegistry<ContractState> {
        fn register(
            ref self: ContractState, name: felt252, class_hash: ClassHash, program_hash: felt252, timelock: u64, metadata: ByteArray,
        ) -> (u64, u32) {
            let owner = get_caller_address();
            assert(owner.is_non_zero(), Errors::CALLER_IS_ZERO);
            check_name(name);
            assert(class_hash.is_non_zero(), Errors::CLASS_IS_ZERO);
            assert(timelock <= MAX_TIMELOCK, Errors::TIMELOCK_TOO_LONG);
            assert(metadata.len() <= MAX_METADATA, Errors::METADATA_TOO_LONG);
            // Only so that the caller learns this reason: the instance of a class that is registered could not be deployed once more.
            self.assert_registrable(name, class_hash, owner);

            // The class's constructor and views are foreign code, and may call this contract. So all of them run before anything is read
            // that a write relies on, and the checks of what was read above come again after them.
            let salt = poseidon_hash_span(['version', name].span());
            let (instance, _) = deploy_syscall(class_hash, salt, [].span(), false).unwrap_syscall();
            let class = IModelDispatcher { contract_address: instance };
            let (inputs, outputs, model_commitment) = (class.inputs(), class.outputs(), class.model_commitment());

            // No foreign code runs from here on.
            assert_class(instance, class_hash);
            check_ports(inputs, outputs);
            let known = self.assert_registrable(name, class_hash, owner);
            let model = if known == 0 {
                self.add_model(name, owner)
            } else {
                known
            };
            let version = self.version_counts.read(model) + 1;
            self.version_counts.write(model, version);
            self.versions_by_class.write((model, class_hash), version);
            self.instances.write(instance, InstanceOf { model, version });
            let record = self.versions.entry((model, version));
            record.class_hash.write(class_hash);
            record.model_commitment.write(model_commitment);
            record.program_hash.write(program_hash);
            record.write_ports(inputs, outputs);
            record.metadata.write(metadata);
            record.instance.write(instance);
            record.timelock.write(timelock);
            record.registered_at.write(get_block_timestamp());
            self.emit(VersionRegistered { model, version, class_hash, model_commitment, program_hash, instance, timelock });
            (model, version)
        }

        fn deploy(ref self: ContractState, model: u64, version: u32, salt: felt252) -> ContractAddress {
            let class_hash = self.class_of(model, version);
            self.lifecycle.assert_deployable(model, version);
            let caller = get_caller_address();
            // With the caller in the salt nobody can take another's address. No caller has the address 'version', so the salt is no sealed
            // instance's either.
            let salt = poseidon_hash_span([caller.into(), salt].span());
            let (instance, _) = deploy_syscall(class_hash, salt, [].span(), false).unwrap_syscall();
            // The constructor is foreign code, and may have called this contract. No harm is in that: a version's class does not change,
            // and what is written next concerns an address that no other call can have written to. But it may have replaced its class.
            assert_class(instance, class_hash);
            self.instances.write(instance, InstanceOf { model, version });
            self.emit(InstanceDeployed { model, version, caller, instance });
            instance
        }

        fn execute(ref self: ContractState, model: u64, version: u32, input: Span<i32>) -> Span<i32> {
            let instance = self.sealed(model, version);
            self.run(model, version, instance, selector!("predict"), input)
        }

        fn execute_batch(ref self: ContractState, model: u64, version: u32, inputs: Span<Span<i32>>) -> Span<Span<i32>> {
            let instance = self.sealed(model, version);
            self.run(model, version, instance, selector!("predict_batch"), inputs)
        }

        fn predict(ref self: ContractState, instance: ContractAddress, input: Span<i32>) -> Span<i32> {
            let InstanceOf { model, version } = self.instances.read(instance);
            assert(model != 0, Errors::UNKNOWN_INSTANCE);
            self.run(model, version, instance, selector!("predict"), input)
        }

        fn deprecate(ref self: ContractState, model: u64, version: u32) {
            let timelock = self.owned_timelock(model, version);
            self.lifecycle.announce_deprecation(model, version, timelock);
        }

        fn revoke(ref self: ContractState, model: u64, version: u32) {
            let timelock = self.owned_timelock(model, version);
            self.lifecycle.announce_revocation(model, version, timelock);
        }

        fn cancel(ref self: ContractState, model: u64, version: u32) {
            self.owned_timelock(model, version);
            self.lifecycle.cancel_announcements(model, version);
        }
    }

    #[abi(embed_v0)]
    impl ModelRegistryViewsImpl of IModelRegistryViews<ContractState> {
        fn model_count(self: @ContractState) -> u64 {
            self.model_count.read()
        }

        fn model(self: @ContractState, model: u64) -> RegisteredModel {
            RegisteredModel {
                id: model,
                // First, because it panics if there is no such model.
                owner: self.ownership.owner(model),
                name: self.names.read(model),
                pending_owner: self.ownership.pending_owner(model),
                versions: self.version_counts.read(model),
            }
        }

        fn models(self: @ContractState, start: u64, limit: u64) -> Span<RegisteredModel> {
            let mut models = array![];
            for position in page(self.model_count.read(), start, limit) {
                models.append(self.model(position + 1));
            }
            models.span()
        }

        fn model_count_of(self: @ContractState, owner: ContractAddress) -> u64 {
            self.ownership.count(owner)
        }

        fn models_of(self: @ContractState, owner: ContractAddress, start: u64, limit: u64) -> Span<RegisteredModel> {
            let mut models = array![];
            for position in page(self.ownership.count(owner), start, limit) {
                models.append(self.model(self.ownership.owned(owner, position)));
            }
            models.span()
        }

        fn model_by_name(self: @ContractState, name: felt252) -> u64 {
            self.models_by_name.read(name)
        }

        fn version(self: @ContractState, model: u64, version: u32) -> ModelVersion {
            let class_hash = self.class_of(model, version);
            let record = self.versions.entry((model, version));
            let (inputs, outputs) = record.read_ports();
            ModelVersion {
                name: self.names.read(model),
                version,
                class_hash,
                model_commitment: record.model_commitment.read(),
                program_hash: record.program_hash.read(),
                inputs,
                outputs,
                metadata: record.metadata.read(),
                instance: record.instance.read(),
                timelock: record.timelock.read(),
                registered_at: record.registered_at.read(),
            }
        }

        fn versions(self: @ContractState, model: u64, start: u64, limit: u64) -> Span<ModelVersion> {
            let mut versions = array![];
            for position in page(self.version_counts.read(model).into(), start, limit) {
                versions.append(self.version(model, position.try_into().unwrap() + 1));
            }
            versions.span()
        }

        fn version_by_class(self: @ContractState, model: u64, class_hash: ClassHash) -> u32 {
            self.versions_by_class.read((model, class_hash))
        }

        fn lifecycle(self: @ContractState, model: u64, version: u32) -> Lifecycle {
            self.class_of(model, version);
            self.lifecycle.lifecycle(model, version)
        }

        fn instance(self: @ContractState, instance: ContractAddress) -> (u64, u32) {
            let InstanceOf { model, version } = self.instances.read(instance);
            (model, version)
        }
    }

    #[abi(embed_v0)]
    impl FactRegistryImpl of IFactRegistry<ContractState> {
        fn register_entries(ref self: ContractState, model: u64, version: u32, entries: ByteArray) {
            self.class_of(model, version);
            let commitment = self.versions.entry((model, version)).model_commitment.read();
            self.facts.keep_entries(model, version, commitment, entries);
        }

        fn prove(ref self: ContractState, model: u64, version: u32, proof: Span<felt252>) -> Proven {
            self.class_of(model, version);
            self.lifecycle.assert_executable(model, version);
            let commitment = self.versions.entry((model, version)).model_commitment.read();
            self.facts.accept(model, version, commitment, proof)
        }

        fn entries(self: @ContractState, model: u64, version: u32) -> Span<Entry> {
            self.facts.entries(model, version)
        }

        fn is_valid(self: @ContractState, fact: felt252, min_bits: u16) -> bool {
            match self.facts.fact(fact) {
                Some(fact) => fact.security_bits >= min_bits,
                None => false,
            }
        }

        fn fact(self: @ContractState, fact: felt252) -> Option<Fact> {
            self.facts.fact(fact)
        }

        fn fact_count_of(self: @ContractState, model: u64) -> u64 {
            self.facts.count(model)
        }

        fn facts_of(self: @ContractState, model: u64, start: u64, limit: u64) -> Span<Fact> {
            let mut facts = array![];
            for position in page(self.facts.count(model), start, limit) {
                facts.append(self.facts.listed(model, position));
            }
            facts.span()
        }

        fn spent(self: @ContractState, fixed_root: u256, index: u32) -> felt252 {
            self.facts.spent(fixed_root, index)
        }

        fn verifier(self: @ContractState) -> ClassHash {
            self.facts.verifier()
        }
    }

    impl OwnershipInternalImpl = ownership_component::InternalImpl<ContractState>;
    impl LifecycleInternalImpl = lifecycle_component::InternalImpl<ContractState>;
    impl FactsInternalImpl = facts_component::InternalImpl<ContractState>;

    #[generate_trait]
    impl InternalImpl of InternalTrait {
        /// Checks that the account may register the class under this name. Returns the model, 0 if there is none of this name.
        fn assert_registrable(self: @ContractState, name: felt252, class_hash: ClassHash, account: ContractAddress) -> u64 {
            let model = self.models_by_name.read(name);
            if model != 0 {
                assert(self.ownership.owner(model) == account, Errors::NOT_OWNER);
                assert(self.versions_by_class.read((model, class_hash)) == 0, Errors::CLASS_REGISTERED);
            }
            model
        }

        /// Makes a model without versions.
        fn add_model(ref self: ContractState, name: felt252, owner: ContractAddress) -> u64 {
            let model = self.model_count.read() + 1;
            self.model_count.write(model);
            self.names.write(model, name);
            self.models_by_name.write(name, model);
            self.ownership.give(model, owner);
            self.emit(ModelRegistered { model, name, owner });
            model
        }

        /// The version's class.
        ///
        /// Panics if there is no such version.
        fn class_of(self: @ContractState, model: u64, version: u32) -> ClassHash {
            let class_hash = self.versions.entry((model, version)).class_hash.read();
            assert(class_hash.is_non_zero(), Errors::UNKNOWN_VERSION);
            class_hash
        }

        /// The version's sealed instance.
        ///
        /// Panics if there is no such version.
        fn sealed(self: @ContractState, model: u64, version: u32) -> ContractAddress {
            let instance = self.versions.entry((model, version)).instance.read();
            assert(instance.is_non_zero(), Errors::UNKNOWN_VERSION);
            instance
        }

        /// The version's timelock, for the model's owner only.
        ///
        /// Panics if there is no such version or the caller does not own it.
        fn owned_timelock(self: @ContractState, model: u64, version: u32) -> u64 {
            self.class_of(model, version);
            self.ownership.assert_owner(model);
            self.versions.entry((model, version)).timelock.read()
        }

        /// Calls the instance, checks its answer's form, and emits `Executed`.
        ///
        /// The instance is foreign code, and may call this contract. No harm is in that: nothing is written here, and nothing that was read
        /// is used after the call.
        fn run<T, +Serde<T>, +Drop<T>>(
            ref self: ContractState, model: u64, version: u32, instance: ContractAddress, selector: felt252, input: T,
        ) -> T {
            self.lifecycle.assert_executable(model, version);
            assert_class(instance, self.class_of(model, version));
            let mut calldata = array![];
            input.serialize(ref calldata);
            // Without the dispatcher, which would serialise the input and the output once more than their hashes do.
            let answer = call_contract_syscall(instance, selector, calldata.span()).unwrap_syscall();
            let mut rest = answer;
            let output = Serde::deserialize(ref rest).expect(Errors::MALFORMED_OUTPUT);
            assert(rest.is_empty(), Errors::MALFORMED_OUTPUT);
            let (input_hash, output_hash) = (poseidon_hash_span(calldata.span()), poseidon_hash_span(answer));
            self.emit(Executed { model, version, caller: get_caller_address(), instance, input_hash, output_hash });
            output
        }
    }

    /// Checks that the instance's class is this one: a class can replace itself in its instances.
    fn assert_class(instance: ContractAddress, class_hash: ClassHash) {
        assert(get_class_hash_at_syscall(instance).unwrap_syscall() == class_hash, Errors::CLASS_REPLACED);
    }
}
