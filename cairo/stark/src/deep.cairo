//! The composition of all columns out of the domain: with `A` the sum of a row's elements times their coefficients, `B` and `B'` those of the
//! frame at `z` and at `z g`, its value `y` at `x` is
//!
//! ```text
//! y = (A - B) / (x - z) + (A - B') / (x - z g)
//! ```
//!
//! The coefficients are powers of a challenge, and the first column has the highest one.

use crate::goldilocks::{G, Word, residue};
use crate::opening::Combination;
use crate::quadratic::{self, Element, difference, product, sum};

/// The coefficients of words of rows, with both components one after the other; those of the first word come last.
#[derive(Drop)]
pub struct Coefficients {
    felts: Array<felt252>,
    challenge: Element,
    /// The next one.
    power: Element,
}

#[generate_trait]
pub impl CoefficientsImpl of CoefficientsTrait {
    /// None.
    fn new(challenge: Element) -> Coefficients {
        Coefficients { felts: array![], challenge, power: quadratic::ONE }
    }

    /// Adds those of `count` words that stand in a row's last felts beyond its last element.
    fn of_nothing(ref self: Coefficients, count: u32) {
        for _ in 0..count {
            self.felts.append(0);
            self.felts.append(0);
        }
    }

    /// Adds those of `count` columns of the extension, which are two words each: an element `a + b x` has the coefficient of the column for `a`,
    /// and that times `x` for `b`.
    fn of_extension(ref self: Coefficients, count: u32) {
        let (mut power, mut left) = (self.power, count);
        while left != 0 {
            let (first, second): (felt252, felt252) = {
                let (first, second) = power;
                (first.into(), second.into())
            };
            // (c + d x) x = -2d + (c + d) x, with 2p added, so that both are positive.
            self.felts.append(0x1fffffffe00000002 - 2 * second);
            self.felts.append(first + second);
            self.felts.append(first);
            self.felts.append(second);
            power = product(power, self.challenge);
            left -= 1;
        }
        self.power = power;
    }

    /// Adds a coefficient, and gives the next one.
    #[inline(always)]
    fn step(ref self: Coefficients, power: Element) -> Element {
        let (first, second) = power;
        self.felts.append(first.into());
        self.felts.append(second.into());
        product(power, self.challenge)
    }

    /// Adds those of `count` columns of the base field.
    fn of_base(ref self: Coefficients, count: u32) {
        let (mut power, mut left) = (self.power, count);
        while left >= 4 {
            power = self.step(self.step(self.step(self.step(power))));
            left -= 4;
        }
        while left != 0 {
            power = self.step(power);
            left -= 1;
        }
        self.power = power;
    }

    fn span(self: @Coefficients) -> Span<felt252> {
        self.felts.span()
    }
}

/// A sum of products in the extension: `(a + b x)(c + d x) = ac - 2 bd + (ad + bc + bd) x`. Fewer than 2^8 products below 2^130.
#[derive(Drop, Copy)]
pub struct Sum {
    ac: felt252,
    ad_bc: felt252,
    bd: felt252,
}
/// A multiple of `p` above twice a sum.
const TWICE: felt252 = 0xffffffff000000010000000000000000000;

/// The sum with one product more.
#[inline(always)]
fn with(sum: Sum, a: Word, b: Word, c: felt252, d: felt252) -> Sum {
    let (a, b): (felt252, felt252) = (a.into(), b.into());
    Sum { ac: sum.ac + a * c, ad_bc: sum.ad_bc + a * d + b * c, bd: sum.bd + b * d }
}

#[generate_trait]
pub impl SumImpl of SumTrait {
    fn new() -> Sum {
        Sum { ac: 0, ad_bc: 0, bd: 0 }
    }

    /// Adds elements times the last coefficients, which it takes: those of columns of the base field.
    fn add_base(ref self: Sum, mut elements: Span<Word>, ref coefficients: Span<felt252>) {
        while let Some(seven) = elements.multi_pop_front::<14>() {
            let [a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6] = (*seven).unbox();
            let [c6, d6, c5, d5, c4, d4, c3, d3, c2, d2, c1, d1, c0, d0] = (*coefficients.multi_pop_back::<14>().unwrap()).unbox();
            self = with(self, a0, b0, c0, d0);
            self = with(self, a1, b1, c1, d1);
            self = with(self, a2, b2, c2, d2);
            self = with(self, a3, b3, c3, d3);
            self = with(self, a4, b4, c4, d4);
            self = with(self, a5, b5, c5, d5);
            self = with(self, a6, b6, c6, d6);
        }
        while let Some(one) = elements.multi_pop_front::<2>() {
            let [a, b] = (*one).unbox();
            let [c, d] = (*coefficients.multi_pop_back::<2>().unwrap()).unbox();
            self = with(self, a, b, c, d);
        }
    }

    /// As [`Self::add_base`], with those of columns of the extension.
    fn add_extension(ref self: Sum, mut elements: Span<Word>, ref coefficients: Span<felt252>) {
        while let Some(four) = elements.multi_pop_front::<8>() {
            let [a0, b0, a1, b1, a2, b2, a3, b3] = (*four).unbox();
            let [_, _, c3, d3, _, _, c2, d2, _, _, c1, d1, _, _, c0, d0] = (*coefficients.multi_pop_back::<16>().unwrap()).unbox();
            self = with(self, a0, b0, c0, d0);
            self = with(self, a1, b1, c1, d1);
            self = with(self, a2, b2, c2, d2);
            self = with(self, a3, b3, c3, d3);
        }
        while let Some(one) = elements.multi_pop_front::<2>() {
            let [a, b] = (*one).unbox();
            let [_, _, c, d] = (*coefficients.multi_pop_back::<4>().unwrap()).unbox();
            self = with(self, a, b, c, d);
        }
    }

    fn value(self: Sum) -> Element {
        let Sum { ac, ad_bc, bd } = self;
        (residue(ac + TWICE - 2 * bd), residue(ad_bc + bd))
    }
}

/// Takes the coefficients of `count` words.
pub fn skip(ref coefficients: Span<felt252>, count: u32) {
    coefficients = coefficients.slice(0, coefficients.len() - 2 * count);
}

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
