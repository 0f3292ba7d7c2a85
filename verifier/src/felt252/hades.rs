//! Hades over three felts, the permutation of Starknet's Poseidon (ePrint 2019/458; starkware-libs/poseidon, instance `starknet`).
//!
//! A round adds a key to each felt, cubes all of them in the first four and the last four rounds, and the third one alone in the 83 partial
//! rounds between, and then multiplies by
//!
//! ```text
//!     | 3  1  1 |        M (a, b, c) = (v + w, w - v, v - 2c)
//! M = | 1 -1  1 |
//!     | 1  1 -2 |        with v = a + b and w = 2a + c
//! ```
//!
//! Three things make it fast:
//! - A partial round has one key. What it adds to `a` and `b` is not cubed, so it can be added after `M` as well, to the keys of the next round.
//! - A partial round needs `a` and `v`, but not `b`, and the next `v` is `2w`. From one cube to the next there is one subtraction: the
//!   processor computes everything else beside the cubes.
//! - Only cubes are reduced: what is added up between them stays below `7p`.

use std::array;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use winter_verifier::math::FieldElement;

use super::{Felt252, P, P_TOP, difference, multiply, reduce_lazily, squared, subtract, sum};

/// Felts of the state.
const WIDTH: usize = 3;
/// Full rounds before the partial ones, and as many after them.
const FULL: usize = 4;
/// Partial rounds.
const PARTIAL: usize = 83;
/// Multiples of `p`, which keep differences positive.
const TWO_P: Integer = [2, 0, 0, 2 * P_TOP];
const FOUR_P: Integer = [4, 0, 0, 4 * P_TOP];
/// Bits of the highest limb that belong to an integer's remainder modulo 2^251.
const TOP_BITS: u32 = 59;

/// A felt in Montgomery form that need not be below `p`.
type Integer = [u64; 4];

/// The permutation.
pub(crate) fn permute(state: [Felt252; WIDTH]) -> [Felt252; WIDTH] {
    let keys = &*KEYS;
    // Each round begins with the M of the one before.
    let mut state = keyed_cubes(state.map(|felt| felt.0), &keys.first[0]);
    for keys in &keys.first[1..] {
        let [a, b, c] = state;
        state = keyed_cubes(mixed(a, sum(a, b), c), keys);
    }
    let [mut a, b, mut c] = state;
    let mut v = sum(a, b);
    for key in &keys.partial {
        let third = subtract(sum(v, *key), double(c), false);
        let w = below_two_p(sum(double(a), c));
        (a, v, c) = (sum(v, w), double(w), cube(third));
    }
    let mut state = mixed(a, v, c);
    for keys in &keys.last {
        let [a, b, c] = keyed_cubes(state, keys);
        state = mixed(a, sum(a, b), c);
    }
    state.map(|felt| Felt252(difference(below_two_p(felt), P, false)))
}

/// `M (a, b, c)` for `v = a + b`: below `6p`, where `a` is below `6p`, `v` below `4p`, and `c` below `p`.
#[inline(always)]
fn mixed(a: Integer, v: Integer, c: Integer) -> [Integer; WIDTH] {
    let w = below_two_p(sum(double(a), c));
    [sum(v, w), subtract(sum(w, FOUR_P), v, false), subtract(sum(v, TWO_P), double(c), false)]
}

/// The cubes of the state with the keys added: below `p`, where the state is below `6p`.
#[inline(always)]
fn keyed_cubes(state: [Integer; WIDTH], keys: &[Integer; WIDTH]) -> [Integer; WIDTH] {
    // Written out, as closures are not always inlined.
    [cube(sum(state[0], keys[0])), cube(sum(state[1], keys[1])), cube(sum(state[2], keys[2]))]
}

/// `x^3`: below `p`, where `x` is below `7p`.
///
/// `2^256` is more than `31p`. So the square is below `(1 + 49/31) p`, which is less than `3p`, and its product with `x` below `21 p^2`.
#[inline(always)]
fn cube(x: Integer) -> Integer {
    multiply(reduce_lazily(squared(x)), x)
}

/// `2x`, for an `x` below 2^255.
#[inline(always)]
fn double(x: Integer) -> Integer {
    [x[0] << 1, x[1] << 1 | x[0] >> 63, x[2] << 1 | x[1] >> 63, x[3] << 1 | x[2] >> 63]
}

/// An integer between 0 and `2p` that is congruent to `x`.
///
/// For `x = q 2^251 + r`, that is `x - q p + p = r + p - q (17 2^192 + 1)`. As `q` is below 32, what is subtracted is less than `p`.
#[inline(always)]
fn below_two_p(x: Integer) -> Integer {
    let q = x[3] >> TOP_BITS;
    let r = [x[0], x[1], x[2], x[3] % (1 << TOP_BITS)];
    subtract(sum(r, P), [q, 0, 0, 17 * q], false)
}

/// What the rounds add.
struct Keys {
    first: [[Integer; WIDTH]; FULL],
    /// To the third felt, `2p` more: what is subtracted from it is less.
    partial: [Integer; PARTIAL],
    last: [[Integer; WIDTH]; FULL],
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let mut keys: [[Felt252; WIDTH]; 2 * FULL + PARTIAL] = array::from_fn(|round| array::from_fn(|place| plain_key(WIDTH * round + place)));
    for round in FULL..FULL + PARTIAL {
        let [a, b, _] = keys[round];
        // M (a, b, 0).
        let moved = [a.double() + a + b, a - b, a + b];
        keys[round + 1].iter_mut().zip(moved).for_each(|(key, moved)| *key += moved);
    }
    let full = |round: usize| keys[round].map(|key| key.0);
    Keys {
        first: array::from_fn(full),
        partial: array::from_fn(|round| sum(keys[FULL + round][2].0, TWO_P)),
        last: array::from_fn(|round| full(FULL + PARTIAL + round)),
    }
});

/// The keys as they are defined, three a round: SHA-256 of `Hades0`, `Hades1` and so on, most significant byte first, modulo `p`.
fn plain_key(number: usize) -> Felt252 {
    let mut bytes: [u8; 32] = Sha256::digest(format!("Hades{number}")).into();
    bytes.reverse();
    Felt252::remainder(&bytes)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use starknet_types_core::hash::Poseidon;

    use super::*;
    use crate::felt252::tests::{edges, modulus, of_limbs, peer, random};

    /// Multiples of `p`, so that `x + n p` is one of the integers that stand for `x`.
    fn times_p(n: u64) -> Integer {
        [n, 0, 0, n * P_TOP]
    }

    fn assert_is_starknets(state: [Felt252; WIDTH]) {
        let found = permute(state);
        let mut expected = state.map(peer);
        Poseidon::hades_permutation(&mut expected);
        assert_eq!(found.map(peer), expected, "{state:?}");
        // Equal felts are equal in memory.
        assert_eq!(found.map(|felt| Felt252::from_le_bytes(&felt.to_le_bytes())), found.map(Some), "{state:?}");
    }

    #[test]
    fn the_permutation_is_starknets_at_the_edges() {
        let few = [Felt252::ZERO, Felt252::ONE, -Felt252::ONE];
        for a in few {
            few.iter().for_each(|b| few.iter().for_each(|c| assert_is_starknets([a, *b, *c])));
        }
        let edges = edges();
        edges.windows(WIDTH).for_each(|state| assert_is_starknets(state.try_into().unwrap()));
        edges.iter().for_each(|edge| assert_is_starknets([*edge; WIDTH]));
    }

    #[test]
    fn the_permutation_is_starknets_for_random_states() {
        random(3_000).as_chunks().0.iter().for_each(|state| assert_is_starknets(*state));
    }

    #[test]
    fn cubes_below_seven_p_are_reduced() {
        for felt in edges().into_iter().chain(random(1_000)) {
            for n in 0..7 {
                assert_eq!(Felt252(cube(sum(felt.0, times_p(n)))), felt.square() * felt, "{felt} {n}");
            }
        }
    }

    #[test]
    fn every_integer_is_brought_between_0_and_two_p() {
        let two_p = modulus() * 2u8;
        let most = [[0; 4], [u64::MAX; 4], [0, 0, 0, u64::MAX], [u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 5]];
        let sums = edges().into_iter().flat_map(|felt| (0..31).map(move |n| sum(felt.0, times_p(n))));
        for integer in sums.chain(most) {
            let found = of_limbs(below_two_p(integer));
            assert!(found > BigUint::ZERO && found < two_p, "{integer:?}");
            assert_eq!(found % modulus(), of_limbs(integer) % modulus(), "{integer:?}");
        }
    }
}
