//! The field with `p = 2^64 - 2^32 + 1` elements.
//!
//! An element is an integer below `p`, which its type says. Long sums of products are felts instead, as integers below Starknet's prime, and
//! [`residue`] brings them back.

use core::math::u256_inv_mod;

use corelib_imports::bounded_int::{
    AddHelper, BoundedInt, ConstrainHelper, DivRemHelper, MulHelper, SubHelper, UnitInt, add, constrain, div_rem, mul, sub, upcast,
};

/// An element.
pub type G = BoundedInt<0, 0xffffffff00000000>;
/// Eight bytes, which stand for their residue.
pub type Word = BoundedInt<0, 0xffffffffffffffff>;
/// The modulus.
pub type P = UnitInt<0xffffffff00000001>;
pub const MODULUS: NonZero<P> = 0xffffffff00000001;

pub impl ResidueOfHalf of DivRemHelper<u128, P> {
    type DivT = BoundedInt<0, 0x100000000ffffffff>;
    type RemT = G;
}

// a + 2^32 p - 2^32 b, which is not negative.
type Shift = UnitInt<0x100000000>;
type Shifted = BoundedInt<0, 0xffffffff0000000000000000>;
type Lift = UnitInt<0xffffffff0000000100000000>;
type Lifted = BoundedInt<0xffffffff0000000100000000, 0x1000000000000000000000000>;
type Difference = BoundedInt<0x100000000, 0x1000000000000000000000000>;
const SHIFT: Shift = 0x100000000;
const LIFT: Lift = 0xffffffff0000000100000000;

impl MulShift of MulHelper<G, Shift> {
    type Result = Shifted;
}
impl AddLift of AddHelper<G, Lift> {
    type Result = Lifted;
}
impl SubShifted of SubHelper<Lifted, Shifted> {
    type Result = Difference;
}
impl ResidueOfDifference of DivRemHelper<Difference, P> {
    type DivT = BoundedInt<0, 0x100000000>;
    type RemT = G;
}

/// The element that a felt stands for, as an integer below Starknet's prime: `2^128 = -2^32`.
pub fn residue(value: felt252) -> G {
    let u256 { low, high } = value.into();
    let (_, a) = div_rem(low, MODULUS);
    let (_, b) = div_rem(high, MODULUS);
    let (_, element) = div_rem(sub(add(a, LIFT), mul(b, SHIFT)), MODULUS);
    element
}

/// Both elements that a felt stands for: of its 128 lowest bits, and of those above.
pub fn residues_of_halves(value: felt252) -> (G, G) {
    let u256 { low, high } = value.into();
    let (_, first) = div_rem(low, MODULUS);
    let (_, second) = div_rem(high, MODULUS);
    (first, second)
}

impl MulElements of MulHelper<G, G> {
    type Result = BoundedInt<0, 0xfffffffe000000010000000000000000>;
}
impl ResidueOfProduct of DivRemHelper<BoundedInt<0, 0xfffffffe000000010000000000000000>, P> {
    type DivT = BoundedInt<0, 0xfffffffeffffffff>;
    type RemT = G;
}
impl ResidueOfWord of DivRemHelper<Word, P> {
    type DivT = BoundedInt<0, 1>;
    type RemT = G;
}

pub fn product(a: G, b: G) -> G {
    let (_, product) = div_rem(mul(a, b), MODULUS);
    product
}

/// The element that a word stands for.
pub fn element(word: Word) -> G {
    let (_, element) = div_rem(word, MODULUS);
    element
}

impl BelowModulus of ConstrainHelper<Word, 0xffffffff00000001> {
    type LowT = G;
    type HighT = BoundedInt<0xffffffff00000001, 0xffffffffffffffff>;
}

/// Whether a word is an element, and not another integer that stands for one.
pub fn is_element(word: Word) -> bool {
    constrain::<Word, 0xffffffff00000001>(word).is_ok()
}

/// The element of an integer of 64 bits.
pub fn of_u64(integer: u64) -> G {
    element(upcast(integer))
}

/// `1 / a`.
///
/// Panics if `a` is 0.
pub fn inverse(a: G) -> G {
    let element: felt252 = a.into();
    let found = u256_inv_mod(element.into(), 0xffffffff00000001_u256.try_into().unwrap()).expect('ZERO HAS NO INVERSE');
    residue(Into::<NonZero<u256>, u256>::into(found).low.into())
}

pub impl SplitHalf of DivRemHelper<u128, UnitInt<0x10000000000000000>> {
    type DivT = Word;
    type RemT = Word;
}
pub const TWO_64: NonZero<UnitInt<0x10000000000000000>> = 0x10000000000000000;
