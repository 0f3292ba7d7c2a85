//! What a verifier of proofs has found true.

#[starknet::component]
pub mod facts_component {
    use core::num::traits::Zero;
    use maat_interfaces::registry::IFactRegistry;
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::{ContractAddress, get_caller_address};
    use crate::errors::Errors;

    #[storage]
    pub struct Storage {
        Facts_verifier: ContractAddress,
        /// By fact: the highest security level at which it was proven.
        Facts_security_bits: Map<felt252, u16>,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        FactRecorded: FactRecorded,
    }

    /// A statement was proven, at a higher level than before.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct FactRecorded {
        #[key]
        pub fact: felt252,
        pub security_bits: u16,
    }

    #[embeddable_as(FactsImpl)]
    pub impl Facts<TContractState, +HasComponent<TContractState>> of IFactRegistry<ComponentState<TContractState>> {
        fn record_fact(ref self: ComponentState<TContractState>, fact: felt252, security_bits: u16) {
            let verifier = self.Facts_verifier.read();
            // Without the first half, a registry without a verifier would take facts from the zero address, as which nodes simulate calls.
            assert(verifier.is_non_zero() && get_caller_address() == verifier, Errors::NOT_VERIFIER);
            assert(security_bits != 0, Errors::NO_SECURITY);
            if security_bits > self.Facts_security_bits.read(fact) {
                self.Facts_security_bits.write(fact, security_bits);
                self.emit(FactRecorded { fact, security_bits });
            }
        }

        fn fact_security_bits(self: @ComponentState<TContractState>, fact: felt252) -> u16 {
            self.Facts_security_bits.read(fact)
        }

        fn verifier(self: @ComponentState<TContractState>) -> ContractAddress {
            self.Facts_verifier.read()
        }
    }

    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        /// Fixes the verifier. For the constructor only.
        fn initialise(ref self: ComponentState<TContractState>, verifier: ContractAddress) {
            self.Facts_verifier.write(verifier);
        }
    }
}
