//! One-time roots: which of a private model's roots a proof spends, and the tree over all of them (`verifier/src/one_time.rs`).
//!
//! A leaf is Blake2s of a tag, the index and the root; a node is Blake2s of another tag and its two children. Hashes are 32 bytes.

use core::blake::{blake2s_compress, blake2s_finalize};

use maat_stark::reading::take;
use maat_stark::work::{INITIAL, split};

/// `maat one-time root 1` and `maat one-time node 1`, as words of 32 bits, the least significant byte first.
const LEAF: [u32; 5] = [0x7461616d, 0x656e6f20, 0x6d69742d, 0x6f722065, 0x3120746f];
const NODE: [u32; 5] = [0x7461616d, 0x656e6f20, 0x6d69742d, 0x6f6e2065, 0x31206564];

/// A hash: eight words, the first one least significant.
type Hash = [u32; 8];

fn words(low: u128, high: u128) -> Hash {
    let ([a, b, c, d], [e, f, g, h]) = (split(low), split(high));
    [a, b, c, d, e, f, g, h]
}

fn leaf(index: u32, root: felt252) -> Hash {
    let u256 { low, high } = root.into();
    let ([t0, t1, t2, t3, t4], [a, b, c, d, e, f, g, h]) = (LEAF, words(low, high));
    // 20 bytes of a tag, 4 of the index and 32 of the root.
    blake2s_finalize(BoxTrait::new(INITIAL), 56, BoxTrait::new([t0, t1, t2, t3, t4, index, a, b, c, d, e, f, g, h, 0, 0])).unbox()
}

fn node(left: Hash, right: Hash) -> Hash {
    let ([t0, t1, t2, t3, t4], [a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (NODE, left, right);
    let state = blake2s_compress(BoxTrait::new(INITIAL), 64, BoxTrait::new([t0, t1, t2, t3, t4, a, b, c, d, e, f, g, h, i, j, k]));
    blake2s_finalize(state, 84, BoxTrait::new([l, m, n, o, p, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).unbox()
}

/// Reads the path of a root, and gives the root of the tree that it leads to.
///
/// Panics unless `count` is a power of two above `index`.
pub fn top(ref proof: Span<felt252>, root: felt252, index: u32, count: u32) -> u256 {
    assert(index < count, 'NO SUCH ONE-TIME ROOT');
    let (mut hash, mut left, mut nodes) = (leaf(index, root), index, count);
    while nodes != 1 {
        let (half, odd) = DivRem::div_rem(nodes, 2);
        assert(odd == 0, 'NUMBER OF ONE-TIME ROOTS');
        let halves = take(ref proof, 2);
        let (low, high) = (*halves[0], *halves[1]);
        let sibling = words(low.try_into().expect('MALFORMED HASH'), high.try_into().expect('MALFORMED HASH'));
        let (rest, is_right) = DivRem::div_rem(left, 2);
        hash = if is_right == 1 {
            node(sibling, hash)
        } else {
            node(hash, sibling)
        };
        left = rest;
        nodes = half;
    }
    let [a, b, c, d, e, f, g, h] = hash;
    u256 { low: joined(a, b, c, d), high: joined(e, f, g, h) }
}

fn joined(a: u32, b: u32, c: u32, d: u32) -> u128 {
    let (a, b, c, d): (u128, u128, u128, u128) = (a.into(), b.into(), c.into(), d.into());
    a + 0x100000000 * (b + 0x100000000 * (c + 0x100000000 * d))
}
