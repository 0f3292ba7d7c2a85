//! Who owns which model. A model changes hands in two steps: the owner offers, the new owner accepts.

#[starknet::component]
pub mod ownership_component {
    use core::num::traits::Zero;
    use maat_interfaces::registry::IModelOwnership;
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess};
    use starknet::{ContractAddress, get_caller_address};
    use crate::errors::Errors;

    #[storage]
    pub struct Storage {
        /// By model; zero if there is no such model.
        Ownership_owner: Map<u64, ContractAddress>,
        /// By model; zero if it is not on offer.
        Ownership_pending_owner: Map<u64, ContractAddress>,
        /// By owner: how many models they own.
        Ownership_count: Map<ContractAddress, u64>,
        /// By owner and position, which counts from 0: the models that they own.
        Ownership_owned: Map<(ContractAddress, u64), u64>,
        /// By model: its position among its owner's.
        Ownership_position: Map<u64, u64>,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        OwnershipOffered: OwnershipOffered,
        OwnershipTransferred: OwnershipTransferred,
    }

    /// A model was offered to a new owner, or an offer taken back, if that is zero.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct OwnershipOffered {
        #[key]
        pub model: u64,
        #[key]
        pub owner: ContractAddress,
        #[key]
        pub new_owner: ContractAddress,
    }

    /// A model changed hands.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct OwnershipTransferred {
        #[key]
        pub model: u64,
        #[key]
        pub previous_owner: ContractAddress,
        #[key]
        pub new_owner: ContractAddress,
    }

    #[embeddable_as(OwnershipImpl)]
    pub impl Ownership<TContractState, +HasComponent<TContractState>> of IModelOwnership<ComponentState<TContractState>> {
        fn transfer_ownership(ref self: ComponentState<TContractState>, model: u64, new_owner: ContractAddress) {
            let owner = self.assert_owner(model);
            self.Ownership_pending_owner.write(model, new_owner);
            self.emit(OwnershipOffered { model, owner, new_owner });
        }

        fn accept_ownership(ref self: ComponentState<TContractState>, model: u64) {
            let previous_owner = self.owner(model);
            let new_owner = get_caller_address();
            // A model that is not on offer has a pending owner of zero, which therefore can never accept.
            assert(new_owner.is_non_zero() && new_owner == self.Ownership_pending_owner.read(model), Errors::NOT_OFFERED);
            self.Ownership_pending_owner.write(model, Zero::zero());
            self.unlist(model, previous_owner);
            self.give(model, new_owner);
            self.emit(OwnershipTransferred { model, previous_owner, new_owner });
        }
    }

    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        /// The model's owner.
        ///
        /// Panics if there is no such model.
        fn owner(self: @ComponentState<TContractState>, model: u64) -> ContractAddress {
            let owner = self.Ownership_owner.read(model);
            assert(owner.is_non_zero(), Errors::UNKNOWN_MODEL);
            owner
        }

        /// Checks that the caller is the model's owner, and returns it.
        fn assert_owner(self: @ComponentState<TContractState>, model: u64) -> ContractAddress {
            let owner = self.owner(model);
            assert(get_caller_address() == owner, Errors::NOT_OWNER);
            owner
        }

        /// To whom the model is on offer; zero if it is not.
        fn pending_owner(self: @ComponentState<TContractState>, model: u64) -> ContractAddress {
            self.Ownership_pending_owner.read(model)
        }

        /// How many models an account owns.
        fn count(self: @ComponentState<TContractState>, owner: ContractAddress) -> u64 {
            self.Ownership_count.read(owner)
        }

        /// The model at a position below the account's count.
        fn owned(self: @ComponentState<TContractState>, owner: ContractAddress, position: u64) -> u64 {
            self.Ownership_owned.read((owner, position))
        }

        /// Makes an account the owner of a model, which must be on no one's list: it is new or was unlisted.
        fn give(ref self: ComponentState<TContractState>, model: u64, owner: ContractAddress) {
            let position = self.Ownership_count.read(owner);
            self.Ownership_owner.write(model, owner);
            self.Ownership_owned.write((owner, position), model);
            self.Ownership_position.write(model, position);
            self.Ownership_count.write(owner, position + 1);
        }

        /// Takes a model off its owner's list. The last on the list moves to its place.
        fn unlist(ref self: ComponentState<TContractState>, model: u64, owner: ContractAddress) {
            let position = self.Ownership_position.read(model);
            let last = self.Ownership_count.read(owner) - 1;
            if position != last {
                let moved = self.Ownership_owned.read((owner, last));
                self.Ownership_owned.write((owner, position), moved);
                self.Ownership_position.write(moved, position);
            }
            self.Ownership_owned.write((owner, last), 0);
            self.Ownership_count.write(owner, last);
        }
    }
}
