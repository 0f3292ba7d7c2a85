//! The sponge: the hash of a committed side's values, computed inside of the proof.
//!
//! A side is the inputs or the outputs. Its values, a salt and the number of values stand in its value column, one a row from row 0 on, and the
//! digest is `Rp64_256::hash_elements` of them: Rescue Prime (ePrint 2020/1143) with 12 elements of state, 8 of them rate, and 7 rounds. A permutation
//! takes the 8 rows of one period, and absorbs what the 8 rows before it held:
//!
//! ```text
//! row        0 .. 7           8 .. 15                      16 .. 23                            8B .. 8B + 7
//! message    block 0          block 1                      block 2                             free from here on
//! state      ..., start       start + block 0, rounds      digest of 0 + block 1, rounds       rounds, digest of all B blocks
//! ```
//!
//! | constraint | degree | holds |
//! |---|---|---|
//! | `before = s^3` | 3 | in all rows |
//! | `after = u^3`, where `u = M^-1 (s' - ARK2)` | 3 | in all rows |
//! | `after^2 u = M (before^2 s) + ARK1` | 3 and the gate | where `round` is 1 |
//! | `s' = s + m` | 1 and the gate | where `round` is 0: the last row of a period |
//! | the buffer moves up by one and takes the message | 1 | in all rows |
//!
//! `s` is the state, `s'` that of the next row, `M` the matrix, and products are those of elements in the same place. Why each is needed, and
//! what could be forged without it:
//!
//! - **Round.** Rescue's round is `u = (M s^7 + ARK1)^(1/7)`, then `s' = M u + ARK2`. Nobody computes a seventh root here: with `s'` known,
//!   so is `u`, and `u^7 = M s^7 + ARK1` says the same. `x^7` is a permutation of the field, because 7 does not divide `p - 1`, so each of
//!   `s` and `s'` determines the other. Without it the state after the last block could be any digest.
//! - **Cubes.** `s^7 = (s^3)^2 s` and `u^7 = (u^3)^2 u` have degree 3 in what the trace holds. Were a cube free, so would be what it stands
//!   for: a prover could reach any state by choosing `before`, or leave to any by choosing `after`. `x^3` is not injective, which costs
//!   nothing: a cube is computed from the state and never the other way.
//! - **Absorption.** The rate takes the block, and the capacity is kept. Were the state free between two permutations, no block but the last
//!   would matter; were the capacity, collisions would be found by choosing it.
//! - **Buffer.** It holds the seven messages before the current one, so that a constraint on two rows sees all eight of a block. Were it
//!   free, the hash would be of other values than those that the bus takes from the value column.
//! - **Start.** The state of row [`START_ROW`] is asserted: the number of elements, then zeros, as `hash_elements` begins. Else a
//!   prover would choose a digest and walk back from it.
//! - **Digest.** [`DIGEST`] is asserted in row [`digest_row`]: it is the statement's.
//! - **Number of values.** The last element of the last block is asserted to be it. The salt's elements are the prover's, so without it a digest
//!   of few values could be one of more, whose last ones are the salt.
//!
//! What no constraint binds does not matter. Rows 0 to 6 of the state follow from row 7 and are read by nothing. What the buffer holds of the
//! time before row 0 has left it by row 7. Messages from row `8B` on are absorbed after the digest, and in the last row, which has no
//! next one, neither cubes nor the message are bound.

use winter_air::{Assertion, TransitionConstraintDegree};
use winter_verifier::crypto::hashers::Rp64_256;
use winter_verifier::math::fields::f64::BaseElement;
use winter_verifier::math::{FieldElement, StarkField};

use crate::goldilocks::Goldilocks;
use crate::layout::{Columns, SPONGE_WIDTH, columns};
use crate::value_digest::{RATE, ValueDigest};

/// Elements of the state.
pub const STATE_WIDTH: usize = Rp64_256::STATE_WIDTH;
/// Rows that a permutation takes: as many as it absorbs elements.
pub const PERIOD: usize = RATE;
/// Elements of the state that absorb nothing; they come first.
pub const CAPACITY: usize = STATE_WIDTH - PERIOD;
/// Rounds of a permutation.
pub const ROUNDS: usize = Rp64_256::NUM_ROUNDS;
/// The row whose state is the sponge's first: the whole first block has been read.
pub const START_ROW: usize = PERIOD - 1;

columns! {
    /// The columns of one sponge.
    COLUMNS from 0;
    /// The state, capacity first.
    STATE: STATE_WIDTH,
    /// Cubes of the state.
    BEFORE: STATE_WIDTH,
    /// Cubes of the state between the two halves of a round.
    AFTER: STATE_WIDTH,
    /// The messages of the rows above, the latest first.
    BUFFER: PERIOD - 1,
}

/// Number of columns of one sponge, and of its constraints: each is about a column.
pub const WIDTH: usize = BUFFER.end();
const _: () = assert!(WIDTH == SPONGE_WIDTH);
/// Number of its assertions: where it begins, the number of values, and its digest.
pub const ASSERTIONS: usize = STATE_WIDTH + 1 + DIGEST.count;

/// The columns that hold the digest.
pub const DIGEST: Columns = Columns { name: "DIGEST", start: STATE.start + CAPACITY, count: 4 };

columns! {
    /// The periodic columns, which all sponges share.
    PERIODIC_COLUMNS from 0;
    /// 1 where a round is applied, 0 where a block is absorbed.
    ROUND: 1,
    /// What the first half of a round adds.
    ARK1: STATE_WIDTH,
    /// What its second half adds.
    ARK2: STATE_WIDTH,
}

/// Number of periodic columns.
pub const PERIODIC: usize = ARK2.end();

/// The row whose state holds the digest of this many blocks.
pub const fn digest_row(blocks: usize) -> usize {
    PERIOD * blocks + START_ROW
}

// CONSTANTS
// ================================================================================================

type Vector = [Goldilocks; STATE_WIDTH];

/// The matrix of a round.
static MATRIX: [[u64; STATE_WIDTH]; STATE_WIDTH] = integers(Rp64_256::MDS);
/// Its inverse.
static INVERSE: [[u64; STATE_WIDTH]; STATE_WIDTH] = integers(Rp64_256::INV_MDS);
/// What each round adds in its first half and in its second one.
const ADDED: [[[u64; STATE_WIDTH]; ROUNDS]; 2] = [integers(Rp64_256::ARK1), integers(Rp64_256::ARK2)];

const fn integers<const N: usize>(elements: [[BaseElement; STATE_WIDTH]; N]) -> [[u64; STATE_WIDTH]; N] {
    let mut result = [[0; STATE_WIDTH]; N];
    let mut index = 0;
    while index < N * STATE_WIDTH {
        let (row, lane) = (index / STATE_WIDTH, index % STATE_WIDTH);
        result[row][lane] = elements[row][lane].as_int();
        index += 1;
    }
    result
}

/// What a round adds in its first half and in its second one.
pub fn round_constants(round: usize) -> [[Goldilocks; STATE_WIDTH]; 2] {
    ADDED.map(|half| half[round].map(Goldilocks::new))
}

/// The values of the periodic columns: 0 in the row that absorbs.
pub fn periodic_columns() -> Vec<Vec<Goldilocks>> {
    let mut columns = vec![vec![Goldilocks::ZERO; PERIOD]; PERIODIC];
    for round in 0..ROUNDS {
        columns[ROUND.start][round] = Goldilocks::ONE;
        for (group, constants) in [ARK1, ARK2].into_iter().zip(round_constants(round)) {
            columns[group.indices()].iter_mut().zip(constants).for_each(|(column, constant)| column[round] = constant);
        }
    }
    columns
}

/// The matrix of a round times a vector.
#[inline]
pub fn mix<E: FieldElement<BaseField = Goldilocks>>(vector: &[E; STATE_WIDTH]) -> [E; STATE_WIDTH] {
    by_coordinates(vector, base_mix)
}

/// Its inverse times a vector.
#[inline]
pub fn unmix<E: FieldElement<BaseField = Goldilocks>>(vector: &[E; STATE_WIDTH]) -> [E; STATE_WIDTH] {
    by_coordinates(vector, base_unmix)
}

/// The degree of the largest extension of the field.
const MAX_EXTENSION: usize = 3;

/// A matrix over the base field acts on each coordinate of an extension by itself.
#[inline(always)]
fn by_coordinates<E: FieldElement<BaseField = Goldilocks>>(vector: &[E; STATE_WIDTH], act: fn(&mut Vector)) -> [E; STATE_WIDTH] {
    let degree = E::EXTENSION_DEGREE;
    let coordinates = E::slice_as_base_elements(vector);
    let mut products = [Goldilocks::ZERO; STATE_WIDTH * MAX_EXTENSION];
    for coordinate in 0..degree {
        let mut base = [Goldilocks::ZERO; STATE_WIDTH];
        for lane in 0..STATE_WIDTH {
            base[lane] = coordinates[lane * degree + coordinate];
        }
        act(&mut base);
        for lane in 0..STATE_WIDTH {
            products[lane * degree + coordinate] = base[lane];
        }
    }
    *E::slice_from_base_elements(&products).first_chunk().expect("there is space for STATE_WIDTH elements of each extension")
}

/// Products in integers, reduced once a sum: the matrix has numbers below 2^5.
fn base_mix(vector: &mut Vector) {
    let integers = vector.map(|element| element.as_int());
    for (result, row) in vector.iter_mut().zip(&MATRIX) {
        let mut sum = 0u128;
        for lane in 0..STATE_WIDTH {
            sum += u128::from(row[lane]) * u128::from(integers[lane]);
        }
        *result = reduced(sum);
    }
}

/// Products in integers, whose halves are summed each by itself, because 12 products have more than 128 bits.
fn base_unmix(vector: &mut Vector) {
    let integers = vector.map(|element| element.as_int());
    for (result, row) in vector.iter_mut().zip(&INVERSE) {
        let (mut low, mut high) = (0u128, 0u128);
        for lane in 0..STATE_WIDTH {
            let product = u128::from(row[lane]) * u128::from(integers[lane]);
            low += u128::from(product as u64);
            high += product >> 64;
        }
        // 2^64 = 2^32 - 1, 2^96 = -1 and 2^128 = -2^32, and the modulus is added so that nothing is below zero.
        let (middle, top, carry) = (high & EPSILON, high as u64 >> 32, high >> 64);
        *result = reduced(low + middle * EPSILON + u128::from(Goldilocks::MODULUS) - u128::from(top) - (carry << 32));
    }
}

/// `2^64` modulo `p`.
const EPSILON: u128 = (1 << 32) - 1;

/// The element of a number below `2^96`.
#[inline(always)]
fn reduced(number: u128) -> Goldilocks {
    let (sum, carry) = (number as u64).overflowing_add(((number >> 64) * EPSILON) as u64);
    // After a carry the sum is below 2^64 - 2^32.
    Goldilocks::new(if carry { sum + EPSILON as u64 } else { sum })
}

// CONSTRAINTS
// ================================================================================================

/// The degrees of a sponge's constraints, each at the index of the column that it is about.
pub fn degrees() -> Vec<TransitionConstraintDegree> {
    let gated = vec![TransitionConstraintDegree::with_cycles(3, vec![PERIOD]); STATE.count];
    let cubes = vec![TransitionConstraintDegree::new(3); BEFORE.count + AFTER.count];
    let buffer = vec![TransitionConstraintDegree::new(1); BUFFER.count];
    [gated, cubes, buffer].concat()
}

/// Enforces that a sponge goes from one row to the next, with the message of the current row. The constraint at a column's index is about it.
#[inline]
pub fn enforce<E: FieldElement<BaseField = Goldilocks>>(current: &[E], next: &[E], message: E, periodic: &[E], result: &mut [E]) {
    enforce_with(current, next, message, periodic, [mix, unmix], result);
}

/// [`enforce`] with one's own products with the matrix and with its inverse.
#[inline]
pub fn enforce_with<E: FieldElement<BaseField = Goldilocks>>(
    current: &[E],
    next: &[E],
    message: E,
    periodic: &[E],
    [mix, unmix]: [fn(&[E; STATE_WIDTH]) -> [E; STATE_WIDTH]; 2],
    result: &mut [E],
) {
    let [state, before, after] = [STATE, BEFORE, AFTER].map(|group| lanes(current, group));
    let (next_state, ark1, ark2) = (lanes(next, STATE), lanes(periodic, ARK1), lanes(periodic, ARK2));
    let (round, buffer, next_buffer) = (periodic[ROUND.start], &current[BUFFER.start..WIDTH], &next[BUFFER.start..WIDTH]);
    let (steps, result) = result.split_at_mut(STATE_WIDTH);
    let (befores, result) = result.split_at_mut(STATE_WIDTH);
    let (afters, moves) = result.split_at_mut(STATE_WIDTH);
    let (mut u, mut powers, mut absorbed) = ([E::ZERO; STATE_WIDTH], [E::ZERO; STATE_WIDTH], [E::ZERO; STATE_WIDTH]);
    for lane in 0..STATE_WIDTH {
        u[lane] = next_state[lane] - ark2[lane];
        powers[lane] = before[lane].square() * state[lane];
    }
    let (u, mixed) = (unmix(&u), mix(&powers));
    // The block's first message is the oldest one of the buffer, and its last one is the row's.
    absorbed[STATE_WIDTH - 1] = message;
    for (absorbed, message) in absorbed[CAPACITY..].iter_mut().zip(buffer.iter().rev()) {
        *absorbed = *message;
    }
    for lane in 0..STATE_WIDTH {
        // after^2 u = M (before^2 s) + ARK1
        let rounded = after[lane].square() * u[lane] - mixed[lane] - ark1[lane];
        // s' = s + m
        let absorption = next_state[lane] - state[lane] - absorbed[lane];
        // round * rounded + (1 - round) * absorption
        steps[lane] = absorption + round * (rounded - absorption);
        befores[lane] = before[lane] - state[lane].square() * state[lane];
        afters[lane] = after[lane] - u[lane].square() * u[lane];
    }
    // The buffer moves up by one and takes the message.
    moves[0] = next_buffer[0] - message;
    for place in 1..BUFFER.count {
        moves[place] = next_buffer[place] - buffer[place - 1];
    }
}

/// Where the sponge from a column on begins, what its message ends with, and the digest of this many values with their salt and number.
pub(super) fn assertions(
    start: usize,
    message: Columns,
    values: usize,
    digest: ValueDigest,
) -> impl Iterator<Item = Assertion<Goldilocks>> {
    let blocks = ValueDigest::blocks(values);
    let mut first = [Goldilocks::ZERO; STATE_WIDTH];
    first[0] = Goldilocks::new((PERIOD * blocks) as u64);
    let at = move |group: Columns, row: usize| move |(place, value)| Assertion::single(start + group.at(place), row, value);
    let first = first.into_iter().enumerate().map(at(STATE, START_ROW));
    let number = Assertion::single(message.start, PERIOD * blocks - 1, Goldilocks::new(values as u64));
    first.chain([number]).chain(digest.elements().into_iter().enumerate().map(at(DIGEST, digest_row(blocks))))
}

/// The columns of a group that has one for each element of the state.
#[inline(always)]
fn lanes<E>(row: &[E], group: Columns) -> &[E; STATE_WIDTH] {
    row[group.start..].first_chunk().expect("a group of STATE_WIDTH columns is within a row")
}

#[cfg(test)]
mod tests {
    use winter_verifier::math::fields::{CubeExtension, QuadExtension};
    use winter_verifier::math::polynom;

    use super::*;

    /// Elements that look random and are the same every time.
    fn elements(seed: u64) -> impl Iterator<Item = Goldilocks> {
        std::iter::successors(Some(seed), |state| Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407)))
            .map(|state| Goldilocks::new((state >> 1) % Goldilocks::MODULUS))
            .skip(8)
    }

    fn vector<E: FieldElement<BaseField = Goldilocks>>(elements: impl Iterator<Item = Goldilocks>) -> [E; STATE_WIDTH] {
        let parts: Vec<Goldilocks> = elements.take(STATE_WIDTH * E::EXTENSION_DEGREE).collect();
        E::slice_from_base_elements(&parts).try_into().unwrap()
    }

    /// The product with Winterfell's matrix, element by element.
    fn plain_product<E: FieldElement<BaseField = Goldilocks>>(
        matrix: [[BaseElement; STATE_WIDTH]; STATE_WIDTH],
        vector: &[E; STATE_WIDTH],
    ) -> [E; STATE_WIDTH] {
        let term = |(entry, element): (BaseElement, &E)| element.mul_base(Goldilocks::new(entry.as_int()));
        matrix.map(|row| row.into_iter().zip(vector).map(term).fold(E::ZERO, |sum, term| sum + term))
    }

    fn check_products<E: FieldElement<BaseField = Goldilocks>>(vector: [E; STATE_WIDTH]) {
        assert_eq!(mix(&vector), plain_product(Rp64_256::MDS, &vector));
        assert_eq!(unmix(&vector), plain_product(Rp64_256::INV_MDS, &vector));
        assert_eq!((unmix(&mix(&vector)), mix(&unmix(&vector))), (vector, vector));
    }

    #[test]
    fn products_with_the_matrices_are_right_in_the_field_and_its_extensions() {
        for seed in 0..200 {
            check_products::<Goldilocks>(vector(elements(seed)));
            check_products::<QuadExtension<Goldilocks>>(vector(elements(seed)));
            check_products::<CubeExtension<Goldilocks>>(vector(elements(seed)));
        }
        let edges = [0, 1, (1 << 32) - 1, 1 << 32, 1 << 63, Goldilocks::MODULUS - 1].map(Goldilocks::new);
        for (one, other) in edges.into_iter().flat_map(|one| edges.map(|other| (one, other))) {
            check_products::<Goldilocks>(vector([one, other].into_iter().cycle()));
            check_products::<Goldilocks>(vector([one, one, other].into_iter().cycle()));
        }
    }

    #[test]
    fn numbers_are_reduced_right_at_the_edges() {
        let p = u128::from(Goldilocks::MODULUS);
        let edges = [0, 1, EPSILON, 1 << 32, p - 1, p, p + 1, 1 << 64, (1 << 64) - 1, (1 << 73) - 1, (1 << 96) - 1, p << 31, (p << 31) - 1];
        for number in edges {
            assert_eq!(u128::from(reduced(number).as_int()), number % p, "{number}");
        }
    }

    #[test]
    fn the_columns_follow_one_another() {
        for (list, end) in [(COLUMNS, 43), (PERIODIC_COLUMNS, 25)] {
            assert_eq!(list.iter().fold(0, |next, group| if group.start == next { group.end() } else { usize::MAX }), end);
        }
        assert_eq!((WIDTH, PERIODIC, DIGEST.indices()), (43, 25, 4..8));
        assert_eq!((PERIOD, DIGEST.indices()), (Rp64_256::RATE_RANGE.len(), Rp64_256::DIGEST_RANGE));
        assert_eq!((0..CAPACITY, ROUNDS), (Rp64_256::CAPACITY_RANGE, PERIOD - 1));
    }

    #[test]
    fn a_period_has_its_rounds_and_then_absorbs() {
        let columns = periodic_columns();
        assert_eq!(columns.len(), PERIODIC);
        assert!(columns.iter().all(|column| column.len() == PERIOD && column[START_ROW] == Goldilocks::ZERO));
        for round in 0..ROUNDS {
            assert_eq!(columns[ROUND.start][round], Goldilocks::ONE);
            for lane in 0..STATE_WIDTH {
                let added = [ARK1, ARK2].map(|group| columns[group.at(lane)][round].as_int());
                assert_eq!(added, [Rp64_256::ARK1, Rp64_256::ARK2].map(|constants| constants[round][lane].as_int()));
            }
        }
    }

    #[test]
    fn a_salt_fills_the_last_block_and_has_at_least_four_elements() {
        for values in 0..100 {
            let salt = ValueDigest::salt_length(values);
            assert!((4..=11).contains(&salt), "{values} {salt}");
            assert_eq!(values + salt + 1, PERIOD * ValueDigest::blocks(values));
        }
        assert_eq!([0, 1, 3, 4, 5, 11, 12].map(ValueDigest::salt_length), [7, 6, 4, 11, 10, 4, 11]);
        assert_eq!([0, 3, 4, 11, 12].map(ValueDigest::blocks), [1, 1, 2, 2, 3]);
        assert_eq!([1, 2].map(digest_row), [15, 23]);
    }

    /// All constraints at a point of a trace of polynomials: column `c` is the polynomial with the coefficients `trace[c]`.
    fn evaluate(trace: &[Vec<Goldilocks>], periodic: &[Vec<Goldilocks>], x: Goldilocks) -> Vec<Goldilocks> {
        let rows = trace[0].len();
        let at = |x: Goldilocks| -> Vec<Goldilocks> { trace.iter().map(|column| polynom::eval(column, x)).collect() };
        let (current, next) = (at(x), at(x * Goldilocks::get_root_of_unity(rows.ilog2())));
        let periodic: Vec<_> = periodic.iter().map(|column| polynom::eval(column, x.exp((rows / PERIOD) as u64))).collect();
        let mut result = vec![Goldilocks::ZERO; WIDTH];
        enforce(&current[..WIDTH], &next[..WIDTH], current[WIDTH], &periodic, &mut result);
        result
    }

    #[test]
    fn every_declared_degree_is_the_measured_one() {
        for rows in [8, 32] {
            let trace: Vec<Vec<_>> = (0..=WIDTH as u64).map(|column| elements(column).take(rows).collect()).collect();
            let cycle: Vec<_> = (0..PERIOD as u64).map(|row| Goldilocks::get_root_of_unity(3).exp(row)).collect();
            let periodic: Vec<Vec<_>> = periodic_columns().iter().map(|column| polynom::interpolate(&cycle, column, true)).collect();
            let xs: Vec<_> = (1..=5 * rows as u64).map(Goldilocks::new).collect();
            let values: Vec<_> = xs.iter().map(|x| evaluate(&trace, &periodic, *x)).collect();
            for (constraint, declared) in degrees().into_iter().enumerate() {
                let ys: Vec<_> = values.iter().map(|values| values[constraint]).collect();
                let measured = polynom::degree_of(&polynom::interpolate(&xs, &ys, true));
                assert_eq!(measured, declared.get_evaluation_degree(rows), "{constraint}");
            }
        }
        assert_eq!(degrees().len(), WIDTH);
    }

    #[test]
    fn the_constraints_are_pinned() {
        // A change here is a change of the AIR: proofs of other versions do not hold any longer, so raise FILE_VERSION with it.
        type E = QuadExtension<Goldilocks>;
        let row = |seed: u64, width: usize| -> Vec<E> {
            elements(seed).zip(elements(seed ^ 0x5555)).map(|(a, b)| E::new(a, b)).take(width).collect()
        };
        let mut result = vec![E::ZERO; WIDTH];
        enforce(&row(10, WIDTH), &row(20, WIDTH), row(30, 1)[0], &row(40, PERIODIC), &mut result);
        let sum = result.into_iter().fold(E::ZERO, |sum, value| sum * E::from(7u32) + value);
        assert_eq!(format!("{sum:?}"), "QuadExtension(16673542384587615731, 4876146706306540747)");
    }
}
