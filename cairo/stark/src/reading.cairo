//! Reading of a proof: felts one after the other, and the elements that are packed in them.

use corelib_imports::bounded_int::{div_rem, upcast};

use crate::goldilocks::{SplitHalf, TWO_64, Word};

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

/// The words of `count` elements that are packed three a felt.
///
/// Panics if a felt has more than three words, or anything stands after the last element.
pub fn unpacked(mut packed: Span<felt252>, count: u32) -> Span<Word> {
    let mut words: Array<Word> = array![];
    while let Some(felt) = packed.pop_front() {
        let u256 { low, high } = (*felt).into();
        let (second, first) = div_rem(low, TWO_64);
        let third: u64 = high.try_into().expect('A FELT HAS FOUR WORDS');
        words.append(first);
        words.append(second);
        words.append(upcast(third));
    }
    let words = words.span();
    let mut rest = words.slice(count, words.len() - count);
    while let Some(word) = rest.pop_front() {
        assert((*word).into() == 0, 'MORE ELEMENTS THAN THERE ARE');
    }
    words.slice(0, count)
}
