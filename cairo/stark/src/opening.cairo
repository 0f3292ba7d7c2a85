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

/// The capacity that a row of so many elements begins with.
pub fn begin(count: u32) -> (felt252, felt252, felt252) {
    (0, 0, OF_ELEMENTS + count.into())
}

/// Absorbs two felts, and adds their words times coefficients: both components of each, the last word's first.
#[inline(always)]
fn absorb_pair(
    state: (felt252, felt252, felt252), p: felt252, q: felt252, coefficients: [felt252; 12], sum: Combination,
) -> ((felt252, felt252, felt252), Combination) {
    let (a, b, c) = state;
    let state = hades_permutation(a + p, b + q, c);
    let [c5, d5, c4, d4, c3, d3, c2, d2, c1, d1, c0, d0] = coefficients;
    let u256 { low, high } = p.into();
    let (w1, w0) = div_rem(low, TWO_64);
    let (t0, t1, t2): (felt252, felt252, felt252) = (w0.into(), w1.into(), high.into());
    let u256 { low, high } = q.into();
    let (w4, w3) = div_rem(low, TWO_64);
    let (t3, t4, t5): (felt252, felt252, felt252) = (w3.into(), w4.into(), high.into());
    let Combination { first, second } = sum;
    let first = first + c0 * t0 + c1 * t1 + c2 * t2 + c3 * t3 + c4 * t4 + c5 * t5;
    let second = second + d0 * t0 + d1 * t1 + d2 * t2 + d3 * t3 + d4 * t4 + d5 * t5;
    (state, Combination { first, second })
}

/// Absorbs felts of a row, and adds their words times the last coefficients, which it takes.
pub fn absorb(
    state: (felt252, felt252, felt252), mut felts: Span<felt252>, ref coefficients: Span<felt252>, ref sum: Combination,
) -> (felt252, felt252, felt252) {
    let (mut state, mut joined) = (state, sum);
    while let Some(four) = felts.multi_pop_front::<4>() {
        let [p, q, r, s] = (*four).unbox();
        let [
            c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11,
        ] = (*coefficients.multi_pop_back::<24>().unwrap()).unbox();
        let (next, added) = absorb_pair(state, p, q, [d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11], joined);
        let (next, added) = absorb_pair(next, r, s, [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11], added);
        state = next;
        joined = added;
    }
    if let Some(two) = felts.multi_pop_front::<2>() {
        let [p, q] = (*two).unbox();
        let (next, added) = absorb_pair(state, p, q, (*coefficients.multi_pop_back::<12>().unwrap()).unbox(), joined);
        state = next;
        joined = added;
    }
    if let Some(one) = felts.pop_front() {
        // An odd number of felts is absorbed with a zero.
        let [c0, c1, c2, c3, c4, c5] = (*coefficients.multi_pop_back::<6>().unwrap()).unbox();
        let (next, added) = absorb_pair(state, *one, 0, [0, 0, 0, 0, 0, 0, c0, c1, c2, c3, c4, c5], joined);
        state = next;
        joined = added;
    }
    sum = joined;
    state
}

/// The node above two, of which the bit says whether the known one is the right one.
#[inline(always)]
fn above(known: felt252, sibling: felt252, bit: felt252) -> felt252 {
    let shift = bit * (sibling - known);
    node(known + shift, sibling - shift)
}

/// From the digests of the same row in four trees up to the caps: one sibling for each tree and each bit.
pub fn paths_of_four(
    ref data: Span<felt252>, mut few: Span<felt252>, mut fours: Span<felt252>, digests: [felt252; 4],
) -> (felt252, felt252, felt252, felt252) {
    let [mut a, mut b, mut c, mut d] = digests;
    while let Some(bit) = few.pop_front() {
        let [w, x, y, z] = (*data.multi_pop_front::<4>().expect('THE PROOF ENDS EARLY')).unbox();
        a = above(a, w, *bit);
        b = above(b, x, *bit);
        c = above(c, y, *bit);
        d = above(d, z, *bit);
    }
    while let Some(bits) = fours.multi_pop_front::<4>() {
        let [b0, b1, b2, b3] = (*bits).unbox();
        let [w0, x0, y0, z0, w1, x1, y1, z1, w2, x2, y2, z2, w3, x3, y3, z3] = (*data.multi_pop_front::<16>().expect('THE PROOF ENDS EARLY'))
            .unbox();
        a = above(above(above(above(a, w0, b0), w1, b1), w2, b2), w3, b3);
        b = above(above(above(above(b, x0, b0), x1, b1), x2, b2), x3, b3);
        c = above(above(above(above(c, y0, b0), y1, b1), y2, b2), y3, b3);
        d = above(above(above(above(d, z0, b0), z1, b1), z2, b2), z3, b3);
    }
    (a, b, c, d)
}

/// From the digest of a row up to the cap.
pub fn path(ref data: Span<felt252>, mut few: Span<felt252>, mut fours: Span<felt252>, digest: felt252) -> felt252 {
    let mut known = digest;
    while let Some(bit) = few.pop_front() {
        known = above(known, *data.pop_front().expect('THE PROOF ENDS EARLY'), *bit);
    }
    while let Some(bits) = fours.multi_pop_front::<4>() {
        let [b0, b1, b2, b3] = (*bits).unbox();
        let [s0, s1, s2, s3] = (*data.multi_pop_front::<4>().expect('THE PROOF ENDS EARLY')).unbox();
        known = above(above(above(above(known, s0, b0), s1, b1), s2, b2), s3, b3);
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
