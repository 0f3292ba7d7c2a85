//! What was proven, and what has to be known of versions for it: their entries, and the one-time roots that were spent.

use maat_interfaces::registry::{ProofKind, SideHash, SideKind};
use maat_interfaces::verifier::Side;
use starknet::storage_access::StorePacking;

/// Begins the felts that a fact is the hash of.
pub const FACT_TAG: felt252 = 'maat fact 1';

const SHIFT_16: felt252 = 0x10000;
const DIGIT_16: NonZero<u128> = 0x10000;
const SHIFT_20: felt252 = 0x100000;
const SHIFT_24: felt252 = 0x1000000;
const DIGIT_4: NonZero<u128> = 0x10;
const SHIFT_56: felt252 = 0x100000000000000;
const DIGIT_32: NonZero<u128> = 0x100000000;
const SHIFT_64: felt252 = 0x10000000000000000;
const DIGIT_64: NonZero<u128> = 0x10000000000000000;
const SHIFT_128: felt252 = 0x100000000000000000000000000000000;

/// What is stored of a fact beside its prover.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Record {
    pub model: u64,
    pub version: u32,
    pub kind: ProofKind,
    pub preset: u8,
    /// 0 if there is no such fact.
    pub security_bits: u16,
    pub block_number: u64,
    pub proven_at: u64,
}

/// One cell: the low half is block and time, the high half has bits, preset, kind, version and model, which are 120 bits. Presets have codes
/// below 16.
pub impl RecordPacking of StorePacking<Record, felt252> {
    fn pack(value: Record) -> felt252 {
        let kind = match value.kind {
            ProofKind::Stark => 0,
            ProofKind::InProtocol => 1,
        };
        let low = value.block_number.into() + SHIFT_64 * value.proven_at.into();
        let high = value.security_bits.into()
            + SHIFT_16 * value.preset.into()
            + SHIFT_20 * kind
            + SHIFT_24 * value.version.into()
            + SHIFT_56 * value.model.into();
        low + SHIFT_128 * high
    }

    fn unpack(value: felt252) -> Record {
        let u256 { low, high } = value.into();
        let (proven_at, block_number) = DivRem::div_rem(low, DIGIT_64);
        let (rest, security_bits) = DivRem::div_rem(high, DIGIT_16);
        let (rest, preset) = DivRem::div_rem(rest, DIGIT_4);
        let (rest, kind) = DivRem::div_rem(rest, DIGIT_4);
        let (model, version) = DivRem::div_rem(rest, DIGIT_32);
        Record {
            model: model.try_into().unwrap(),
            version: version.try_into().unwrap(),
            kind: match kind {
                0 => ProofKind::Stark,
                _ => ProofKind::InProtocol,
            },
            preset: preset.try_into().unwrap(),
            security_bits: security_bits.try_into().unwrap(),
            block_number: block_number.try_into().unwrap(),
            proven_at: proven_at.try_into().unwrap(),
        }
    }
}

/// A side as it stands in a fact.
pub fn hash_of(side: Side) -> SideHash {
    match side {
        Side::Public(values) => SideHash { kind: SideKind::Public, hash: core::poseidon::poseidon_hash_span(values) },
        Side::Hidden => SideHash { kind: SideKind::Hidden, hash: 0 },
        Side::Committed(hash) => SideHash { kind: SideKind::Committed, hash },
    }
}

/// The fact that a model with this commitment gives such outputs for such inputs.
pub fn fact_of(commitment: felt252, batch: u32, inputs: SideHash, outputs: SideHash) -> felt252 {
    let mut felts = array![FACT_TAG, commitment, batch.into()];
    inputs.serialize(ref felts);
    outputs.serialize(ref felts);
    core::poseidon::poseidon_hash_span(felts.span())
}

#[starknet::component]
pub mod facts_component {
    use core::num::traits::Zero;
    use core::poseidon::poseidon_hash_span;
    use maat_interfaces::registry::{Fact, Proven, ProofKind, SideHash};
    use maat_interfaces::verifier::{Entry, Verified};
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::syscalls::library_call_syscall;
    use starknet::{ClassHash, ContractAddress, SyscallResultTrait, get_block_info, get_caller_address};
    use crate::entries::{STARKNET_PRESET, StoredEntry, StoredEntryTrait, commitment, starknet_entries};
    use crate::errors::Errors;
    use super::{Record, RecordPacking, fact_of, hash_of};

    #[storage]
    pub struct Storage {
        /// Fixed for good; zero if proofs are refused.
        Facts_verifier: ClassHash,
        /// By model, version and batch size.
        Facts_entries: Map<(u64, u32, u32), StoredEntry>,
        /// By model and version: how many entries it has.
        Facts_entry_counts: Map<(u64, u32), u32>,
        /// By model, version and position: the batch sizes.
        Facts_batches: Map<(u64, u32, u32), u32>,
        /// By fact.
        Facts_records: Map<felt252, Record>,
        /// By fact: who proved it first.
        Facts_provers: Map<felt252, ContractAddress>,
        /// By model: how many facts it has.
        Facts_counts: Map<u64, u64>,
        /// By model and position.
        Facts_listed: Map<(u64, u64), felt252>,
        /// By model and fact: whether a fact whose record is another model's is on this model's list as well.
        Facts_also: Map<(u64, felt252), bool>,
        /// By the root of the tree over one-time roots, and the index of one: the hash of the proof that spent it.
        Facts_spent: Map<(u256, u32), felt252>,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        EntriesRegistered: EntriesRegistered,
        FactProven: FactProven,
    }

    /// A version's entries are known: proofs of it can be submitted, in batches of these sizes.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct EntriesRegistered {
        #[key]
        pub model: u64,
        #[key]
        pub version: u32,
        pub batches: Span<u32>,
    }

    /// A proof was accepted that shows something new: a fact, a higher level of one, one for another model, or a one-time root that it
    /// spent.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct FactProven {
        #[key]
        pub fact: felt252,
        #[key]
        pub model: u64,
        #[key]
        pub prover: ContractAddress,
        pub version: u32,
        pub commitment: felt252,
        pub batch: u32,
        pub inputs: SideHash,
        pub outputs: SideHash,
        pub kind: ProofKind,
        pub preset: u8,
        /// Of this proof, conjectured.
        pub security_bits: u16,
        pub hiding: bool,
        /// The one-time root that the proof of a private model spent.
        pub one_time: Option<u32>,
    }

    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        /// Fixes the verifier. For the constructor only.
        fn initialise(ref self: ComponentState<TContractState>, verifier: ClassHash) {
            self.Facts_verifier.write(verifier);
        }

        fn verifier(self: @ComponentState<TContractState>) -> ClassHash {
            self.Facts_verifier.read()
        }

        /// Keeps the entries of a version that exists and has this commitment.
        fn keep_entries(
            ref self: ComponentState<TContractState>, model: u64, version: u32, expected: felt252, entries: ByteArray,
        ) {
            assert(expected != 0, Errors::NO_COMMITMENT);
            assert(self.Facts_entry_counts.read((model, version)) == 0, Errors::ENTRIES_KNOWN);
            assert(commitment(@entries) == expected, Errors::OTHER_ENTRIES);
            let mut batches = array![];
            for entry in starknet_entries(entries) {
                let batch = *entry.batch;
                self.Facts_entries.write((model, version, batch), StoredEntryTrait::new(*entry));
                self.Facts_batches.write((model, version, batches.len()), batch);
                batches.append(batch);
            }
            self.Facts_entry_counts.write((model, version), batches.len());
            self.emit(EntriesRegistered { model, version, batches: batches.span() });
        }

        /// The entries that are known of a version.
        fn entries(self: @ComponentState<TContractState>, model: u64, version: u32) -> Span<Entry> {
            let mut entries = array![];
            for position in 0..self.Facts_entry_counts.read((model, version)) {
                let batch = self.Facts_batches.read((model, version, position));
                entries.append(self.Facts_entries.read((model, version, batch)).entry(batch).unwrap());
            }
            entries.span()
        }

        /// Verifies a proof for a version that exists, has this commitment and may be used, and records what it proves.
        fn accept(
            ref self: ComponentState<TContractState>, model: u64, version: u32, commitment: felt252, proof: Span<felt252>,
        ) -> Proven {
            let verified = self.verified(proof);
            let entry = verified.entry;
            // Both: a commitment without its entry is a word of the prover, and so is an entry.
            assert(verified.commitment == commitment, Errors::OTHER_COMMITMENT);
            let known = self.Facts_entries.read((model, version, entry.batch)).entry(entry.batch);
            assert(known.expect(Errors::NO_ENTRY) == entry, Errors::OTHER_ENTRY);
            let spends = self.spend(entry, verified.one_time, proof);

            let (inputs, outputs) = (hash_of(verified.inputs), hash_of(verified.outputs));
            let fact = fact_of(commitment, entry.batch, inputs, outputs);
            let (kind, preset, security_bits) = (ProofKind::Stark, STARKNET_PRESET, verified.security_bits);
            let is_new = self.record(fact, model, version, kind, preset, security_bits);
            if is_new || spends {
                let event = FactProven {
                    fact,
                    model,
                    prover: get_caller_address(),
                    version,
                    commitment,
                    batch: entry.batch,
                    inputs,
                    outputs,
                    kind,
                    preset,
                    security_bits,
                    hiding: verified.hiding,
                    one_time: verified.one_time,
                };
                self.emit(event);
            }
            Proven { fact, batch: entry.batch, security_bits, inputs, outputs: verified.outputs }
        }

        /// What a proof says, if it holds.
        fn verified(self: @ComponentState<TContractState>, proof: Span<felt252>) -> Verified {
            let verifier = self.Facts_verifier.read();
            assert(verifier.is_non_zero(), Errors::NO_VERIFIER);
            let length = *proof.get(0).expect(Errors::MALFORMED_PROOF).unbox();
            assert(length + 1 == proof.len().into(), Errors::MALFORMED_PROOF);
            // The proof itself is the calldata, so that it is not copied.
            let mut answer = library_call_syscall(verifier, selector!("verify"), proof).unwrap_syscall();
            let verified: Verified = Serde::deserialize(ref answer).expect(Errors::MALFORMED_ANSWER);
            assert(answer.is_empty() && verified.security_bits != 0, Errors::MALFORMED_ANSWER);
            verified
        }

        /// Spends the one-time root of a private model's proof; gives whether it was not spent before. The same proof can come again, which
        /// gives nothing away.
        fn spend(ref self: ComponentState<TContractState>, entry: Entry, one_time: Option<u32>, proof: Span<felt252>) -> bool {
            let index = match one_time {
                Some(index) => index,
                None => {
                    assert(entry.one_time_roots == 0, Errors::MALFORMED_ANSWER);
                    return false;
                },
            };
            assert(index < entry.one_time_roots, Errors::MALFORMED_ANSWER);
            let (root, hash) = ((entry.fixed_root, index), poseidon_hash_span(proof));
            let spent = self.Facts_spent.read(root);
            if spent == hash {
                return false;
            }
            assert(spent == 0, Errors::ROOT_SPENT);
            self.Facts_spent.write(root, hash);
            true
        }

        /// Records a fact, and gives whether that changed anything.
        fn record(
            ref self: ComponentState<TContractState>,
            fact: felt252,
            model: u64,
            version: u32,
            kind: ProofKind,
            preset: u8,
            security_bits: u16,
        ) -> bool {
            let known = self.Facts_records.read(fact);
            if known.security_bits == 0 {
                let block = get_block_info().unbox();
                let record = Record {
                    model, version, kind, preset, security_bits, block_number: block.block_number, proven_at: block.block_timestamp,
                };
                self.Facts_records.write(fact, record);
                self.Facts_provers.write(fact, get_caller_address());
                self.list(model, fact);
                return true;
            }
            // Whoever registers a model again cannot keep its facts from the first one's list.
            let is_unlisted = known.model != model && !self.Facts_also.read((model, fact));
            if is_unlisted {
                self.Facts_also.write((model, fact), true);
                self.list(model, fact);
            }
            let is_better = known.security_bits < security_bits;
            if is_better {
                self.Facts_records.write(fact, Record { kind, preset, security_bits, ..known });
            }
            is_unlisted || is_better
        }

        fn list(ref self: ComponentState<TContractState>, model: u64, fact: felt252) {
            let position = self.Facts_counts.read(model);
            self.Facts_listed.write((model, position), fact);
            self.Facts_counts.write(model, position + 1);
        }

        /// A fact, if it was proven.
        fn fact(self: @ComponentState<TContractState>, fact: felt252) -> Option<Fact> {
            let Record { model, version, kind, preset, security_bits, block_number, proven_at } = self.Facts_records.read(fact);
            if security_bits == 0 {
                return None;
            }
            let prover = self.Facts_provers.read(fact);
            Some(Fact { fact, model, version, kind, preset, security_bits, block_number, proven_at, prover })
        }

        /// How many facts a model has.
        fn count(self: @ComponentState<TContractState>, model: u64) -> u64 {
            self.Facts_counts.read(model)
        }

        /// The fact at a position below the model's count.
        fn listed(self: @ComponentState<TContractState>, model: u64, position: u64) -> Fact {
            self.fact(self.Facts_listed.read((model, position))).unwrap()
        }

        /// Which proof spent a one-time root; 0 if none did.
        fn spent(self: @ComponentState<TContractState>, fixed_root: u256, index: u32) -> felt252 {
            self.Facts_spent.read((fixed_root, index))
        }
    }
}
