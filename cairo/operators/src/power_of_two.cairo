//! Division by powers of two. Written by `generate_power_of_two` in `cairo/tests/operators.rs`: do not edit.
//!
//! The divisor is a constant and its range a single value, so one division takes three range checks and no branch.
use corelib_imports::bounded_int::{BoundedInt, DivRemHelper, UnitInt, div_rem, upcast};

/// Division by `2^BITS`, for `BITS` from 1 to 64.
pub trait PowerOfTwo<const BITS: usize> {
    /// Quotient and remainder.
    fn div_rem(value: u128) -> (u128, u128);
}

impl DivRemHelper1 of DivRemHelper<u128, UnitInt<0x2>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1>;
}
pub impl PowerOfTwo1 of PowerOfTwo<1> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x2>>(value, 0x2);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper2 of DivRemHelper<u128, UnitInt<0x4>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3>;
}
pub impl PowerOfTwo2 of PowerOfTwo<2> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x4>>(value, 0x4);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper3 of DivRemHelper<u128, UnitInt<0x8>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7>;
}
pub impl PowerOfTwo3 of PowerOfTwo<3> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x8>>(value, 0x8);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper4 of DivRemHelper<u128, UnitInt<0x10>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xf>;
}
pub impl PowerOfTwo4 of PowerOfTwo<4> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x10>>(value, 0x10);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper5 of DivRemHelper<u128, UnitInt<0x20>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1f>;
}
pub impl PowerOfTwo5 of PowerOfTwo<5> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x20>>(value, 0x20);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper6 of DivRemHelper<u128, UnitInt<0x40>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3f>;
}
pub impl PowerOfTwo6 of PowerOfTwo<6> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x40>>(value, 0x40);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper7 of DivRemHelper<u128, UnitInt<0x80>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7f>;
}
pub impl PowerOfTwo7 of PowerOfTwo<7> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x80>>(value, 0x80);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper8 of DivRemHelper<u128, UnitInt<0x100>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xff>;
}
pub impl PowerOfTwo8 of PowerOfTwo<8> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x100>>(value, 0x100);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper9 of DivRemHelper<u128, UnitInt<0x200>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1ff>;
}
pub impl PowerOfTwo9 of PowerOfTwo<9> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x200>>(value, 0x200);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper10 of DivRemHelper<u128, UnitInt<0x400>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3ff>;
}
pub impl PowerOfTwo10 of PowerOfTwo<10> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x400>>(value, 0x400);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper11 of DivRemHelper<u128, UnitInt<0x800>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7ff>;
}
pub impl PowerOfTwo11 of PowerOfTwo<11> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x800>>(value, 0x800);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper12 of DivRemHelper<u128, UnitInt<0x1000>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xfff>;
}
pub impl PowerOfTwo12 of PowerOfTwo<12> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x1000>>(value, 0x1000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper13 of DivRemHelper<u128, UnitInt<0x2000>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1fff>;
}
pub impl PowerOfTwo13 of PowerOfTwo<13> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x2000>>(value, 0x2000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper14 of DivRemHelper<u128, UnitInt<0x4000>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3fff>;
}
pub impl PowerOfTwo14 of PowerOfTwo<14> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x4000>>(value, 0x4000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper15 of DivRemHelper<u128, UnitInt<0x8000>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7fff>;
}
pub impl PowerOfTwo15 of PowerOfTwo<15> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x8000>>(value, 0x8000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper16 of DivRemHelper<u128, UnitInt<0x10000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xffff>;
}
pub impl PowerOfTwo16 of PowerOfTwo<16> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x10000>>(value, 0x10000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper17 of DivRemHelper<u128, UnitInt<0x20000>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1ffff>;
}
pub impl PowerOfTwo17 of PowerOfTwo<17> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x20000>>(value, 0x20000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper18 of DivRemHelper<u128, UnitInt<0x40000>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3ffff>;
}
pub impl PowerOfTwo18 of PowerOfTwo<18> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x40000>>(value, 0x40000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper19 of DivRemHelper<u128, UnitInt<0x80000>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7ffff>;
}
pub impl PowerOfTwo19 of PowerOfTwo<19> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x80000>>(value, 0x80000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper20 of DivRemHelper<u128, UnitInt<0x100000>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xfffff>;
}
pub impl PowerOfTwo20 of PowerOfTwo<20> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x100000>>(value, 0x100000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper21 of DivRemHelper<u128, UnitInt<0x200000>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1fffff>;
}
pub impl PowerOfTwo21 of PowerOfTwo<21> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x200000>>(value, 0x200000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper22 of DivRemHelper<u128, UnitInt<0x400000>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3fffff>;
}
pub impl PowerOfTwo22 of PowerOfTwo<22> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x400000>>(value, 0x400000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper23 of DivRemHelper<u128, UnitInt<0x800000>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7fffff>;
}
pub impl PowerOfTwo23 of PowerOfTwo<23> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x800000>>(value, 0x800000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper24 of DivRemHelper<u128, UnitInt<0x1000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xffffff>;
}
pub impl PowerOfTwo24 of PowerOfTwo<24> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x1000000>>(value, 0x1000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper25 of DivRemHelper<u128, UnitInt<0x2000000>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1ffffff>;
}
pub impl PowerOfTwo25 of PowerOfTwo<25> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x2000000>>(value, 0x2000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper26 of DivRemHelper<u128, UnitInt<0x4000000>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3ffffff>;
}
pub impl PowerOfTwo26 of PowerOfTwo<26> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x4000000>>(value, 0x4000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper27 of DivRemHelper<u128, UnitInt<0x8000000>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7ffffff>;
}
pub impl PowerOfTwo27 of PowerOfTwo<27> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x8000000>>(value, 0x8000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper28 of DivRemHelper<u128, UnitInt<0x10000000>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xfffffff>;
}
pub impl PowerOfTwo28 of PowerOfTwo<28> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x10000000>>(value, 0x10000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper29 of DivRemHelper<u128, UnitInt<0x20000000>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1fffffff>;
}
pub impl PowerOfTwo29 of PowerOfTwo<29> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x20000000>>(value, 0x20000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper30 of DivRemHelper<u128, UnitInt<0x40000000>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3fffffff>;
}
pub impl PowerOfTwo30 of PowerOfTwo<30> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x40000000>>(value, 0x40000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper31 of DivRemHelper<u128, UnitInt<0x80000000>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7fffffff>;
}
pub impl PowerOfTwo31 of PowerOfTwo<31> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x80000000>>(value, 0x80000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper32 of DivRemHelper<u128, UnitInt<0x100000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xffffffff>;
}
pub impl PowerOfTwo32 of PowerOfTwo<32> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x100000000>>(value, 0x100000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper33 of DivRemHelper<u128, UnitInt<0x200000000>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1ffffffff>;
}
pub impl PowerOfTwo33 of PowerOfTwo<33> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x200000000>>(value, 0x200000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper34 of DivRemHelper<u128, UnitInt<0x400000000>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3ffffffff>;
}
pub impl PowerOfTwo34 of PowerOfTwo<34> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x400000000>>(value, 0x400000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper35 of DivRemHelper<u128, UnitInt<0x800000000>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7ffffffff>;
}
pub impl PowerOfTwo35 of PowerOfTwo<35> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x800000000>>(value, 0x800000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper36 of DivRemHelper<u128, UnitInt<0x1000000000>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xfffffffff>;
}
pub impl PowerOfTwo36 of PowerOfTwo<36> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x1000000000>>(value, 0x1000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper37 of DivRemHelper<u128, UnitInt<0x2000000000>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1fffffffff>;
}
pub impl PowerOfTwo37 of PowerOfTwo<37> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x2000000000>>(value, 0x2000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper38 of DivRemHelper<u128, UnitInt<0x4000000000>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3fffffffff>;
}
pub impl PowerOfTwo38 of PowerOfTwo<38> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x4000000000>>(value, 0x4000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper39 of DivRemHelper<u128, UnitInt<0x8000000000>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7fffffffff>;
}
pub impl PowerOfTwo39 of PowerOfTwo<39> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x8000000000>>(value, 0x8000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper40 of DivRemHelper<u128, UnitInt<0x10000000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xffffffffff>;
}
pub impl PowerOfTwo40 of PowerOfTwo<40> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x10000000000>>(value, 0x10000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper41 of DivRemHelper<u128, UnitInt<0x20000000000>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1ffffffffff>;
}
pub impl PowerOfTwo41 of PowerOfTwo<41> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x20000000000>>(value, 0x20000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper42 of DivRemHelper<u128, UnitInt<0x40000000000>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3ffffffffff>;
}
pub impl PowerOfTwo42 of PowerOfTwo<42> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x40000000000>>(value, 0x40000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper43 of DivRemHelper<u128, UnitInt<0x80000000000>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7ffffffffff>;
}
pub impl PowerOfTwo43 of PowerOfTwo<43> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x80000000000>>(value, 0x80000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper44 of DivRemHelper<u128, UnitInt<0x100000000000>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xfffffffffff>;
}
pub impl PowerOfTwo44 of PowerOfTwo<44> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x100000000000>>(value, 0x100000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper45 of DivRemHelper<u128, UnitInt<0x200000000000>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1fffffffffff>;
}
pub impl PowerOfTwo45 of PowerOfTwo<45> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x200000000000>>(value, 0x200000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper46 of DivRemHelper<u128, UnitInt<0x400000000000>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3fffffffffff>;
}
pub impl PowerOfTwo46 of PowerOfTwo<46> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x400000000000>>(value, 0x400000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper47 of DivRemHelper<u128, UnitInt<0x800000000000>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7fffffffffff>;
}
pub impl PowerOfTwo47 of PowerOfTwo<47> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x800000000000>>(value, 0x800000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper48 of DivRemHelper<u128, UnitInt<0x1000000000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xffffffffffff>;
}
pub impl PowerOfTwo48 of PowerOfTwo<48> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x1000000000000>>(value, 0x1000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper49 of DivRemHelper<u128, UnitInt<0x2000000000000>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1ffffffffffff>;
}
pub impl PowerOfTwo49 of PowerOfTwo<49> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x2000000000000>>(value, 0x2000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper50 of DivRemHelper<u128, UnitInt<0x4000000000000>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3ffffffffffff>;
}
pub impl PowerOfTwo50 of PowerOfTwo<50> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x4000000000000>>(value, 0x4000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper51 of DivRemHelper<u128, UnitInt<0x8000000000000>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7ffffffffffff>;
}
pub impl PowerOfTwo51 of PowerOfTwo<51> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x8000000000000>>(value, 0x8000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper52 of DivRemHelper<u128, UnitInt<0x10000000000000>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xfffffffffffff>;
}
pub impl PowerOfTwo52 of PowerOfTwo<52> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x10000000000000>>(value, 0x10000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper53 of DivRemHelper<u128, UnitInt<0x20000000000000>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1fffffffffffff>;
}
pub impl PowerOfTwo53 of PowerOfTwo<53> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x20000000000000>>(value, 0x20000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper54 of DivRemHelper<u128, UnitInt<0x40000000000000>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3fffffffffffff>;
}
pub impl PowerOfTwo54 of PowerOfTwo<54> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x40000000000000>>(value, 0x40000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper55 of DivRemHelper<u128, UnitInt<0x80000000000000>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7fffffffffffff>;
}
pub impl PowerOfTwo55 of PowerOfTwo<55> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x80000000000000>>(value, 0x80000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper56 of DivRemHelper<u128, UnitInt<0x100000000000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffff>;
    type RemT = BoundedInt<0, 0xffffffffffffff>;
}
pub impl PowerOfTwo56 of PowerOfTwo<56> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x100000000000000>>(value, 0x100000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper57 of DivRemHelper<u128, UnitInt<0x200000000000000>> {
    type DivT = BoundedInt<0, 0x7fffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1ffffffffffffff>;
}
pub impl PowerOfTwo57 of PowerOfTwo<57> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x200000000000000>>(value, 0x200000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper58 of DivRemHelper<u128, UnitInt<0x400000000000000>> {
    type DivT = BoundedInt<0, 0x3fffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3ffffffffffffff>;
}
pub impl PowerOfTwo58 of PowerOfTwo<58> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x400000000000000>>(value, 0x400000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper59 of DivRemHelper<u128, UnitInt<0x800000000000000>> {
    type DivT = BoundedInt<0, 0x1fffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7ffffffffffffff>;
}
pub impl PowerOfTwo59 of PowerOfTwo<59> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x800000000000000>>(value, 0x800000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper60 of DivRemHelper<u128, UnitInt<0x1000000000000000>> {
    type DivT = BoundedInt<0, 0xfffffffffffffffff>;
    type RemT = BoundedInt<0, 0xfffffffffffffff>;
}
pub impl PowerOfTwo60 of PowerOfTwo<60> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x1000000000000000>>(value, 0x1000000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper61 of DivRemHelper<u128, UnitInt<0x2000000000000000>> {
    type DivT = BoundedInt<0, 0x7ffffffffffffffff>;
    type RemT = BoundedInt<0, 0x1fffffffffffffff>;
}
pub impl PowerOfTwo61 of PowerOfTwo<61> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x2000000000000000>>(value, 0x2000000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper62 of DivRemHelper<u128, UnitInt<0x4000000000000000>> {
    type DivT = BoundedInt<0, 0x3ffffffffffffffff>;
    type RemT = BoundedInt<0, 0x3fffffffffffffff>;
}
pub impl PowerOfTwo62 of PowerOfTwo<62> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x4000000000000000>>(value, 0x4000000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper63 of DivRemHelper<u128, UnitInt<0x8000000000000000>> {
    type DivT = BoundedInt<0, 0x1ffffffffffffffff>;
    type RemT = BoundedInt<0, 0x7fffffffffffffff>;
}
pub impl PowerOfTwo63 of PowerOfTwo<63> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x8000000000000000>>(value, 0x8000000000000000);
        (upcast(quotient), upcast(remainder))
    }
}

impl DivRemHelper64 of DivRemHelper<u128, UnitInt<0x10000000000000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffff>;
    type RemT = BoundedInt<0, 0xffffffffffffffff>;
}
pub impl PowerOfTwo64 of PowerOfTwo<64> {
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {
        let (quotient, remainder) = div_rem::<u128, UnitInt<0x10000000000000000>>(value, 0x10000000000000000);
        (upcast(quotient), upcast(remainder))
    }
}
