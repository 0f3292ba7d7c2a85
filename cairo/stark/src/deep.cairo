//! The composition of all columns out of the domain: with `A` the sum of a row's elements times their coefficients, `B` and `B'` those of the
//! frame at `z` and at `z g`, its value `y` at `x` is
//!
//! ```text
//! y = (A - B) / (x - z) + (A - B') / (x - z g)
//! ```
//!
//! The coefficients are powers of a challenge, and the first column has the highest one.

use corelib_imports::bounded_int::upcast;

use crate::goldilocks::{G, Word, residue};
use crate::opening::Combination;
use crate::quadratic::{self, Element, difference, product, sum};

/// `1`, `a`, .. `a^(count - 1)`, both components one after the other.
pub fn powers(a: Element, count: u32) -> Span<felt252> {
    let (mut powers, mut power) = (array![], quadratic::ONE);
    for _ in 0..count {
        let (first, second) = power;
        powers.append(first.into());
        powers.append(second.into());
        power = product(power, a);
    }
    powers.span()
}

/// Appends the coefficients of `count` columns of the base field, and takes them off the powers.
pub fn of_base(ref powers: Span<felt252>, count: u32, ref coefficients: Array<felt252>) {
    for _ in 0..count {
        let [first, second] = (*powers.multi_pop_back::<2>().unwrap()).unbox();
        coefficients.append(first);
        coefficients.append(second);
    }
}

/// As [`of_base`], for columns of the extension: an element `a + b x` is two of the base field, the second one with the coefficient times `x`.
pub fn of_extension(ref powers: Span<felt252>, count: u32, ref coefficients: Array<felt252>) {
    for _ in 0..count {
        let [first, second] = (*powers.multi_pop_back::<2>().unwrap()).unbox();
        coefficients.append(first);
        coefficients.append(second);
        // (c + d x) x = -2d + (c + d) x, both components not negative: 2p is added.
        coefficients.append(0x1fffffffe00000002 - 2 * second);
        coefficients.append(first + second);
    }
}

/// Coefficients of what stands in a row's last felts beyond its last element.
pub fn of_nothing(count: u32, ref coefficients: Array<felt252>) {
    for _ in 0..count {
        coefficients.append(0);
        coefficients.append(0);
    }
}

/// The sum of elements of the extension times their coefficients. The powers are as many.
pub fn joined(mut powers: Span<felt252>, mut frame: Span<Word>) -> Element {
    // Sums of fewer than 2^8 products below 2^128.
    let (mut low, mut cross, mut high): (felt252, felt252, felt252) = (0, 0, 0);
    while let Some(element) = frame.multi_pop_front::<2>() {
        let [a, b] = (*element).unbox();
        let (a, b): (felt252, felt252) = (a.into(), b.into());
        let [c, d] = (*powers.multi_pop_back::<2>().unwrap()).unbox();
        low += a * c;
        cross += a * d + b * c;
        high += b * d;
    }
    // (a + b x)(c + d x) = ac - 2 bd + (ad + bc + bd) x
    (residue(low + TWICE - 2 * high), residue(cross + high))
}
/// A multiple of `p` above twice a sum.
const TWICE: felt252 = 0xffffffff00000001000000000000000000;

/// What the composition's value depends on, beside the row.
#[derive(Drop, Copy)]
pub struct Frame {
    /// `B` and `B'`.
    pub at_z: Element,
    pub at_next: Element,
    /// `-z` and `-z g`.
    pub minus_z: Element,
    pub minus_next: Element,
}

/// Whether `y (x - z)(x - z g) = (A - B)(x - z g) + (A - B')(x - z)`.
pub fn holds(frame: Frame, row: Combination, x: G, y: Element) -> bool {
    let row = (residue(row.first), residue(row.second));
    let (to_z, to_next) = (sum((x, 0), frame.minus_z), sum((x, 0), frame.minus_next));
    let numerator = sum(
        product(difference(row, frame.at_z), to_next), product(difference(row, frame.at_next), to_z),
    );
    product(y, product(to_z, to_next)) == numerator
}
