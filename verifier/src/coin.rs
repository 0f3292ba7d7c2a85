//! The transcript of proofs that a Starknet contract verifies.
//!
//! Winterfell's own coin takes a hash for each element, and one that two digests of a commitment are hashed to beforehand. Here the state is
//! a felt `s`, and each step is one permutation of Poseidon, told from the others by its capacity:
//!
//! | step | state | what it gives |
//! |---|---|---|
//! | absorb a part of a digest | `(s, part, 5)` | `s` |
//! | draw for the `i`-th time since | `(s, i, 6)` | two felts to draw from |
//! | absorb the nonce | `(s, nonce, 7)` | `s` |
//!
//! The first `s` is the digest of the seed's elements. A felt to draw from is one element of an extension of degree 2, of its 128 lowest
//! bits and of those above, both modulo `p`: each residue has a probability of `(1 +- 2^-59) / p`. Or it is four positions, of 32 bits each out of
//! the 128 lowest. Grinding is Blake2s of `s` and the nonce, whose lowest bits are 0: Poseidon would be more than ten times slower for the prover.

use winter_verifier::crypto::{ElementHasher, RandomCoin, RandomCoinError};
use winter_verifier::math::{FieldElement, StarkField};

use crate::blake2s::blake2s;
use crate::digest::Digest;
use crate::felt252::{Felt252, permute};
use crate::goldilocks::Goldilocks;
use crate::hasher::SplitHasher;
use crate::poseidon::{Poseidon, felt};

/// The capacities of the permutation, beside those in [`crate::poseidon`].
const ABSORB: u64 = 5;
const DRAW: u64 = 6;
const NONCE: u64 = 7;
/// Positions that a felt gives.
const POSITIONS: usize = 4;
/// Bits of a position.
const POSITION_BITS: u32 = 32;

/// A random coin that a contract can toss cheaply.
pub struct PoseidonCoin {
    state: Felt252,
    /// How often felts were drawn since the state was changed.
    draws: u64,
    /// The second one of the felts that were drawn last.
    left: Option<Felt252>,
}

impl PoseidonCoin {
    fn absorb(&mut self, value: Felt252, capacity: u64) {
        *self = Self::of(permute([self.state, value, Felt252::from(capacity)])[0]);
    }

    fn of(state: Felt252) -> Self {
        Self { state, draws: 0, left: None }
    }

    fn draw_felt(&mut self) -> Felt252 {
        self.left.take().unwrap_or_else(|| {
            let [first, second, _] = permute([self.state, Felt252::from(self.draws), Felt252::from(DRAW)]);
            self.draws += 1;
            self.left = Some(second);
            first
        })
    }

    /// What Blake2s of the state and a nonce begins with.
    fn work(&self, nonce: u64) -> u64 {
        let hash = blake2s([&self.state.to_le_bytes()[..], &nonce.to_le_bytes()]);
        u64::from_le_bytes(std::array::from_fn(|byte| hash[byte]))
    }
}

/// The 128 lowest bits of a felt, and those above.
fn halves(felt: Felt252) -> [u128; 2] {
    let bytes = felt.to_le_bytes();
    let (halves, _) = bytes.as_chunks();
    [0, 1].map(|half| u128::from_le_bytes(halves[half]))
}

impl RandomCoin for PoseidonCoin {
    type BaseField = Goldilocks;
    type Hasher = SplitHasher<Poseidon>;

    fn new(seed: &[Goldilocks]) -> Self {
        Self::of(felt(&Poseidon::hash_elements(seed)))
    }

    fn reseed(&mut self, data: Digest) {
        data.parts().iter().for_each(|part| self.absorb(Felt252::remainder(part), ABSORB));
    }

    fn check_leading_zeros(&self, value: u64) -> u32 {
        self.work(value).trailing_zeros()
    }

    fn draw<E: FieldElement<BaseField = Goldilocks>>(&mut self) -> Result<E, RandomCoinError> {
        let mut elements = Vec::with_capacity(E::EXTENSION_DEGREE + 1);
        while elements.len() < E::EXTENSION_DEGREE {
            let residue = |half| Goldilocks::new((half % u128::from(Goldilocks::MODULUS)) as u64);
            elements.extend(halves(self.draw_felt()).map(residue));
        }
        Ok(E::slice_from_base_elements(&elements[..E::EXTENSION_DEGREE])[0])
    }

    fn draw_integers(&mut self, num_values: usize, domain_size: usize, nonce: u64) -> Result<Vec<usize>, RandomCoinError> {
        assert!(domain_size.is_power_of_two() && domain_size.ilog2() <= POSITION_BITS, "a domain of {domain_size} points");
        self.absorb(Felt252::from(nonce), NONCE);
        let mut positions = Vec::with_capacity(num_values + POSITIONS);
        while positions.len() < num_values {
            let [low, _] = halves(self.draw_felt());
            positions.extend((0..POSITIONS as u32).map(|place| (low >> (POSITION_BITS * place)) as usize & (domain_size - 1)));
        }
        positions.truncate(num_values);
        Ok(positions)
    }
}
