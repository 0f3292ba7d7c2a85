//! The extension of degree 2, with `x^2 = x - 2`: pairs of elements.

use corelib_imports::bounded_int::{AddHelper, BoundedInt, DivRemHelper, MulHelper, SubHelper, UnitInt, add, div_rem, mul, sub};

use crate::goldilocks::{self, G, MODULUS, P};

/// An element of the extension.
pub type Element = (G, G);

pub const ZERO: Element = (0, 0);
pub const ONE: Element = (1, 0);

// (p - 1)^2, twice and three times.
pub type Product = BoundedInt<0, 0xfffffffe000000010000000000000000>;
pub type Two = BoundedInt<0, 0x1fffffffc000000020000000000000000>;
pub type Three = BoundedInt<0, 0x2fffffffa000000030000000000000000>;
// 2 p^2, which keeps the first component from being negative.
pub type Lift = UnitInt<0x1fffffffc00000005fffffffc00000002>;
pub const LIFT: Lift = 0x1fffffffc00000005fffffffc00000002;
pub type Lifted = BoundedInt<0x1fffffffc00000005fffffffc00000002, 0x2fffffffa00000006fffffffc00000002>;
pub type First = BoundedInt<0x3fffffffc00000002, 0x2fffffffa00000006fffffffc00000002>;

pub impl MulElements of MulHelper<G, G> {
    type Result = Product;
}
pub impl AddProducts of AddHelper<Product, Product> {
    type Result = Two;
}
pub impl AddThird of AddHelper<Two, Product> {
    type Result = Three;
}
pub impl AddLift of AddHelper<Product, Lift> {
    type Result = Lifted;
}
pub impl SubTwo of SubHelper<Lifted, Two> {
    type Result = First;
}
impl ReduceThree of DivRemHelper<Three, P> {
    type DivT = BoundedInt<0, 0x2fffffffcfffffffd>;
    type RemT = G;
}
impl ReduceFirst of DivRemHelper<First, P> {
    type DivT = BoundedInt<3, 0x2fffffffd00000001>;
    type RemT = G;
}

/// `(a + b x)(c + d x) = ac - 2bd + (ad + bc + bd) x`.
pub fn product(a: Element, b: Element) -> Element {
    let ((a0, a1), (b0, b1)) = (a, b);
    let high = mul(a1, b1);
    let first = sub(add(mul(a0, b0), LIFT), add(high, high));
    let second = add(add(mul(a0, b1), mul(a1, b0)), high);
    let (_, first) = div_rem(first, MODULUS);
    let (_, second) = div_rem(second, MODULUS);
    (first, second)
}

// Sums and differences of elements.
pub type Sum = BoundedInt<0, 0x1fffffffe00000000>;
type Above = BoundedInt<0xffffffff00000001, 0x1fffffffe00000001>;
type Gap = BoundedInt<1, 0x1fffffffe00000001>;
type Whole = UnitInt<0xffffffff00000001>;
const WHOLE: Whole = 0xffffffff00000001;

pub impl AddElements of AddHelper<G, G> {
    type Result = Sum;
}
impl AddWhole of AddHelper<G, Whole> {
    type Result = Above;
}
impl SubElement of SubHelper<Above, G> {
    type Result = Gap;
}
impl ReduceSum of DivRemHelper<Sum, P> {
    type DivT = BoundedInt<0, 1>;
    type RemT = G;
}
impl ReduceGap of DivRemHelper<Gap, P> {
    type DivT = BoundedInt<0, 1>;
    type RemT = G;
}

pub fn sum(a: Element, b: Element) -> Element {
    let ((a0, a1), (b0, b1)) = (a, b);
    let (_, first) = div_rem(add(a0, b0), MODULUS);
    let (_, second) = div_rem(add(a1, b1), MODULUS);
    (first, second)
}

pub fn difference(a: Element, b: Element) -> Element {
    let ((a0, a1), (b0, b1)) = (a, b);
    let (_, first) = div_rem(sub(add(a0, WHOLE), b0), MODULUS);
    let (_, second) = div_rem(sub(add(a1, WHOLE), b1), MODULUS);
    (first, second)
}

/// The product with an element of the base field.
pub fn scaled(a: Element, factor: G) -> Element {
    let (a0, a1) = a;
    (goldilocks::product(a0, factor), goldilocks::product(a1, factor))
}

/// `-a`.
pub fn negated(a: Element) -> Element {
    difference(ZERO, a)
}

/// `1 / (a + b x)`, by the conjugate: `(a + b x)(a + b - b x) = a^2 + ab + 2 b^2`.
///
/// Panics if it is 0.
pub fn inverse(a: Element) -> Element {
    let (_, a1) = a;
    let (sum, _) = sum(a, (a1, 0));
    let (_, negative) = negated(a);
    let (norm, _) = product(a, (sum, negative));
    scaled((sum, negative), goldilocks::inverse(norm))
}

/// `a^n`.
pub fn power(a: Element, n: u32) -> Element {
    let (mut power, mut square, mut left) = (ONE, a, n);
    while left != 0 {
        let (half, bit) = DivRem::div_rem(left, 2);
        if bit == 1 {
            power = product(power, square);
        }
        square = product(square, square);
        left = half;
    }
    power
}

/// `a^(2^n)`.
pub fn power_of_two(a: Element, n: u32) -> Element {
    let mut power = a;
    for _ in 0..n {
        power = product(power, power);
    }
    power
}
