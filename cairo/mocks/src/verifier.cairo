//! A verifier that takes a proof's word for it.
use maat_interfaces::verifier::Verified;

/// Begins a proof that holds, after its length.
pub const HOLDS: felt252 = 'holds';

/// A proof that says this. What follows it, the salt, tells proofs of the same statement apart.
pub fn proof_of(verified: Verified, salt: felt252) -> Span<felt252> {
    let mut felts = array![HOLDS];
    verified.serialize(ref felts);
    felts.append(salt);
    let mut proof = array![felts.len().into()];
    proof.append_span(felts.span());
    proof.span()
}

#[starknet::contract]
pub mod mock_verifier {
    use maat_interfaces::verifier::{IProofVerifier, Verified};
    use super::HOLDS;

    #[storage]
    struct Storage {}

    #[abi(embed_v0)]
    impl ProofVerifierImpl of IProofVerifier<ContractState> {
        fn verify(self: @ContractState, proof: Span<felt252>) -> Verified {
            let mut proof = proof;
            let first = *proof.pop_front().expect('mock: an empty proof');
            assert(first == HOLDS, 'mock: the proof does not hold');
            Serde::deserialize(ref proof).expect('mock: malformed proof')
        }
    }
}
