//! The constraints of the sponge of a committed side (`verifier/src/air/sponge.rs`): what needs loops, around what is emitted.

use corelib_imports::bounded_int::upcast;
use maat_stark::goldilocks::{Word, residue};
use maat_stark::quadratic::{self, Element, product};

use crate::air::{factors, sponge};
use crate::layout::{MIX, SPONGE_PERIODIC, STATE, UNMIX};

/// Elements as words.
fn append(ref words: Array<Word>, element: Element) {
    let (first, second) = element;
    words.append(upcast(first));
    words.append(upcast(second));
}

/// The periodic columns at a point that is given to the power of the rows over the period.
fn periodic(y: Element) -> Span<Word> {
    let (mut powers, mut power) = (array![], quadratic::ONE);
    for _ in 0..8_u32 {
        append(ref powers, power);
        power = product(power, y);
    }
    let (mut columns, mut table) = (array![], SPONGE_PERIODIC.span());
    let [a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6, a7, b7] = (*powers.span().multi_pop_front::<16>().unwrap()).unbox();
    while let Some(polynomial) = table.multi_pop_front::<8>() {
        let [c0, c1, c2, c3, c4, c5, c6, c7] = (*polynomial).unbox();
        // Eight products below 2^128.
        let first = c0 * a0.into() + c1 * a1.into() + c2 * a2.into() + c3 * a3.into() + c4 * a4.into() + c5 * a5.into() + c6 * a6.into()
            + c7 * a7.into();
        let second = c0 * b0.into() + c1 * b1.into() + c2 * b2.into() + c3 * b3.into() + c4 * b4.into() + c5 * b5.into() + c6 * b6.into()
            + c7 * b7.into();
        append(ref columns, (residue(first), residue(second)));
    }
    columns.span()
}

/// A matrix times a vector.
fn times(mut matrix: Span<felt252>, vector: Span<Word>) -> Span<Word> {
    let mut result = array![];
    while !matrix.is_empty() {
        // Twelve products below 2^128.
        let (mut first, mut second): (felt252, felt252) = (0, 0);
        let mut elements = vector;
        while let Some(element) = elements.multi_pop_front::<2>() {
            let [a, b] = (*element).unbox();
            let factor = *matrix.pop_front().unwrap();
            first += factor * a.into();
            second += factor * b.into();
        }
        append(ref result, (residue(first), residue(second)));
    }
    result.span()
}

/// The constraints of a sponge at a point, joined by powers of a challenge. `y` is the point to the power of the rows over the period.
pub fn constraints(current: Span<Word>, next: Span<Word>, message: Span<Word>, y: Element, gamma: Element) -> Element {
    let periodic = periodic(y);
    let mut words = array![];
    for factor in factors(current, next, periodic).span() {
        append(ref words, *factor);
    }
    let (words, half) = (words.span(), 2 * STATE);
    let mixed = times(MIX.span(), words.slice(0, half));
    let unmixed = times(UNMIX.span(), words.slice(half, half));
    let mut challenge = array![];
    append(ref challenge, gamma);
    sponge(current, next, periodic, message, mixed, unmixed, challenge.span())
}
