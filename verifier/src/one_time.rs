//! One-time roots: a private model has many roots for each of its entries, one for each proof, and the entry binds them all by the root of
//! a tree over them.
//!
//! Two proofs with one root would give weights away. The index is part of what a leaf hashes and of what a proof says, so that everybody
//! sees whether one was used twice.

use thiserror::Error;
use winter_verifier::{ByteReader, DeserializationError};

use crate::blake2s::blake2s;
use crate::bounded::BoundedReader;

/// The most one-time roots that an entry has.
pub const MAX_ONE_TIME_ROOTS: u32 = 1 << 16;

const LEAF: &[u8] = b"maat one-time root 1";
const NODE: &[u8] = b"maat one-time node 1";

/// The tree over all one-time roots of an entry.
///
/// A leaf is Blake2s of a tag, the index and the root; a node is Blake2s of another tag and its two children. So no node is a leaf too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeTree {
    roots: Vec<[u8; 32]>,
    /// From the leaves to the root of the tree.
    levels: Vec<Vec<[u8; 32]>>,
}

/// One of the roots, and the path that leads from it to the root of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeRoot {
    /// Which one it is.
    pub index: u32,
    /// The root of the tree over the fixed columns.
    pub root: [u8; 32],
    /// The siblings on the way to the root of the tree, the leaf's own first.
    pub path: Vec<[u8; 32]>,
}

/// Why one-time roots are refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OneTimeError {
    /// The number of roots is not a power of two, or there are more than [`MAX_ONE_TIME_ROOTS`].
    #[error("{found} one-time roots are not a power of two from 1 to {MAX_ONE_TIME_ROOTS}")]
    Count {
        /// Number of roots.
        found: usize,
    },
    /// No root has this index.
    #[error("there is no one-time root {index}, as there are {count}, counted from 0")]
    Index {
        /// The index.
        index: u32,
        /// Number of roots.
        count: u32,
    },
    /// The path is not as long as the tree is high.
    #[error("the path of a one-time root has {found} hashes, but needs {expected}")]
    PathLength {
        /// Height of the tree.
        expected: u32,
        /// Hashes in the path.
        found: usize,
    },
    /// The path leads to another tree.
    #[error("the one-time root {index} is not the model's: its path leads elsewhere")]
    Elsewhere {
        /// The index.
        index: u32,
    },
    /// The bytes end within the path.
    #[error("the one-time root ends early: {0}")]
    Truncated(#[from] DeserializationError),
}

/// The height of a tree over so many roots.
fn height(count: u32) -> Result<u32, OneTimeError> {
    let valid = count.is_power_of_two() && count <= MAX_ONE_TIME_ROOTS;
    if valid { Ok(count.ilog2()) } else { Err(OneTimeError::Count { found: count as usize }) }
}

fn leaf(index: u32, root: &[u8; 32]) -> [u8; 32] {
    blake2s([LEAF, &index.to_le_bytes(), root])
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    blake2s([NODE, left, right])
}

impl OneTimeTree {
    /// The tree over roots in the order of their indices.
    ///
    /// # Errors
    /// Their number is not a power of two, or too large.
    pub fn new(roots: Vec<[u8; 32]>) -> Result<Self, OneTimeError> {
        let found = roots.len();
        height(u32::try_from(found).map_err(|_| OneTimeError::Count { found })?)?;
        let mut level: Vec<_> = (0..).zip(&roots).map(|(index, root)| leaf(index, root)).collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let (pairs, _) = level.as_chunks();
            let above = pairs.iter().map(|[left, right]| node(left, right)).collect();
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.push(level);
        Ok(Self { roots, levels })
    }

    /// The roots, in the order of their indices.
    pub fn roots(&self) -> &[[u8; 32]] {
        &self.roots
    }

    /// What an entry holds.
    pub fn root(&self) -> [u8; 32] {
        self.levels[self.levels.len() - 1][0]
    }

    /// A root with its path.
    ///
    /// # Panics
    /// The tree has no such root.
    pub fn path(&self, index: u32) -> OneTimeRoot {
        let position = index as usize;
        let below = &self.levels[..self.levels.len() - 1];
        let path = below.iter().enumerate().map(|(height, level)| level[(position >> height) ^ 1]).collect();
        OneTimeRoot { index, root: self.roots[position], path }
    }
}

impl OneTimeRoot {
    /// Whether this is one of `count` roots, in its place in the tree with the root `expected`.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, count: u32, expected: &[u8; 32]) -> Result<(), OneTimeError> {
        let (height, index, found) = (height(count)?, self.index, self.path.len());
        if index >= count {
            return Err(OneTimeError::Index { index, count });
        }
        if found != height as usize {
            return Err(OneTimeError::PathLength { expected: height, found });
        }
        let mut hash = leaf(index, &self.root);
        for (height, sibling) in self.path.iter().enumerate() {
            hash = if index >> height & 1 == 0 { node(&hash, sibling) } else { node(sibling, &hash) };
        }
        if hash == *expected { Ok(()) } else { Err(OneTimeError::Elsewhere { index }) }
    }

    /// The index in four bytes, least significant first, the root and the path.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.index.to_le_bytes(), &self.root[..], self.path.as_flattened()].concat()
    }

    /// Reads what [`OneTimeRoot::to_bytes`] wrote of one of `count` roots, whose path is as long as their tree is high. Where it leads is
    /// left to [`OneTimeRoot::check`].
    ///
    /// # Errors
    /// There are no trees of so many roots, or the bytes end early.
    pub fn read(reader: &mut BoundedReader, count: u32) -> Result<Self, OneTimeError> {
        let height = height(count)?;
        let (index, root) = (reader.read_u32()?, reader.read_array()?);
        let path = (0..height).map(|_| reader.read_array()).collect::<Result<_, _>>()?;
        Ok(Self { index, root, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::hex;

    const COUNT: u32 = 8;

    fn roots(count: u32) -> Vec<[u8; 32]> {
        (0..count).map(|index| blake2s([&index.to_be_bytes()[..]])).collect()
    }

    fn tree(count: u32) -> OneTimeTree {
        OneTimeTree::new(roots(count)).unwrap()
    }

    fn read(bytes: &[u8], count: u32) -> Result<OneTimeRoot, OneTimeError> {
        let mut reader = BoundedReader::new(bytes);
        let root = OneTimeRoot::read(&mut reader, count)?;
        assert!(!reader.has_more_bytes());
        Ok(root)
    }

    #[test]
    fn every_root_of_a_tree_is_the_models() {
        for count in [1, 2, 8, 64] {
            let (tree, roots) = (tree(count), roots(count));
            for index in 0..count {
                let one = tree.path(index);
                assert_eq!((one.index, one.root), (index, roots[index as usize]));
                assert_eq!(one.check(count, &tree.root()), Ok(()), "{index} of {count}");
                assert_eq!(read(&one.to_bytes(), count).as_ref(), Ok(&one));
            }
        }
        let largest = tree(MAX_ONE_TIME_ROOTS);
        let last = largest.path(MAX_ONE_TIME_ROOTS - 1);
        assert_eq!(last.path.len(), 16);
        assert_eq!(last.check(MAX_ONE_TIME_ROOTS, &largest.root()), Ok(()));
    }

    #[test]
    fn any_changed_bit_is_refused() {
        let tree = tree(COUNT);
        for index in 0..COUNT {
            let bytes = tree.path(index).to_bytes();
            assert_eq!(bytes.len(), 4 + 32 + 3 * 32);
            for bit in 0..8 * bytes.len() {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                let found = read(&changed, COUNT).unwrap().check(COUNT, &tree.root());
                let index = u32::from_le_bytes(*changed.first_chunk().unwrap());
                let expected = if index < COUNT { OneTimeError::Elsewhere { index } } else { OneTimeError::Index { index, count: COUNT } };
                assert_eq!(found, Err(expected), "bit {bit}");
            }
        }
    }

    #[test]
    fn a_changed_index_root_or_sibling_is_refused() {
        let tree = tree(COUNT);
        let one = tree.path(5);
        let refused = |change: &dyn Fn(&mut OneTimeRoot)| {
            let mut changed = one.clone();
            change(&mut changed);
            assert_eq!(changed.check(COUNT, &tree.root()), Err(OneTimeError::Elsewhere { index: changed.index }));
        };
        for other in (0..COUNT).filter(|other| *other != 5) {
            refused(&|one| one.index = other);
            refused(&|one| one.root = roots(COUNT)[other as usize]);
        }
        for at in 0..3 {
            refused(&|one| one.path[at] = [0; 32]);
            refused(&|one| one.path.swap(at, (at + 1) % 3));
        }
        // The children of a node in the other order: the sibling's hash and the leaf's own, exchanged.
        let exchanged = OneTimeRoot { index: 4, root: one.root, ..tree.path(4) };
        assert_eq!(exchanged.check(COUNT, &tree.root()), Err(OneTimeError::Elsewhere { index: 4 }));
        for other in [OneTimeTree::new(vec![[0; 32]; 8]).unwrap().root(), [0; 32], one.root] {
            assert_eq!(one.check(COUNT, &other), Err(OneTimeError::Elsewhere { index: 5 }));
        }
    }

    #[test]
    fn swapped_roots_give_another_tree() {
        // The index is in the leaf, so even equal roots are told apart.
        let tree = OneTimeTree::new(vec![[7; 32]; 2]).unwrap();
        assert_ne!(tree.levels[0][0], tree.levels[0][1]);
        let mut swapped = roots(COUNT);
        swapped.swap(2, 3);
        assert_ne!(OneTimeTree::new(swapped).unwrap().root(), self::tree(COUNT).root());
        assert_ne!(node(&[1; 32], &[2; 32]), node(&[2; 32], &[1; 32]));
    }

    #[test]
    fn a_path_of_another_length_is_refused() {
        let tree = tree(COUNT);
        let mut one = tree.path(5);
        for found in [0, 1, 2, 4, 5, 40] {
            one.path.resize(found, [0; 32]);
            assert_eq!(one.check(COUNT, &tree.root()), Err(OneTimeError::PathLength { expected: 3, found }));
        }
        // Nor is a path that leads to the root of the tree, for another number of roots.
        for (count, expected) in [(2 * COUNT, 4), (MAX_ONE_TIME_ROOTS, 16)] {
            assert_eq!(tree.path(5).check(count, &tree.root()), Err(OneTimeError::PathLength { expected, found: 3 }));
        }
        assert_eq!(tree.path(5).check(COUNT / 2, &tree.root()), Err(OneTimeError::Index { index: 5, count: 4 }));
        assert_eq!(tree.path(1).check(COUNT / 2, &tree.root()), Err(OneTimeError::PathLength { expected: 2, found: 3 }));
    }

    #[test]
    fn a_node_is_no_leaf_and_a_leaf_no_node() {
        let tree = tree(COUNT);
        for index in 0..COUNT / 2 {
            let path = tree.path(2 * index).path.split_off(1);
            // What a node stands for would have to be a root of a tree that is one level lower.
            for root in [tree.levels[1][index as usize], tree.levels[0][2 * index as usize]] {
                let found = OneTimeRoot { index, root, path: path.clone() }.check(COUNT / 2, &tree.root());
                assert_eq!(found, Err(OneTimeError::Elsewhere { index }));
            }
        }
        let [first, second] = [[1; 32], [2; 32]];
        let bytes = [first, second].concat();
        // The same bytes, split as either: all that tells a leaf from a node is the tag, and its length.
        assert_ne!(blake2s([LEAF, &bytes]), node(&first, &second));
        assert_eq!(LEAF.len(), NODE.len());
        assert_ne!(LEAF, NODE);
    }

    #[test]
    fn bytes_that_end_early_are_refused() {
        for count in [1, 2, 8, 64] {
            let bytes = tree(count).path(count - 1).to_bytes();
            assert_eq!(bytes.len(), 36 + 32 * count.ilog2() as usize);
            for length in 0..bytes.len() {
                assert!(matches!(read(&bytes[..length], count), Err(OneTimeError::Truncated(_))), "{length} of {count}");
            }
            // What follows is left for others.
            let longer = [&bytes[..], &[7, 8]].concat();
            let mut reader = BoundedReader::new(&longer);
            OneTimeRoot::read(&mut reader, count).unwrap();
            assert_eq!(reader.rest(), [7, 8]);
        }
    }

    #[test]
    fn a_number_of_roots_that_is_no_power_of_two_is_refused() {
        let one = tree(COUNT).path(0);
        for count in [0, 3, 5, 6, 7, 9, 1_000, MAX_ONE_TIME_ROOTS - 1, MAX_ONE_TIME_ROOTS + 1, 2 * MAX_ONE_TIME_ROOTS] {
            let refused = OneTimeError::Count { found: count as usize };
            assert_eq!(OneTimeTree::new(vec![[0; 32]; count as usize]), Err(refused.clone()));
            assert_eq!(one.check(count, &[0; 32]), Err(refused.clone()));
            assert_eq!(read(&[0; 1_000], count), Err(refused));
        }
        assert_eq!(one.check(1 << 31, &[0; 32]), Err(OneTimeError::Count { found: 1 << 31 }));
    }

    #[test]
    fn the_tree_over_fixed_roots_does_not_change() {
        // Computed in another language, from the tree's description alone.
        let expected = "0x6062f59ad17ce52d53e7d7c333f34e14ce4e9529987e37305294131b3f1414e4";
        let fixed = (0..4).map(|byte| [byte; 32]).collect();
        assert_eq!(hex(&OneTimeTree::new(fixed).unwrap().root()), expected);
    }
}
