//! The sponge: what the prover fills in satisfies its constraints, every cell is bound or free for a reason, and whoever departs from it
//! breaks a constraint or has another digest.
//!
//! The verifier's constraints are compared with two checkers in plain integers, which have their own arithmetic. One has the constraints'
//! equations. The other says what a round is by the definition of Rescue Prime: seventh powers, then seventh roots. Only the round constants are
//! Winterfell's.

use std::collections::BTreeSet;

use maat_verifier::air::sponge::*;
use maat_verifier::layout::Columns;
use maat_verifier::{Goldilocks, Salt, ValueDigest, signed_element};
use winter_verifier::crypto::hashers::Rp64_256;
use winterfell::math::FieldElement;

use super::Violation;
use crate::sponge::columns;

// PLAIN INTEGERS
// ================================================================================================

/// Goldilocks, `2^64 - 2^32 + 1`.
const P: u64 = 0xffff_ffff_0000_0001;
/// `1 / 7` modulo `p - 1`.
const ROOT: u64 = 10_540_996_611_094_048_183;
/// The first row of the matrix; each other one is the row above, moved to the right by one.
const FIRST_ROW: [u64; 12] = [7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8];

type Plain = [u64; 12];

fn add(a: u64, b: u64) -> u64 {
    ((u128::from(a) + u128::from(b)) % u128::from(P)) as u64
}

fn sub(a: u64, b: u64) -> u64 {
    add(a, P - b)
}

fn mul(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(P)) as u64
}

fn power(base: u64, exponent: u64) -> u64 {
    (0..64).rev().fold(1, |result, bit| {
        let square = mul(result, result);
        if exponent >> bit & 1 == 1 { mul(square, base) } else { square }
    })
}

fn product(matrix: impl Fn(usize, usize) -> u64, vector: Plain) -> Plain {
    std::array::from_fn(|row| (0..12).fold(0, |sum, column| add(sum, mul(matrix(row, column), vector[column]))))
}

fn mixed(vector: Plain) -> Plain {
    product(|row, column| FIRST_ROW[(12 + column - row) % 12], vector)
}

fn unmixed(vector: Plain) -> Plain {
    product(|row, column| Rp64_256::INV_MDS[row][column].as_int(), vector)
}

/// What the halves of the round in a row add; 0 where a block is absorbed.
fn added(row: usize) -> [Plain; 2] {
    match row % 8 {
        7 => [[0; 12]; 2],
        round => [Rp64_256::ARK1[round], Rp64_256::ARK2[round]].map(|constants| constants.map(|constant| constant.as_int())),
    }
}

fn both(a: Plain, b: Plain, operation: fn(u64, u64) -> u64) -> Plain {
    std::array::from_fn(|lane| operation(a[lane], b[lane]))
}

fn each(a: Plain, exponent: u64) -> Plain {
    a.map(|element| power(element, exponent))
}

/// The state before the round of a row.
fn round_undone(row: usize, next: Plain) -> Plain {
    let [ark1, ark2] = added(row);
    each(unmixed(both(each(unmixed(both(next, ark2, sub)), 7), ark1, sub)), ROOT)
}

/// The constraints that two rows of a sponge break by their equations, each by the column that it is about.
pub(super) fn broken(row: usize, current: &[u64], next: &[u64], message: u64) -> Vec<usize> {
    let lanes = |row: &[u64], group: Columns| -> Plain { row[group.indices()].try_into().unwrap() };
    let [state, before, after] = [STATE, BEFORE, AFTER].map(|group| lanes(current, group));
    let (next_state, [ark1, ark2]) = (lanes(next, STATE), added(row));
    let u = unmixed(both(next_state, ark2, sub));
    // The block of the last eight rows, the latest first.
    let block = [&[message], &current[BUFFER.indices()]].concat();
    let [square, cubes] = [|a| mul(a, a), |a| mul(a, mul(a, a))];
    // s' = s + m, or after^2 u = M (before^2 s) + ARK1.
    let [left, right] = if row % 8 == 7 {
        let absorbed = std::array::from_fn(|lane| if lane < 4 { 0 } else { block[11 - lane] });
        [next_state, both(state, absorbed, add)]
    } else {
        [both(after.map(square), u, mul), both(mixed(both(before.map(square), state, mul)), ark1, add)]
    };
    let found = [&left[..], &before, &after, &next[BUFFER.indices()]].concat();
    let expected = [&right[..], &state.map(cubes), &u.map(cubes), &block[..7]].concat();
    (0..WIDTH).filter(|constraint| found[*constraint] != expected[*constraint]).collect()
}

#[test]
fn the_arithmetic_is_the_fields() {
    let numbers = [0, 1, 2, 0xffff_ffff, 1 << 32, P - 1, P - 2, P / 2, 0x1234_5678_9abc_def0];
    for (a, b) in numbers.into_iter().flat_map(|a| numbers.map(|b| (a, b))) {
        let (x, y) = (Goldilocks::new(a), Goldilocks::new(b));
        assert_eq!([x + y, x - y, x * y, x.exp(b)].map(|value| value.as_int()), [add(a, b), sub(a, b), mul(a, b), power(a, b)]);
        assert_eq!((power(power(a, 7), ROOT), power(power(a, ROOT), 7)), (a, a));
        let vector = std::array::from_fn(|lane| if lane % 3 == 1 { a } else { b });
        assert_eq!((unmixed(mixed(vector)), mixed(unmixed(vector))), (vector, vector));
    }
}

// TRACES
// ================================================================================================

/// Where a prover may depart from the sponge.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The cubes of the state.
    Before,
    /// The cubes of the state between the halves of a round, which then is what the round's equation wants with these.
    After,
    /// The state of the next row.
    Next,
}

/// The value column and the columns of its sponge, in plain integers, and the statement that it is to prove.
#[derive(Clone)]
struct Attempt {
    message: Vec<u64>,
    columns: Vec<Vec<u64>>,
    n_elements: usize,
    digest: [u64; 4],
}

fn plain(elements: &[Goldilocks]) -> Vec<u64> {
    elements.iter().map(|element| element.as_int()).collect()
}

fn salt() -> Salt {
    Salt::new([7; 32])
}

/// Values of both signs.
fn values(count: usize) -> Vec<i32> {
    (1..=count as i32).map(|index| index.wrapping_mul(0x5851_f42d)).collect()
}

/// The value column: values, their salt, their number, and what else may be there.
fn message(values: &[i32], rows: usize) -> Vec<Goldilocks> {
    let salt = salt().elements().take(ValueDigest::salt_length(values.len())).collect::<Vec<_>>();
    let number = Goldilocks::new(values.len() as u64);
    let free = (3..).map(|number| Goldilocks::new(P - number * number));
    values.iter().map(|value| signed_element((*value).into())).chain(salt).chain([number]).chain(free).take(rows).collect()
}

impl Attempt {
    /// The honest one.
    fn honest(count: usize, rows: usize) -> Self {
        let values = values(count);
        let (message, n_elements) = (message(&values, rows), PERIOD * ValueDigest::blocks(count));
        let columns = columns(&message, n_elements).iter().map(|column| plain(column)).collect();
        let digest = ValueDigest::of(&values, &salt()).elements().map(|element| element.as_int());
        Self { message: plain(&message), columns, n_elements, digest }
    }

    fn rows(&self) -> usize {
        self.message.len()
    }

    fn state(&self, row: usize) -> Plain {
        self.lanes(STATE, row)
    }

    fn lanes(&self, group: Columns, row: usize) -> Plain {
        std::array::from_fn(|lane| self.columns[group.at(lane)][row])
    }

    /// The row of the digest.
    fn end(&self) -> usize {
        digest_row(self.n_elements / PERIOD)
    }

    fn block(&self, block: usize) -> [u64; 8] {
        std::array::from_fn(|place| self.message[8 * block + place])
    }

    /// Fills all columns from a start state on, and departs from the sponge where `depart` changes what it gets.
    fn filled(&self, start: Plain, depart: impl Fn(Place, usize, &mut Plain)) -> Self {
        let mut state = (0..START_ROW).rev().fold(start, |state, row| round_undone(row, state));
        let mut filled = self.clone();
        for row in 0..self.rows() {
            let [ark1, ark2] = added(row);
            let mut before = each(state, 3);
            depart(Place::Before, row, &mut before);
            let (mut after, mut next);
            if row % 8 == 7 {
                let block = self.block(row / 8);
                next = std::array::from_fn(|lane| if lane < 4 { state[lane] } else { add(state[lane], block[lane - 4]) });
                depart(Place::Next, row, &mut next);
                after = each(unmixed(next), 3);
            } else {
                let half = both(mixed(both(both(before, before, mul), state, mul)), ark1, add);
                let mut u = each(half, ROOT);
                after = each(u, 3);
                let honest = after;
                depart(Place::After, row, &mut after);
                if after != honest {
                    u = both(half, each(after, P - 3), mul);
                }
                next = both(mixed(u), ark2, add);
            }
            for (group, values) in [(STATE, state), (BEFORE, before), (AFTER, after)] {
                group.indices().zip(values).for_each(|(column, value)| filled.columns[column][row] = value);
            }
            for (place, column) in BUFFER.indices().enumerate() {
                filled.columns[column][row] = row.checked_sub(place + 1).map_or(0, |row| self.message[row]);
            }
            state = next;
        }
        filled
    }

    fn start(&self) -> Plain {
        std::array::from_fn(|lane| if lane == 0 { self.n_elements as u64 } else { 0 })
    }

    /// The constraints that the verifier finds broken in a row: those whose equations do not hold.
    fn by_the_verifier(&self, row: usize, periodic: &[Vec<Goldilocks>]) -> Vec<Violation> {
        let [current, next] = [row, row + 1].map(|row| self.columns.iter().map(|column| column[row]).collect::<Vec<_>>());
        let elements = |row: &[u64]| row.iter().copied().map(Goldilocks::new).collect::<Vec<_>>();
        let periodic: Vec<_> = periodic.iter().map(|column| column[row % PERIOD]).collect();
        let mut result = vec![Goldilocks::ONE; WIDTH];
        enforce(&elements(&current), &elements(&next), Goldilocks::new(self.message[row]), &periodic, &mut result);
        let found: Vec<_> = (0..WIDTH).filter(|constraint| result[*constraint] != Goldilocks::ZERO).collect();
        assert_eq!(found, broken(row, &current, &next, self.message[row]), "the verifier's constraints are not their equations");
        let named: Vec<_> = COLUMNS.iter().flat_map(|group| (0..group.count).map(|part| (group.name, part))).collect();
        let violation = |constraint: usize| Violation { constraint: named[constraint].0, part: named[constraint].1, row };
        found.into_iter().map(violation).collect()
    }

    /// The constraints that do not hold in a row by the definition of the sponge.
    fn by_the_checker(&self, row: usize) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut require = |constraint: &'static str, found: &[u64], expected: &[u64]| {
            let pairs = found.iter().zip(expected).enumerate();
            violations.extend(pairs.filter(|(_, (a, b))| a != b).map(|(part, _)| Violation { constraint, part, row }));
        };
        let [ark1, ark2] = added(row);
        let (state, next) = (self.state(row), self.state(row + 1));
        let u = unmixed(both(next, ark2, sub));
        let buffer = |row: usize| -> Vec<u64> { BUFFER.indices().map(|column| self.columns[column][row]).collect() };
        let mut block: Vec<u64> = buffer(row);
        block.insert(0, self.message[row]);
        if row % 8 == 7 {
            let absorbed = std::array::from_fn(|lane| if lane < 4 { 0 } else { block[11 - lane] });
            require("STATE", &next, &both(state, absorbed, add));
        } else {
            let half = each(both(mixed(each(state, 7)), ark1, add), ROOT);
            require("STATE", &u, &half);
            // The same, in the direction in which a round is computed.
            assert_eq!(next == both(mixed(half), ark2, add), u == half);
        }
        require("BEFORE", &self.lanes(BEFORE, row), &each(state, 3));
        require("AFTER", &self.lanes(AFTER, row), &each(u, 3));
        require("BUFFER", &buffer(row + 1), &block[..7]);
        violations
    }

    /// What does not hold in some rows and at the boundaries. The verifier's constraints and the checker must agree; where a cube is wrong,
    /// so may be what is computed from it.
    fn violations(&self, rows: impl IntoIterator<Item = usize>) -> Vec<Violation> {
        let periodic = periodic_columns();
        let mut violations = Vec::new();
        for row in rows.into_iter().filter(|row| row + 1 < self.rows()) {
            let (found, expected) = (self.by_the_verifier(row, &periodic), self.by_the_checker(row));
            if expected.iter().any(|violation| ["BEFORE", "AFTER"].contains(&violation.constraint)) {
                let others = |all: &[Violation]| all.iter().filter(|one| one.constraint != "STATE").copied().collect::<Vec<_>>();
                assert_eq!(others(&found), others(&expected));
            } else {
                assert_eq!(found, expected);
            }
            violations.extend(found);
        }
        let boundaries =
            [("start", START_ROW, STATE.indices(), self.start().to_vec()), ("digest", self.end(), DIGEST.indices(), self.digest.to_vec())];
        for (constraint, row, columns, expected) in boundaries {
            let found = columns.map(|column| self.columns[column][row]);
            let broken = found.zip(expected).enumerate().filter(|(_, (found, expected))| found != expected);
            violations.extend(broken.map(|(part, _)| Violation { constraint, part, row }));
        }
        violations
    }

    /// The same as a set of constraints and rows.
    fn broken(&self) -> BTreeSet<(&'static str, usize)> {
        self.violations(0..self.rows()).into_iter().map(|violation| (violation.constraint, violation.row)).collect()
    }
}

/// Numbers of values with their rows: salts of all lengths, up to the last block that a trace has place for.
const CASES: [(usize, usize); 12] =
    [(0, 16), (1, 16), (2, 32), (3, 16), (4, 32), (5, 32), (6, 32), (7, 64), (12, 32), (13, 32), (20, 64), (100, 128)];

// TESTS
// ================================================================================================

#[test]
fn the_filled_columns_satisfy_every_constraint_and_hold_the_digest() {
    for (count, rows) in CASES {
        let attempt = Attempt::honest(count, rows);
        assert!(attempt.end() < rows);
        assert_eq!(attempt.violations(0..rows), [], "{count}");
        // The checker fills the same columns.
        assert_eq!(attempt.columns, attempt.filled(attempt.start(), |_, _, _| ()).columns, "{count}");
    }
}

/// Values that a cell is given: near ones, one with the same cube, and others.
fn changes(value: u64) -> impl Iterator<Item = u64> {
    let cube_root_of_one = 0xffff_ffff;
    let changes = [add(value, 1), sub(value, 1), mul(value, cube_root_of_one), sub(0, value), 0, mul(add(value, 3), ROOT)];
    changes.into_iter().filter(move |change| *change != value)
}

#[test]
fn every_cell_is_bound_or_free_for_a_reason() {
    for (count, rows) in [(1, 32), (3, 16), (13, 64)] {
        let honest = Attempt::honest(count, rows);
        let (last, mut attempt, mut free) = (rows - 1, honest.clone(), Vec::new());
        for (column, row) in (0..=WIDTH).flat_map(|column| (0..rows).map(move |row| (column, row))) {
            let value = if column < WIDTH { honest.columns[column][row] } else { honest.message[row] };
            let set = |attempt: &mut Attempt, value| {
                *(if column < WIDTH { &mut attempt.columns[column][row] } else { &mut attempt.message[row] }) = value
            };
            let accepted: Vec<bool> = changes(value)
                .map(|change| {
                    set(&mut attempt, change);
                    attempt.violations(row.saturating_sub(1)..=row).is_empty()
                })
                .collect();
            set(&mut attempt, value);
            assert!(accepted.iter().all(|one| *one == accepted[0]), "{column} {row}");
            if accepted[0] {
                free.push((column, row));
            }
        }
        // The last row is no constraint's first one, so that its cubes and its message are in none. What the buffer is about to lose in the
        // first row has no row before it and none after it.
        let of_the_last_row = BEFORE.indices().chain(AFTER.indices()).map(|column| (column, last));
        let expected: Vec<_> = of_the_last_row.chain([(BUFFER.at(6), 0), (WIDTH, last)]).collect();
        assert_eq!(free, expected, "{count}");
    }
}

#[test]
fn what_is_free_together_does_not_reach_the_digest() {
    let honest = Attempt::honest(13, 64);
    // Messages after the last block, with a sponge that follows.
    let mut later = honest.clone();
    later.message[honest.n_elements..].iter_mut().for_each(|message| *message = mul(*message, 5));
    let later = later.filled(honest.start(), |_, _, _| ());
    assert_ne!(later.columns, honest.columns);
    assert_eq!(later.violations(0..64), []);
    // What the buffer holds of the time before the first row.
    let mut earlier = honest.clone();
    for (place, row) in (0..7).flat_map(|place| (0..=place).map(move |row| (place, row))) {
        earlier.columns[BUFFER.at(place)][row] = (100 + place - row) as u64;
    }
    assert_eq!(earlier.violations(0..64), []);
    assert!((0..7).all(|place| earlier.columns[BUFFER.at(place)][7] == honest.columns[BUFFER.at(place)][7]));
}

#[test]
fn a_changed_message_with_a_sponge_that_follows_has_another_digest() {
    let honest = Attempt::honest(13, 32);
    for row in 0..honest.n_elements {
        let mut changed = honest.clone();
        changed.message[row] = add(changed.message[row], 1);
        let changed = changed.filled(honest.start(), |_, _, _| ());
        assert_eq!(changed.broken(), BTreeSet::from([("digest", honest.end())]), "{row}");
    }
}

#[test]
fn a_block_that_is_skipped_or_swapped_breaks_its_absorption() {
    let honest = Attempt::honest(19, 64);
    let (start, end) = (honest.start(), honest.end());
    assert_eq!(honest.n_elements, 24);
    let absorb = |block: usize, instead: Option<[u64; 8]>| {
        let own = honest.block(block);
        move |next: &mut Plain| {
            for place in 0..8 {
                next[4 + place] = add(sub(next[4 + place], own[place]), instead.map_or(0, |block| block[place]));
            }
        }
    };
    for block in 0..3 {
        let skip = absorb(block, None);
        let row = 8 * block + 7;
        let skipped = honest.filled(start, |place, at, state| {
            if (place, at) == (Place::Next, row) {
                skip(state)
            }
        });
        assert_eq!(skipped.broken(), BTreeSet::from([("STATE", row), ("digest", end)]));
        // In each element of the rate, and in none of the capacity.
        let parts: Vec<_> = skipped.violations([row]).into_iter().filter(|one| one.constraint == "STATE").map(|one| one.part).collect();
        assert_eq!(parts, Vec::from_iter(4..12));
    }
    let (first, second) = (absorb(0, Some(honest.block(1))), absorb(1, Some(honest.block(0))));
    let swapped = honest.filled(start, |place, at, state| match (place, at) {
        (Place::Next, 7) => first(state),
        (Place::Next, 15) => second(state),
        _ => (),
    });
    assert_eq!(swapped.broken(), BTreeSet::from([("STATE", 7), ("STATE", 15), ("digest", end)]));
    // With the value column swapped too, only the digest is another.
    let mut swapped = honest.clone();
    (0..8).for_each(|row| swapped.message.swap(row, row + 8));
    assert_eq!(swapped.filled(start, |_, _, _| ()).broken(), BTreeSet::from([("digest", end)]));
}

#[test]
fn a_capacity_that_changes_between_permutations_breaks_its_absorption() {
    let honest = Attempt::honest(19, 64);
    for lane in 0..4 {
        let forged = honest.filled(honest.start(), |place, row, next| {
            if (place, row) == (Place::Next, 15) {
                next[lane] = add(next[lane], 1);
            }
        });
        assert_eq!(forged.broken(), BTreeSet::from([("STATE", 15), ("digest", honest.end())]));
    }
}

#[test]
fn another_start_is_refused() {
    let honest = Attempt::honest(13, 32);
    for lane in 0..12 {
        let mut start = honest.start();
        start[lane] = add(start[lane], 1);
        let forged = honest.filled(start, |_, _, _| ());
        assert_eq!(forged.broken(), BTreeSet::from([("start", START_ROW), ("digest", honest.end())]));
    }
    // Without the start, any digest could be had: one walks back from it.
    let mut chosen = honest.clone();
    chosen.digest = [1, 2, 3, 4];
    let mut state: Plain = std::array::from_fn(|lane| if DIGEST.indices().contains(&lane) { lane as u64 - 3 } else { 0 });
    for row in (START_ROW..chosen.end()).rev() {
        if row % 8 == 7 {
            let block = chosen.block(row / 8);
            (0..8).for_each(|place| state[4 + place] = sub(state[4 + place], block[place]));
        } else {
            state = round_undone(row, state);
        }
    }
    assert_eq!(chosen.filled(state, |_, _, _| ()).broken(), BTreeSet::from([("start", START_ROW)]));
}

#[test]
fn a_cube_that_is_chosen_breaks_its_own_constraint_and_nothing_else() {
    let honest = Attempt::honest(13, 32);
    for (place, name) in [(Place::Before, "BEFORE"), (Place::After, "AFTER")] {
        for lane in 0..12 {
            let forged = honest.filled(honest.start(), |at, row, cubes| {
                if (at, row) == (place, 18) {
                    cubes[lane] = add(cubes[lane], 1);
                }
            });
            let found: Vec<_> = forged.violations(0..32).into_iter().filter(|violation| violation.constraint != "digest").collect();
            assert_eq!(found, [Violation { constraint: name, part: lane, row: 18 }]);
            // The state that follows is another one.
            assert_ne!(forged.state(19), honest.state(19));
            assert!(forged.broken().contains(&("digest", honest.end())));
        }
    }
}

#[test]
fn zeros_are_no_salt() {
    for count in [1, 5, 13, 20] {
        let honest = Attempt::honest(count, 64);
        let mut padded = honest.clone();
        padded.message[count..honest.n_elements].fill(0);
        let digest = BTreeSet::from([("digest", honest.end())]);
        assert_eq!(padded.filled(honest.start(), |_, _, _| ()).broken(), digest, "{count}");
        // The values alone, padded as `hash_elements` does it, begin with their own number.
        let mut start = honest.start();
        start[0] = count as u64;
        let mut broken = digest;
        broken.insert(("start", START_ROW));
        assert_eq!(padded.filled(start, |_, _, _| ()).broken(), broken, "{count}");
    }
}
