//! The low-degree test: a value of a layer is that of a row which folds to the value of the next layer, and the last one is that of the
//! remainder.
//!
//! A row has the values at the 16 points `x w^i`, with `w` of order 16. `x` is `7 g^q` for the row with the number `q`, so that the folded value
//! is at `7 g^(16 q)`, which is `x^16 / 7^15`.

use corelib_imports::bounded_int::upcast;

use crate::fold::fold;
use crate::goldilocks::{G, Word, element, of_u64, power_of_two, product, residue};
use crate::opening::path;
use crate::poseidon::elements;
use crate::positions::number;
use crate::quadratic::{Element, scaled};
use crate::reading::{felts, take, unpacked};

/// Elements of the base field in a row.
pub const ROW: u32 = 32;
/// Coefficients of the remainder are taken so many at a time.
pub const BLOCK: u32 = 16;
/// `7^15`, and its inverse.
const OFFSET_15: G = 4747561509943;
const OFFSET_MINUS_15: G = 4137021831489028584;
/// Powers of `w`.
const ROOTS: [u64; 16] = [1, 4096, 16777216, 68719476736, 281474976710656, 1152921504606846976, 1099511627520, 4503599626321920, 18446744069414584320, 18446744069414580225, 18446744069397807105, 18446744000695107585, 18446462594437873665, 17293822564807737345, 18446742969902956801, 18442240469788262401];

/// A layer: what it was committed to, and the challenge that it is folded with.
#[derive(Drop, Copy)]
pub struct Layer {
    pub cap: Span<felt252>,
    pub challenge: Element,
}

/// Where a query is in a layer.
#[derive(Drop, Copy)]
pub struct Point {
    /// The first point of its row, and the inverse of that.
    pub x: G,
    pub inverse: G,
    /// The value's place in the row.
    pub place: u32,
    /// The number of the row, bit by bit.
    pub bits: Span<felt252>,
}

/// Reads a row and its path, and gives the value at the query's place and the value that the row folds to.
pub fn layer(ref proof: Span<felt252>, layer: Layer, point: Point) -> (Element, Element) {
    let packed = take(ref proof, felts(ROW));
    let row = unpacked(packed, ROW);
    let below = point.bits.len() - 4;
    let found = path(ref proof, point.bits.slice(0, below), elements(packed, ROW.into()));
    assert(found == *layer.cap[number(point.bits.slice(below, 4))], 'A LAYER IS NOT COMMITTED TO');
    let value = (element(*row[2 * point.place]), element(*row[2 * point.place + 1]));
    let (first, second) = scaled(layer.challenge, point.inverse);
    (value, fold(row, array![upcast(first), upcast(second)].span()))
}

/// The point of a row's folded value in the next layer, as a place in a row of that layer.
pub fn next(point: Point) -> Point {
    let below = point.bits.len() - 4;
    let place = number(point.bits.slice(below, 4));
    let up = of_u64(*ROOTS.span()[place]);
    let down = of_u64(*ROOTS.span()[(16 - place) % 16]);
    let (x, inverse) = (product(power_of_two(point.x, 4), OFFSET_MINUS_15), product(power_of_two(point.inverse, 4), OFFSET_15));
    Point { x: product(x, down), inverse: product(inverse, up), place, bits: point.bits.slice(0, below) }
}

/// The point of a row's folded value after the last layer.
pub fn last(point: Point) -> G {
    product(power_of_two(point.x, 4), OFFSET_MINUS_15)
}

/// The value of the remainder: its coefficients are of the highest power first, both components one after the other.
pub fn remainder(mut coefficients: Span<felt252>, x: G) -> Element {
    let x1: felt252 = x.into();
    let y2 = product(x, x);
    let y3 = product(y2, x);
    let y4 = product(y2, y2);
    let y5 = product(y4, x);
    let y6 = product(y4, y2);
    let y7 = product(y4, y3);
    let y8 = product(y4, y4);
    let y9 = product(y8, x);
    let y10 = product(y8, y2);
    let y11 = product(y8, y3);
    let y12 = product(y8, y4);
    let y13 = product(y8, y5);
    let y14 = product(y8, y6);
    let y15 = product(y8, y7);
    let block = product(y8, y8);
    let (x2, x3, x4, x5, x6, x7, x8): (felt252, felt252, felt252, felt252, felt252, felt252, felt252) = (
        y2.into(), y3.into(), y4.into(), y5.into(), y6.into(), y7.into(), y8.into(),
    );
    let (x9, x10, x11, x12, x13, x14, x15): (felt252, felt252, felt252, felt252, felt252, felt252, felt252) = (
        y9.into(), y10.into(), y11.into(), y12.into(), y13.into(), y14.into(), y15.into(),
    );
    // At most 2^8 coefficients, each times two powers: below 2^200.
    let (mut first, mut second, mut power): (felt252, felt252, G) = (0, 0, 1);
    while let Some(block_of) = coefficients.multi_pop_back::<32>() {
        let [
            a15, b15, a14, b14, a13, b13, a12, b12, a11, b11, a10, b10, a9, b9, a8, b8, a7, b7, a6, b6, a5, b5, a4, b4, a3, b3, a2, b2, a1, b1, a0, b0,
        ] = (*block_of).unbox();
        let factor: felt252 = power.into();
        first += factor * (a0 + x1 * a1 + x2 * a2 + x3 * a3 + x4 * a4 + x5 * a5 + x6 * a6 + x7 * a7 + x8 * a8 + x9 * a9
            + x10 * a10 + x11 * a11 + x12 * a12 + x13 * a13 + x14 * a14 + x15 * a15);
        second += factor * (b0 + x1 * b1 + x2 * b2 + x3 * b3 + x4 * b4 + x5 * b5 + x6 * b6 + x7 * b7 + x8 * b8 + x9 * b9
            + x10 * b10 + x11 * b11 + x12 * b12 + x13 * b13 + x14 * b14 + x15 * b15);
        power = product(power, block);
    }
    (residue(first), residue(second))
}
