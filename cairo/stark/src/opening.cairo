//! Openings: a row of a tree, hashed and combined as it is read, and the way from its digest to the tree's cap.
//!
//! Rows are packed three elements a felt. A word beyond the last element has the coefficient 0.

use core::poseidon::hades_permutation;

use corelib_imports::bounded_int::div_rem;

use crate::goldilocks::{SplitHalf, TWO_64};
use crate::poseidon::{OF_ELEMENTS, node};

/// A sum of elements times coefficients of the extension, both components: integers below Starknet's prime.
///
/// A word of a felt is below 2^124 and a coefficient below 2^64, so that 2^60 of them fit.
#[derive(Drop, Copy)]
pub struct Combination {
    pub first: felt252,
    pub second: felt252,
}

/// Takes a row of `count` elements in `felts` felts, and adds its share to a combination; gives the row's digest.
///
/// `coefficients` has both components of a coefficient for each word of each felt.
pub fn row(ref data: Span<felt252>, ref coefficients: Span<felt252>, felts: u32, count: u32, ref sum: Combination) -> felt252 {
    let (mut a, mut b, mut c) = (0, 0, OF_ELEMENTS + count.into());
    let Combination { mut first, mut second } = sum;
    let (pairs, odd) = DivRem::div_rem(felts, 2);
    for _ in 0..pairs {
        let [p, q] = (*data.multi_pop_front::<2>().expect('THE PROOF ENDS EARLY')).unbox();
        let [c0, d0, c1, d1, c2, d2, c3, d3, c4, d4, c5, d5] = (*coefficients.multi_pop_front::<12>().unwrap()).unbox();
        let (x, y, z) = hades_permutation(a + p, b + q, c);
        a = x;
        b = y;
        c = z;
        let u256 { low, high } = p.into();
        let (w1, w0) = div_rem(low, TWO_64);
        let (t0, t1, t2): (felt252, felt252, felt252) = (w0.into(), w1.into(), high.into());
        let u256 { low, high } = q.into();
        let (w4, w3) = div_rem(low, TWO_64);
        let (t3, t4, t5): (felt252, felt252, felt252) = (w3.into(), w4.into(), high.into());
        first = first + c0 * t0 + c1 * t1 + c2 * t2 + c3 * t3 + c4 * t4 + c5 * t5;
        second = second + d0 * t0 + d1 * t1 + d2 * t2 + d3 * t3 + d4 * t4 + d5 * t5;
    }
    if odd == 1 {
        let p = *data.pop_front().expect('THE PROOF ENDS EARLY');
        let [c0, d0, c1, d1, c2, d2] = (*coefficients.multi_pop_front::<6>().unwrap()).unbox();
        let (x, _, _) = hades_permutation(a + p, b, c);
        a = x;
        let u256 { low, high } = p.into();
        let (w1, w0) = div_rem(low, TWO_64);
        let (t0, t1, t2): (felt252, felt252, felt252) = (w0.into(), w1.into(), high.into());
        first = first + c0 * t0 + c1 * t1 + c2 * t2;
        second = second + d0 * t0 + d1 * t1 + d2 * t2;
    }
    sum = Combination { first, second };
    a
}

/// The node above two, of which the bit says whether the known one is the right one.
fn above(known: felt252, sibling: felt252, bit: felt252) -> felt252 {
    let shift = bit * (sibling - known);
    node(known + shift, sibling - shift)
}

/// From the digests of the same row in four trees up to the caps: one sibling for each tree and each bit.
pub fn paths_of_four(ref data: Span<felt252>, mut bits: Span<felt252>, digests: [felt252; 4]) -> (felt252, felt252, felt252, felt252) {
    let [mut a, mut b, mut c, mut d] = digests;
    while let Some(bit) = bits.pop_front() {
        let [w, x, y, z] = (*data.multi_pop_front::<4>().expect('THE PROOF ENDS EARLY')).unbox();
        a = above(a, w, *bit);
        b = above(b, x, *bit);
        c = above(c, y, *bit);
        d = above(d, z, *bit);
    }
    (a, b, c, d)
}

/// From the digest of a row up to the cap.
pub fn path(ref data: Span<felt252>, mut bits: Span<felt252>, digest: felt252) -> felt252 {
    let mut known = digest;
    while let Some(bit) = bits.pop_front() {
        known = above(known, *data.pop_front().expect('THE PROOF ENDS EARLY'), *bit);
    }
    known
}

/// Nodes of a cap, in order.
pub const CAP: u32 = 16;

/// The root above a cap.
pub fn root(mut cap: Span<felt252>) -> felt252 {
    let mut level = cap;
    while level.len() > 1 {
        let mut next = array![];
        while let Some(two) = level.multi_pop_front::<2>() {
            let [left, right] = (*two).unbox();
            next.append(node(left, right));
        }
        level = next.span();
    }
    let root = level[0];
    *root
}
