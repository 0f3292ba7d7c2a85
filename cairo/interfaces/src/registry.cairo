//! The registry of models: who owns which model, which class each of its versions is, execution of exactly that class, and what was proven of it.

use starknet::{ClassHash, ContractAddress};
use crate::model::Port;
use crate::verifier::{Entry, Side};

/// What a version may be used for.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Status {
    /// Everything.
    Active,
    /// Execution, but no new instances.
    Deprecated,
    /// Nothing.
    Revoked,
}

/// Where a version stands in its life.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Lifecycle {
    /// By the time of the current block.
    pub status: Status,
    /// From when on the version is deprecated, if that was announced.
    pub deprecated_from: Option<u64>,
    /// From when on the version is revoked, if that was announced.
    pub revoked_from: Option<u64>,
}

/// A model: a name, an owner, and versions.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct RegisteredModel {
    /// Counts from 1.
    pub id: u64,
    pub name: felt252,
    pub owner: ContractAddress,
    /// Who may accept the ownership; zero if it is not on offer.
    pub pending_owner: ContractAddress,
    /// How many versions there are. They count from 1.
    pub versions: u32,
}

/// What was registered as a version. It never changes.
#[derive(Clone, Drop, Serde, PartialEq, Debug)]
pub struct ModelVersion {
    /// The model's name.
    pub name: felt252,
    pub version: u32,
    pub class_hash: ClassHash,
    /// The commitment by which proofs know the model, as the class gives it; 0 if its inferences cannot be proven.
    pub model_commitment: felt252,
    /// The hash of the Cairo program that computes the same, by which proofs of its execution know it. The owner's word: nothing on chain
    /// compares it with the class.
    pub program_hash: felt252,
    /// As the class gives them.
    pub inputs: Span<Port>,
    /// As the class gives them.
    pub outputs: Span<Port>,
    /// Whatever the owner wants to say, at most 1,024 bytes. Nothing checks it, so a front end must escape it.
    pub metadata: ByteArray,
    /// The sealed instance: `execute` calls this one.
    pub instance: ContractAddress,
    /// Seconds from the announcement of a deprecation or revocation to its effect.
    pub timelock: u64,
    /// The time of the block.
    pub registered_at: u64,
}

/// Registers, deploys and executes models.
#[starknet::interface]
pub trait IModelRegistry<TContractState> {
    /// Registers a class as a new version of the model of this name, and deploys the version's sealed instance. If there is no model of
    /// this name, makes one, owned by the caller. Returns the model and the version.
    ///
    /// `timelock` is how many seconds before its effect a deprecation or revocation of this version must be announced.
    ///
    /// Requirements:
    /// - `name` is a short string of 1 to 31 printable ASCII characters, spaces excluded;
    /// - the caller is the owner, if the model exists;
    /// - the class is declared, its constructor takes nothing, it implements `IModel`, and does not replace itself on the way;
    /// - the class is not a version of this model yet;
    /// - at most 32 inputs and 32 outputs, of at most 8 axes each;
    /// - `timelock` is at most 30 days, `metadata` at most 1,024 bytes long.
    ///
    /// Emits `ModelRegistered` if the model is new, and `VersionRegistered`.
    fn register(
        ref self: TContractState, name: felt252, class_hash: ClassHash, program_hash: felt252, timelock: u64, metadata: ByteArray,
    ) -> (u64, u32);
    /// Deploys an instance of a version, for whoever wants one of their own. Its address follows from the caller, `salt` and the class:
    /// the deploy syscall's salt is `poseidon_hash_span([caller, salt])`.
    ///
    /// Requirements:
    /// - the version exists and is active;
    /// - the caller did not use this salt for the same class before;
    /// - the class does not replace itself on the way.
    ///
    /// Emits `InstanceDeployed`.
    fn deploy(ref self: TContractState, model: u64, version: u32, salt: felt252) -> ContractAddress;
    /// Runs a version on one input, by its sealed instance.
    ///
    /// Requirements:
    /// - the version exists and is not revoked;
    /// - the sealed instance's class still is the registered one;
    /// - the input is one that the model takes.
    ///
    /// Emits `Executed`.
    fn execute(ref self: TContractState, model: u64, version: u32, input: Span<i32>) -> Span<i32>;
    /// Runs a version on each of the inputs, by its sealed instance, and gives the outputs in the same order.
    ///
    /// Requirements: as for `execute`.
    ///
    /// Emits one `Executed`, with the hashes of the whole batch.
    fn execute_batch(ref self: TContractState, model: u64, version: u32, inputs: Span<Span<i32>>) -> Span<Span<i32>>;
    /// Runs an instance that this registry deployed on one input.
    ///
    /// Requirements:
    /// - this registry deployed the instance;
    /// - its version is not revoked;
    /// - its class still is the registered one;
    /// - the input is one that the model takes.
    ///
    /// Emits `Executed`.
    fn predict(ref self: TContractState, instance: ContractAddress, input: Span<i32>) -> Span<i32>;
    /// Announces that the version will be deprecated when its timelock has passed: then no more instances of it are deployed, but those
    /// that exist can still be executed.
    ///
    /// Requirements:
    /// - the version exists and the caller is the model's owner;
    /// - neither a deprecation nor a revocation of the version is announced or in effect.
    ///
    /// Emits `DeprecationAnnounced`.
    fn deprecate(ref self: TContractState, model: u64, version: u32);
    /// Announces that the version will be revoked when its timelock has passed: then the registry executes it no more.
    ///
    /// Requirements:
    /// - the version exists and the caller is the model's owner;
    /// - no revocation of the version is announced or in effect.
    ///
    /// Emits `RevocationAnnounced`.
    fn revoke(ref self: TContractState, model: u64, version: u32);
    /// Takes back the announcements that are not in effect yet, be it a deprecation, a revocation or both.
    ///
    /// Requirements:
    /// - the version exists and the caller is the model's owner;
    /// - there is such an announcement.
    ///
    /// Emits `AnnouncementCancelled`.
    fn cancel(ref self: TContractState, model: u64, version: u32);
}

/// What the registry knows.
///
/// Lists come in pages: `start` is how many entries to leave out, `limit` how many to give, of which there are never more than 100. A page
/// beyond the end is empty. Reading a version may take 46 million gas, if it has many inputs and outputs, so a page of 100 of these can be more
/// than a transaction or a node gives a call: ask for few, or for fewer when that is refused.
#[starknet::interface]
pub trait IModelRegistryViews<TContractState> {
    /// How many models there are. Their ids are 1 to this.
    fn model_count(self: @TContractState) -> u64;
    /// One model.
    ///
    /// Panics if there is no such model.
    fn model(self: @TContractState, model: u64) -> RegisteredModel;
    /// The models, in order of registration.
    fn models(self: @TContractState, start: u64, limit: u64) -> Span<RegisteredModel>;
    /// How many models an account owns.
    fn model_count_of(self: @TContractState, owner: ContractAddress) -> u64;
    /// The models that an account owns, in no lasting order.
    fn models_of(self: @TContractState, owner: ContractAddress, start: u64, limit: u64) -> Span<RegisteredModel>;
    /// The id of the model of this name, 0 if there is none.
    fn model_by_name(self: @TContractState, name: felt252) -> u64;
    /// One version of a model.
    ///
    /// Panics if there is no such version.
    fn version(self: @TContractState, model: u64, version: u32) -> ModelVersion;
    /// A model's versions, in order of registration. Empty if there is no such model.
    fn versions(self: @TContractState, model: u64, start: u64, limit: u64) -> Span<ModelVersion>;
    /// Which of a model's versions has this class, 0 if none has.
    fn version_by_class(self: @TContractState, model: u64, class_hash: ClassHash) -> u32;
    /// Where a version stands in its life, by the current block's time.
    ///
    /// Panics if there is no such version.
    fn lifecycle(self: @TContractState, model: u64, version: u32) -> Lifecycle;
    /// The model and version of which this is an instance, sealed or deployed; (0, 0) if this registry did not deploy it.
    ///
    /// Warning: an instance can replace its class at any time. `predict` looks at each call; who calls the instance directly must, too.
    fn instance(self: @TContractState, instance: ContractAddress) -> (u64, u32);
}

/// Hands a model over in two steps, so that none is lost to an address that cannot act.
#[starknet::interface]
pub trait IModelOwnership<TContractState> {
    /// Offers a model to a new owner, instead of whomever it was offered to before. The zero address takes an offer back.
    ///
    /// Requirements:
    /// - the model exists and the caller is its owner.
    ///
    /// Emits `OwnershipOffered`.
    fn transfer_ownership(ref self: TContractState, model: u64, new_owner: ContractAddress);
    /// Makes the caller the model's owner.
    ///
    /// Requirements:
    /// - the model is on offer to the caller.
    ///
    /// Emits `OwnershipTransferred`.
    fn accept_ownership(ref self: TContractState, model: u64);
}

/// How a fact was proven.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum ProofKind {
    /// By a proof that the registry's verifier class verified in the transaction.
    Stark,
    /// By Starknet itself, which proves a transaction that never enters a block and hands its messages on as `proof_facts` (SNIP-36).
    ///
    /// No function of this registry records such facts: the form of `proof_facts` is a draft that has changed with each version of
    /// Starknet so far, and a registry that cannot be upgraded would be left with one of them.
    InProtocol,
}

/// What a proof says of the inputs, or of the outputs.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum SideKind {
    /// The values.
    Public,
    /// Nothing.
    Hidden,
    /// A commitment to them.
    Committed,
}

/// The inputs or the outputs in a fact.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct SideHash {
    pub kind: SideKind,
    /// `poseidon_hash_span` of the values as a proof packs them, or of the commitment's digest; 0 if they are hidden.
    pub hash: felt252,
}

/// What a proof that was accepted says.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Proven {
    /// `poseidon_hash_span` of `'maat fact 1'`, the model's commitment, the batch, and of kind and hash of the inputs and of the outputs.
    pub fact: felt252,
    /// Inferences in the proof.
    pub batch: u32,
    /// Conjectured.
    pub security_bits: u16,
    pub inputs: SideHash,
    pub outputs: Side,
}

/// A statement that was proven.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Fact {
    pub fact: felt252,
    /// The model and the version that the first proof was submitted for. Others may have the same commitment.
    pub model: u64,
    pub version: u32,
    /// How the best proof so far was made.
    pub kind: ProofKind,
    /// The preset of the best proof so far, by its code.
    pub preset: u8,
    /// The conjectured security level of the best proof so far.
    pub security_bits: u16,
    /// The block of the first proof.
    pub block_number: u64,
    /// The time of that block.
    pub proven_at: u64,
    /// Who submitted the first proof.
    pub prover: ContractAddress,
}

/// Verifies proofs of inferences, and keeps what they prove.
///
/// A version's proofs are accepted once its entries are known: what a verifier knows of the model, for which its commitment stands.
#[starknet::interface]
pub trait IFactRegistry<TContractState> {
    /// Tells the registry the entries of a version: their number in a byte and 54 bytes each, as `maat commitment` prints them. Anyone may
    /// call it, once; the version's commitment decides whether they are the right ones. Those of preset `starknet` are kept.
    ///
    /// Requirements:
    /// - the version exists, and has a commitment and no entries yet;
    /// - the commitment is the entries' own;
    /// - they are in order, and those of preset `starknet`, of which there is one, are of the layout `base` and within bounds.
    ///
    /// Emits `EntriesRegistered`.
    fn register_entries(ref self: TContractState, model: u64, version: u32, entries: ByteArray);
    /// Verifies a proof of a version's inferences, and records what it proves, its fact. `proof[0]` is the number of felts that follow.
    ///
    /// A proof of what is a fact already changes nothing, unless its level is higher, and is no error: whoever relies on a proof within a
    /// transaction must not fail because somebody submitted the same one before. Whoever wants to act once per proof keeps account of that.
    ///
    /// Warning: two proofs of a private model with the same one-time root together give its weights away. The second one is refused here,
    /// but it is public by then.
    ///
    /// Requirements:
    /// - the registry has a verifier;
    /// - the version exists, is not revoked, and its entries are known;
    /// - the proof holds, and is of this commitment and one of these entries;
    /// - no other proof spent its one-time root.
    ///
    /// Emits `FactProven` if anything was recorded.
    fn prove(ref self: TContractState, model: u64, version: u32, proof: Span<felt252>) -> Proven;
    /// The entries that are known of a version, by batch size. Empty if there are none.
    fn entries(self: @TContractState, model: u64, version: u32) -> Span<Entry>;
    /// Whether a fact was proven, with so many conjectured bits of security at least.
    fn is_valid(self: @TContractState, fact: felt252, min_bits: u16) -> bool;
    /// A fact, if it was proven.
    fn fact(self: @TContractState, fact: felt252) -> Option<Fact>;
    /// How many facts were proven for a model.
    fn fact_count_of(self: @TContractState, model: u64) -> u64;
    /// The facts that were proven for a model, in the order of their first proofs for it. In pages, as the other lists.
    fn facts_of(self: @TContractState, model: u64, start: u64, limit: u64) -> Span<Fact>;
    /// Which proof spent a one-time root of a private model's entry, as the proof's `poseidon_hash_span`; 0 if none did.
    fn spent(self: @TContractState, fixed_root: u256, index: u32) -> felt252;
    /// The class that verifies proofs, fixed for good; zero if there is none, and proofs are refused.
    fn verifier(self: @TContractState) -> ClassHash;
}
