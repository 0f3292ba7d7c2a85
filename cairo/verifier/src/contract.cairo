//! The class.

#[starknet::contract]
pub mod proof_verifier {
    use maat_interfaces::verifier::{IProofVerifier, Verified};

    #[storage]
    struct Storage {}

    #[abi(embed_v0)]
    impl ProofVerifierImpl of IProofVerifier<ContractState> {
        fn verify(self: @ContractState, proof: Span<felt252>) -> Verified {
            crate::verify::verify(proof)
        }
    }
}
