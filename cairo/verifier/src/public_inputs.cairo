//! The seed of the transcript, which is the digest of the proof's context and of all that its statement names; and the polynomials of the public
//! values (`verifier/src/air/public_inputs.rs`).
//!
//! Public values enter it by a digest, and all parts fill whole felts.

use corelib_imports::bounded_int::{
    AddHelper, BoundedInt, DivRemHelper, MulHelper, UnitInt, add, div_rem, mul, sub, upcast,
};
use maat_stark::goldilocks::{G, MODULUS, P};
use maat_stark::poseidon::elements;
use maat_stark::quadratic::{
    self, AddLift, AddProducts, AddThird, Element, LIFT, MulElements, SubTwo, Three, difference, negated, product, scaled, sum,
};

use crate::layout::{
    ARGUMENT_CONSTRAINTS, AUXILIARY, CHALLENGES, LAYOUT, MAIN, MASK_CONSTRAINTS, MASKS, MODULUS_ELEMENTS, OPTIONS_ELEMENTS, PRESET,
    ROW_CONSTRAINTS, SPONGE, SPONGE_ASSERTIONS, SUMS, TRANSCRIPT,
};
use crate::statement::{COMMITTED, HIDDEN, PUBLIC, Statement, WEIGHT_1, WEIGHT_2, limbs};

/// What the columns and constraints of a proof depend on.
#[derive(Drop, Copy)]
pub struct Shape {
    pub hiding: bool,
    /// How many sides are committed to.
    pub sponges: u32,
    pub main: u32,
    pub auxiliary: u32,
    pub quotients: u32,
    pub transitions: u32,
    pub assertions: u32,
}

/// The shape of a statement's proofs.
pub fn shape(statement: @Statement) -> Shape {
    let (inputs, outputs, hiding) = (*statement.inputs.visibility, *statement.outputs.visibility, *statement.hiding);
    let is = |visibility: u32, which: u32| -> u32 {
        if visibility == which {
            1
        } else {
            0
        }
    };
    let sponges = is(inputs, COMMITTED) + is(outputs, COMMITTED);
    let public = is(inputs, PUBLIC) + is(outputs, PUBLIC);
    let (masks, mask_constraints, quotients) = if hiding {
        (MASKS, MASK_CONSTRAINTS, 3)
    } else {
        (0, 0, 2)
    };
    Shape {
        hiding,
        sponges,
        main: MAIN + sponges * SPONGE,
        auxiliary: AUXILIARY + masks,
        quotients,
        transitions: ROW_CONSTRAINTS + sponges * SPONGE + ARGUMENT_CONSTRAINTS + mask_constraints,
        assertions: 1 + sponges * SPONGE_ASSERTIONS + SUMS + 1 + public,
    }
}

/// The seed of the transcript.
pub fn seed(statement: @Statement, shape: @Shape) -> felt252 {
    let trace = 0x1000000 * (*shape.main).into() + 0x10000 + 0x100 * (*shape.auxiliary).into() + CHALLENGES.into();
    let constraints = (*shape.transitions + *shape.assertions).into();
    let ([m0, m1], [o0, o1, o2], [t0, t1, t2]) = (MODULUS_ELEMENTS, OPTIONS_ELEMENTS, TRANSCRIPT);
    let hiding = if *shape.hiding {
        1
    } else {
        0
    };
    let (inputs, outputs) = (statement.inputs, statement.outputs);
    let (rows, batch): (felt252, felt252) = ((*statement.rows).into(), (*statement.batch).into());
    let [c0, c1, c2, c3, c4] = limbs(*statement.commitment);
    // The context, the tag, the commitment, the choice of an entry, the shape of the sides, and zeros: thirty elements, three a felt.
    let mut felts = array![
        trace + WEIGHT_1 * rows + WEIGHT_2 * m0, m1 + WEIGHT_1 * constraints + WEIGHT_2 * o0, o1 + WEIGHT_1 * o2 + WEIGHT_2 * t0,
        t1 + WEIGHT_1 * t2 + WEIGHT_2 * c0, c1 + WEIGHT_1 * c2 + WEIGHT_2 * c3, c4 + WEIGHT_1 * PRESET.into() + WEIGHT_2 * batch,
        rows + WEIGHT_1 * LAYOUT.into() + WEIGHT_2 * hiding,
        (*inputs.count).into() + WEIGHT_1 * (*outputs.count).into() + WEIGHT_2 * (*inputs.visibility).into(), (*outputs.visibility).into(), 0,
    ];
    for side in [*inputs, *outputs].span() {
        if *side.visibility != HIDDEN {
            let [first, second] = *side.seed;
            felts.append(first);
            felts.append(second);
        }
    }
    elements(felts.span(), (3 * felts.len()).into())
}

/// Integers of 32 bits in a felt, each of which stands for itself less 2^31.
const VALUES: u32 = 7;
const BIAS: G = 0x80000000;

/// The polynomial of `count` public values at `z`, which are packed seven a felt: the first one is the coefficient of the highest power.
///
/// Panics if a felt has more, or anything stands after the last value.
pub fn polynomial(mut packed: Span<felt252>, count: u32, z: Element) -> Element {
    let z2 = product(z, z);
    let (z3, z4) = (product(z2, z), product(z2, z2));
    let (z5, z6, z7) = (product(z3, z2), product(z3, z3), product(z4, z3));
    let powers = [z, z2, z3, z4, z5, z6, z7];
    // What the values of a felt are too large by.
    let below = sum(sum(sum(quadratic::ONE, z), sum(z2, z3)), sum(sum(z4, z5), z6));
    let bias = negated(scaled(below, BIAS));
    let mut value = quadratic::ZERO;
    let (full, rest) = DivRem::div_rem(count, VALUES.try_into().unwrap());
    let mut left = packed.slice(0, full);
    while let Some(four) = left.multi_pop_front::<4>() {
        let [p, q, r, s] = (*four).unbox();
        value = with_seven(value, values_of(p), powers, bias);
        value = with_seven(value, values_of(q), powers, bias);
        value = with_seven(value, values_of(r), powers, bias);
        value = with_seven(value, values_of(s), powers, bias);
    }
    while let Some(last) = left.pop_front() {
        value = with_seven(value, values_of(*last), powers, bias);
    }
    if rest != 0 {
        let mut values = values_of(*packed[full]).span();
        for _ in 0..rest {
            let integer: Integer = *values.pop_front().unwrap();
            value = sum(product(value, z), difference((upcast(integer), 0), (BIAS, 0)));
        }
        while let Some(value) = values.pop_front() {
            assert((*value).into() == 0, 'MORE VALUES THAN THERE ARE');
        }
    }
    value
}

/// A polynomial to which seven coefficients are added below the others.
#[inline(always)]
fn with_seven(value: Element, values: [Integer; 7], powers: [Element; 7], bias: Element) -> Element {
    let [u0, u1, u2, u3, u4, u5, u6] = values;
    let [(a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5), (a6, b6), (c, d)] = powers;
    let ((first, second), (a_bias, b_bias)) = (value, bias);
    // (first + second x)(c + d x), lifted by a multiple of p; the values; and their bias.
    let high = mul(second, d);
    let shifted = sub(add(mul(first, c), LIFT), add(high, high));
    let others = add(add(add(mul(a1, u5), mul(a2, u4)), add(mul(a3, u3), mul(a4, u2))), add(mul(a5, u1), mul(a6, u0)));
    let (_, new_first) = div_rem(add(add(shifted, others), add(u6, a_bias)), MODULUS);
    let shifted = add(add(mul(first, d), mul(second, c)), high);
    let others = add(add(add(mul(b1, u5), mul(b2, u4)), add(mul(b3, u3), mul(b4, u2))), add(mul(b5, u1), mul(b6, u0)));
    let (_, new_second) = div_rem(add(add(shifted, others), b_bias), MODULUS);
    (new_first, new_second)
}

// Sums of integers times elements, and what they are added to.
type Integer = BoundedInt<0, 0xffffffff>;
type Term = BoundedInt<0, 0xfffffffe0000000100000000>;
type TwoTerms = BoundedInt<0, 0x1fffffffc0000000200000000>;
type FourTerms = BoundedInt<0, 0x3fffffff80000000400000000>;
type SixTerms = BoundedInt<0, 0x5fffffff40000000600000000>;
type Below = BoundedInt<0, 0xffffffffffffffff>;
type WithOthers = BoundedInt<0x3fffffffc00000002, 0x2fffffffffffffffb0000000200000002>;
type First = BoundedInt<0x3fffffffc00000002, 0x2fffffffffffffffc0000000200000001>;
type ThreeWithOthers = BoundedInt<0, 0x2fffffffffffffff70000000600000000>;
type Second = BoundedInt<0, 0x2fffffffffffffff80000000500000000>;
impl MulTerm of MulHelper<G, Integer> {
    type Result = Term;
}
impl AddTerm of AddHelper<Term, Term> {
    type Result = TwoTerms;
}
impl AddTwoTerms of AddHelper<TwoTerms, TwoTerms> {
    type Result = FourTerms;
}
impl AddLastTerms of AddHelper<FourTerms, TwoTerms> {
    type Result = SixTerms;
}
impl AddBias of AddHelper<Integer, G> {
    type Result = Below;
}
impl AddOthers of AddHelper<quadratic::First, SixTerms> {
    type Result = WithOthers;
}
impl AddBelow of AddHelper<WithOthers, Below> {
    type Result = First;
}
impl AddOthersToThree of AddHelper<Three, SixTerms> {
    type Result = ThreeWithOthers;
}
impl AddBiasToThree of AddHelper<ThreeWithOthers, G> {
    type Result = Second;
}
impl ReduceFirst of DivRemHelper<First, P> {
    type DivT = BoundedInt<0x3, 0x300000002fffffffb>;
    type RemT = G;
}
impl ReduceSecond of DivRemHelper<Second, P> {
    type DivT = BoundedInt<0, 0x300000002fffffff7>;
    type RemT = G;
}

/// The integers in a felt, the lowest first.
///
/// Panics if it has more than seven.
#[inline(always)]
fn values_of(felt: felt252) -> [Integer; 7] {
    let u256 { low, high } = felt.into();
    let (rest, u0) = div_rem(low, TWO_32);
    let (rest, u1) = div_rem(rest, TWO_32);
    let (u3, u2) = div_rem(rest, TWO_32);
    let (rest, u4) = div_rem(high, TWO_32);
    let (rest, u5) = div_rem(rest, TWO_32);
    let rest: u64 = upcast(rest);
    let last: u32 = rest.try_into().expect('A FELT HAS EIGHT VALUES');
    [u0, u1, u2, u3, u4, u5, upcast(last)]
}

type TwoOfThem = BoundedInt<0, 0xffffffffffffffff>;
type ThreeOfThem = BoundedInt<0, 0xffffffffffffffffffffffff>;
const TWO_32: NonZero<UnitInt<0x100000000>> = 0x100000000;
impl FourIntegers of DivRemHelper<u128, UnitInt<0x100000000>> {
    type DivT = ThreeOfThem;
    type RemT = Integer;
}
impl ThreeIntegers of DivRemHelper<ThreeOfThem, UnitInt<0x100000000>> {
    type DivT = TwoOfThem;
    type RemT = Integer;
}
impl TwoIntegers of DivRemHelper<TwoOfThem, UnitInt<0x100000000>> {
    type DivT = Integer;
    type RemT = Integer;
}
