//! Poseidon as a hash function of winterfell, for proofs that a Starknet contract verifies: its permutation is a built-in of Cairo.
//!
//! The permutation is Starknet's: Hades over three felts, with 8 full and 83 partial rounds (ePrint 2019/458; the parameters are those of
//! starkware-libs/poseidon, instance `starknet`). Two felts of the state are the rate. The third one, the capacity, begins with a number that
//! tells what is hashed, so that no two of these are the same input:
//!
//! | what | rate | capacity |
//! |---|---|---|
//! | two digests | both | 2, as in Starknet's own trees |
//! | a digest and an integer | both | 3 |
//! | `n` field elements | three a felt, two felts a permutation | `2^64 + n` |
//! | `n` digests | two a permutation | `2 2^64 + n` |
//! | `n` integers of 32 bits | seven a felt, each one plus 2^31, two felts a permutation | `4 2^64 + n` |
//! | `n` bytes | 31 a felt, two felts a permutation | `3 2^64 + n` |
//!
//! Element `i` of three has the weight `2^(64 i)`, integer `i` of seven `2^(32 i)`, and byte `i` of 31 has `2^(8 i)`. What is missing at the end is 0. The digest is the first
//! felt of the state, as bytes, least significant first.

use winter_verifier::crypto::{Digest as _, ElementHasher, Hasher};
use winter_verifier::math::FieldElement;

use crate::blake2s::TreeDigest;
use crate::felt252::{Felt252, permute};
use crate::goldilocks::Goldilocks;

/// Elements in a felt.
const ELEMENTS: usize = 3;
/// Bytes in a felt.
const BYTES: usize = 31;
/// The capacities: of two digests, and of a digest and an integer.
const PAIR: u64 = 2;
const WITH_INTEGER: u64 = 3;
/// The kinds of lists, whose lengths are added to `kind 2^64`.
const OF_ELEMENTS: u128 = 1;
const OF_DIGESTS: u128 = 2;
const OF_BYTES: u128 = 3;
const OF_VALUES: u128 = 4;
/// Integers of 32 bits in a felt.
pub(crate) const VALUES: usize = 7;

/// Poseidon over the field of Starknet.
#[derive(Debug, PartialEq, Eq)]
pub struct Poseidon;

/// The felt of a digest. Digests that this hash function makes are felts; of any other bytes it is the remainder.
pub(crate) fn felt(digest: &TreeDigest) -> Felt252 {
    Felt252::remainder(&digest.as_bytes())
}

/// The digest that is a felt.
fn digest(felt: Felt252) -> TreeDigest {
    TreeDigest::new(felt.to_le_bytes())
}

/// Hashes a list of felts that stand for `length` things of a kind.
fn sponge(kind: u128, length: usize, mut felts: impl Iterator<Item = Felt252>) -> TreeDigest {
    let mut state = [Felt252::ZERO, Felt252::ZERO, Felt252::from((kind << 64) + length as u128)];
    loop {
        let first = felts.next();
        let second = first.and_then(|_| felts.next());
        // The empty list takes a permutation, too.
        let empty = length == 0;
        if first.is_none() && !empty {
            return digest(state[0]);
        }
        state[0] += first.unwrap_or_default();
        state[1] += second.unwrap_or_default();
        state = permute(state);
        if empty {
            return digest(state[0]);
        }
    }
}

/// Integers, seven a felt.
pub fn packed_values(values: &[i32]) -> impl Iterator<Item = Felt252> {
    values.chunks(VALUES).map(|values| {
        let mut bytes = [0; 32];
        for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
            *bytes = (value.cast_unsigned() ^ 1 << 31).to_le_bytes();
        }
        Felt252::remainder(&bytes)
    })
}

impl Poseidon {
    /// The digest of integers.
    pub fn hash_values(values: &[i32]) -> TreeDigest {
        sponge(OF_VALUES, values.len(), packed_values(values))
    }
}

impl Hasher for Poseidon {
    type Digest = TreeDigest;

    // The capacity has 251 bits.
    const COLLISION_RESISTANCE: u32 = 125;

    fn hash(bytes: &[u8]) -> TreeDigest {
        let felt = |bytes: &[u8]| {
            let mut padded = [0; 32];
            padded[..bytes.len()].copy_from_slice(bytes);
            Felt252::remainder(&padded)
        };
        sponge(OF_BYTES, bytes.len(), bytes.chunks(BYTES).map(felt))
    }

    fn merge(values: &[TreeDigest; 2]) -> TreeDigest {
        let [left, right] = values.each_ref().map(felt);
        digest(permute([left, right, Felt252::from(PAIR)])[0])
    }

    fn merge_many(values: &[TreeDigest]) -> TreeDigest {
        sponge(OF_DIGESTS, values.len(), values.iter().map(felt))
    }

    fn merge_with_int(seed: TreeDigest, value: u64) -> TreeDigest {
        digest(permute([felt(&seed), Felt252::from(value), Felt252::from(WITH_INTEGER)])[0])
    }
}

impl ElementHasher for Poseidon {
    type BaseField = Goldilocks;

    fn hash_elements<E: FieldElement<BaseField = Goldilocks>>(elements: &[E]) -> TreeDigest {
        let elements = E::slice_as_base_elements(elements);
        let felts = elements.chunks(ELEMENTS).map(|elements| {
            let mut limbs = [0; 4];
            limbs.iter_mut().zip(elements).for_each(|(limb, element)| *limb = element.as_int());
            Felt252::of_limbs(limbs)
        });
        sponge(OF_ELEMENTS, elements.len(), felts)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Add;

    use starknet_types_core::felt::Felt;
    use starknet_types_core::hash::{Poseidon as Starknet, StarkHash as _};
    use winter_verifier::math::fields::QuadExtension;

    use super::*;

    /// Starknet's published vector of the permutation, of (0, 0, 0).
    #[test]
    fn the_permutation_is_starknets() {
        let expected = [
            "0x79e8d1e78258000a28fc9d49e233bc6852357968577b1e386550ed6a9086133",
            "0x3840d003d0f3f96dbb796ff6aa6a63be5b5404b91ccaabca256154cbb6fb984",
            "0x1eb39da3f7d3b04142d0ac83d9da00c9325a61fb2ef326e50b70eaa8a3c7cc7",
        ];
        assert_eq!(permute([Felt252::ZERO; 3]).map(|felt| felt.to_string()), expected);
    }

    #[test]
    fn a_node_is_the_one_of_starknets_own_trees() {
        let [a, b] = [Felt252::from(3u8), Felt252::from(u128::MAX)];
        let expected = Starknet::hash(&Felt::from(3), &Felt::from(u128::MAX));
        assert_eq!(Poseidon::merge(&[digest(a), digest(b)]).as_bytes(), expected.to_bytes_le());
        assert_ne!(Poseidon::merge(&[digest(b), digest(a)]), Poseidon::merge(&[digest(a), digest(b)]));
    }

    /// The sponge, written out for each number of felts.
    #[test]
    fn elements_are_absorbed_three_a_felt_and_two_felts_a_permutation() {
        let elements: Vec<Goldilocks> = (0..20).map(|index| -Goldilocks::new(index)).collect();
        let weights = [0, 1, 2].map(|place| Felt252::new(2).exp((64_u64 * place).into()));
        for n in 0..elements.len() {
            let weighted = |(element, weight): (&Goldilocks, Felt252)| Felt252::new(element.as_int()) * weight;
            let packed = |chunk: &[Goldilocks]| chunk.iter().zip(weights).map(weighted).fold(Felt252::ZERO, Add::add);
            let felts: Vec<Felt252> = elements[..n].chunks(3).map(packed).collect();
            let mut state = [Felt252::ZERO, Felt252::ZERO, Felt252::from((1_u128 << 64) + n as u128)];
            let blocks = felts.len().div_ceil(2).max(1);
            for block in 0..blocks {
                for (felt, absorbed) in state.iter_mut().zip(&felts[2 * block..]).take(2) {
                    *felt += *absorbed;
                }
                state = permute(state);
            }
            assert_eq!(Poseidon::hash_elements(&elements[..n]), digest(state[0]), "{n} elements");
        }
        let pairs: Vec<_> = elements.chunks(2).map(|pair| QuadExtension::new(pair[0], pair[1])).collect();
        assert_eq!(Poseidon::hash_elements(&pairs), Poseidon::hash_elements(&elements));
    }

    #[test]
    fn no_two_kinds_or_lengths_are_hashed_alike() {
        let zero = digest(Felt252::ZERO);
        let zeros = [Goldilocks::ZERO; 8];
        let mut found: Vec<TreeDigest> = (0..=8).map(|n| Poseidon::hash_elements(&zeros[..n])).collect();
        found.extend((0..4).map(|n| Poseidon::merge_many(&[zero; 4][..n])));
        found.extend((0..70).map(|n| Poseidon::hash(&[0; 70][..n])));
        found.extend([Poseidon::merge(&[zero; 2]), Poseidon::merge_with_int(zero, 0), Poseidon::merge_with_int(zero, 1)]);
        found.extend((1..=3).map(|last| Poseidon::hash_elements(&[Goldilocks::ZERO, Goldilocks::ZERO, Goldilocks::new(last)])));
        for (index, digest) in found.iter().enumerate() {
            assert!(!found[..index].contains(digest), "{index}");
        }
    }

    #[test]
    fn bytes_beyond_a_felt_begin_the_next_one() {
        let bytes: Vec<u8> = (0..70).collect();
        let felt = |bytes: &[u8]| bytes.iter().rfold(Felt252::ZERO, |sum, byte| sum * Felt252::new(256) + Felt252::from(*byte));
        let felts = bytes.chunks(31).map(felt).collect::<Vec<_>>();
        let state = permute([felts[0], felts[1], Felt252::from((3_u128 << 64) + 70)]);
        assert_eq!(Poseidon::hash(&bytes), digest(permute([state[0] + felts[2], state[1], state[2]])[0]));
    }
}
