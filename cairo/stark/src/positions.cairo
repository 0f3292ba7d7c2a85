//! Positions of queries: how they are drawn, and the points that they stand for.

use core::num::traits::Pow;

use crate::goldilocks::{G, of_u64, product};
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

/// A position, and the point of the first layer of the low-degree test that it falls on.
#[derive(Drop, Copy)]
pub struct Place {
    /// From the lowest one on.
    pub bits: Span<felt252>,
    /// The point of the position.
    pub x: G,
    /// The point of the position without its four highest bits: where its row of the first layer begins.
    pub row: G,
}

/// `generators` are `g`, `g^2`, `g^4`, .. for each bit.
pub fn place(position: u32, mut generators: Span<u64>) -> Place {
    let (mut bits, mut left, mut x, mut row) = (array![], position, OFFSET, OFFSET);
    while let Some(generator) = generators.pop_front() {
        let (rest, bit) = DivRem::div_rem(left, 2);
        bits.append(bit.into());
        if bit == 1 {
            x = product(x, of_u64(*generator));
        }
        left = rest;
        if generators.len() == 4 {
            row = x;
        }
    }
    Place { bits: bits.span(), x, row }
}

/// The number that four bits are, the lowest first.
pub fn number(bits: Span<felt252>) -> u32 {
    let number = *bits[0] + 2 * *bits[1] + 4 * *bits[2] + 8 * *bits[3];
    number.try_into().unwrap()
}
