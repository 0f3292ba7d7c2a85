//! Reading of a proof: felts one after the other, and the elements that are packed in them.

use core::poseidon::hades_permutation;

use corelib_imports::bounded_int::{div_rem, upcast};

use crate::goldilocks::{SplitHalf, TWO_64, Word};
use crate::poseidon::OF_ELEMENTS;

/// Takes the next felts of a proof.
///
/// Panics if there are fewer.
pub fn take(ref proof: Span<felt252>, count: u32) -> Span<felt252> {
    assert(count <= proof.len(), 'THE PROOF ENDS EARLY');
    let taken = proof.slice(0, count);
    proof = proof.slice(count, proof.len() - count);
    taken
}

/// Takes the next felt of a proof.
///
/// Panics if there is none.
pub fn take_one(ref proof: Span<felt252>) -> felt252 {
    *proof.pop_front().expect('THE PROOF ENDS EARLY')
}

/// How many felts hold `count` elements.
pub fn felts(count: u32) -> u32 {
    (count + 2) / 3
}

/// The three words of a felt.
///
/// Panics if it has more.
#[inline(always)]
pub fn words(felt: felt252) -> (Word, Word, Word) {
    let u256 { low, high } = felt.into();
    let (second, first) = div_rem(low, TWO_64);
    let third: u64 = high.try_into().expect('A FELT HAS FOUR WORDS');
    (first, second, upcast(third))
}

/// Absorbs two felts, and appends their words.
#[inline(always)]
fn absorb(state: (felt252, felt252, felt252), p: felt252, q: felt252, ref all: Array<Word>) -> (felt252, felt252, felt252) {
    let (a, b, c) = state;
    let (w0, w1, w2) = words(p);
    let (w3, w4, w5) = words(q);
    all.append(w0);
    all.append(w1);
    all.append(w2);
    all.append(w3);
    all.append(w4);
    all.append(w5);
    hades_permutation(a + p, b + q, c)
}

/// The words of `count` elements that are packed three a felt, and their digest.
///
/// Panics if a felt has more than three words, or anything stands after the last element.
pub fn unpacked(mut packed: Span<felt252>, count: u32) -> (Span<Word>, felt252) {
    let mut state = (0, 0, OF_ELEMENTS + count.into());
    let mut all: Array<Word> = array![];
    while let Some(six) = packed.multi_pop_front::<6>() {
        let [p0, q0, p1, q1, p2, q2] = (*six).unbox();
        state = absorb(state, p0, q0, ref all);
        state = absorb(state, p1, q1, ref all);
        state = absorb(state, p2, q2, ref all);
    }
    while let Some(two) = packed.multi_pop_front::<2>() {
        let [p, q] = (*two).unbox();
        state = absorb(state, p, q, ref all);
    }
    let (mut digest, b, c) = state;
    if let Some(p) = packed.pop_front() {
        let (x, _, _) = hades_permutation(digest + *p, b, c);
        digest = x;
        let (first, second, third) = words(*p);
        all.append(first);
        all.append(second);
        all.append(third);
    }
    let all = all.span();
    let mut rest = all.slice(count, all.len() - count);
    while let Some(word) = rest.pop_front() {
        assert((*word).into() == 0, 'MORE ELEMENTS THAN THERE ARE');
    }
    (all.slice(0, count), digest)
}
