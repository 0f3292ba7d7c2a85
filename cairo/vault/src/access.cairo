//! Roles: an owner, a guardian, the delay of changes, and operators. In Rust: `access.rs`.
//!
//! The ownership is handed over in two steps, with the names and events of OpenZeppelin's `OwnableTwoStep`; it cannot be renounced. Changes
//! are kept as Cairo serialises them. Their events do not repeat them, because a policy can be longer than an event: `proposal` gives them.
use starknet::ContractAddress;
use crate::limits::Limits;
use crate::policy::Policy;

/// How long a proposal waits, in seconds: a day.
pub const DELAY: u64 = 86_400;
/// How long it can be applied from then on, in seconds: seven days.
pub const GRACE: u64 = 604_800;

/// The most proposals that wait at a time.
pub const MAX_PROPOSALS: u32 = 8;
/// The list of the numbers of those that wait.
pub const WAITING: felt252 = 'waiting';

/// A policy, and which of the network's output values it reads, all outputs one after the other.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct OutputPolicy {
    pub output: u32,
    pub policy: Policy,
}

/// What the owner can change.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Change {
    /// Another policy.
    Policy: OutputPolicy,
    /// Other limits.
    Limits: Limits,
    /// Another adapter.
    Adapter: ContractAddress,
    /// Another guardian.
    Guardian: ContractAddress,
    /// The least conjectured security, in bits, of a proof that decides; 0 if none may.
    MinBits: u16,
}

/// A change that was proposed.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Proposal {
    pub number: u64,
    /// What is to change.
    pub change: Change,
    /// From when on it can be applied, in seconds after 1970; 0 if it does not wait any more.
    pub from: u64,
}

/// The most cells that can follow one another in storage.
const BLOCK: u32 = 256;

#[starknet::component]
pub mod access_component {
    use core::cmp::min;
    use core::num::traits::Zero;
    use starknet::storage::{
        Map, StorageAsPointer, StorageMapReadAccess, StorageMapWriteAccess, StoragePathEntry, StoragePointerReadAccess,
        StoragePointerWriteAccess,
    };
    use starknet::storage_access::storage_address_from_base_and_offset;
    use starknet::syscalls::{storage_read_syscall, storage_write_syscall};
    use starknet::{ContractAddress, SyscallResultTrait};
    use crate::errors::Errors;
    use crate::lists::{Length, LengthPacking, cells_of, pack, unpack};
    use super::{BLOCK, Change, DELAY, GRACE, MAX_PROPOSALS, OutputPolicy, Proposal, WAITING};

    #[storage]
    pub struct Storage {
        pub Access_owner: ContractAddress,
        /// To whom the ownership is offered; zero if it is not.
        pub Access_pending_owner: ContractAddress,
        pub Access_guardian: ContractAddress,
        /// By controller and operator.
        pub Access_operators: Map<(ContractAddress, ContractAddress), bool>,
        /// How many proposals there were.
        pub Access_proposals: u64,
        /// By number: from when on it can be applied. 0 if it does not wait any more.
        pub Access_from: Map<u64, u64>,
        /// Lists of felts, with their lengths: changes by number, as Cairo serialises them, and the vault's own by name. Changes are
        /// never overwritten, so that the policy in force stays where it was proposed.
        pub Access_lengths: Map<felt252, Length>,
        /// By list and block, where a block's cells follow one another: see `lists`.
        pub Access_lists: Map<(felt252, u32), felt252>,
        /// The number of the change with the policy in force.
        pub Access_policy: u64,
        /// When the last pause ends or ended; 0 if there was none.
        pub Access_paused_until: u64,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        OwnershipTransferStarted: OwnershipTransferStarted,
        OwnershipTransferred: OwnershipTransferred,
        OperatorSet: OperatorSet,
        ChangeProposed: ChangeProposed,
        ChangeCancelled: ChangeCancelled,
        ChangeApplied: ChangeApplied,
        Paused: Paused,
        Unpaused: Unpaused,
    }

    /// The ownership is offered, or an offer taken back, if that is zero.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct OwnershipTransferStarted {
        #[key]
        pub previous_owner: ContractAddress,
        #[key]
        pub new_owner: ContractAddress,
    }

    /// The ownership changed.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct OwnershipTransferred {
        #[key]
        pub previous_owner: ContractAddress,
        #[key]
        pub new_owner: ContractAddress,
    }

    /// An operator acts for a controller, or no longer.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct OperatorSet {
        #[key]
        pub controller: ContractAddress,
        #[key]
        pub operator: ContractAddress,
        pub approved: bool,
    }

    /// A change waits, and can be applied from this time on, in seconds after 1970.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct ChangeProposed {
        #[key]
        pub number: u64,
        pub from: u64,
    }

    /// A change is dropped.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct ChangeCancelled {
        #[key]
        pub number: u64,
    }

    /// A change is made.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct ChangeApplied {
        #[key]
        pub number: u64,
    }

    /// The vault is paused until this time at most, in seconds after 1970.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Paused {
        pub until: u64,
    }

    /// The pause ended early.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Unpaused {}

    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        /// The first owner and guardian.
        fn initialise(ref self: ComponentState<TContractState>, owner: ContractAddress, guardian: ContractAddress) {
            self.Access_guardian.write(guardian);
            self.own(Zero::zero(), owner);
        }

        #[inline(never)]
        fn log(ref self: ComponentState<TContractState>, event: Event) {
            self.emit(event);
        }

        fn own(ref self: ComponentState<TContractState>, previous_owner: ContractAddress, new_owner: ContractAddress) {
            self.Access_owner.write(new_owner);
            self.log(Event::OwnershipTransferred(OwnershipTransferred { previous_owner, new_owner }));
        }

        fn require_owner(self: @ComponentState<TContractState>, caller: ContractAddress) {
            assert(caller == self.Access_owner.read(), Errors::NOT_OWNER);
        }

        fn require_guardian(self: @ComponentState<TContractState>, caller: ContractAddress) {
            assert(caller == self.Access_guardian.read(), Errors::NOT_GUARDIAN);
        }

        /// Checks that the caller is the account or acts for it.
        #[inline(never)]
        fn require_operator(self: @ComponentState<TContractState>, account: ContractAddress, caller: ContractAddress) {
            assert(caller == account || self.Access_operators.read((account, caller)), Errors::NOT_OPERATOR);
        }

        fn offer(ref self: ComponentState<TContractState>, caller: ContractAddress, new_owner: ContractAddress) {
            self.require_owner(caller);
            self.Access_pending_owner.write(new_owner);
            self.log(Event::OwnershipTransferStarted(OwnershipTransferStarted { previous_owner: caller, new_owner }));
        }

        fn accept(ref self: ComponentState<TContractState>, caller: ContractAddress) {
            // Who is not offered anything has a pending owner of zero, which therefore can never accept.
            assert(caller.is_non_zero() && caller == self.Access_pending_owner.read(), Errors::NOT_OFFERED);
            self.Access_pending_owner.write(Zero::zero());
            self.own(self.Access_owner.read(), caller);
        }

        fn set_operator_of(
            ref self: ComponentState<TContractState>, controller: ContractAddress, operator: ContractAddress, approved: bool,
        ) {
            assert(operator != controller, Errors::OWN_OPERATOR);
            self.Access_operators.write((controller, operator), approved);
            self.log(Event::OperatorSet(OperatorSet { controller, operator, approved }));
        }

        /// Keeps a change, and gives its number. The policy of the constructor has number 0, proposals count from 1.
        fn keep(ref self: ComponentState<TContractState>, change: Span<felt252>) -> u64 {
            let number = self.Access_proposals.read();
            self.Access_proposals.write(number + 1);
            self.put(number.into(), change);
            number
        }

        /// Writes a list.
        #[inline(never)]
        fn put(ref self: ComponentState<TContractState>, list: felt252, felts: Span<felt252>) {
            let (width, mut cells) = pack(felts);
            self.Access_lengths.write(list, Length { width, felts: felts.len() });
            let mut block = 0;
            while !cells.is_empty() {
                let base = self.Access_lists.entry((list, block)).as_ptr().__storage_pointer_address__;
                for offset in 0..min(cells.len(), BLOCK) {
                    let address = storage_address_from_base_and_offset(base, offset.try_into().unwrap());
                    storage_write_syscall(0, address, *cells.pop_front().unwrap()).unwrap_syscall();
                }
                block += 1;
            }
        }

        /// A list that was written.
        #[inline(never)]
        fn list(self: @ComponentState<TContractState>, list: felt252) -> Span<felt252> {
            let Length { width, felts } = self.Access_lengths.read(list);
            let mut cells = array![];
            let (mut left, mut block) = (cells_of(width, felts), 0);
            while left > 0 {
                let base = self.Access_lists.entry((list, block)).as_ptr().__storage_pointer_address__;
                let length = min(left, BLOCK);
                for offset in 0..length {
                    let address = storage_address_from_base_and_offset(base, offset.try_into().unwrap());
                    cells.append(storage_read_syscall(0, address).unwrap_syscall());
                }
                left -= length;
                block += 1;
            }
            unpack(width, cells.span(), felts)
        }

        /// A change that was kept.
        #[inline(never)]
        fn change(self: @ComponentState<TContractState>, number: u64) -> Change {
            let mut felts = self.list(number.into());
            Serde::deserialize(ref felts).unwrap()
        }

        /// The policy in force.
        fn policy(self: @ComponentState<TContractState>) -> OutputPolicy {
            match self.change(self.Access_policy.read()) {
                Change::Policy(policy) => policy,
                _ => core::panic_with_felt252(Errors::BAD_ROWS),
            }
        }

        /// Keeps a change that was checked, to be applied after the delay.
        fn propose_change(ref self: ComponentState<TContractState>, change: Span<felt252>, now: u64) -> u64 {
            let (number, from) = (self.keep(change), now + DELAY);
            let mut waiting = array![];
            waiting.append_span(self.list(WAITING));
            assert(waiting.len() < MAX_PROPOSALS, Errors::PROPOSALS);
            waiting.append(number.into());
            self.put(WAITING, waiting.span());
            self.Access_from.write(number, from);
            self.log(Event::ChangeProposed(ChangeProposed { number, from }));
            number
        }

        /// A change that was kept, whether it waits or not.
        fn kept(self: @ComponentState<TContractState>, number: u64) -> Option<Proposal> {
            if number < self.Access_proposals.read() {
                Some(Proposal { number, change: self.change(number), from: self.Access_from.read(number) })
            } else {
                None
            }
        }

        fn cancel_change(ref self: ComponentState<TContractState>, caller: ContractAddress, number: u64) {
            let by_owner = self.is_by_owner(caller);
            assert(self.Access_from.read(number) != 0, Errors::NO_PROPOSAL);
            assert(by_owner || !self.replaces_guardian(number), Errors::OWN_REPLACEMENT);
            self.forget(number);
            self.log(Event::ChangeCancelled(ChangeCancelled { number }));
        }

        /// Drops all proposals with a smaller number, but not the guardian its own replacement.
        fn cancel_changes(ref self: ComponentState<TContractState>, caller: ContractAddress, number: u64) {
            let by_owner = self.is_by_owner(caller);
            for waits in self.list(WAITING) {
                let waits: u64 = (*waits).try_into().unwrap();
                if waits < number && (by_owner || !self.replaces_guardian(waits)) {
                    self.forget(waits);
                    self.log(Event::ChangeCancelled(ChangeCancelled { number: waits }));
                }
            }
        }

        /// Whether the owner calls, and not the guardian. Nobody else may.
        fn is_by_owner(self: @ComponentState<TContractState>, caller: ContractAddress) -> bool {
            let by_owner = caller == self.Access_owner.read();
            if !by_owner {
                self.require_guardian(caller);
            }
            by_owner
        }

        fn replaces_guardian(self: @ComponentState<TContractState>, number: u64) -> bool {
            // A change begins with its kind.
            *self.list(number.into())[0] == 3
        }

        /// Lets a proposal wait no longer.
        #[inline(never)]
        fn forget(ref self: ComponentState<TContractState>, number: u64) {
            self.Access_from.write(number, 0);
            let mut waiting = array![];
            for waits in self.list(WAITING) {
                if *waits != number.into() {
                    waiting.append(*waits);
                }
            }
            self.put(WAITING, waiting.span());
        }

        /// Takes a proposal whose time has come.
        fn take(ref self: ComponentState<TContractState>, number: u64, now: u64) -> Change {
            let Proposal { change, from, .. } = self.kept(number).expect(Errors::NO_PROPOSAL);
            assert(from != 0, Errors::NO_PROPOSAL);
            assert(from <= now, Errors::EARLY);
            assert(now < from + GRACE, Errors::EXPIRED);
            self.forget(number);
            change
        }

        /// Whether a time is within the pause.
        fn is_paused(self: @ComponentState<TContractState>, now: u64) -> bool {
            now < self.Access_paused_until.read()
        }
    }
}
