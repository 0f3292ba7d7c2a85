//! The field of model proofs, with products in its extensions that are right for all operands.
//!
//! Winterfell's field with this modulus (0.13.1) doubles without a last reduction: for one element in 2^33 what it gives is not below the
//! modulus, and a sum or difference with that can be wrong by 1. The products and squares of both extensions double. A verifier that
//! computes wrongly at points that a prover may search for has fewer bits of security than its parameters say. So here doubling is adding,
//! and only what is right for all elements below the modulus is Winterfell's: sums, products and inverses in the base field, and bytes.

use std::fmt;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use winter_utils::{AsBytes, Randomizable};
use winter_verifier::math::fields::f64::BaseElement;
use winter_verifier::math::{ExtensibleField, FieldElement, StarkField};
use winter_verifier::{ByteReader, ByteWriter, Deserializable, DeserializationError, Serializable};

/// An element of the prime field with `2^64 - 2^32 + 1` elements.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[repr(transparent)]
pub struct Goldilocks(BaseElement);

impl Goldilocks {
    /// The residue of an integer.
    pub const fn new(value: u64) -> Self {
        Self(BaseElement::new(value))
    }

    /// The element as an integer below the modulus.
    #[inline(always)]
    pub const fn as_int(&self) -> u64 {
        self.0.as_int()
    }
}

/// A signed integer as a field element.
pub fn signed_element(value: i64) -> Goldilocks {
    let size = Goldilocks::new(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

// ARITHMETIC
// ================================================================================================

impl Add for Goldilocks {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Goldilocks {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul for Goldilocks {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Div for Goldilocks {
    type Output = Self;

    /// The quotient; 0 if the divisor is 0.
    #[inline]
    fn div(self, other: Self) -> Self {
        Self(self.0 / other.0)
    }
}

impl Neg for Goldilocks {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Goldilocks {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Goldilocks {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl MulAssign for Goldilocks {
    #[inline(always)]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl DivAssign for Goldilocks {
    #[inline]
    fn div_assign(&mut self, other: Self) {
        *self = *self / other;
    }
}

/// A slice of the inner elements.
#[expect(unsafe_code, reason = "a slice of one type as a slice of the other is a cast")]
fn inner(elements: &[Goldilocks]) -> &[BaseElement] {
    // SAFETY: `Goldilocks` is a transparent wrapper, so that both slices have one layout; the lifetime is that of the argument.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
}

impl FieldElement for Goldilocks {
    type PositiveInteger = u64;
    type BaseField = Self;

    const EXTENSION_DEGREE: usize = 1;
    const ELEMENT_BYTES: usize = BaseElement::ELEMENT_BYTES;
    const IS_CANONICAL: bool = BaseElement::IS_CANONICAL;
    const ZERO: Self = Self(BaseElement::ZERO);
    const ONE: Self = Self(BaseElement::ONE);

    // `double` and `square` are left as the trait has them: a sum and a product.

    #[inline]
    fn exp(self, power: u64) -> Self {
        Self(self.0.exp(power))
    }

    #[inline]
    fn inv(self) -> Self {
        Self(self.0.inv())
    }

    fn conjugate(&self) -> Self {
        *self
    }

    fn base_element(&self, i: usize) -> Self {
        Self(self.0.base_element(i))
    }

    fn slice_as_base_elements(elements: &[Self]) -> &[Self] {
        elements
    }

    fn slice_from_base_elements(elements: &[Self]) -> &[Self] {
        elements
    }

    fn elements_as_bytes(elements: &[Self]) -> &[u8] {
        BaseElement::elements_as_bytes(inner(elements))
    }

    #[expect(unsafe_code, reason = "the trait's method is unsafe, and its result a cast")]
    unsafe fn bytes_as_elements(bytes: &[u8]) -> Result<&[Self], DeserializationError> {
        // SAFETY: what the caller warrants is what Winterfell's method asks for.
        let elements = unsafe { BaseElement::bytes_as_elements(bytes) }?;
        // SAFETY: `Goldilocks` is a transparent wrapper, so that both slices have one layout; the lifetime is that of the argument.
        Ok(unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) })
    }
}

impl StarkField for Goldilocks {
    const MODULUS: u64 = BaseElement::MODULUS;
    const MODULUS_BITS: u32 = BaseElement::MODULUS_BITS;
    const GENERATOR: Self = Self(BaseElement::GENERATOR);
    const TWO_ADICITY: u32 = BaseElement::TWO_ADICITY;
    const TWO_ADIC_ROOT_OF_UNITY: Self = Self(BaseElement::TWO_ADIC_ROOT_OF_UNITY);

    fn get_modulus_le_bytes() -> Vec<u8> {
        BaseElement::get_modulus_le_bytes()
    }

    #[inline(always)]
    fn as_int(&self) -> u64 {
        self.0.as_int()
    }
}

// EXTENSIONS
// ================================================================================================

/// The extension by a root `f` of `x^2 - x + 2`, as in Winterfell: `f^2 = f - 2`.
impl ExtensibleField<2> for Goldilocks {
    #[inline(always)]
    fn mul(a: [Self; 2], b: [Self; 2]) -> [Self; 2] {
        let (low, high) = (a[0] * b[0], a[1] * b[1]);
        // The middle of Karatsuba's product is a0 b1 + a1 b0 = (a0 + a1)(b0 + b1) - a0 b0 - a1 b1, and f^2 adds a1 b1 to it.
        [low - high.double(), (a[0] + a[1]) * (b[0] + b[1]) - low]
    }

    #[inline(always)]
    fn square(a: [Self; 2]) -> [Self; 2] {
        let high = a[1].square();
        [a[0].square() - high.double(), (a[0] * a[1]).double() + high]
    }

    #[inline(always)]
    fn mul_base(a: [Self; 2], b: Self) -> [Self; 2] {
        a.map(|part| part * b)
    }

    #[inline(always)]
    fn frobenius(a: [Self; 2]) -> [Self; 2] {
        <BaseElement as ExtensibleField<2>>::frobenius(a.map(|part| part.0)).map(Self)
    }
}

/// The extension by a root `f` of `x^3 - x - 1`, as in Winterfell: `f^3 = f + 1` and `f^4 = f^2 + f`.
impl ExtensibleField<3> for Goldilocks {
    #[inline(always)]
    fn mul(a: [Self; 3], b: [Self; 3]) -> [Self; 3] {
        let [p0, p1, p2] = [0, 1, 2].map(|i| a[i] * b[i]);
        // a_i b_j + a_j b_i, by Karatsuba.
        let cross = |i: usize, j: usize, both: Self| (a[i] + a[j]) * (b[i] + b[j]) - both;
        let (c01, c02, c12) = (cross(0, 1, p0 + p1), cross(0, 2, p0 + p2), cross(1, 2, p1 + p2));
        // p0 + c01 f + (p1 + c02) f^2 + c12 f^3 + p2 f^4
        [p0 + c12, c01 + c12 + p2, c02 + p1 + p2]
    }

    #[inline(always)]
    fn square(a: [Self; 3]) -> [Self; 3] {
        let [p0, p1, p2] = a.map(|part| part * part);
        let [c01, c02, c12] = [a[0] * a[1], a[0] * a[2], a[1] * a[2]].map(Self::double);
        [p0 + c12, c01 + c12 + p2, c02 + p1 + p2]
    }

    #[inline(always)]
    fn mul_base(a: [Self; 3], b: Self) -> [Self; 3] {
        a.map(|part| part * b)
    }

    #[inline(always)]
    fn frobenius(a: [Self; 3]) -> [Self; 3] {
        <BaseElement as ExtensibleField<3>>::frobenius(a.map(|part| part.0)).map(Self)
    }
}

// CONVERSIONS
// ================================================================================================

impl From<bool> for Goldilocks {
    fn from(value: bool) -> Self {
        Self(value.into())
    }
}

impl From<u8> for Goldilocks {
    fn from(value: u8) -> Self {
        Self(value.into())
    }
}

impl From<u16> for Goldilocks {
    fn from(value: u16) -> Self {
        Self(value.into())
    }
}

impl From<u32> for Goldilocks {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl TryFrom<u64> for Goldilocks {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        value.try_into().map(Self)
    }
}

impl TryFrom<u128> for Goldilocks {
    type Error = String;

    fn try_from(value: u128) -> Result<Self, String> {
        value.try_into().map(Self)
    }
}

impl TryFrom<&[u8]> for Goldilocks {
    type Error = DeserializationError;

    fn try_from(bytes: &[u8]) -> Result<Self, DeserializationError> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Display for Goldilocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Goldilocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AsBytes for Goldilocks {
    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Randomizable for Goldilocks {
    const VALUE_SIZE: usize = BaseElement::VALUE_SIZE;

    fn from_random_bytes(bytes: &[u8]) -> Option<Self> {
        BaseElement::from_random_bytes(bytes).map(Self)
    }
}

impl Serializable for Goldilocks {
    fn write_into<W: ByteWriter>(&self, target: &mut W) {
        self.0.write_into(target);
    }

    fn get_size_hint(&self) -> usize {
        Self::ELEMENT_BYTES
    }
}

impl Deserializable for Goldilocks {
    fn read_from<R: ByteReader>(source: &mut R) -> Result<Self, DeserializationError> {
        BaseElement::read_from(source).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::math::fields::{CubeExtension, QuadExtension};

    use super::*;

    const P: u128 = Goldilocks::MODULUS as u128;

    /// Elements whose sums, products and doubles are near the places where a reduction begins or ends. Winterfell computes with
    /// `x 2^64 mod p`, so that these are edges of that number, and of the integer itself.
    fn edges() -> Vec<Goldilocks> {
        let half = Goldilocks::MODULUS / 2;
        let integers =
            [0, 1, 2, 7, 1 << 31, (1 << 32) - 1, 1 << 32, half - 1, half, half + 1, 1 << 63, u64::MAX >> 1, Goldilocks::MODULUS - 1];
        let inner = integers.map(|integer| Goldilocks(BaseElement::from_mont(integer)));
        integers.map(Goldilocks::new).into_iter().chain(inner).collect()
    }

    /// `a b` in the extension by a root of `x^n - low - x` or `x^2 - x + 2`, in integers.
    fn product<const N: usize>(a: [Goldilocks; N], b: [Goldilocks; N]) -> [u64; N] {
        let [a, b] = [a, b].map(|factor| factor.map(|part| u128::from(part.as_int())));
        let mut all = [0u128; 5];
        for (i, j) in (0..N).flat_map(|i| (0..N).map(move |j| (i, j))) {
            all[i + j] = (all[i + j] + a[i] * b[j]) % P;
        }
        for power in (N..5).rev() {
            let top = std::mem::take(&mut all[power]);
            // f^2 = f - 2, or f^3 = f + 1
            let constant = if N == 2 { P - 2 } else { 1 };
            all[power - N] = (all[power - N] + constant * top) % P;
            all[power - N + 1] = (all[power - N + 1] + top) % P;
        }
        std::array::from_fn(|power| all[power] as u64)
    }

    fn integers<const N: usize>(element: [Goldilocks; N]) -> [u64; N] {
        element.map(|part| part.as_int())
    }

    /// That what was computed is below the modulus inside too, so that what comes next is right as well.
    fn assert_reduced<const N: usize>(element: [Goldilocks; N]) {
        assert!(element.iter().all(|part| part.0.inner() < Goldilocks::MODULUS), "{element:?}");
    }

    fn check<const N: usize>(a: [Goldilocks; N], b: [Goldilocks; N])
    where
        Goldilocks: ExtensibleField<N>,
    {
        let (found, square) = (<Goldilocks as ExtensibleField<N>>::mul(a, b), <Goldilocks as ExtensibleField<N>>::square(a));
        assert_eq!(integers(found), product(a, b), "{a:?} {b:?}");
        assert_eq!(integers(square), product(a, a), "{a:?}");
        assert_reduced(found);
        assert_reduced(square);
    }

    #[test]
    fn operations_are_right_at_the_edges() {
        for a in edges() {
            let x = u128::from(a.as_int());
            assert_eq!(u128::from(a.double().as_int()), 2 * x % P);
            assert_eq!(u128::from((-a).as_int()), (P - x) % P);
            assert_eq!(a.inv() * a, if a == Goldilocks::ZERO { a } else { Goldilocks::ONE });
            assert_reduced([a.double(), -a, a.inv()]);
            for b in edges() {
                let y = u128::from(b.as_int());
                let found = [a + b, a - b, a * b];
                assert_eq!(integers(found).map(u128::from), [(x + y) % P, (x + P - y) % P, x * y % P], "{a} {b}");
                assert_reduced(found);
            }
        }
    }

    #[test]
    fn products_of_the_extensions_are_right_at_the_edges() {
        let edges = edges();
        let at = |index: usize| edges[index % edges.len()];
        for index in 0..edges.len().pow(3) {
            let parts = [at(index), at(index / edges.len()), at(index / edges.len().pow(2))];
            let other = [at(index / 3 + 1), at(index / 7 + 2), at(index / 11 + 3)];
            check([parts[0], parts[1]], [parts[2], other[0]]);
            check(parts, other);
        }
    }

    /// Doubles that stay below 2^64 and are not below the modulus, taken from numbers that are smaller than what is left.
    #[test]
    fn products_are_right_where_a_double_is_not_reduced() {
        let inner = |value: u64| Goldilocks(BaseElement::from_mont(value));
        for (double, small) in (0..1 << 12).map(|step| (u64::MAX / 2 - step * 499_979, step * 1_000)) {
            // With 1 as the other factor, the parts' products are the parts.
            let (one, zero) = (Goldilocks::ONE, Goldilocks::ZERO);
            check([inner(small), inner(double)], [one, one]);
            check([inner(small), inner(double), zero], [one, one, zero]);
            check([zero, inner(double), one], [zero, one, one]);
            check([one, inner(double), one], [inner(small), one, inner(double)]);
        }
    }

    #[test]
    fn random_products_and_inverses_are_right() {
        let mut state = 1u64;
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            Goldilocks::new(state ^ state >> 32)
        };
        for _ in 0..20_000 {
            let (a, b) = ([draw(), draw(), draw()], [draw(), draw(), draw()]);
            check(a, b);
            check([a[0], a[1]], [b[0], b[1]]);
        }
        for _ in 0..1_000 {
            let (two, three) = (QuadExtension::new(draw(), draw()), CubeExtension::new(draw(), draw(), draw()));
            assert_eq!((two * two.inv(), three * three.inv()), (QuadExtension::ONE, CubeExtension::ONE));
            // The conjugates of an element are its powers of p.
            assert_eq!(two.conjugate(), two.exp(Goldilocks::MODULUS));
            assert_eq!(three.conjugate(), three.exp(Goldilocks::MODULUS));
        }
    }

    #[test]
    fn roots_of_unity_have_their_order() {
        for log in 1..=Goldilocks::TWO_ADICITY {
            let half = Goldilocks::get_root_of_unity(log).exp(1 << (log - 1));
            assert_eq!(half, -Goldilocks::ONE);
        }
    }

    #[test]
    fn bytes_are_integers_below_the_modulus() {
        for element in edges() {
            let bytes = element.to_bytes();
            assert_eq!(bytes, element.as_int().to_le_bytes());
            assert_eq!(Goldilocks::read_from_bytes(&bytes), Ok(element));
            assert_eq!(Goldilocks::from_random_bytes(&bytes), Some(element));
        }
        for value in [Goldilocks::MODULUS, u64::MAX] {
            let bytes = value.to_le_bytes();
            assert!(Goldilocks::read_from_bytes(&bytes).is_err());
            assert!(Goldilocks::try_from(&bytes[..]).is_err());
            assert!(Goldilocks::try_from(value).is_err() && Goldilocks::try_from(u128::from(value)).is_err());
            assert_eq!(Goldilocks::from_random_bytes(&bytes), None);
        }
        assert_eq!(Goldilocks::get_modulus_le_bytes(), Goldilocks::MODULUS.to_le_bytes());
    }

    #[test]
    fn slices_are_cast_whole() {
        let elements = edges();
        let bytes = Goldilocks::elements_as_bytes(&elements);
        assert_eq!(bytes.len(), 8 * elements.len());
        #[expect(unsafe_code, reason = "the trait's method is unsafe")]
        // SAFETY: the bytes are those of elements.
        let again = unsafe { Goldilocks::bytes_as_elements(bytes) };
        assert_eq!(again, Ok(&elements[..]));
    }
}
