//! The vector commitment of both kinds of proof: a Merkle tree for each part of a digest, and openings that have exactly one form.
//!
//! It is not winterfell's own, because proofs of one model share a tree, and because stock openings are read on the word of their counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;
use winter_verifier::crypto::{BatchMerkleProof, Digest as _, Hasher, MerkleTree, MerkleTreeError, VectorCommitment};
use winter_verifier::{ByteReader, ByteWriter, Deserializable, DeserializationError, Serializable};

use crate::blake2s::TreeDigest;
use crate::digest::{Digest, MAX_PARTS};

/// The deepest tree that an opening is read for: 2^30 leaves, above every domain that an entry allows.
const MAX_DEPTH: u8 = 30;

/// A hash function that trees are built with.
pub trait TreeHash: Hasher<Digest = TreeDigest> {
    /// The level of a tree whose nodes all openings list, as they are not more than the paths from that level to the root: `2^CAP` nodes. With 0,
    /// which is the root, they list none.
    const CAP: u8 = 0;
}

/// A commitment to a vector of digests, with one Merkle tree for each of their parts.
///
/// The trees hold the parts alone, 32 bytes a node. A tree can be shared between commitments: the prover keeps that of the fixed columns.
#[derive(Debug)]
pub struct SplitTree<H: Hasher>(Vec<Arc<MerkleTree<H>>>);

/// An opening of a [`SplitTree`] at several positions: one batch opening a tree.
///
/// It is written as the number of trees and their depth, a byte each, and for each tree the number of its node lists (two bytes), each with
/// its length (one byte) and its nodes. After that comes the cap of each tree, if the hash function has caps ([`TreeHash::CAP`]).
#[derive(Debug)]
pub struct SplitOpening<H: Hasher> {
    depth: u8,
    trees: Vec<BatchMerkleProof<H>>,
    /// For each tree all nodes of a level.
    caps: Vec<Vec<TreeDigest>>,
}

/// Why trees are not a commitment, or do not open to the given digests.
#[derive(Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SplitTreeError {
    /// There are no trees, more than two, or trees of different depths.
    #[error("a commitment has one or two trees of one depth; found the depths {depths:?}")]
    Trees {
        /// The depths of the trees.
        depths: Vec<usize>,
    },
    /// A digest does not have one part for each tree.
    #[error("a digest has {found} part(s), but there are {expected} tree(s)")]
    Parts {
        /// Number of trees.
        expected: usize,
        /// Number of parts.
        found: usize,
    },
    /// The number of digests is not that of the positions.
    #[error("{found} digests for {expected} positions")]
    Items {
        /// Number of positions.
        expected: usize,
        /// Number of digests.
        found: usize,
    },
    /// There are more positions than an opening can list.
    #[error("{found} positions are more than an opening can list")]
    TooManyPositions {
        /// Number of positions.
        found: usize,
    },
    /// An opening has more nodes than its positions need, or fewer.
    #[error("the opening of tree {tree} does not have the nodes that its positions need")]
    Nodes {
        /// Index of the tree.
        tree: usize,
    },
    /// The nodes that an opening lists as a level of a tree are others.
    #[error("the cap of tree {tree} is not that of the tree")]
    Cap {
        /// Index of the tree.
        tree: usize,
    },
    /// A tree cannot be built, or does not open to the given parts.
    #[error("tree {tree}: {source}")]
    Tree {
        /// Index of the tree.
        tree: usize,
        /// What is wrong with it.
        source: MerkleTreeError,
    },
}

impl<H: TreeHash> SplitTree<H> {
    /// A commitment of trees that are already built, in the order of the parts.
    ///
    /// # Errors
    /// [`SplitTreeError::Trees`].
    pub fn from_trees(trees: Vec<Arc<MerkleTree<H>>>) -> Result<Self, SplitTreeError> {
        let depths: Vec<_> = trees.iter().map(|tree| tree.depth()).collect();
        let alike = depths.windows(2).all(|pair| pair[0] == pair[1]);
        if !(1..=MAX_PARTS).contains(&trees.len()) || !alike {
            return Err(SplitTreeError::Trees { depths });
        }
        Ok(Self(trees))
    }

    /// The trees, in the order of the parts.
    pub fn trees(&self) -> &[Arc<MerkleTree<H>>] {
        &self.0
    }

    fn depth(&self) -> usize {
        self.0[0].depth()
    }
}

/// Whether openings of trees with a hash function list caps.
fn has_caps<H: TreeHash>() -> bool {
    H::CAP > 0
}

/// The level of the cap of a tree.
fn cap_level<H: TreeHash>(depth: u8) -> u8 {
    H::CAP.min(depth)
}

/// The cap of a tree.
fn cap<H: TreeHash>(tree: &MerkleTree<H>) -> Result<Vec<TreeDigest>, MerkleTreeError> {
    let level = usize::from(cap_level::<H>(tree.depth() as u8));
    let height = tree.depth() - level;
    // A node is the sibling on the path of any leaf below its own sibling.
    (0..1 << level).map(|node: usize| Ok(tree.prove((node ^ 1) << height)?.1[height])).collect()
}

/// The root above a level of nodes.
pub(crate) fn root_above<H: TreeHash>(cap: &[TreeDigest]) -> TreeDigest {
    let mut level = cap.to_vec();
    while level.len() > 1 {
        let (pairs, _) = level.as_chunks();
        level = pairs.iter().map(H::merge).collect();
    }
    level[0]
}

impl<H: TreeHash> SplitOpening<H> {
    /// An opening of one or two trees of one depth, with the cap of each if the hash function has caps.
    pub(crate) fn from_parts(trees: Vec<BatchMerkleProof<H>>, caps: Vec<Vec<TreeDigest>>) -> Self {
        Self { depth: trees[0].depth, trees, caps }
    }

    /// The cap of each tree; none if the hash function has no caps.
    pub fn caps(&self) -> &[Vec<TreeDigest>] {
        &self.caps
    }

    /// The batch opening of each tree.
    pub fn trees(&self) -> &[BatchMerkleProof<H>] {
        &self.trees
    }
}

/// One part of each digest; every digest must have `number` parts.
fn column(items: &[Digest], index: usize, number: usize) -> Result<Vec<TreeDigest>, SplitTreeError> {
    let part = |item: &Digest| match item.parts() {
        parts if parts.len() == number => Ok(TreeDigest::new(parts[index])),
        parts => Err(SplitTreeError::Parts { expected: number, found: parts.len() }),
    };
    items.iter().map(part).collect()
}

/// The lengths of the node lists that a batch opening at `positions` has, by the algorithm of [`MerkleTree::prove_batch`].
///
/// The stock verification passes over nodes that it does not need. With these lengths every opening has one form.
fn list_lengths(positions: &[usize], depth: u8) -> Vec<usize> {
    let positions: BTreeSet<_> = positions.iter().copied().collect();
    let mut level: Vec<_> = positions.iter().map(|position| position >> 1).collect();
    level.dedup();
    let missing = |pair: &usize| [2 * pair, 2 * pair + 1].iter().filter(|leaf| !positions.contains(leaf)).count();
    let mut lengths: Vec<_> = level.iter().map(missing).collect();
    for _ in 1..depth {
        let mut parents = Vec::with_capacity(level.len());
        let mut nodes = level.iter().enumerate().peekable();
        while let Some((index, node)) = nodes.next() {
            // The list is that of the node's index in its level, whatever its parent's index will be.
            if nodes.next_if(|(_, sibling)| **sibling == node ^ 1).is_none() {
                lengths[index] += 1;
            }
            parents.push(node >> 1);
        }
        level = parents;
    }
    lengths
}

impl<H, S> VectorCommitment<S> for SplitTree<H>
where
    H: TreeHash,
    S: Hasher<Digest = Digest>,
{
    type Options = ();
    type Proof = SplitOpening<H>;
    type MultiProof = SplitOpening<H>;
    type Error = SplitTreeError;

    fn with_options(items: Vec<Digest>, _: ()) -> Result<Self, SplitTreeError> {
        let number = items.first().map_or(1, |item| item.parts().len());
        let tree = |index| {
            let tree = MerkleTree::new(column(&items, index, number)?).map_err(|source| SplitTreeError::Tree { tree: index, source })?;
            Ok(Arc::new(tree))
        };
        Self::from_trees((0..number).map(tree).collect::<Result<_, _>>()?)
    }

    fn commitment(&self) -> Digest {
        let roots: Vec<_> = self.0.iter().map(|tree| tree.root().as_bytes()).collect();
        Digest::new(&roots).expect("a commitment has one or two trees")
    }

    fn domain_len(&self) -> usize {
        1 << self.depth()
    }

    fn get_proof_domain_len(proof: &SplitOpening<H>) -> usize {
        1 << proof.depth
    }

    fn get_multiproof_domain_len(proof: &SplitOpening<H>) -> usize {
        1 << proof.depth
    }

    fn open(&self, index: usize) -> Result<(Digest, SplitOpening<H>), SplitTreeError> {
        let (items, opening) = <Self as VectorCommitment<S>>::open_many(self, &[index])?;
        Ok((items[0], opening))
    }

    fn open_many(&self, indexes: &[usize]) -> Result<(Vec<Digest>, SplitOpening<H>), SplitTreeError> {
        if indexes.len() > usize::from(u16::MAX) {
            return Err(SplitTreeError::TooManyPositions { found: indexes.len() });
        }
        let mut items = vec![Vec::with_capacity(MAX_PARTS); indexes.len()];
        let mut trees = Vec::with_capacity(self.0.len());
        for (index, tree) in self.0.iter().enumerate() {
            let (leaves, opening) = tree.prove_batch(indexes).map_err(|source| SplitTreeError::Tree { tree: index, source })?;
            items.iter_mut().zip(leaves).for_each(|(item, leaf)| item.push(leaf.as_bytes()));
            trees.push(opening);
        }
        let items = items.iter().map(|parts| Digest::new(parts).expect("a commitment has one or two trees")).collect();
        let cap = |(index, tree): (usize, &Arc<MerkleTree<H>>)| cap(tree).map_err(|source| SplitTreeError::Tree { tree: index, source });
        let caps = self.0.iter().enumerate().filter(|_| has_caps::<H>()).map(cap).collect::<Result<_, _>>()?;
        Ok((items, SplitOpening { depth: self.depth() as u8, trees, caps }))
    }

    fn verify(commitment: Digest, index: usize, item: Digest, proof: &SplitOpening<H>) -> Result<(), SplitTreeError> {
        <Self as VectorCommitment<S>>::verify_many(commitment, &[index], &[item], proof)
    }

    fn verify_many(commitment: Digest, indexes: &[usize], items: &[Digest], proof: &SplitOpening<H>) -> Result<(), SplitTreeError> {
        let roots = commitment.parts();
        if proof.trees.len() != roots.len() {
            return Err(SplitTreeError::Parts { expected: proof.trees.len(), found: roots.len() });
        }
        // The stock verification looks at the items that have a position and passes over others.
        if items.len() != indexes.len() {
            return Err(SplitTreeError::Items { expected: indexes.len(), found: items.len() });
        }
        let lengths = list_lengths(indexes, proof.depth);
        for (index, (root, opening)) in roots.iter().zip(&proof.trees).enumerate() {
            if !opening.nodes.iter().map(Vec::len).eq(lengths.iter().copied()) {
                return Err(SplitTreeError::Nodes { tree: index });
            }
            let leaves = column(items, index, roots.len())?;
            MerkleTree::verify_batch(&TreeDigest::new(*root), indexes, &leaves, opening)
                .map_err(|source| SplitTreeError::Tree { tree: index, source })?;
            if has_caps::<H>() && root_above::<H>(&proof.caps[index]).as_bytes() != *root {
                return Err(SplitTreeError::Cap { tree: index });
            }
        }
        Ok(())
    }
}

impl<H: Hasher> Clone for SplitOpening<H> {
    // Not derived, as that would ask for hash functions that can be cloned.
    fn clone(&self) -> Self {
        let copy = |tree: &BatchMerkleProof<H>| BatchMerkleProof { nodes: tree.nodes.clone(), depth: tree.depth };
        Self { depth: self.depth, trees: self.trees.iter().map(copy).collect(), caps: self.caps.clone() }
    }
}

impl<H: TreeHash> Serializable for SplitOpening<H> {
    fn write_into<W: ByteWriter>(&self, target: &mut W) {
        // One or two trees of a depth below 256, at most 2^16 - 1 lists, none longer than the tree is deep.
        target.write_u8(self.trees.len() as u8);
        target.write_u8(self.depth);
        for tree in &self.trees {
            target.write_u16(tree.nodes.len() as u16);
            for nodes in &tree.nodes {
                target.write_u8(nodes.len() as u8);
                target.write_many(nodes);
            }
        }
        self.caps.iter().for_each(|cap| target.write_many(cap));
    }
}

impl<H: TreeHash> Deserializable for SplitOpening<H> {
    /// Reserves nothing on the word of a count: the stock reader of batch openings reserves any number of lists.
    fn read_from<R: ByteReader>(source: &mut R) -> Result<Self, DeserializationError> {
        let invalid = |reason: String| Err(DeserializationError::InvalidValue(reason));
        let number = source.read_u8()?;
        if !(1..=MAX_PARTS).contains(&usize::from(number)) {
            return invalid(format!("an opening has 1 or {MAX_PARTS} trees, not {number}"));
        }
        // A larger depth would overflow the number of leaves; a tree of depth 0 has no pair to hash.
        let depth = source.read_u8()?;
        if !(1..=MAX_DEPTH).contains(&depth) {
            return invalid(format!("a tree has a depth of 1 to {MAX_DEPTH}, not {depth}"));
        }
        let mut trees = Vec::with_capacity(MAX_PARTS);
        for _ in 0..number {
            let lists = source.read_u16()?;
            let mut nodes = Vec::new();
            for _ in 0..lists {
                let length = source.read_u8()?;
                if length > depth {
                    return invalid(format!("a list of {length} nodes in a tree of depth {depth}"));
                }
                nodes.push(source.read_many::<TreeDigest>(length.into())?);
            }
            trees.push(BatchMerkleProof { nodes, depth });
        }
        let mut caps = Vec::with_capacity(MAX_PARTS);
        for _ in (0..number).filter(|_| has_caps::<H>()) {
            caps.push(source.read_many(1 << cap_level::<H>(depth))?);
        }
        Ok(Self { depth, trees, caps })
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::crypto::hashers::Blake3_256;

    use super::*;
    use crate::bounded::BoundedReader;
    use crate::goldilocks::Goldilocks;
    use crate::hasher::SplitHasher;

    type Inner = Blake3_256<Goldilocks>;
    type Outer = SplitHasher<Inner>;
    type Tree = SplitTree<Inner>;

    fn digest(index: usize, parts: usize) -> Digest {
        let parts: Vec<_> = (0..parts).map(|part| Inner::hash(&[index as u8, part as u8]).as_bytes()).collect();
        Digest::new(&parts).unwrap()
    }

    fn tree(parts: usize) -> Tree {
        <Tree as VectorCommitment<Outer>>::new((0..16).map(|index| digest(index, parts)).collect()).unwrap()
    }

    fn open(tree: &Tree, positions: &[usize]) -> (Vec<Digest>, SplitOpening<Inner>) {
        <Tree as VectorCommitment<Outer>>::open_many(tree, positions).unwrap()
    }

    fn check(tree: &Tree, positions: &[usize], items: &[Digest], opening: &SplitOpening<Inner>) -> Result<(), SplitTreeError> {
        let root = <Tree as VectorCommitment<Outer>>::commitment(tree);
        <Tree as VectorCommitment<Outer>>::verify_many(root, positions, items, opening)
    }

    /// Every set of positions of a small tree, and a few of a larger one.
    fn position_sets() -> impl Iterator<Item = Vec<usize>> {
        let all = (1_u32..256).map(|bits| (0..8).filter(|position| bits >> position & 1 == 1).collect());
        all.chain([vec![15, 0, 8, 7, 3], vec![5, 4], (0..16).rev().collect()])
    }

    #[test]
    fn an_opening_holds_for_its_positions_and_digests() {
        for parts in 1..=MAX_PARTS {
            let tree = tree(parts);
            for positions in position_sets() {
                let (items, opening) = open(&tree, &positions);
                assert!(items.iter().zip(&positions).all(|(item, position)| *item == digest(*position, parts)));
                assert_eq!(check(&tree, &positions, &items, &opening), Ok(()), "{positions:?}");
                let bytes = opening.to_bytes();
                let mut reader = BoundedReader::new(&bytes);
                let read = SplitOpening::<Inner>::read_from(&mut reader).unwrap();
                assert!(reader.rest().is_empty());
                assert_eq!(check(&tree, &positions, &items, &read), Ok(()));
            }
        }
    }

    #[test]
    fn every_part_of_every_digest_is_opened() {
        let tree = tree(2);
        let (items, opening) = open(&tree, &[2, 3, 9]);
        for (index, part) in (0..3).flat_map(|index| (0..2).map(move |part| (index, part))) {
            let mut parts: [[u8; 32]; 2] = items[index].parts().try_into().unwrap();
            parts[part][31] ^= 1;
            let mut items = items.clone();
            items[index] = Digest::two(parts);
            let expected = SplitTreeError::Tree { tree: part, source: MerkleTreeError::InvalidProof };
            assert_eq!(check(&tree, &[2, 3, 9], &items, &opening), Err(expected));
        }
    }

    #[test]
    fn an_opening_has_one_form() {
        let tree = tree(2);
        let (items, opening) = open(&tree, &[2, 3, 9]);
        let check = |opening: &SplitOpening<Inner>| check(&tree, &[2, 3, 9], &items, opening);
        for list in 0..opening.trees[1].nodes.len() {
            let mut longer = opening.clone();
            longer.trees[1].nodes[list].push(TreeDigest::default());
            assert_eq!(check(&longer), Err(SplitTreeError::Nodes { tree: 1 }));
        }
        let mut more = opening.clone();
        more.trees[0].nodes.push(Vec::new());
        assert_eq!(check(&more), Err(SplitTreeError::Nodes { tree: 0 }));
    }

    #[test]
    fn other_numbers_of_parts_items_or_positions_are_refused() {
        let (one, two) = (tree(1), tree(2));
        let (items, opening) = open(&two, &[1, 5]);
        assert_eq!(check(&one, &[1, 5], &items, &opening), Err(SplitTreeError::Parts { expected: 2, found: 1 }));
        let (narrow, short) = open(&one, &[1, 5]);
        assert_eq!(check(&two, &[1, 5], &narrow, &opening), Err(SplitTreeError::Parts { expected: 2, found: 1 }));
        assert_eq!(check(&two, &[1, 5], &items, &short), Err(SplitTreeError::Parts { expected: 1, found: 2 }));
        let more = [&items[..], &items[..1]].concat();
        assert_eq!(check(&two, &[1, 5], &more, &opening), Err(SplitTreeError::Items { expected: 2, found: 3 }));
        assert!(check(&two, &[1, 16], &items, &opening).is_err());
        assert!(check(&two, &[1, usize::MAX], &items, &opening).is_err());
        assert!(check(&two, &[1, 1], &items, &opening).is_err());
        assert!(check(&two, &[], &[], &opening).is_err());
    }

    #[test]
    fn trees_of_a_commitment_have_one_depth() {
        let leaves = |number: u8| (0..number).map(|index| Inner::hash(&[index])).collect();
        let tree = |number| Arc::new(MerkleTree::<Inner>::new(leaves(number)).unwrap());
        let error = |trees| Tree::from_trees(trees).unwrap_err();
        assert_eq!(error(vec![tree(4), tree(8)]), SplitTreeError::Trees { depths: vec![2, 3] });
        assert_eq!(error(vec![]), SplitTreeError::Trees { depths: vec![] });
        assert_eq!(error(vec![tree(2), tree(2), tree(2)]), SplitTreeError::Trees { depths: vec![1; 3] });
        let (fixed, rest) = (tree(4), tree(4));
        let roots = [*fixed.root(), *rest.root()].map(|root| root.as_bytes());
        let both = Tree::from_trees(vec![fixed, rest]).unwrap();
        assert_eq!(<Tree as VectorCommitment<Outer>>::commitment(&both), Digest::two(roots));
        let mixed = vec![digest(0, 2), digest(1, 1)];
        let error = <Tree as VectorCommitment<Outer>>::new(mixed).unwrap_err();
        assert_eq!(error, SplitTreeError::Parts { expected: 2, found: 1 });
    }

    #[test]
    fn hostile_openings_are_refused() {
        let read = |bytes: &[u8]| SplitOpening::<Inner>::read_from_bytes(bytes).map(|opening| opening.depth);
        assert_eq!(read(&[1, 4, 0, 0]), Ok(4));
        for bytes in [&[0, 4, 0, 0][..], &[3, 4, 0, 0], &[1, 0, 0, 0], &[1, 31, 0, 0], &[1, 64, 0, 0], &[1, 255, 0, 0], &[1, 4, 1, 0, 5]] {
            assert!(matches!(read(bytes), Err(DeserializationError::InvalidValue(_))), "{bytes:?}");
        }
        for bytes in [&[][..], &[1], &[1, 4], &[1, 4, 255, 255], &[1, 4, 1, 0, 4, 9, 9], &[2, 4, 0, 0]] {
            assert_eq!(read(bytes), Err(DeserializationError::UnexpectedEOF), "{bytes:?}");
        }
    }
}
