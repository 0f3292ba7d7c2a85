//! The low-degree test: a value of a layer is that of a row which folds to the value of the next layer, and the last one is that of the
//! remainder.
//!
//! A row has the values at the 8 points `x w^i`, with `w` of order 8. `x` is `7 g^q` for the row with the number `q`, so that the folded value
//! is at `7 g^(8 q)`, which is `x^8 / 7^7`.

use core::poseidon::hades_permutation;

use corelib_imports::bounded_int::upcast;

use crate::fold::fold;
use crate::goldilocks::{G, Word, element, product, residue};
use crate::opening::path;
use crate::poseidon::OF_ELEMENTS;
use crate::positions::{highest_four, highest_three};
use crate::quadratic::{Element, scaled};
use crate::reading::words;

/// Elements of the base field in a row.
const ROW: felt252 = 16;
/// `7^7`.
const OFFSET_7: G = 823543;
/// Powers of `w`.
const ROOTS: [G; 8] = [
    1, 16777216, 281474976710656, 1099511627520, 18446744069414584320, 18446744069397807105, 18446462594437873665, 18446742969902956801,
];

/// A layer: what it was committed to, and the challenge that it is folded with.
#[derive(Drop, Copy)]
pub struct Layer {
    pub cap: Span<felt252>,
    pub challenge: Element,
}

/// Where a query is in a layer.
#[derive(Drop, Copy)]
pub struct Point {
    /// The inverse of the first point of its row.
    pub inverse: G,
    /// The value's place in the row.
    pub place: u32,
    /// The number of the row, from its lowest bit on.
    pub bits: Span<felt252>,
}

/// Reads a row, and gives its digest, too.
fn row(ref proof: Span<felt252>) -> (Span<Word>, felt252) {
    let [p0, p1, p2, p3, p4, p5] = (*proof.multi_pop_front::<6>().expect('THE PROOF ENDS EARLY')).unbox();
    let (a, b, c) = hades_permutation(p0, p1, OF_ELEMENTS + ROW);
    let (a, b, c) = hades_permutation(a + p2, b + p3, c);
    let (digest, _, _) = hades_permutation(a + p4, b + p5, c);
    let (w0, w1, w2) = words(p0);
    let (w3, w4, w5) = words(p1);
    let (w6, w7, w8) = words(p2);
    let (w9, w10, w11) = words(p3);
    let (w12, w13, w14) = words(p4);
    let w15: u64 = p5.try_into().expect('MORE ELEMENTS THAN THERE ARE');
    (array![w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, upcast(w15)].span(), digest)
}

/// Reads a row and its path, and gives the value at the query's place and the value that the row folds to.
pub fn layer(ref proof: Span<felt252>, layer: Layer, point: Point) -> (Element, Element) {
    let (row, digest) = row(ref proof);
    let mut way = point.bits;
    let node = highest_four(ref way);
    assert(path(ref proof, way, digest) == *layer.cap[node], 'A LAYER IS NOT COMMITTED TO');
    let value = (element(*row[2 * point.place]), element(*row[2 * point.place + 1]));
    let (first, second) = scaled(layer.challenge, point.inverse);
    (value, fold(row, array![upcast(first), upcast(second)].span()))
}

/// The point of a row's folded value in the next layer, where it is in a row of its own.
pub fn next(point: Point) -> Point {
    let Point { inverse, place: _, mut bits } = point;
    let place = highest_three(ref bits);
    Point { inverse: product(last(inverse), *ROOTS.span()[place]), place, bits }
}

/// The inverse of the point of a row's folded value, from that of the row's first point.
fn last(inverse: G) -> G {
    let square = product(inverse, inverse);
    let fourth = product(square, square);
    product(product(fourth, fourth), OFFSET_7)
}

/// Whether the remainder has a value at the point of the row that was folded last. Its coefficients are of the highest power first, both
/// components one after the other.
///
/// With `y` the point's inverse, `R(1 / y) = v` is `y (y^(n - 1) R(1 / y)) = v y^n`, in which the highest power's coefficient comes first, too.
pub fn holds(coefficients: Span<Word>, row: Point, value: Element) -> bool {
    let y = last(row.inverse);
    let (reversed, power) = reversed(coefficients, y);
    scaled(reversed, y) == scaled(value, power)
}

/// A polynomial whose coefficients are of the lowest power first, and `y^n` for `n` of them, which must be a multiple of 16.
pub fn reversed(mut coefficients: Span<Word>, y: G) -> (Element, G) {
    let y2 = product(y, y);
    let y3 = product(y2, y);
    let y4 = product(y2, y2);
    let y5 = product(y4, y);
    let y6 = product(y4, y2);
    let y7 = product(y4, y3);
    let y8 = product(y4, y4);
    let y9 = product(y8, y);
    let y10 = product(y8, y2);
    let y11 = product(y8, y3);
    let y12 = product(y8, y4);
    let y13 = product(y8, y5);
    let y14 = product(y8, y6);
    let y15 = product(y8, y7);
    let block = product(y8, y8);
    let x1: felt252 = y.into();
    let (x2, x3, x4, x5, x6, x7, x8): (felt252, felt252, felt252, felt252, felt252, felt252, felt252) = (
        y2.into(), y3.into(), y4.into(), y5.into(), y6.into(), y7.into(), y8.into(),
    );
    let (x9, x10, x11, x12, x13, x14, x15): (felt252, felt252, felt252, felt252, felt252, felt252, felt252) = (
        y9.into(), y10.into(), y11.into(), y12.into(), y13.into(), y14.into(), y15.into(),
    );
    // At most 2^6 coefficients, each times two powers: below 2^198.
    let (mut first, mut second, mut power): (felt252, felt252, G) = (0, 0, 1);
    while let Some(block_of) = coefficients.multi_pop_front::<32>() {
        let [
            a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6, a7, b7, a8, b8, a9, b9, a10, b10, a11, b11, a12, b12, a13, b13, a14, b14, a15, b15,
        ] = (*block_of).unbox();
        let factor: felt252 = power.into();
        first += factor * (a0.into() + x1 * a1.into() + x2 * a2.into() + x3 * a3.into() + x4 * a4.into() + x5 * a5.into() + x6 * a6.into() + x7 * a7.into() + x8 * a8.into() + x9 * a9.into() + x10 * a10.into() + x11 * a11.into() + x12 * a12.into() + x13 * a13.into() + x14 * a14.into() + x15 * a15.into());
        second += factor * (b0.into() + x1 * b1.into() + x2 * b2.into() + x3 * b3.into() + x4 * b4.into() + x5 * b5.into() + x6 * b6.into() + x7 * b7.into() + x8 * b8.into() + x9 * b9.into() + x10 * b10.into() + x11 * b11.into() + x12 * b12.into() + x13 * b13.into() + x14 * b14.into() + x15 * b15.into());
        power = product(power, block);
    }
    ((residue(first), residue(second)), power)
}
