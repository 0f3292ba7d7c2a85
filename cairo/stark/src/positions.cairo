//! Positions of queries: how they are drawn, and the points that they stand for.

use core::num::traits::Pow;

use corelib_imports::bounded_int::{AddHelper, BoundedInt, DivRemHelper, MulHelper, UnitInt, add, div_rem, mul, upcast};

use crate::goldilocks::{G, MODULUS, P, element, product};
use crate::quadratic::{AddElements, Sum};
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

/// What the bits of a position multiply its point with, each less 1: `g^(2^i)` for the bit `i`.
///
/// Two bits are taken together: `(1 + a m)(1 + b n) = 1 + a m + b n + a b (m n)` is reduced once.
#[derive(Drop, Copy)]
pub struct Generators {
    /// Of the lowest bit, if the bits below the three highest ones are an odd number.
    lowest: Option<G>,
    /// Of the next ones: `m`, `n` and `m n` for each two.
    pairs: Span<G>,
    /// Of the three highest ones: `m` of the first, then `m`, `n` and `m n`.
    highest: [G; 4],
}

#[generate_trait]
pub impl GeneratorsImpl of GeneratorsTrait {
    /// From `g`, `g^2`, `g^4`, .. for each bit.
    fn new(mut generators: Span<u64>) -> Generators {
        let [x, y, z] = (*generators.multi_pop_back::<3>().unwrap()).unbox();
        let (m, n) = (minus_one(y), minus_one(z));
        let highest = [minus_one(x), m, n, product(m, n)];
        let (_, odd) = DivRem::div_rem(generators.len(), 2);
        let lowest = if odd == 1 {
            Some(minus_one(*generators.pop_front().unwrap()))
        } else {
            None
        };
        let mut pairs = array![];
        while let Some(two) = generators.multi_pop_front::<2>() {
            let [x, y] = (*two).unbox();
            let (m, n) = (minus_one(x), minus_one(y));
            pairs.append(m);
            pairs.append(n);
            pairs.append(product(m, n));
        }
        Generators { lowest, pairs: pairs.span(), highest }
    }
}

fn minus_one(generator: u64) -> G {
    element(upcast(generator - 1))
}

/// A position, and the points that it stands for.
#[derive(Drop, Copy)]
pub struct Place {
    /// Its bits, from the lowest one on.
    pub bits: Span<felt252>,
    /// The point of the position.
    pub x: G,
    /// The point of the position without its three highest bits: where its row of the first layer begins.
    pub row: G,
}

type Bit = BoundedInt<0, 1>;
impl Halves of DivRemHelper<u32, UnitInt<2>> {
    type DivT = BoundedInt<0, 0x7fffffff>;
    type RemT = Bit;
}
const TWO: NonZero<UnitInt<2>> = 2;

/// The lowest bit, and what is above it.
#[inline(always)]
fn bit(ref left: u32) -> Bit {
    let (rest, bit) = div_rem(left, TWO);
    left = upcast(rest);
    bit
}

// 1 + a m, and that for two bits.
const ONE: UnitInt<1> = 1;
type One = BoundedInt<1, 0xffffffff00000001>;
type Three = BoundedInt<1, 0x2fffffffd00000001>;
impl MulBits of MulHelper<Bit, Bit> {
    type Result = Bit;
}
impl MulBit of MulHelper<Bit, G> {
    type Result = G;
}
impl AddOne of AddHelper<G, UnitInt<1>> {
    type Result = One;
}
impl AddBoth of AddHelper<One, Sum> {
    type Result = Three;
}
impl MulOne of MulHelper<G, One> {
    type Result = BoundedInt<0, 0xfffffffe00000001ffffffff00000000>;
}
impl MulThree of MulHelper<G, Three> {
    type Result = BoundedInt<0, 0x2fffffffa00000003ffffffff00000000>;
}
impl ReduceOne of DivRemHelper<BoundedInt<0, 0xfffffffe00000001ffffffff00000000>, P> {
    type DivT = BoundedInt<0, 0xffffffff00000000>;
    type RemT = G;
}
impl ReduceThree of DivRemHelper<BoundedInt<0, 0x2fffffffa00000003ffffffff00000000>, P> {
    type DivT = BoundedInt<0, 0x2fffffffcfffffffe>;
    type RemT = G;
}

/// `x (1 + a m)`.
#[inline(always)]
fn with_one(x: G, a: Bit, m: G) -> G {
    let (_, x) = div_rem(mul(x, add(mul(a, m), ONE)), MODULUS);
    x
}

/// `x (1 + a m)(1 + b n)`.
#[inline(always)]
fn with_two(x: G, a: Bit, b: Bit, m: G, n: G, both: G) -> G {
    let factor = add(add(mul(a, m), ONE), add(mul(b, n), mul(mul(a, b), both)));
    let (_, x) = div_rem(mul(x, factor), MODULUS);
    x
}

/// The place of a position below `2^n`, for the generators of `n` bits.
pub fn place(position: u32, generators: Generators) -> Place {
    let Generators { lowest, mut pairs, highest } = generators;
    let (mut left, mut row, mut bits) = (position, OFFSET, array![]);
    if let Some(m) = lowest {
        let a = bit(ref left);
        row = with_one(row, a, m);
        bits.append(a.into());
    }
    while let Some(two) = pairs.multi_pop_front::<6>() {
        let [m, n, both, k, l, other] = (*two).unbox();
        let (a, b, c, d) = (bit(ref left), bit(ref left), bit(ref left), bit(ref left));
        row = with_two(with_two(row, a, b, m, n, both), c, d, k, l, other);
        bits.append(a.into());
        bits.append(b.into());
        bits.append(c.into());
        bits.append(d.into());
    }
    if let Some(one) = pairs.multi_pop_front::<3>() {
        let [m, n, both] = (*one).unbox();
        let (a, b) = (bit(ref left), bit(ref left));
        row = with_two(row, a, b, m, n, both);
        bits.append(a.into());
        bits.append(b.into());
    }
    let [k, m, n, both] = highest;
    let (a, b, c) = (bit(ref left), bit(ref left), bit(ref left));
    bits.append(a.into());
    bits.append(b.into());
    bits.append(c.into());
    Place { bits: bits.span(), x: with_two(with_one(row, a, k), b, c, m, n, both), row }
}

/// Takes the four highest bits, as the number that they are.
pub fn highest_four(ref bits: Span<felt252>) -> u32 {
    let [b0, b1, b2, b3] = (*bits.multi_pop_back::<4>().unwrap()).unbox();
    (b0 + 2 * b1 + 4 * b2 + 8 * b3).try_into().unwrap()
}

/// Takes the three highest bits, as the number that they are.
pub fn highest_three(ref bits: Span<felt252>) -> u32 {
    let [b0, b1, b2] = (*bits.multi_pop_back::<3>().unwrap()).unbox();
    (b0 + 2 * b1 + 4 * b2).try_into().unwrap()
}
