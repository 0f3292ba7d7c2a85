//! Hash functions whose digests have parts: a row of a model's trace is hashed part by part, everything else whole.

use std::marker::PhantomData;

use crate::goldilocks::Goldilocks;
use winter_verifier::ByteWriter;
use winter_verifier::crypto::hashers::Blake3_256;
use winter_verifier::crypto::{DefaultRandomCoin, Digest as _, ElementHasher, Hasher, RandomCoin};
use winter_verifier::math::{FieldElement, StarkField};

use crate::blake2s::{Blake2s256, TreeDigest};
use crate::coin::PoseidonCoin;
use crate::digest::Digest;
use crate::layout::Layout;
use crate::poseidon::Poseidon;
use crate::vector_commitment::TreeHash;

/// A hash function that trees are built with: Blake3, Blake2s or Poseidon.
pub trait TreeHasher: ElementHasher<BaseField = Goldilocks, Digest = TreeDigest> + TreeHash + Sized {
    /// The transcript of proofs with this hash function.
    type Coin: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<Self>>;

    /// Hashes the elements of some slices, one after the other.
    fn hash_slices<E: FieldElement<BaseField = Goldilocks>>(slices: &[&[E]]) -> TreeDigest {
        in_one_piece::<Self, E>(slices)
    }
}

impl<B: StarkField> TreeHash for Blake3_256<B> {}

impl<B: StarkField> TreeHash for Blake2s256<B> {}

impl TreeHash for Poseidon {
    // A contract hashes paths up to 16 nodes: with 16 queries, the paths above would be 64 hashes a tree.
    const CAP: u8 = 4;
}

impl TreeHasher for Blake3_256<Goldilocks> {
    type Coin = DefaultRandomCoin<SplitHasher<Self>>;
}

impl TreeHasher for Blake2s256 {
    type Coin = DefaultRandomCoin<SplitHasher<Self>>;
}

impl TreeHasher for Poseidon {
    type Coin = PoseidonCoin;

    // It hashes elements, not their bytes.
    fn hash_slices<E: FieldElement<BaseField = Goldilocks>>(slices: &[&[E]]) -> TreeDigest {
        match slices {
            [elements] => Self::hash_elements(elements),
            _ => Self::hash_elements(&slices.concat()),
        }
    }
}

/// Hashes a row of the main trace in two parts, so that each part gets a tree of its own ([`crate::SplitTree`]): the fixed columns, and all
/// others.
///
/// A row is known by its length, which tells its layout. Anything else has one part. A seed of the transcript can have the length of a row and
/// then has two parts, too. It is bound nevertheless, because every digest enters the transcript with all of its parts.
#[derive(Debug, PartialEq, Eq)]
pub struct SplitHasher<H>(PhantomData<H>);

/// Hashes everything into digests of one part, so that a commitment is one tree.
#[derive(Debug, PartialEq, Eq)]
pub struct WholeHasher<H>(PhantomData<H>);

impl<H: Hasher<Digest = TreeDigest>> Hasher for WholeHasher<H> {
    type Digest = Digest;

    const COLLISION_RESISTANCE: u32 = H::COLLISION_RESISTANCE;

    fn hash(bytes: &[u8]) -> Digest {
        whole(H::hash(bytes))
    }

    fn merge(values: &[Digest; 2]) -> Digest {
        whole(H::merge(&values.each_ref().map(folded)))
    }

    fn merge_many(values: &[Digest]) -> Digest {
        whole(H::merge_many(&values.iter().map(folded).collect::<Vec<_>>()))
    }

    fn merge_with_int(seed: Digest, value: u64) -> Digest {
        whole(H::merge_with_int(folded(&seed), value))
    }
}

impl<H: ElementHasher<Digest = TreeDigest>> ElementHasher for WholeHasher<H> {
    type BaseField = H::BaseField;

    fn hash_elements<E: FieldElement<BaseField = H::BaseField>>(elements: &[E]) -> Digest {
        whole(in_one_piece::<H, E>(&[elements]))
    }
}

/// What the inner hasher makes of the elements of some slices. On its own it would hash them one by one, and hash functions are slow on small
/// pieces.
fn in_one_piece<H, E>(slices: &[&[E]]) -> TreeDigest
where
    H: ElementHasher<Digest = TreeDigest>,
    E: FieldElement<BaseField = H::BaseField>,
{
    let mut bytes = Vec::with_capacity(slices.iter().map(|elements| size_of_val(*elements)).sum());
    slices.iter().for_each(|elements| bytes.write_many(*elements));
    H::hash(&bytes)
}

/// A digest of one part.
fn whole(digest: TreeDigest) -> Digest {
    Digest::one(digest.as_bytes())
}

/// The 32 bytes that stand for a digest inside of another hash.
fn folded(digest: &Digest) -> TreeDigest {
    TreeDigest::new(digest.as_bytes())
}

impl<H: TreeHasher> Hasher for SplitHasher<H> {
    type Digest = Digest;

    const COLLISION_RESISTANCE: u32 = H::COLLISION_RESISTANCE;

    fn hash(bytes: &[u8]) -> Digest {
        WholeHasher::<H>::hash(bytes)
    }

    fn merge(values: &[Digest; 2]) -> Digest {
        WholeHasher::<H>::merge(values)
    }

    fn merge_many(values: &[Digest]) -> Digest {
        WholeHasher::<H>::merge_many(values)
    }

    fn merge_with_int(seed: Digest, value: u64) -> Digest {
        WholeHasher::<H>::merge_with_int(seed, value)
    }
}

impl<H: TreeHasher> ElementHasher for SplitHasher<H> {
    type BaseField = Goldilocks;

    fn hash_elements<E: FieldElement<BaseField = Goldilocks>>(elements: &[E]) -> Digest {
        match Layout::fixed_in_row(elements.len()) {
            Some(fixed) if E::EXTENSION_DEGREE == 1 => {
                let others = [&elements[..fixed.start], &elements[fixed.end..]];
                Digest::two([H::hash_slices(&[&elements[fixed]]), H::hash_slices(&others)].map(|part| part.as_bytes()))
            }
            _ => whole(H::hash_slices(&[elements])),
        }
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::math::fields::QuadExtension;

    use super::*;
    use crate::layout::{LAYOUTS, SIDES};

    type Inner = Blake3_256<Goldilocks>;
    type Split = SplitHasher<Inner>;

    fn row(width: usize) -> Vec<Goldilocks> {
        (0..width as u64).map(Goldilocks::new).collect()
    }

    fn inner(elements: &[Goldilocks]) -> [u8; 32] {
        Inner::hash_elements(elements).as_bytes()
    }

    #[test]
    fn a_row_of_the_main_trace_has_a_part_for_each_tree() {
        for (layout, sponges) in LAYOUTS.iter().flat_map(|layout| (0..=SIDES).map(move |sponges| (layout, sponges))) {
            let row = row(layout.main_width(sponges));
            let (witness, rest) = row.split_at(layout.fixed().start);
            let (fixed, sponge) = rest.split_at(layout.fixed_width());
            let digest = Split::hash_elements(&row);
            // Plain proofs have rows without sponges in every layout.
            if sponges == 0 || layout.has_room_for(sponges) {
                assert_eq!(digest.parts(), [inner(fixed), inner(&[witness, sponge].concat())]);
            } else {
                assert_eq!(digest.parts(), [inner(&row)]);
            }
        }
    }

    #[test]
    fn everything_else_has_one_part() {
        let row = row(Layout::base().main_width(0));
        let shorter = &row[1..];
        assert_eq!(Split::hash_elements(shorter).parts(), [inner(shorter)]);
        let extended: Vec<QuadExtension<Goldilocks>> = row.iter().map(|element| (*element).into()).collect();
        assert_eq!(Split::hash_elements(&extended).parts().len(), 1);
        assert_eq!(Split::hash(b"x").parts(), [Inner::hash(b"x").as_bytes()]);
    }

    #[test]
    fn every_part_enters_a_merge() {
        let digest = Split::hash_elements(&row(Layout::base().main_width(0)));
        let other = Digest::two([digest.parts()[0], [9; 32]]);
        let one = Digest::one([1; 32]);
        assert_ne!(Split::merge(&[digest, one]), Split::merge(&[other, one]));
        assert_ne!(Split::merge_many(&[digest, one]), Split::merge_many(&[other, one]));
        assert_ne!(Split::merge_with_int(digest, 1), Split::merge_with_int(other, 1));
        assert_eq!(Split::merge(&[one, one]).parts(), [Inner::merge(&[TreeDigest::new([1; 32]); 2]).as_bytes()]);
    }
}
