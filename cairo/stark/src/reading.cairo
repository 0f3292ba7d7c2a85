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
fn words(felt: felt252) -> (Word, Word, Word) {
    let u256 { low, high } = felt.into();
    let (second, first) = div_rem(low, TWO_64);
    let third: u64 = high.try_into().expect('A FELT HAS FOUR WORDS');
    (first, second, upcast(third))
}

/// The words of `count` elements that are packed three a felt, and their digest.
///
/// Panics if a felt has more than three words, or anything stands after the last element.
pub fn unpacked(mut packed: Span<felt252>, count: u32) -> (Span<Word>, felt252) {
    let (mut a, mut b, mut c) = (0, 0, OF_ELEMENTS + count.into());
    let mut all: Array<Word> = array![];
    while let Some(two) = packed.multi_pop_front::<2>() {
        let [p, q] = (*two).unbox();
        let (x, y, z) = hades_permutation(a + p, b + q, c);
        a = x;
        b = y;
        c = z;
        let (first, second, third) = words(p);
        all.append(first);
        all.append(second);
        all.append(third);
        let (first, second, third) = words(q);
        all.append(first);
        all.append(second);
        all.append(third);
    }
    if let Some(p) = packed.pop_front() {
        let (x, _, _) = hades_permutation(a + *p, b, c);
        a = x;
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
    (all.slice(0, count), a)
}
