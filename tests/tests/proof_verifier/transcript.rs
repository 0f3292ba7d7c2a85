//! The transcript: challenges and positions next to those of the coin in Rust.

use maat_tests::networks::Random;
use maat_verifier::{Digest, Goldilocks, Poseidon, PoseidonCoin};
use starknet_types_core::felt::Felt;
use winter_verifier::crypto::{ElementHasher, RandomCoin};

use super::library::{E, any_felt, element, list, of_elements};
use super::{digest, span};

const TRANSCRIPTS: usize = if cfg!(feature = "slow") { 300 } else { 30 };
/// Queries of a proof.
const QUERIES: usize = 16;
// The steps, as `tests/fixtures/proof_verifier/lib.cairo` has them.
const DRAW: u32 = 0;
const ABSORB: u32 = 1;
const NONCE: u32 = 2;
const POSITIONS: u32 = 3;

/// Random steps: up to seven challenges between digests, so that both felts of a permutation are drawn from, or one is left; in the end
/// positions.
#[test]
fn challenges_and_positions_are_those_of_the_coin_in_rust() {
    let mut random = Random::new(29);
    for turn in 0..TRANSCRIPTS {
        let seed: Vec<Goldilocks> = (0..1 + random.below(40)).map(|_| element(&mut random)).collect();
        let mut coin = PoseidonCoin::new(&seed);
        let (mut steps, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..random.below(6) {
            let absorbed = any_felt(&mut random);
            steps.extend([Felt::from(ABSORB), absorbed]);
            coin.reseed(Digest::one(absorbed.to_bytes_le()));
            for _ in 0..random.below(8) {
                steps.extend([Felt::from(DRAW), Felt::ZERO]);
                expected.extend(of_elements(&[coin.draw::<E>().unwrap()]));
            }
        }
        let nonce = [random.bits(), 0, u64::MAX][random.below(3)];
        // The domains of all traces.
        let log = 16 + turn as u32 % 12;
        steps.extend([Felt::from(NONCE), Felt::from(nonce), Felt::from(POSITIONS), Felt::from(log)]);
        let positions = coin.draw_integers(QUERIES, 1 << log, nonce).unwrap();
        expected.extend(positions.into_iter().map(Felt::from));
        let seed = digest(&Poseidon::hash_elements(&seed));
        assert_eq!(list("transcript", &[vec![seed], span(&steps)]), expected, "transcript {turn}");
    }
}
