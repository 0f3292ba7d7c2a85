//! Poseidon as `verifier/src/poseidon.rs` has it: what is hashed begins with another capacity for each kind and each length.

use core::poseidon::hades_permutation;

/// `2^64`, to which the number of elements in a list is added.
pub const OF_ELEMENTS: felt252 = 0x10000000000000000;
/// `4 2^64`, to which the number of integers in a list is added.
const OF_VALUES: felt252 = 0x40000000000000000;
/// Two digests.
const PAIR: felt252 = 2;

/// The digest of two digests.
pub fn node(left: felt252, right: felt252) -> felt252 {
    let (digest, _, _) = hades_permutation(left, right, PAIR);
    digest
}

/// The digest of a list of elements that are packed three a felt, the last felt or the last two not full.
pub fn elements(packed: Span<felt252>, count: felt252) -> felt252 {
    list(packed, OF_ELEMENTS + count)
}

/// The digest of a list of integers that are packed seven a felt.
pub fn values(packed: Span<felt252>, count: felt252) -> felt252 {
    list(packed, OF_VALUES + count)
}

/// The digest of felts, with what their number and kind begins with.
fn list(mut packed: Span<felt252>, capacity: felt252) -> felt252 {
    let (mut a, mut b, mut c) = (0, 0, capacity);
    if packed.is_empty() {
        let (digest, _, _) = hades_permutation(a, b, c);
        return digest;
    }
    while let Some(eight) = packed.multi_pop_front::<8>() {
        let [p0, q0, p1, q1, p2, q2, p3, q3] = (*eight).unbox();
        let (x, y, z) = hades_permutation(a + p0, b + q0, c);
        let (x, y, z) = hades_permutation(x + p1, y + q1, z);
        let (x, y, z) = hades_permutation(x + p2, y + q2, z);
        let (x, y, z) = hades_permutation(x + p3, y + q3, z);
        a = x;
        b = y;
        c = z;
    }
    while let Some(two) = packed.multi_pop_front::<2>() {
        let [first, second] = (*two).unbox();
        let (x, y, z) = hades_permutation(a + first, b + second, c);
        a = x;
        b = y;
        c = z;
    }
    if let Some(last) = packed.pop_front() {
        let (x, _, _) = hades_permutation(a + *last, b, c);
        a = x;
    }
    a
}
