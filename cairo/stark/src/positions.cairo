//! Positions of queries: how they are drawn, and the points that they stand for.

use core::num::traits::Pow;

use corelib_imports::bounded_int::{BoundedInt, DivRemHelper, UnitInt, div_rem, upcast};

use crate::goldilocks::{G, product};
use crate::transcript::{Transcript, TranscriptTrait};

/// Queries of a proof.
pub const QUERIES: u32 = 16;
/// Positions in 128 bits, 32 bits each.
const IN_A_DRAW: u32 = 4;
/// The domains are cosets of groups of roots of unity: what they begin with.
pub const OFFSET: G = 7;

/// Draws the positions in a domain of `2^log` points. Two of them may be the same.
pub fn draw(ref transcript: Transcript, log: u32) -> Array<u32> {
    let domain: NonZero<u128> = 2_u128.pow(log).try_into().unwrap();
    let mut positions = array![];
    for _ in 0..QUERIES / IN_A_DRAW {
        let u256 { mut low, high: _ } = transcript.draw_felt().into();
        for _ in 0..IN_A_DRAW {
            let (rest, chunk) = DivRem::div_rem(low, 0x100000000);
            let (_, position) = DivRem::div_rem(chunk, domain);
            positions.append(position.try_into().unwrap());
            low = rest;
        }
    }
    positions
}

/// A position, and the points that it stands for. Its bits are cut into groups of four from above, because each layer of the low-degree test
/// takes four, and a tree's cap is four levels high; what is left below are fewer than four.
#[derive(Drop, Copy)]
pub struct Place {
    /// From the lowest one on.
    pub few: Span<felt252>,
    pub fours: Span<felt252>,
    /// The point of the position.
    pub x: G,
    /// The point of the position without its four highest bits: where its row of the first layer begins.
    pub row: G,
}

impl Halves of DivRemHelper<u32, UnitInt<2>> {
    type DivT = BoundedInt<0, 0x7fffffff>;
    type RemT = BoundedInt<0, 1>;
}
const TWO: NonZero<UnitInt<2>> = 2;

/// The lowest bit, and what is above it.
fn bit(ref left: u32) -> BoundedInt<0, 1> {
    let (rest, bit) = div_rem(left, TWO);
    left = upcast(rest);
    bit
}

/// `few` and `fours` are `g`, `g^2`, `g^4`, .. for each bit.
pub fn place(position: u32, mut few: Span<G>, mut fours: Span<G>) -> Place {
    let (mut left, mut x, mut row) = (position, OFFSET, OFFSET);
    let mut lowest = array![];
    while let Some(generator) = few.pop_front() {
        let bit = bit(ref left);
        lowest.append(bit.into());
        if bit != 0 {
            x = product(x, *generator);
        }
    }
    let mut bits = array![];
    while let Some(four) = fours.multi_pop_front::<4>() {
        let [g0, g1, g2, g3] = (*four).unbox();
        let (b0, b1, b2, b3) = (bit(ref left), bit(ref left), bit(ref left), bit(ref left));
        row = x;
        if b0 != 0 {
            x = product(x, g0);
        }
        if b1 != 0 {
            x = product(x, g1);
        }
        if b2 != 0 {
            x = product(x, g2);
        }
        if b3 != 0 {
            x = product(x, g3);
        }
        bits.append(b0.into());
        bits.append(b1.into());
        bits.append(b2.into());
        bits.append(b3.into());
    }
    Place { few: lowest.span(), fours: bits.span(), x, row }
}

/// Takes the four highest bits, as the number that they are.
pub fn highest(ref fours: Span<felt252>) -> u32 {
    let [b0, b1, b2, b3] = (*fours.multi_pop_back::<4>().unwrap()).unbox();
    (b0 + 2 * b1 + 4 * b2 + 8 * b3).try_into().unwrap()
}
