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

/// The three words of a felt, of which the last one may be any number below 2^124.
#[inline(always)]
fn split(felt: felt252) -> (felt252, felt252, felt252) {
    let u256 { low, high } = felt.into();
    let (second, first) = div_rem(low, TWO_64);
    (first.into(), second.into(), high.into())
}

/// The state that has absorbed two felts more.
#[inline(always)]
fn permuted(state: (felt252, felt252, felt252), p: felt252, q: felt252) -> (felt252, felt252, felt252) {
    let (a, b, c) = state;
    hades_permutation(a + p, b + q, c)
}

/// Absorbs `count` felts of a row, and adds their words times the last coefficients, which it takes. A word has two coefficients, one for each
/// component; those of the first word come last.
pub fn absorb(
    state: (felt252, felt252, felt252), ref data: Span<felt252>, count: u32, ref coefficients: Span<felt252>, ref sum: Combination,
) -> (felt252, felt252, felt252) {
    let (mut state, mut left) = (state, count);
    let Combination { mut first, mut second } = sum;
    while left >= 10 {
        let [p0, q0, p1, q1, p2, q2, p3, q3, p4, q4] = (*data.multi_pop_front::<10>().expect('THE PROOF ENDS EARLY')).unbox();
        let [
            c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, c37, c38, c39, c40, c41, c42, c43, c44, c45, c46, c47, c48, c49, c50, c51, c52, c53, c54, c55, c56, c57, c58, c59,
        ] = (*coefficients.multi_pop_back::<60>().unwrap()).unbox();
        state = permuted(state, p0, q0);
        let (t0, t1, t2) = split(p0);
        let (t3, t4, t5) = split(q0);
        first = first + c58 * t0 + c56 * t1 + c54 * t2 + c52 * t3 + c50 * t4 + c48 * t5;
        second = second + c59 * t0 + c57 * t1 + c55 * t2 + c53 * t3 + c51 * t4 + c49 * t5;
        state = permuted(state, p1, q1);
        let (t0, t1, t2) = split(p1);
        let (t3, t4, t5) = split(q1);
        first = first + c46 * t0 + c44 * t1 + c42 * t2 + c40 * t3 + c38 * t4 + c36 * t5;
        second = second + c47 * t0 + c45 * t1 + c43 * t2 + c41 * t3 + c39 * t4 + c37 * t5;
        state = permuted(state, p2, q2);
        let (t0, t1, t2) = split(p2);
        let (t3, t4, t5) = split(q2);
        first = first + c34 * t0 + c32 * t1 + c30 * t2 + c28 * t3 + c26 * t4 + c24 * t5;
        second = second + c35 * t0 + c33 * t1 + c31 * t2 + c29 * t3 + c27 * t4 + c25 * t5;
        state = permuted(state, p3, q3);
        let (t0, t1, t2) = split(p3);
        let (t3, t4, t5) = split(q3);
        first = first + c22 * t0 + c20 * t1 + c18 * t2 + c16 * t3 + c14 * t4 + c12 * t5;
        second = second + c23 * t0 + c21 * t1 + c19 * t2 + c17 * t3 + c15 * t4 + c13 * t5;
        state = permuted(state, p4, q4);
        let (t0, t1, t2) = split(p4);
        let (t3, t4, t5) = split(q4);
        first = first + c10 * t0 + c8 * t1 + c6 * t2 + c4 * t3 + c2 * t4 + c0 * t5;
        second = second + c11 * t0 + c9 * t1 + c7 * t2 + c5 * t3 + c3 * t4 + c1 * t5;
        left -= 10;
    }
    if left >= 6 {
        let [p0, q0, p1, q1, p2, q2] = (*data.multi_pop_front::<6>().expect('THE PROOF ENDS EARLY')).unbox();
        let [
            c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35,
        ] = (*coefficients.multi_pop_back::<36>().unwrap()).unbox();
        state = permuted(state, p0, q0);
        let (t0, t1, t2) = split(p0);
        let (t3, t4, t5) = split(q0);
        first = first + c34 * t0 + c32 * t1 + c30 * t2 + c28 * t3 + c26 * t4 + c24 * t5;
        second = second + c35 * t0 + c33 * t1 + c31 * t2 + c29 * t3 + c27 * t4 + c25 * t5;
        state = permuted(state, p1, q1);
        let (t0, t1, t2) = split(p1);
        let (t3, t4, t5) = split(q1);
        first = first + c22 * t0 + c20 * t1 + c18 * t2 + c16 * t3 + c14 * t4 + c12 * t5;
        second = second + c23 * t0 + c21 * t1 + c19 * t2 + c17 * t3 + c15 * t4 + c13 * t5;
        state = permuted(state, p2, q2);
        let (t0, t1, t2) = split(p2);
        let (t3, t4, t5) = split(q2);
        first = first + c10 * t0 + c8 * t1 + c6 * t2 + c4 * t3 + c2 * t4 + c0 * t5;
        second = second + c11 * t0 + c9 * t1 + c7 * t2 + c5 * t3 + c3 * t4 + c1 * t5;
        left -= 6;
    }
    while left >= 2 {
        let [p0, q0] = (*data.multi_pop_front::<2>().expect('THE PROOF ENDS EARLY')).unbox();
        let [
            c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11,
        ] = (*coefficients.multi_pop_back::<12>().unwrap()).unbox();
        state = permuted(state, p0, q0);
        let (t0, t1, t2) = split(p0);
        let (t3, t4, t5) = split(q0);
        first = first + c10 * t0 + c8 * t1 + c6 * t2 + c4 * t3 + c2 * t4 + c0 * t5;
        second = second + c11 * t0 + c9 * t1 + c7 * t2 + c5 * t3 + c3 * t4 + c1 * t5;
        left -= 2;
    }
    if left == 1 {
        // An odd number of felts is absorbed with a zero.
        let p = *data.pop_front().expect('THE PROOF ENDS EARLY');
        let [c0, c1, c2, c3, c4, c5] = (*coefficients.multi_pop_back::<6>().unwrap()).unbox();
        state = permuted(state, p, 0);
        let (t0, t1, t2) = split(p);
        first = first + c4 * t0 + c2 * t1 + c0 * t2;
        second = second + c5 * t0 + c3 * t1 + c1 * t2;
    }
    sum = Combination { first, second };
    state
}

/// The node above two, of which the bit says whether the known one is the right one.
#[inline(always)]
fn above(known: felt252, sibling: felt252, bit: felt252) -> felt252 {
    let shift = bit * (sibling - known);
    node(known + shift, sibling - shift)
}

/// From the digests of the same row in four trees up to the caps: one sibling for each tree and each of the row's bits.
pub fn paths_of_four(
    ref data: Span<felt252>, mut bits: Span<felt252>, digests: [felt252; 4],
) -> (felt252, felt252, felt252, felt252) {
    let [mut a, mut b, mut c, mut d] = digests;
    while let Some(four) = bits.multi_pop_front::<4>() {
        let [b0, b1, b2, b3] = (*four).unbox();
        let [w0, x0, y0, z0, w1, x1, y1, z1, w2, x2, y2, z2, w3, x3, y3, z3] = (*data.multi_pop_front::<16>().expect('THE PROOF ENDS EARLY'))
            .unbox();
        a = above(above(above(above(a, w0, b0), w1, b1), w2, b2), w3, b3);
        b = above(above(above(above(b, x0, b0), x1, b1), x2, b2), x3, b3);
        c = above(above(above(above(c, y0, b0), y1, b1), y2, b2), y3, b3);
        d = above(above(above(above(d, z0, b0), z1, b1), z2, b2), z3, b3);
    }
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
    while let Some(four) = bits.multi_pop_front::<4>() {
        let [b0, b1, b2, b3] = (*four).unbox();
        let [s0, s1, s2, s3] = (*data.multi_pop_front::<4>().expect('THE PROOF ENDS EARLY')).unbox();
        known = above(above(above(above(known, s0, b0), s1, b1), s2, b2), s3, b3);
    }
    if let Some(two) = bits.multi_pop_front::<2>() {
        let [b0, b1] = (*two).unbox();
        let [s0, s1] = (*data.multi_pop_front::<2>().expect('THE PROOF ENDS EARLY')).unbox();
        known = above(above(known, s0, b0), s1, b1);
    }
    if let Some(bit) = bits.pop_front() {
        known = above(known, *data.pop_front().expect('THE PROOF ENDS EARLY'), *bit);
    }
    known
}

/// Nodes of a cap, in order.
pub const CAP: u32 = 16;

/// The root above a cap.
pub fn root(mut cap: Span<felt252>) -> felt252 {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = (*cap.multi_pop_front::<16>().unwrap()).unbox();
    let (left, right) = (node(node(a, b), node(c, d)), node(node(e, f), node(g, h)));
    let left = node(left, right);
    let (first, second) = (node(node(i, j), node(k, l)), node(node(m, n), node(o, p)));
    node(left, node(first, second))
}
