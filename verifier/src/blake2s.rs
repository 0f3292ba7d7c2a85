//! Blake2s as a hash function of winterfell, and for the verifier's own commitments.

use std::marker::PhantomData;

use blake2::{Blake2s256 as Blake2s, Digest as _};
use winter_verifier::ByteWriter;
use winter_verifier::crypto::hashers::Blake3_256;
use winter_verifier::crypto::{ElementHasher, Hasher};
use winter_verifier::math::{FieldElement, StarkField};

use crate::goldilocks::Goldilocks;

/// Digests of the hash functions that trees are built with.
pub type TreeDigest = <Blake3_256<Goldilocks> as Hasher>::Digest;

/// Blake2s with 256 bits of output, for proofs that a Cairo contract verifies: Cairo has it as a built-in instruction.
///
/// Elements of the field `B` are hashed as they are written: as integers, least significant byte first.
#[derive(Debug, PartialEq, Eq)]
pub struct Blake2s256<B = Goldilocks>(PhantomData<B>);

/// Blake2s of the concatenation of `parts`.
pub(crate) fn blake2s<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut state = Blake2s::new();
    parts.into_iter().for_each(|part| state.update(part));
    state.finalize().into()
}

impl<B: StarkField> Hasher for Blake2s256<B> {
    type Digest = TreeDigest;

    const COLLISION_RESISTANCE: u32 = 128;

    fn hash(bytes: &[u8]) -> Self::Digest {
        TreeDigest::new(blake2s([bytes]))
    }

    fn merge(values: &[Self::Digest; 2]) -> Self::Digest {
        Self::merge_many(values)
    }

    fn merge_many(values: &[Self::Digest]) -> Self::Digest {
        Self::hash(TreeDigest::digests_as_bytes(values))
    }

    fn merge_with_int(seed: Self::Digest, value: u64) -> Self::Digest {
        TreeDigest::new(blake2s([TreeDigest::digests_as_bytes(&[seed]), &value.to_le_bytes()]))
    }
}

impl<B: StarkField> ElementHasher for Blake2s256<B> {
    type BaseField = B;

    fn hash_elements<E: FieldElement<BaseField = B>>(elements: &[E]) -> Self::Digest {
        let mut state = State(Blake2s::new());
        state.write_many(elements);
        TreeDigest::new(state.0.finalize().into())
    }
}

/// Lets elements write themselves into the hash.
struct State(Blake2s);

impl ByteWriter for State {
    fn write_u8(&mut self, value: u8) {
        self.0.update([value]);
    }

    fn write_bytes(&mut self, values: &[u8]) {
        self.0.update(values);
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::crypto::Digest as _;
    use winter_verifier::math::fields::QuadExtension;

    use super::*;

    type Hash = Blake2s256;

    #[test]
    fn agrees_with_the_test_vector_of_rfc_7693() {
        let expected = [
            0x50, 0x8c, 0x5e, 0x8c, 0x32, 0x7c, 0x14, 0xe2, 0xe1, 0xa7, 0x2b, 0xa3, 0x4e, 0xeb, 0x45, 0x2f, 0x37, 0x45, 0x8b, 0x20, 0x9e,
            0xd6, 0x3a, 0x29, 0x4d, 0x99, 0x9b, 0x4c, 0x86, 0x67, 0x59, 0x82,
        ];
        assert_eq!(Hash::hash(b"abc").as_bytes(), expected);
        assert_eq!(blake2s([&b"a"[..], b"bc"]), expected);
    }

    #[test]
    fn elements_are_hashed_as_their_canonical_bytes() {
        let elements = [Goldilocks::new(1), Goldilocks::new(u64::MAX), -Goldilocks::ONE];
        let bytes: Vec<u8> = elements.iter().flat_map(|element| element.as_int().to_le_bytes()).collect();
        assert_eq!(Hash::hash_elements(&elements), Hash::hash(&bytes));
        let pair = QuadExtension::new(elements[0], elements[1]);
        assert_eq!(Hash::hash_elements(&[pair]), Hash::hash(&bytes[..16]));
    }

    #[test]
    fn merging_hashes_the_concatenation() {
        let [a, b] = [Hash::hash(b"a"), Hash::hash(b"b")];
        assert_eq!(Hash::merge(&[a, b]), Hash::hash(&[a.as_bytes(), b.as_bytes()].concat()));
        assert_eq!(Hash::merge_with_int(a, 258), Hash::hash(&[&a.as_bytes()[..], &[2, 1, 0, 0, 0, 0, 0, 0]].concat()));
    }
}
