//! Hash functions whose digests have parts: a row of a model's trace is hashed part by part, everything else whole.

use std::marker::PhantomData;

use crate::goldilocks::Goldilocks;
use winter_verifier::ByteWriter;
use winter_verifier::crypto::{Digest as _, ElementHasher, Hasher};
use winter_verifier::math::FieldElement;

use crate::blake2s::TreeDigest;
use crate::digest::Digest;
use crate::layout::{FIXED_WIDTH, IO_WIDTH, MAIN_WIDTH};

/// A hash function that trees are built with: Blake3 or Blake2s.
pub trait TreeHasher: ElementHasher<BaseField = Goldilocks, Digest = TreeDigest> {}

impl<H: ElementHasher<BaseField = Goldilocks, Digest = TreeDigest>> TreeHasher for H {}

/// Hashes a row of the main trace in parts, so that each part gets a tree of its own ([`crate::SplitTree`]).
///
/// A row is `MAIN_WIDTH` elements of the base field. Its parts are
///
/// | `IO` | parts |
/// |---|---|
/// | `false` | fixed columns, all other columns |
/// | `true` | fixed columns, inputs and outputs, witness columns |
///
/// Anything else has one part. A seed of the transcript can have the length of a row and then has several parts, too. It is bound
/// nevertheless, because every digest enters the transcript with all of its parts.
#[derive(Debug, PartialEq, Eq)]
pub struct SplitHasher<H, const IO: bool>(PhantomData<H>);

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
        whole(in_one_piece::<H, E>(elements))
    }
}

/// What the inner hasher makes of elements. On its own it would hash them one by one, and hash functions are slow on small pieces.
fn in_one_piece<H, E>(elements: &[E]) -> TreeDigest
where
    H: ElementHasher<Digest = TreeDigest>,
    E: FieldElement<BaseField = H::BaseField>,
{
    let mut bytes = Vec::with_capacity(size_of_val(elements));
    bytes.write_many(elements);
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

impl<H: TreeHasher, const IO: bool> Hasher for SplitHasher<H, IO> {
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

impl<H: TreeHasher, const IO: bool> ElementHasher for SplitHasher<H, IO> {
    type BaseField = Goldilocks;

    fn hash_elements<E: FieldElement<BaseField = Goldilocks>>(elements: &[E]) -> Digest {
        if E::EXTENSION_DEGREE > 1 || elements.len() != MAIN_WIDTH {
            return WholeHasher::<H>::hash_elements(elements);
        }
        let hash = |part: &[E]| in_one_piece::<H, E>(part).as_bytes();
        let (fixed, others) = elements.split_at(FIXED_WIDTH);
        if IO {
            let (io, witness) = others.split_at(IO_WIDTH);
            Digest::three([fixed, io, witness].map(hash))
        } else {
            Digest::two([fixed, others].map(hash))
        }
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::crypto::hashers::Blake3_256;
    use winter_verifier::math::fields::QuadExtension;

    use super::*;

    type Inner = Blake3_256<Goldilocks>;
    type Public = SplitHasher<Inner, false>;
    type Committed = SplitHasher<Inner, true>;

    fn row() -> Vec<Goldilocks> {
        (0..MAIN_WIDTH as u64).map(Goldilocks::new).collect()
    }

    fn inner(elements: &[Goldilocks]) -> [u8; 32] {
        Inner::hash_elements(elements).as_bytes()
    }

    #[test]
    fn a_row_of_the_main_trace_has_a_part_for_each_tree() {
        let row = row();
        let (fixed, others) = row.split_at(FIXED_WIDTH);
        assert_eq!(Public::hash_elements(&row).parts(), [inner(fixed), inner(others)]);
        let (io, witness) = others.split_at(IO_WIDTH);
        assert_eq!(Committed::hash_elements(&row).parts(), [inner(fixed), inner(io), inner(witness)]);
    }

    #[test]
    fn everything_else_has_one_part() {
        let row = row();
        let shorter = &row[1..];
        assert_eq!(Public::hash_elements(shorter).parts(), [inner(shorter)]);
        let extended: Vec<QuadExtension<Goldilocks>> = row.iter().map(|element| (*element).into()).collect();
        assert_eq!(Committed::hash_elements(&extended).parts().len(), 1);
        assert_eq!(Public::hash(b"x").parts(), [Inner::hash(b"x").as_bytes()]);
    }

    #[test]
    fn every_part_enters_a_merge() {
        let digest = Public::hash_elements(&row());
        let other = Digest::two([digest.parts()[0], [9; 32]]);
        let one = Digest::one([1; 32]);
        assert_ne!(Public::merge(&[digest, one]), Public::merge(&[other, one]));
        assert_ne!(Public::merge_many(&[digest, one]), Public::merge_many(&[other, one]));
        assert_ne!(Public::merge_with_int(digest, 1), Public::merge_with_int(other, 1));
        assert_eq!(Public::merge(&[one, one]).parts(), [Inner::merge(&[TreeDigest::new([1; 32]); 2]).as_bytes()]);
    }
}
