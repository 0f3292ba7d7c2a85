//! The field of Cairo proofs: the Stark field, with `p = 2^251 + 17 * 2^192 + 1` elements, in which Cairo computes.
//!
//! An element is kept as `x 2^256 mod p` (P. Montgomery, Modular Multiplication Without Trial Division, 1985), always below `p`, so that
//! equal elements are equal in memory. The limbs of `p` are 1, 0, 0 and `P_TOP`: only the last one has to be multiplied by, so that a
//! reduction takes four products of limbs, where one for any modulus takes sixteen.

mod hades;

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, BitAnd, Div, DivAssign, Mul, MulAssign, Neg, Shl, Shr, ShrAssign, Sub, SubAssign};
use std::str::FromStr;

use thiserror::Error;
use winter_utils::{AsBytes, Randomizable};
use winter_verifier::math::{ExtensibleField, FieldElement, StarkField};
use winter_verifier::{ByteReader, ByteWriter, Deserializable, DeserializationError, Serializable};

pub(crate) use hades::permute;

/// The modulus, its least significant limb first.
const P: [u64; 4] = [1, 0, 0, P_TOP];
/// The modulus's highest limb.
const P_TOP: u64 = (1 << 59) + 17;
/// `2^256 mod p`, the form of 1.
const R: [u64; 4] = [0xffff_ffff_ffff_ffe1, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff, 0x07ff_ffff_ffff_fdf0];
/// `2^512 mod p`: a Montgomery product with it brings an integer into the form that elements have.
const R_SQUARED: [u64; 4] = [0xffff_fd73_7e00_0401, 0x0000_0001_330f_ffff, 0xffff_ffff_ff6f_8000, 0x07ff_d4ab_5e00_8810];

/// An element of the Stark field: a felt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct Felt252([u64; 4]);

impl Felt252 {
    /// The element of an integer.
    #[inline]
    pub fn new(value: u64) -> Self {
        Self::of_limbs([value, 0, 0, 0])
    }

    /// The element of an integer's bytes, least significant byte first; `None` if the integer is not below the modulus.
    #[inline]
    pub fn from_le_bytes(bytes: &[u8; 32]) -> Option<Self> {
        Self::from_integer(U256(limbs(bytes)))
    }

    /// The element that an integer of 32 bytes is congruent to, least significant byte first.
    #[inline]
    pub(crate) fn remainder(bytes: &[u8; 32]) -> Self {
        Self::of_limbs(limbs(bytes))
    }

    /// The element that an integer is congruent to, least significant limb first.
    #[inline]
    pub(crate) fn of_limbs(limbs: [u64; 4]) -> Self {
        Self(multiply(limbs, R_SQUARED))
    }

    /// The bytes of the element as an integer below the modulus, least significant byte first.
    #[inline]
    pub fn to_le_bytes(self) -> [u8; 32] {
        let limbs = self.as_int().0.map(u64::to_le_bytes);
        std::array::from_fn(|byte| limbs[byte / 8][byte % 8])
    }

    /// The element as an integer, if that is below 2^64.
    #[inline]
    pub fn to_u64(self) -> Option<u64> {
        match self.as_int().0 {
            [value, 0, 0, 0] => Some(value),
            _ => None,
        }
    }

    /// The element of an integer; `None` if the integer is not below the modulus.
    #[inline]
    fn from_integer(integer: U256) -> Option<Self> {
        (integer < Self::MODULUS).then(|| Self::of_limbs(integer.0))
    }
}

/// The limbs of an integer's bytes, both least significant first.
#[inline]
fn limbs(bytes: &[u8; 32]) -> [u64; 4] {
    let (limbs, _) = bytes.as_chunks();
    std::array::from_fn(|limb| u64::from_le_bytes(limbs[limb]))
}

// ARITHMETIC
// ================================================================================================

/// The Montgomery product `a b 2^-256 mod p`, for integers with a product below `2^256 p`.
#[inline(always)]
fn multiply(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut product = [0u64; 8];
    for i in 0..4 {
        // The row of products and its sum with the rows before it each have their own carry: two chains of additions, and not one tangle.
        let mut high = 0;
        let mut carry = false;
        for j in 0..4 {
            let (low, next) = a[i].carrying_mul(b[j], high);
            (product[i + j], carry) = product[i + j].carrying_add(low, carry);
            high = next;
        }
        product[i + 4] = high + u64::from(carry);
    }
    reduce(product)
}

/// `a^2`, for an integer below `2^255`: ten products of limbs, where one of two integers takes sixteen.
#[inline(always)]
fn squared(a: [u64; 4]) -> [u64; 8] {
    // Row by row, each limb is multiplied by itself and by the double of all the limbs above it.
    let doubled = [a[1] << 1, a[2] << 1 | a[1] >> 63, a[3] << 1 | a[2] >> 63];
    let (p0, carry) = a[0].carrying_mul(a[0], 0);
    let (p1, carry) = a[0].carrying_mul(doubled[0], carry);
    let (p2, carry) = a[0].carrying_mul(doubled[1], carry);
    let (p3, p4) = a[0].carrying_mul(doubled[2], carry);

    let (p2, carry) = a[1].carrying_mul_add(a[1], p2, 0);
    let (p3, carry) = a[1].carrying_mul_add(a[2] << 1, p3, carry);
    let (p4, p5) = a[1].carrying_mul_add(doubled[2], p4, carry);

    let (p4, carry) = a[2].carrying_mul_add(a[2], p4, 0);
    let (p5, p6) = a[2].carrying_mul_add(a[3] << 1, p5, carry);

    let (p6, p7) = a[3].carrying_mul_add(a[3], p6, 0);
    [p0, p1, p2, p3, p4, p5, p6, p7]
}

/// `a 2^-256 mod p`, for `a` below `2^256 p`.
///
/// That is `(a - u p) / 2^256` for the `u` below `2^256` that makes the four lowest limbs 0, and is between `-p` and `p`.
#[inline(always)]
fn reduce(a: [u64; 8]) -> [u64; 4] {
    let (multiple, borrow) = multiple(a);
    difference([a[4], a[5], a[6], a[7]], multiple, borrow)
}

/// An integer that is congruent to `a 2^-256`, and between 0 and `p + a 2^-256`, for any `a` for which that is below `2^256`.
#[inline(always)]
fn reduce_lazily(a: [u64; 8]) -> [u64; 4] {
    let (multiple, borrow) = multiple(a);
    subtract(sum([a[4], a[5], a[6], a[7]], P), multiple, borrow)
}

/// The four highest limbs of `u p` for the `u` of [`reduce`], and whether subtracting the lowest ones borrows from them.
///
/// As `u p = u + u P_TOP 2^192`, the three lowest limbs of `u` are those of `a`, and only the last one depends on a product.
#[inline(always)]
fn multiple(a: [u64; 8]) -> ([u64; 4], bool) {
    // The limbs of u P_TOP 2^192.
    let (p3, carry) = a[0].carrying_mul(P_TOP, 0);
    let (p4, carry) = a[1].carrying_mul(P_TOP, carry);
    let (p5, carry) = a[2].carrying_mul(P_TOP, carry);
    let (last, borrow) = a[3].overflowing_sub(p3);
    let (p6, p7) = last.carrying_mul(P_TOP, carry);
    ([p4, p5, p6, p7], borrow)
}

/// `a - b - borrow`, which is between `-p` and `p`, plus `p` if that is negative.
#[inline(always)]
fn difference(a: [u64; 4], b: [u64; 4], borrow: bool) -> [u64; 4] {
    let difference = subtract(a, b, borrow);
    // The highest bit is the sign, and makes better code than the last borrow.
    let mask = (difference[3].cast_signed() >> 63).cast_unsigned();
    // Limb by limb: a closure over `P` is not always inlined, and a call takes as long as all the rest.
    sum(difference, [mask & 1, 0, 0, mask & P_TOP])
}

/// `a - b - borrow mod 2^256`.
#[inline(always)]
fn subtract(a: [u64; 4], b: [u64; 4], mut borrow: bool) -> [u64; 4] {
    let mut difference = [0; 4];
    for i in 0..4 {
        (difference[i], borrow) = a[i].borrowing_sub(b[i], borrow);
    }
    difference
}

/// `a + b mod 2^256`.
#[inline(always)]
fn sum(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut sum = [0; 4];
    let mut carry = false;
    for i in 0..4 {
        (sum[i], carry) = a[i].carrying_add(b[i], carry);
    }
    sum
}

impl Add for Felt252 {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(difference(sum(self.0, other.0), P, false))
    }
}

impl Sub for Felt252 {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(difference(self.0, other.0, false))
    }
}

impl Mul for Felt252 {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(multiply(self.0, other.0))
    }
}

impl Div for Felt252 {
    type Output = Self;

    /// The quotient; 0 if the divisor is 0.
    #[expect(clippy::suspicious_arithmetic_impl, reason = "a quotient is a product with an inverse")]
    fn div(self, other: Self) -> Self {
        self * other.inv()
    }
}

impl Neg for Felt252 {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl AddAssign for Felt252 {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Felt252 {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl MulAssign for Felt252 {
    #[inline(always)]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl DivAssign for Felt252 {
    fn div_assign(&mut self, other: Self) {
        *self = *self / other;
    }
}

impl FieldElement for Felt252 {
    type PositiveInteger = U256;
    type BaseField = Self;

    const EXTENSION_DEGREE: usize = 1;
    const ELEMENT_BYTES: usize = size_of::<Self>();
    // What is in memory is not the integer: so hash functions take the bytes that are written, and not those in memory.
    const IS_CANONICAL: bool = false;
    const ZERO: Self = Self([0; 4]);
    const ONE: Self = Self(R);

    #[inline(always)]
    fn square(self) -> Self {
        Self(reduce(squared(self.0)))
    }

    /// `x^(p - 2)`, which is 0 for 0.
    fn inv(self) -> Self {
        let squared = |element: Self, times: u32| (0..times).fold(element, |power, _| power.square());
        // Powers with 2, 4, 8 and 16 bits that are all set.
        let two = squared(self, 1) * self;
        let four = squared(two, 2) * two;
        let eight = squared(four, 4) * four;
        let sixteen = squared(eight, 8) * eight;
        // p - 2 begins with 2^59 + 2^4, and goes on with 192 bits that are all set.
        let top = squared(squared(self, 55) * self, 4);
        (0..12).fold(top, |power, _| squared(power, 16) * sixteen)
    }

    fn conjugate(&self) -> Self {
        *self
    }

    fn base_element(&self, i: usize) -> Self {
        assert_eq!(i, 0, "an element of a prime field has one coordinate");
        *self
    }

    fn slice_as_base_elements(elements: &[Self]) -> &[Self] {
        elements
    }

    fn slice_from_base_elements(elements: &[Self]) -> &[Self] {
        elements
    }

    /// The bytes in memory, which are not those of the integers.
    #[expect(unsafe_code, reason = "a slice of elements as a slice of bytes is a cast")]
    fn elements_as_bytes(elements: &[Self]) -> &[u8] {
        // SAFETY: an element is four integers without padding, every byte of which is initialised; the lifetime is that of the argument.
        unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) }
    }

    #[expect(unsafe_code, reason = "the trait's method is unsafe, and its result a cast")]
    unsafe fn bytes_as_elements(bytes: &[u8]) -> Result<&[Self], DeserializationError> {
        let pointer: *const Self = bytes.as_ptr().cast();
        if !bytes.len().is_multiple_of(Self::ELEMENT_BYTES) || !pointer.is_aligned() {
            return Err(DeserializationError::InvalidValue("the bytes are not a whole number of aligned elements".to_owned()));
        }
        // SAFETY: length and alignment are those of elements, which the caller warrants that the bytes are; the lifetime is the argument's.
        Ok(unsafe { std::slice::from_raw_parts(pointer, bytes.len() / Self::ELEMENT_BYTES) })
    }
}

impl StarkField for Felt252 {
    const MODULUS: U256 = U256(P);
    const MODULUS_BITS: u32 = 252;
    const GENERATOR: Self = Self([0xffff_ffff_ffff_ffa1, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff, 0x07ff_ffff_ffff_f9b0]);
    const TWO_ADICITY: u32 = 192;
    const TWO_ADIC_ROOT_OF_UNITY: Self = Self([0x4106_bccd_64a2_bdd8, 0xaaad_a257_31fe_3be9, 0x0a35_c5be_6050_5574, 0x0722_2e32_c47a_fc26]);

    fn get_modulus_le_bytes() -> Vec<u8> {
        P.iter().flat_map(|limb| limb.to_le_bytes()).collect()
    }

    #[inline]
    fn as_int(&self) -> U256 {
        let [a0, a1, a2, a3] = self.0;
        U256(reduce([a0, a1, a2, a3, 0, 0, 0, 0]))
    }
}

/// No extension of any degree: 252 bits are enough for whatever a verifier draws. Winterfell refuses proofs in an extension that is not
/// supported before it computes in it.
impl<const N: usize> ExtensibleField<N> for Felt252 {
    fn mul(_: [Self; N], _: [Self; N]) -> [Self; N] {
        unreachable!("no extension of a field with 252 bits is needed, and none is supported")
    }

    fn mul_base(_: [Self; N], _: Self) -> [Self; N] {
        unreachable!("no extension of a field with 252 bits is needed, and none is supported")
    }

    fn frobenius(_: [Self; N]) -> [Self; N] {
        unreachable!("no extension of a field with 252 bits is needed, and none is supported")
    }

    fn is_supported() -> bool {
        false
    }
}

// INTEGERS
// ================================================================================================

/// An integer of 256 bits, with what Winterfell asks of exponents and moduli.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct U256([u64; 4]);

impl Ord for U256 {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for U256 {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<u32> for U256 {
    fn from(value: u32) -> Self {
        Self([value.into(), 0, 0, 0])
    }
}

impl From<u64> for U256 {
    fn from(value: u64) -> Self {
        Self([value, 0, 0, 0])
    }
}

impl BitAnd for U256 {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(std::array::from_fn(|limb| self.0[limb] & other.0[limb]))
    }
}

impl Shl<u32> for U256 {
    type Output = Self;

    fn shl(self, shift: u32) -> Self {
        let (limbs, bits) = ((shift / 64) as usize, shift % 64);
        let limb = |index: usize| index.checked_sub(limbs).map_or(0, |index| self.0[index]);
        let below = |index: usize| index.checked_sub(1).map_or(0, limb);
        // The limb below is shifted by 64 - bits in two steps, as Rust shifts by at most 63.
        Self(std::array::from_fn(|index| limb(index) << bits | below(index) >> 1 >> (63 - bits)))
    }
}

impl Shr<u32> for U256 {
    type Output = Self;

    fn shr(self, shift: u32) -> Self {
        let (limbs, bits) = ((shift / 64) as usize, shift % 64);
        let limb = |index: usize| self.0.get(index + limbs).copied().unwrap_or(0);
        Self(std::array::from_fn(|index| limb(index) >> bits | limb(index + 1) << 1 << (63 - bits)))
    }
}

impl ShrAssign for U256 {
    fn shr_assign(&mut self, other: Self) {
        // Whatever is too large for a shift shifts all bits out.
        let shift = match other.0 {
            [shift, 0, 0, 0] => u32::try_from(shift).unwrap_or(u32::MAX),
            _ => u32::MAX,
        };
        *self = *self >> shift;
    }
}

// CONVERSIONS
// ================================================================================================

impl From<bool> for Felt252 {
    #[inline]
    fn from(value: bool) -> Self {
        if value { Self::ONE } else { Self::ZERO }
    }
}

impl From<u8> for Felt252 {
    #[inline]
    fn from(value: u8) -> Self {
        Self::new(value.into())
    }
}

impl From<u16> for Felt252 {
    #[inline]
    fn from(value: u16) -> Self {
        Self::new(value.into())
    }
}

impl From<u32> for Felt252 {
    #[inline]
    fn from(value: u32) -> Self {
        Self::new(value.into())
    }
}

impl From<u64> for Felt252 {
    #[inline]
    fn from(value: u64) -> Self {
        Self::new(value)
    }
}

impl From<u128> for Felt252 {
    #[inline]
    fn from(value: u128) -> Self {
        Self::of_limbs([value as u64, (value >> 64) as u64, 0, 0])
    }
}

impl TryFrom<&[u8]> for Felt252 {
    type Error = DeserializationError;

    fn try_from(bytes: &[u8]) -> Result<Self, DeserializationError> {
        let invalid = |reason: &str| DeserializationError::InvalidValue(format!("no element of the Stark field: {reason}"));
        let bytes = bytes.try_into().map_err(|_| invalid("there are not 32 bytes"))?;
        Self::from_le_bytes(bytes).ok_or_else(|| invalid("it is not below the modulus"))
    }
}

/// Why a text is not a felt.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a felt is written as 0x and one to 64 hexadecimal digits, and is below 2^251 + 17 * 2^192 + 1")]
pub struct ParseFeltError;

impl FromStr for Felt252 {
    type Err = ParseFeltError;

    fn from_str(text: &str) -> Result<Self, ParseFeltError> {
        let digits = text.strip_prefix("0x").ok_or(ParseFeltError)?;
        if digits.is_empty() || digits.len() > 2 * Self::ELEMENT_BYTES {
            return Err(ParseFeltError);
        }
        let mut integer = U256([0; 4]);
        for digit in digits.chars() {
            integer = integer << 4;
            integer.0[0] |= u64::from(digit.to_digit(16).ok_or(ParseFeltError)?);
        }
        Self::from_integer(integer).ok_or(ParseFeltError)
    }
}

impl fmt::Display for Felt252 {
    /// The integer below the modulus in hexadecimal digits, without zeros before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limbs = self.as_int().0;
        let top = limbs.iter().rposition(|limb| *limb != 0).unwrap_or(0);
        write!(f, "{:#x}", limbs[top])?;
        limbs[..top].iter().rev().try_for_each(|limb| write!(f, "{limb:016x}"))
    }
}

impl fmt::Debug for Felt252 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl AsBytes for Felt252 {
    fn as_bytes(&self) -> &[u8] {
        Self::elements_as_bytes(std::slice::from_ref(self))
    }
}

impl Randomizable for Felt252 {
    const VALUE_SIZE: usize = Self::ELEMENT_BYTES;

    /// The element of the 252 lowest bits; `None` if they are not below the modulus, as for nearly half of all bytes, so that the caller
    /// draws again. Thus all elements are equally likely.
    fn from_random_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes: [u8; Self::ELEMENT_BYTES] = *bytes.first_chunk()?;
        bytes[Self::ELEMENT_BYTES - 1] &= 0x0f;
        Self::from_le_bytes(&bytes)
    }
}

impl Serializable for Felt252 {
    fn write_into<W: ByteWriter>(&self, target: &mut W) {
        target.write_bytes(&self.to_le_bytes());
    }

    fn get_size_hint(&self) -> usize {
        Self::ELEMENT_BYTES
    }
}

impl Deserializable for Felt252 {
    /// Refuses bytes of an integer that is not below the modulus, so that each element is written in one way.
    fn read_from<R: ByteReader>(source: &mut R) -> Result<Self, DeserializationError> {
        let bytes: [u8; Self::ELEMENT_BYTES] = source.read_array()?;
        Self::try_from(&bytes[..])
    }
}

#[cfg(test)]
mod tests;
