//! The seed of the transcript, which is the digest of the proof's context and of all that its statement names; and the polynomials of the public
//! values (`verifier/src/air/public_inputs.rs`).
//!
//! The elements come in blocks of six, so that the values begin with a felt of their own.

use core::poseidon::hades_permutation;

use corelib_imports::bounded_int::upcast;
use maat_stark::goldilocks::{Word, element, residue};
use maat_stark::poseidon::OF_ELEMENTS;
use maat_stark::quadratic::{self, Element, product, sum};
use maat_stark::reading::unpacked;

use crate::layout::{
    ARGUMENT_CONSTRAINTS, AUXILIARY, CHALLENGES, LAYOUT, MAIN, MASK_CONSTRAINTS, MASKS, MODULUS_ELEMENTS, OPTIONS_ELEMENTS, PRESET,
    ROW_CONSTRAINTS, SPONGE, SPONGE_ASSERTIONS, SUMS, TRANSCRIPT,
};
use crate::statement::{COMMITTED, PUBLIC, Side, Statement};

/// The elements before the values, whole blocks.
const PREFIX: felt252 = 30;
const W1: felt252 = 0x10000000000000000;
const W2: felt252 = 0x100000000000000000000000000000000;

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

/// A commitment as five numbers of 56 bits, the least significant one first.
fn limbs(commitment: felt252) -> (felt252, felt252, felt252, felt252, felt252) {
    const LIMB: NonZero<u128> = 0x100000000000000;
    let u256 { low, high } = commitment.into();
    let (rest, a) = DivRem::div_rem(low, LIMB);
    let (top, b) = DivRem::div_rem(rest, LIMB);
    let (rest, bottom) = DivRem::div_rem(high, 0x10000000000);
    let (e, d) = DivRem::div_rem(rest, LIMB);
    (a.into(), b.into(), top.into() + 0x10000 * bottom.into(), d.into(), e.into())
}

/// The seed of the transcript.
pub fn seed(statement: @Statement, shape: @Shape) -> felt252 {
    let trace = 0x1000000 * (*shape.main).into() + 0x10000 + 0x100 * (*shape.auxiliary).into() + CHALLENGES.into();
    let constraints = (*shape.transitions + *shape.assertions).into();
    let ([m0, m1], [o0, o1, o2], [t0, t1, t2]) = (MODULUS_ELEMENTS, OPTIONS_ELEMENTS, TRANSCRIPT);
    let (c0, c1, c2, c3, c4) = limbs(*statement.commitment);
    let hiding = if *shape.hiding {
        1
    } else {
        0
    };
    let (inputs, outputs) = (statement.inputs, statement.outputs);
    let prefix = [
        trace + W1 * (*statement.rows).into() + W2 * m0, m1 + W1 * constraints + W2 * o0, o1 + W1 * o2 + W2 * t0, t1 + W1 * t2 + W2 * c0,
        c1 + W1 * c2 + W2 * c3, c4 + W1 * PRESET.into() + W2 * (*statement.batch).into(),
        (*statement.rows).into() + W1 * LAYOUT.into() + W2 * hiding,
        (*inputs.count).into() + W1 * (*outputs.count).into() + W2 * (*inputs.visibility).into(), (*outputs.visibility).into(), 0,
    ];
    // Zeros at the end of a side are elements too.
    let count = PREFIX + 3 * ((*inputs.packed).len() + (*outputs.packed).len()).into();
    let state = absorb((0, 0, OF_ELEMENTS + count), prefix.span());
    let state = absorb(state, *inputs.packed);
    let (digest, _, _) = absorb(state, *outputs.packed);
    digest
}

/// Absorbs an even number of felts.
fn absorb(state: (felt252, felt252, felt252), mut felts: Span<felt252>) -> (felt252, felt252, felt252) {
    let (mut a, mut b, mut c) = state;
    while let Some(two) = felts.multi_pop_front::<2>() {
        let [first, second] = (*two).unbox();
        let (x, y, z) = hades_permutation(a + first, b + second, c);
        a = x;
        b = y;
        c = z;
    }
    (a, b, c)
}

/// The polynomial of public values at `z`: the first one is the coefficient of the highest power.
pub fn polynomial(side: @Side, z: Element) -> Element {
    let mut words = unpacked(*side.packed, *side.count);
    let z2 = product(z, z);
    let z3 = product(z2, z);
    let ((z0, z1), (y0, y1)) = (z, z2);
    let (z0, z1, y0, y1): (felt252, felt252, felt252, felt252) = (z0.into(), z1.into(), y0.into(), y1.into());
    // The values that are too many for whole triples come first.
    let mut value = quadratic::ZERO;
    let (_, first) = DivRem::div_rem(*side.count, 3);
    for _ in 0..first {
        value = sum(product(value, z), (element(*words.pop_front().unwrap()), 0));
    }
    while let Some(three) = words.multi_pop_front::<3>() {
        let [a, b, c] = (*three).unbox();
        let (a, b, c): (felt252, felt252, felt252) = (a.into(), b.into(), c.into());
        let (first, second) = (residue(a * y0 + b * z0 + c), residue(a * y1 + b * z1));
        value = sum(product(value, z3), (first, second));
    }
    value
}
