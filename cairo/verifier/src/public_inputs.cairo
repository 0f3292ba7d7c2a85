//! The seed of the transcript, which is the digest of the proof's context and of all that its statement names; and the polynomials of the public
//! values (`verifier/src/air/public_inputs.rs`).
//!
//! Public values enter it by a digest, and all parts fill whole felts.

use corelib_imports::bounded_int::{BoundedInt, DivRemHelper, UnitInt, div_rem};
use maat_stark::goldilocks::residue;
use maat_stark::poseidon::elements;
use maat_stark::quadratic::{self, Element, product, sum};

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
const BIAS: felt252 = 0x80000000;

/// The polynomial of `count` public values at `z`, which are packed seven a felt: the first one is the coefficient of the highest power.
///
/// Panics if a felt has more, or anything stands after the last value.
pub fn polynomial(mut packed: Span<felt252>, count: u32, z: Element) -> Element {
    // Powers of z, both components.
    let z2 = product(z, z);
    let (z3, z4) = (product(z2, z), product(z2, z2));
    let (z5, z6, z7) = (product(z3, z2), product(z3, z3), product(z4, z3));
    let ((a1, b1), (a2, b2), (a3, b3)) = (integers(z), integers(z2), integers(z3));
    let ((a4, b4), (a5, b5), (a6, b6)) = (integers(z4), integers(z5), integers(z6));
    // What the values of a felt are too large by.
    let (a_bias, b_bias) = (BIAS * (1 + a1 + a2 + a3 + a4 + a5 + a6), BIAS * (b1 + b2 + b3 + b4 + b5 + b6));
    let mut value = quadratic::ZERO;
    let (full, rest) = DivRem::div_rem(count, VALUES.try_into().unwrap());
    let mut left = packed.slice(0, full);
    while let Some(felt) = left.pop_front() {
        let [u0, u1, u2, u3, u4, u5, u6] = values_of(*felt);
        // Below 2^100, and lifted by a multiple of p above it.
        let first = u6 + a1 * u5 + a2 * u4 + a3 * u3 + a4 * u2 + a5 * u1 + a6 * u0;
        let second = b1 * u5 + b2 * u4 + b3 * u3 + b4 * u2 + b5 * u1 + b6 * u0;
        value = sum(product(value, z7), (residue(first + LIFT - a_bias), residue(second + LIFT - b_bias)));
    }
    if rest != 0 {
        let mut values = values_of(*packed[full]).span();
        for _ in 0..rest {
            let integer = *values.pop_front().unwrap();
            value = sum(product(value, z), (residue(integer + LIFT - BIAS), 0));
        }
        while let Some(value) = values.pop_front() {
            assert(*value == 0, 'MORE VALUES THAN THERE ARE');
        }
    }
    value
}
/// A multiple of `p` above `2^100`.
const LIFT: felt252 = 0xffffffff000000010000000000;

fn integers(element: Element) -> (felt252, felt252) {
    let (first, second) = element;
    (first.into(), second.into())
}

/// The integers in a felt, the lowest first.
///
/// Panics if it has more than seven.
fn values_of(felt: felt252) -> [felt252; 7] {
    let u256 { low, high } = felt.into();
    let (rest, u0) = div_rem(low, TWO_32);
    let (rest, u1) = div_rem(rest, TWO_32);
    let (u3, u2) = div_rem(rest, TWO_32);
    let (rest, u4) = div_rem(high, TWO_32);
    let (rest, u5) = div_rem(rest, TWO_32);
    let (above, u6) = div_rem(rest, TWO_32);
    assert(above.into() == 0, 'A FELT HAS EIGHT VALUES');
    [u0.into(), u1.into(), u2.into(), u3.into(), u4.into(), u5.into(), u6.into()]
}

type Integer = BoundedInt<0, 0xffffffff>;
const TWO_32: NonZero<UnitInt<0x100000000>> = 0x100000000;
impl First of DivRemHelper<u128, UnitInt<0x100000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffffffffffff>;
    type RemT = Integer;
}
impl Second of DivRemHelper<BoundedInt<0, 0xffffffffffffffffffffffff>, UnitInt<0x100000000>> {
    type DivT = BoundedInt<0, 0xffffffffffffffff>;
    type RemT = Integer;
}
impl Third of DivRemHelper<BoundedInt<0, 0xffffffffffffffff>, UnitInt<0x100000000>> {
    type DivT = Integer;
    type RemT = Integer;
}
