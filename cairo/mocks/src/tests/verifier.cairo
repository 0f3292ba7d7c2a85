//! The verifier.
use maat_interfaces::verifier::{Entry, IProofVerifierDispatcherTrait, IProofVerifierLibraryDispatcher, Side, Verified};
use crate::verifier::{mock_verifier, proof_of};

fn verifier() -> IProofVerifierLibraryDispatcher {
    IProofVerifierLibraryDispatcher { class_hash: mock_verifier::TEST_CLASS_HASH }
}

fn verified() -> Verified {
    Verified {
        commitment: 7,
        entry: Entry { batch: 1, rows: 2_048, inputs: 3, outputs: 2, one_time_roots: 4, fixed_root: 9 },
        hiding: true,
        one_time: Some(3),
        inputs: Side::Public([1, 2].span()),
        outputs: Side::Committed(5),
        security_bits: 96,
    }
}

#[test]
fn a_proof_is_believed() {
    let proof = proof_of(verified(), 1);
    // Its first felt is its length, which the call has anyway.
    assert_eq!(verifier().verify(proof.slice(1, proof.len() - 1)), verified());
}

#[test]
#[should_panic(expected: ('mock: the proof does not hold', 'ENTRYPOINT_FAILED'))]
fn a_proof_that_does_not_hold_is_refused() {
    verifier().verify([1].span());
}

#[test]
#[should_panic(expected: ('mock: malformed proof', 'ENTRYPOINT_FAILED'))]
fn a_proof_that_ends_early_is_refused() {
    let proof = proof_of(verified(), 1);
    verifier().verify(proof.slice(1, proof.len() - 3));
}
