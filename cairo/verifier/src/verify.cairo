//! The verifier of model proofs, in the order of the protocol, with the steps of `verifier/src/verify/mod.rs`.
//!
//! What follows the statement in a proof:
//!
//! | felts | content |
//! |---|---|
//! | 16 each | the caps of the trees over the fixed columns, the witness, the auxiliary columns, the quotients |
//! | .. | the frame out of the domain, three elements a felt: both rows of the trace and the quotients |
//! | 16 each | the caps of the layers of the low-degree test |
//! | .. | the remainder, three elements a felt, the coefficient of the highest power first |
//! | 1 | the nonce |
//! | .. | for each position, in the order in which they are drawn: the witness's row without sponges, the fixed row, the sponges, the auxiliary row, the quotients' row; their paths, level by level; the inverse of the first layer's point; and for each layer a row and its path |

use corelib_imports::bounded_int::upcast;
use maat_interfaces::verifier::{Entry, Verified};
use maat_stark::deep::{self, CoefficientsTrait, Frame, SumTrait};
use maat_stark::goldilocks::{G, Word, element, is_element, of_u64, product as base_product};
use maat_stark::low_degree::{self, Layer, Point};
use maat_stark::opening::{CAP, Combination, absorb, begin, paths_of_four, root};
use maat_stark::positions::{self, Generators, GeneratorsTrait, highest_four, highest_three, place};
use maat_stark::quadratic::{self, Element, difference, power, power_of_two, product, scaled, sum};
use maat_stark::reading::{felts, take, take_one, unpacked};
use maat_stark::transcript::{Transcript, TranscriptTrait};
use maat_stark::work;

use crate::air;
use crate::boundary::{self, Run};
use crate::layout::{
    ARGUMENT_CONSTRAINTS, AUXILIARY, BUS_SUM, DIGEST, FINAL, FIRST_SUM, FIXED, INPUT_VALUE, INPUTS, MAIN, MASKS, MASK_CONSTRAINTS, MASK_ROWS,
    MIN_LOG_ROWS, OUTPUT_VALUE, OUTPUTS, PERIOD, RADICES, ROOTS, SECURITY, SPONGE, START_ROW, STATE, SUMS, WITNESS,
};
use crate::public_inputs::{Shape, polynomial, seed, shape};
use crate::sponge;
use crate::statement::{self, COMMITTED, PUBLIC, Side, Statement, blocks};

/// Bits of security that a proof must have.
const LEAST_BITS: u16 = 96;
/// Logarithms of the blow-up and of the folding factor.
const LOG_BLOWUP: u32 = 5;
const LOG_FOLDING: u32 = 3;
/// Logarithm of the most coefficients of a remainder.
const LOG_REMAINDER: u32 = 6;

/// Verifies a proof, and gives what it says.
///
/// Panics if it does not hold.
pub fn verify(proof: Span<felt252>) -> Verified {
    // 1. The claim.
    let mut proof = proof;
    let statement = statement::read(ref proof);
    let shape = shape(@statement);

    // 2. and 3. The model and the policy: whoever calls compares the entry with the model's. All parameters are the preset's.
    let security_bits = security(@statement, @shape);
    assert(security_bits >= LEAST_BITS, 'TOO FEW BITS OF SECURITY');

    // 4. to 7. The STARK.
    verify_stark(ref proof, @statement, @shape);
    assert(proof.is_empty(), 'THE PROOF GOES ON');
    let (inputs, outputs) = statement.each;
    Verified {
        commitment: statement.commitment,
        entry: Entry {
            batch: statement.batch,
            rows: statement.rows,
            inputs,
            outputs,
            one_time_roots: statement.one_time_roots,
            fixed_root: statement.entry_root,
        },
        hiding: statement.hiding,
        one_time: statement.one_time,
        inputs: statement::named(statement.inputs),
        outputs: statement::named(statement.outputs),
        security_bits,
    }
}

/// Conjectured bits.
fn security(statement: @Statement, shape: @Shape) -> u16 {
    let of_rows = SECURITY.span()[*statement.log_rows - MIN_LOG_ROWS];
    let [plain, none, one, two] = *of_rows;
    if !*shape.hiding {
        plain
    } else if *shape.sponges == 0 {
        none
    } else if *shape.sponges == 1 {
        one
    } else {
        two
    }
}

/// A committed tree: its cap, whose root is absorbed, and that root.
fn absorb_cap(ref proof: Span<felt252>, ref transcript: Transcript) -> (Span<felt252>, felt252) {
    let cap = take(ref proof, CAP);
    let root = root(cap);
    transcript.absorb(root);
    (cap, root)
}

/// The frame out of the domain: words of the trace's columns and of the quotients, in each of both rows.
#[derive(Drop, Copy)]
struct Rows {
    main: Span<Word>,
    auxiliary: Span<Word>,
    quotients: Span<Word>,
    next_main: Span<Word>,
    next_auxiliary: Span<Word>,
}

fn verify_stark(ref proof: Span<felt252>, statement: @Statement, shape: @Shape) {
    // 4. Commitments and challenges.
    let mut transcript = TranscriptTrait::new(seed(statement, shape));
    let (fixed, fixed_root) = absorb_cap(ref proof, ref transcript);
    assert(fixed_root == *statement.fixed_root, 'NOT THE FIXED COLUMNS');
    let (witness, _) = absorb_cap(ref proof, ref transcript);
    let z = transcript.draw();
    let others = [transcript.draw(), transcript.draw(), transcript.draw(), transcript.draw()];
    let (auxiliary, _) = absorb_cap(ref proof, ref transcript);
    let gamma = transcript.draw();
    let (quotients, _) = absorb_cap(ref proof, ref transcript);
    let zeta = transcript.draw();

    // 5. Consistency out of the domain.
    let (main, aux, quotient) = (2 * *shape.main, 2 * *shape.auxiliary, 2 * *shape.quotients);
    let count = 2 * (main + aux + quotient);
    let (frame, frame_digest) = unpacked(take(ref proof, felts(count)), count);
    let both = main + aux;
    let rows = Rows {
        main: frame.slice(0, main),
        auxiliary: frame.slice(main, aux),
        quotients: frame.slice(both, quotient),
        next_main: frame.slice(both + quotient, main),
        next_auxiliary: frame.slice(both + quotient + main, aux),
    };
    check_frame(statement, shape, rows, z, others, gamma, zeta);
    transcript.absorb(frame_digest);

    // 6. Commitments of the low-degree test.
    let delta = transcript.draw();
    let log_rows = *statement.log_rows;
    let (mut layers, mut log_left) = (array![], log_rows);
    while log_left > LOG_REMAINDER {
        let (cap, _) = absorb_cap(ref proof, ref transcript);
        layers.append(Layer { cap, challenge: transcript.draw() });
        log_left -= LOG_FOLDING;
    }
    let words = 2 * low_degree_remainder(log_left);
    let (remainder, remainder_digest) = unpacked(take(ref proof, felts(words)), words);
    // Winterfell draws a challenge after it, too, which nothing depends on.
    transcript.absorb(remainder_digest);
    let nonce = take_one(ref proof);
    assert(work::is_done(transcript.state(), nonce.try_into().expect('MALFORMED NONCE')), 'TOO LITTLE WORK');
    transcript.absorb_nonce(nonce);

    // 7. Queries.
    let coefficients = of_words(delta, shape);
    let half = frame.len() / 2;
    let next = scaled(zeta, of_u64(*ROOTS.span()[log_rows]));
    let deep_frame = Frame {
        at_z: joined(frame.slice(0, half), coefficients, shape),
        at_next: joined(frame.slice(half, half), coefficients, shape),
        minus_z: quadratic::negated(zeta),
        minus_next: quadratic::negated(next),
    };
    let log = log_rows + LOG_BLOWUP;
    let queries = Queries {
        generators: GeneratorsTrait::new(generators(log)),
        caps: [fixed, witness, auxiliary, quotients],
        shape: *shape,
        coefficients,
        frame: deep_frame,
        layers: layers.span(),
        remainder,
    };
    let mut positions = positions::draw(ref transcript, log).span();
    while let Some(position) = positions.pop_front() {
        query(ref proof, *position, @queries);
    }
}

/// Coefficients of a remainder: a power of two.
fn low_degree_remainder(log: u32) -> u32 {
    core::num::traits::Pow::pow(2_u32, log)
}

/// `g`, `g^2`, `g^4`, .. for `g` of the order `2^log`.
fn generators(log: u32) -> Span<u64> {
    let mut generators = array![];
    let mut roots = ROOTS.span().slice(1, log);
    while let Some(root) = roots.pop_back() {
        generators.append(*root);
    }
    generators.span()
}

// OUT OF THE DOMAIN
// ================================================================================================

/// Checks that the quotients are what the constraints are, divided by what vanishes where they hold.
fn check_frame(
    statement: @Statement, shape: @Shape, rows: Rows, z: Element, others: [Element; 4], gamma: Element, zeta: Element,
) {
    let log_rows = *statement.log_rows;
    let [alpha, sigma, rho, beta] = others;
    let mut challenges: Array<Word> = array![];
    for challenge in [z, alpha, sigma, rho, beta, gamma].span() {
        let (first, second) = *challenge;
        challenges.append(upcast(first));
        challenges.append(upcast(second));
    }
    // Transition constraints.
    let radix = *RADICES.span()[log_rows - MIN_LOG_ROWS];
    let first_output = upcast(1 + *statement.inputs.count);
    let own = 2 * MAIN;
    let auxiliary = 2 * AUXILIARY;
    let [of_row, of_arguments] = air::constraints(
        rows.main.slice(0, own), rows.auxiliary.slice(0, auxiliary), rows.next_auxiliary.slice(0, auxiliary), challenges.span(),
        radix, first_output,
    );
    // To the powers of the rows over the period of sponges, and over that of masks.
    let to_eighth = power_of_two(zeta, log_rows - 3);
    let to_fourth = product(to_eighth, to_eighth);
    let mut joined = of_row;
    for number in 0..*shape.sponges {
        let start = own + 2 * number * SPONGE;
        let message = if number == 0 && *statement.inputs.visibility == COMMITTED {
            INPUT_VALUE
        } else {
            OUTPUT_VALUE
        };
        let of_sponge = sponge::constraints(
            rows.main.slice(start, 2 * SPONGE), rows.next_main.slice(start, 2 * SPONGE), rows.main.slice(2 * message, 2), to_eighth, gamma,
        );
        joined = sum(product(joined, power(gamma, SPONGE)), of_sponge);
    }
    joined = sum(product(joined, power(gamma, ARGUMENT_CONSTRAINTS)), of_arguments);
    let exempt = if *shape.hiding {
        let of_masks = air::masks(rows.next_auxiliary.slice(auxiliary, 2 * MASKS), words_of(to_fourth, gamma));
        joined = sum(product(joined, power(gamma, MASK_CONSTRAINTS)), of_masks);
        MASK_ROWS
    } else {
        1
    };
    // They are divided by (x^N - 1) / ((x - g^-1) .. (x - g^-exempt)).
    let to_the_rows = power_of_two(to_fourth, 2);
    let mut divided = product(joined, quadratic::inverse(difference(to_the_rows, quadratic::ONE)));
    let down = maat_stark::goldilocks::inverse(of_u64(*ROOTS.span()[log_rows]));
    let mut point: G = 1;
    for _ in 0..exempt {
        point = base_product(point, down);
        divided = product(divided, difference(zeta, (point, 0)));
    }

    // Assertions.
    let generators = generators(log_rows);
    let last = *statement.rows - exempt;
    let main = main_assertions(statement);
    let zero = array![quadratic::ZERO].span();
    let mut sums = array![
        Run {
            row: 0,
            column: FIRST_SUM,
            values: array![
                quadratic::ZERO, quadratic::ZERO, quadratic::ZERO, quadratic::ZERO, quadratic::ZERO, quadratic::ZERO, quadratic::ZERO,
                quadratic::ZERO, quadratic::ZERO,
            ].span().slice(0, SUMS),
        },
        Run { row: last, column: BUS_SUM, values: zero },
    ];
    if *statement.inputs.visibility == PUBLIC {
        sums.append(Run { row: last, column: INPUTS, values: array![of_side(statement.inputs, z)].span() });
    }
    if *statement.outputs.visibility == PUBLIC {
        sums.append(Run { row: last, column: OUTPUTS, values: array![of_side(statement.outputs, z)].span() });
    }
    let transitions = product(divided, power(gamma, *shape.assertions));
    let asserted = boundary::join(quadratic::ZERO, boundary::sorted(main), rows.main, zeta, gamma, generators);
    let asserted = boundary::join(asserted, sums.span(), rows.auxiliary, zeta, gamma, generators);

    // The quotients.
    let (mut quotients, mut power, mut expected) = (rows.quotients, quadratic::ONE, quadratic::ZERO);
    while let Some(quotient) = quotients.multi_pop_front::<2>() {
        let [first, second] = (*quotient).unbox();
        expected = sum(expected, product(power, (element(first), element(second))));
        power = product(power, to_the_rows);
    }
    assert(sum(transitions, asserted) == expected, 'THE CONSTRAINTS DO NOT HOLD');
}

fn words_of(a: Element, b: Element) -> Span<Word> {
    let ((a0, a1), (b0, b1)) = (a, b);
    array![upcast(a0), upcast(a1), upcast(b0), upcast(b1)].span()
}

/// The polynomial of a side's values.
fn of_side(side: @Side, z: Element) -> Element {
    polynomial(*side.packed, *side.count, z)
}

/// The assertions about the main segment.
fn main_assertions(statement: @Statement) -> Span<Run> {
    let mut runs = array![Run { row: 0, column: FINAL, values: array![quadratic::ZERO].span() }];
    let mut start = MAIN;
    for (side, message) in array![(*statement.inputs, INPUT_VALUE), (*statement.outputs, OUTPUT_VALUE)] {
        if side.visibility == COMMITTED {
            add_sponge(ref runs, side, message, start);
            start += SPONGE;
        }
    }
    runs.span()
}

/// Where a sponge begins, what its message ends with, and its digest (`verifier/src/air/sponge.rs`).
fn add_sponge(ref runs: Array<Run>, side: Side, message: u32, start: u32) {
    let blocks = blocks(side.count);
    let integer = |integer: u32| -> Element {
        (of_u64(integer.into()), 0)
    };
    let mut first = array![integer(PERIOD * blocks)];
    for _ in 1..STATE {
        first.append(quadratic::ZERO);
    }
    runs.append(Run { row: START_ROW, column: start, values: first.span() });
    runs.append(Run { row: PERIOD * blocks - 1, column: message, values: array![integer(side.count)].span() });
    let mut digest = array![];
    for word in statement::digest(side.packed) {
        digest.append((element(*word), 0));
    }
    runs.append(Run { row: PERIOD * blocks + START_ROW, column: start + DIGEST, values: digest.span() });
}

// QUERIES
// ================================================================================================

/// What all queries have in common.
#[derive(Drop, Copy)]
struct Queries {
    /// Of the domain.
    generators: Generators,
    /// Of the four trees: over the fixed columns, the witness, the auxiliary columns and the quotients.
    caps: [Span<felt252>; 4],
    shape: Shape,
    coefficients: Span<felt252>,
    frame: Frame,
    layers: Span<Layer>,
    remainder: Span<Word>,
}

/// Words in a row's last felt beyond its last element.
fn beyond(count: u32) -> u32 {
    3 * felts(count) - count
}

/// The coefficients of the words of a row: those of the witness, of the fixed columns, of the sponges, of the auxiliary columns, of the
/// quotients. The columns of the witness fill whole felts, so that those of the sponges, which stand beside them, can come later, in the order of
/// the trace. Those of the first word come last.
fn of_words(challenge: Element, shape: @Shape) -> Span<felt252> {
    let mut coefficients = CoefficientsTrait::new(challenge);
    coefficients.of_nothing(beyond(2 * *shape.quotients));
    coefficients.of_extension(*shape.quotients);
    coefficients.of_nothing(beyond(2 * *shape.auxiliary));
    coefficients.of_extension(*shape.auxiliary);
    let sponges = *shape.sponges * SPONGE;
    coefficients.of_nothing(beyond(sponges));
    coefficients.of_base(sponges);
    coefficients.of_nothing(beyond(FIXED));
    coefficients.of_base(FIXED + WITNESS);
    coefficients.span()
}

/// A row of the frame times the coefficients.
fn joined(row: Span<Word>, coefficients: Span<felt252>, shape: @Shape) -> Element {
    let (mut sum, mut left) = (SumTrait::new(), coefficients);
    let (own, all) = (2 * MAIN, 2 * *shape.main);
    sum.add_base(row.slice(0, own), ref left);
    deep::skip(ref left, beyond(FIXED));
    sum.add_base(row.slice(own, all - own), ref left);
    deep::skip(ref left, beyond(*shape.sponges * SPONGE));
    let auxiliary = 2 * *shape.auxiliary;
    sum.add_extension(row.slice(all, auxiliary), ref left);
    deep::skip(ref left, beyond(auxiliary));
    sum.add_extension(row.slice(all + auxiliary, 2 * *shape.quotients), ref left);
    sum.value()
}

/// Reads and checks one query.
fn query(ref proof: Span<felt252>, position: u32, queries: @Queries) {
    let place = place(position, *queries.generators);
    let mut way = place.bits;
    let top = highest_four(ref way);

    // The rows, and their paths to the caps.
    let shape = queries.shape;
    let (sponges, auxiliary, quotients) = (*shape.sponges * SPONGE, 2 * *shape.auxiliary, 2 * *shape.quotients);
    let (mut coefficients, mut joined) = (*queries.coefficients, Combination { first: 0, second: 0 });
    let witness = absorb(begin(WITNESS + sponges), ref proof, felts(WITNESS), ref coefficients, ref joined);
    let (fixed, _, _) = absorb(begin(FIXED), ref proof, felts(FIXED), ref coefficients, ref joined);
    let (witness, _, _) = if sponges == 0 {
        witness
    } else {
        absorb(witness, ref proof, felts(sponges), ref coefficients, ref joined)
    };
    let (auxiliary, _, _) = absorb(begin(auxiliary), ref proof, felts(auxiliary), ref coefficients, ref joined);
    let (quotients, _, _) = absorb(begin(quotients), ref proof, felts(quotients), ref coefficients, ref joined);
    let (a, b, c, d) = paths_of_four(ref proof, way, [fixed, witness, auxiliary, quotients]);
    let [fixed, witness, auxiliary, quotients] = *queries.caps;
    assert(a == *fixed[top] && b == *witness[top] && c == *auxiliary[top] && d == *quotients[top], 'A ROW IS NOT COMMITTED TO');

    // The low-degree test, which begins with the composition of the rows.
    let inverse: u64 = take_one(ref proof).try_into().expect('MALFORMED INVERSE');
    // In its only form: nothing hashes it, and a proof is to be known by its felts.
    assert(is_element(upcast(inverse)), 'MALFORMED INVERSE');
    let inverse = of_u64(inverse);
    assert(base_product(place.row, inverse) == 1, 'NOT THE INVERSE');
    let mut bits = place.bits;
    let mut point = Point { inverse, place: highest_three(ref bits), bits };
    let mut layers = *queries.layers;
    let first = layers.pop_front().unwrap();
    let (value, folded) = low_degree::layer(ref proof, *first, point);
    assert(deep::holds(*queries.frame, joined, place.x, value), 'NOT THE COMPOSITION OF THE ROWS');
    let mut expected = folded;
    while let Some(layer) = layers.pop_front() {
        point = low_degree::next(point);
        let (value, folded) = low_degree::layer(ref proof, *layer, point);
        assert(value == expected, 'NOT WHAT THE LAYER BELOW GIVES');
        expected = folded;
    }
    assert(low_degree::holds(*queries.remainder, point, expected), 'NOT WHAT THE REMAINDER GIVES');
}
