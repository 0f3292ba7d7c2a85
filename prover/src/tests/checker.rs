//! An independent checker: every constraint of the model AIR on every row, in plain integers.
//!
//! It shares the column numbers with the AIR and nothing else: its own arithmetic modulo `p` and in the quadratic extension, and each
//! constraint written from its equation, not from the code that the verifier runs. Those of a sponge are in [`super::sponge`].

use maat_verifier::Goldilocks;
use maat_verifier::layout::*;
use winterfell::math::StarkField;

use super::sponge::broken;
use super::{Violation, plain};

/// Goldilocks, `2^64 - 2^32 + 1`.
const P: u64 = 0xffff_ffff_0000_0001;

/// `a + b x` with `x^2 = x - 2`.
pub type Extended = [u64; 2];

/// Rows at the end of a hiding proof's trace in which no constraint begins.
const MASKED: usize = 96;

/// A trace with everything that its constraints depend on.
pub struct Trace<'a> {
    /// Where its columns are.
    pub layout: &'static Layout,
    /// The main columns.
    pub main: &'a [Vec<Goldilocks>],
    /// The auxiliary columns.
    pub auxiliary: &'a [Vec<super::Extended>],
    /// The random elements, in the order in which they are drawn.
    pub challenges: Challenges,
    /// Whether the proof hides: then there are constraints that say nothing, and all end [`MASKED`] rows above the trace's end.
    pub hides: bool,
    /// The values of the statement, where they are public.
    pub inputs: Option<Vec<i32>>,
    pub outputs: Option<Vec<i32>>,
    /// Number of inputs: outputs have the addresses after theirs.
    pub n_inputs: usize,
    /// The sponges, whose columns come last.
    pub sponges: Vec<Sponge>,
}

/// The sponge of a committed side.
pub struct Sponge {
    /// The column that it reads.
    pub message: usize,
    /// How many values the side has.
    pub values: usize,
    /// What the statement says.
    pub digest: [u64; 4],
}

/// The random elements.
#[derive(Clone, Copy)]
pub struct Challenges {
    pub z: Extended,
    pub alpha: Extended,
    pub sigma: Extended,
    pub rho: Extended,
    pub beta: Extended,
}

// ARITHMETIC
// ================================================================================================

fn add(a: u64, b: u64) -> u64 {
    ((u128::from(a) + u128::from(b)) % u128::from(P)) as u64
}

fn neg(a: u64) -> u64 {
    if a == 0 { 0 } else { P - a }
}

fn sub(a: u64, b: u64) -> u64 {
    add(a, neg(b))
}

fn mul(a: u64, b: u64) -> u64 {
    // 2^64 = 2^32 - 1 and 2^96 = -1, so that no division of 128 bits is needed.
    let product = u128::from(a) * u128::from(b);
    let (low, middle, high) = (product & u128::from(u64::MAX), (product >> 64) & 0xffff_ffff, product >> 96);
    let mut sum = low + middle * 0xffff_ffff + u128::from(P) - high;
    while sum >= u128::from(P) {
        sum -= u128::from(P);
    }
    sum as u64
}

/// `a^n`.
fn power(a: Extended, n: usize) -> Extended {
    (0..n).fold([1, 0], |product, _| ext_mul(product, a))
}

fn ext_add(a: Extended, b: Extended) -> Extended {
    [add(a[0], b[0]), add(a[1], b[1])]
}

fn ext_sub(a: Extended, b: Extended) -> Extended {
    [sub(a[0], b[0]), sub(a[1], b[1])]
}

fn ext_mul([a, b]: Extended, [c, d]: Extended) -> Extended {
    let high = mul(b, d);
    [sub(mul(a, c), add(high, high)), add(add(mul(a, d), mul(b, c)), high)]
}

fn scale(a: u64, [b, c]: Extended) -> Extended {
    [mul(a, b), mul(a, c)]
}

fn lift(a: u64) -> Extended {
    [a, 0]
}

/// `y^3 - y`, `y^3 + y` and `y^3` where `y` is the row's power of a fourth root of unity: `2^96 = -1`, so `2^48` is one.
fn periodic(row: usize) -> [u64; 3] {
    let y = (0..row % 4).fold(1, |power, _| mul(power, 1 << 48));
    let cube = mul(y, mul(y, y));
    [sub(cube, y), add(cube, y), cube]
}

fn signed(value: i32) -> u64 {
    if value < 0 { P - u64::from(value.unsigned_abs()) } else { value as u64 }
}

// CONSTRAINTS
// ================================================================================================

impl Trace<'_> {
    /// The constraints that do not hold in some rows, and the boundary conditions that do not hold.
    pub fn violations(&self, rows: impl IntoIterator<Item = usize>) -> Vec<Violation> {
        let last = self.main[0].len() - if self.hides { MASKED } else { 1 };
        let mut violations: Vec<_> = rows.into_iter().filter(|row| *row < last).flat_map(|row| self.row(row)).collect();
        violations.extend(self.boundaries(last));
        violations.sort();
        violations
    }

    /// The first column of a sponge; behind the last one, the number of columns.
    fn first_of_sponge(&self, number: usize) -> usize {
        self.main.len() - (self.sponges.len() - number) * SPONGE_WIDTH
    }

    fn at(&self, column: Role, position: usize, row: usize) -> u64 {
        self.main[self.layout[column].at(position)][row].as_int()
    }

    fn aux(&self, column: Role, row: usize) -> Extended {
        plain(self.auxiliary[self.layout[column].start][row])
    }

    /// The violations in a row: constraints bind it and the next one.
    fn row(&self, row: usize) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut require = |constraint: &'static str, part: usize, left: Extended, right: Extended| {
            if left != right {
                violations.push(Violation { constraint, part, row });
            }
        };
        for unit in 0..self.layout.room.units {
            self.unit(unit, row, &mut |constraint, left, right| require(constraint, unit, lift(left), lift(right)));
        }
        let radix = 1u64 << self.layout.limb_bits(self.main[0].len());
        // input x = lo + low + 2^b high
        let limbs = add(self.at(INPUT_LIMB, 0, row), mul(radix, self.at(INPUT_LIMB, 1, row)));
        let input = mul(self.at(INPUT, 0, row), self.at(INPUT_VALUE, 0, row));
        require("input range", 0, lift(input), lift(add(self.at(INPUT_LO, 0, row), limbs)));

        for (number, sponge) in self.sponges.iter().enumerate() {
            let columns = self.first_of_sponge(number)..self.first_of_sponge(number + 1);
            let [current, next] =
                [row, row + 1].map(|row| self.main[columns.clone()].iter().map(|column| column[row].as_int()).collect::<Vec<_>>());
            let broken = broken(row, &current, &next, self.main[sponge.message][row].as_int());
            broken.into_iter().for_each(|constraint| require("sponge", number * SPONGE_WIDTH + constraint, [0, 0], [1, 0]));
        }
        self.bus(row, &mut require);
        self.public_values(row, &mut require);
        self.combination(row, &mut require);
        if self.hides {
            // With y = x^(N/4): R_0(gx) A B = 0 and R_1(gx) A B Y = 0.
            let [a, b, y] = periodic(row);
            let vanishing = mul(a, b);
            require("first cut", 0, scale(vanishing, self.aux(FIRST_CUT, row + 1)), [0, 0]);
            require("second cut", 0, scale(mul(vanishing, y), self.aux(SECOND_CUT, row + 1)), [0, 0]);
        }
        violations
    }

    /// The remainder, the distance from the least value and the excess.
    fn numbers(&self, unit: usize, row: usize) -> [u64; 3] {
        let radix = 1u64 << self.layout.limb_bits(self.main[0].len());
        let limbs = self.layout.room.limbs;
        [0, 1, 2].map(|number| {
            let limb = |part: usize| self.at(UNIT_LIMB, (3 * unit + number) * limbs + part, row);
            (0..limbs).rev().fold(0, |sum, part| add(mul(sum, radix), limb(part)))
        })
    }

    /// Whether a unit has two lanes of its own.
    fn has_cells(&self, unit: usize) -> bool {
        2 * unit + 1 < self.layout.room.reads
    }

    fn unit(&self, unit: usize, row: usize, require: &mut dyn FnMut(&'static str, u64, u64)) {
        let at = |column: Role| self.at(column, unit, row);
        let (y, base, side) = (at(UNIT_VALUE), at(UNIT_BASE), at(UNIT_SIDE));
        let [_, value, _] = self.numbers(unit, row);
        // base = lo + floating b, where the unit has cells
        let floating = if self.has_cells(unit) { mul(at(UNIT_FLOATING), self.at(READ_VALUE, 2 * unit + 1, row)) } else { 0 };
        require("unit base", base, add(at(UNIT_LO), floating));
        // checked y = base + v
        require("unit range", mul(at(UNIT_CHECKED), y), add(base, value));
        // The side is one of three.
        require("unit side", u64::from(![0, 1, P - 1].contains(&side)), 0);
        // Polynomials of the side that do not vanish at any other: 1 is above, -1 is below.
        let above = side != 0 && side != P - 1;
        let below = side != 0 && side != 1;
        require("unit above", u64::from(above && y != at(UNIT_HI)), 0);
        require("unit below", u64::from(below && y != base), 0);
    }

    /// The bus: terms `n / (z - t)`, two a helper.
    fn bus(&self, row: usize, require: &mut dyn FnMut(&'static str, usize, Extended, Extended)) {
        let Challenges { z, alpha, .. } = self.challenges;
        let square = ext_mul(alpha, alpha);
        // Memory, ranges and constants differ in the coefficient of alpha^2.
        let denominator = |domain: u64, first: u64, second: u64| {
            let tuple = ext_add(ext_add(lift(first), scale(second, alpha)), scale(domain, square));
            ext_sub(z, tuple)
        };
        let at = |column: Role, position: usize| self.at(column, position, row);
        let Room { reads, units, limbs, tables, lookups, .. } = self.layout.room;
        let mut terms = Vec::new();
        for lane in 0..reads {
            terms.push((1, denominator(0, at(READ_ADDRESS, lane), at(READ_VALUE, lane))));
        }
        for unit in 0..units {
            terms.push((neg(at(UNIT_READERS, unit)), denominator(0, at(UNIT_ADDRESS, unit), at(UNIT_VALUE, unit))));
        }
        for limb in 0..units * 3 * limbs {
            terms.push((1, denominator(1, at(UNIT_LIMB, limb), at(UNIT_WIDTH, limb))));
        }
        for limb in 0..INPUT_LIMBS {
            terms.push((1, denominator(1, at(INPUT_LIMB, limb), at(INPUT_WIDTH, limb))));
        }
        for table in 0..tables {
            terms.push((neg(at(TABLE_USES, table)), denominator(1, at(TABLE_VALUE, table), at(TABLE_WIDTH, table))));
        }
        for unit in 0..lookups {
            let address = add(at(LOOKUP_ADDRESS, unit), at(READ_VALUE, 2 * unit));
            terms.push((at(LOOKUP, unit), denominator(2, address, at(UNIT_VALUE, unit))));
        }
        terms.push((neg(at(CONSTANT_USES, 0)), denominator(2, at(ROW, 0), at(CONSTANT_VALUE, 0))));
        // An input is given as often as it is read, an output is taken once.
        terms.push((neg(at(INPUT_READERS, 0)), denominator(0, add(at(ROW, 0), 1), at(INPUT_VALUE, 0))));
        terms.push((at(OUTPUT, 0), denominator(0, add(at(ROW, 0), 1 + self.n_inputs as u64), at(OUTPUT_VALUE, 0))));

        let mut sum = [0, 0];
        for (helper, pair) in terms.chunks(2).enumerate() {
            let value = plain(self.auxiliary[self.layout[BUS_HELPER].at(helper)][row]);
            sum = ext_add(sum, value);
            // The numerator and the denominator of the sum of one or two fractions.
            let (numerator, denominator) = match pair {
                [(n, d)] => (lift(*n), *d),
                [(n, d), (m, e)] => (ext_add(scale(*n, *e), scale(*m, *d)), ext_mul(*d, *e)),
                _ => unreachable!("chunks of two"),
            };
            require("bus helper", helper, ext_mul(value, denominator), numerator);
        }
        require("bus sum", 0, ext_sub(self.aux(BUS_SUM, row + 1), self.aux(BUS_SUM, row)), sum);
    }

    /// The polynomials of inputs and outputs: a row with a value multiplies by z and adds it.
    fn public_values(&self, row: usize, require: &mut dyn FnMut(&'static str, usize, Extended, Extended)) {
        let z = self.challenges.z;
        let sides = [(INPUT, INPUT_VALUE, INPUTS), (OUTPUT, OUTPUT_VALUE, OUTPUTS)];
        for (side, (flag, value, polynomial)) in sides.into_iter().enumerate() {
            let (flag, value) = (self.at(flag, 0, row), lift(self.at(value, 0, row)));
            let before = self.aux(polynomial, row);
            let taken = scale(flag, ext_add(ext_mul(before, z), value));
            let kept = scale(sub(1, flag), before);
            require("public values", side, self.aux(polynomial, row + 1), ext_add(taken, kept));
        }
    }

    /// The random combination: both factors, products, results.
    fn combination(&self, row: usize, require: &mut dyn FnMut(&'static str, usize, Extended, Extended)) {
        let Room { lanes, reads, units, .. } = self.layout.room;
        let Challenges { sigma, rho, beta, .. } = self.challenges;
        let at = |column: Role, position: usize| self.at(column, position, row);
        let flag = |column: Role| self.at(column, 0, row);
        // The last element has the power 0.
        let horner = |base: Extended, terms: Vec<u64>| terms.into_iter().fold([0, 0], |sum, term| ext_add(ext_mul(sum, base), lift(term)));
        let cells = |side: u64| (0..reads).map(|lane| mul(side, mul(at(READ_COEFFICIENT, lane), at(READ_VALUE, lane)))).collect::<Vec<_>>();
        let moved = |value: Extended, ways: &[(Role, Extended)]| {
            ways.iter().fold([0, 0], |sum, (column, by)| ext_add(sum, scale(flag(*column), ext_mul(value, *by))))
        };
        let one = [1, 0];

        let mut ways = vec![(LEFT_KEEP, one), (LEFT_BY_WEIGHTS, power(sigma, lanes)), (LEFT_BY_CELLS, power(sigma, reads))];
        // A tap of a convolution is a position further than the next one.
        ways.extend(self.layout.room.taps.then_some((LEFT_BY_ONE, rho)));
        let left = moved(self.aux(LEFT, row), &ways);
        let weights = horner(sigma, (0..lanes).map(|lane| at(WEIGHTS, lane)).collect());
        let left = ext_add(ext_add(left, weights), horner(sigma, cells(flag(LEFT_READS))));
        require("left", 0, self.aux(LEFT, row + 1), left);

        let right = moved(self.aux(RIGHT, row), &[(RIGHT_KEEP, one), (RIGHT_BY_CELLS, power(rho, reads))]);
        let right = ext_add(right, horner(rho, cells(sub(1, flag(LEFT_READS)))));
        require("right", 0, self.aux(RIGHT, row + 1), right);

        // A new group multiplies by beta: as flags are 0 or 1, 1 + flag (beta - 1).
        let grouped = |column: Role, value: Extended| ext_add(value, scale(flag(column), ext_sub(ext_mul(beta, value), value)));
        let product = scale(flag(MULTIPLY), ext_mul(self.aux(LEFT, row), self.aux(RIGHT, row)));
        require("products", 0, self.aux(PRODUCTS, row + 1), ext_add(grouped(PRODUCT_GROUP, self.aux(PRODUCTS, row)), product));

        let inner = moved(self.aux(INNER, row), &[(INNER_KEEP, one), (INNER_STEP, power(sigma, units))]);
        let contributions = horner(sigma, (0..units).map(|unit| self.contribution(unit, row)).collect());
        require("inner", 0, self.aux(INNER, row + 1), ext_add(inner, contributions));

        let outer = moved(self.aux(OUTER, row), &[(OUTER_KEEP, one), (OUTER_STEP, rho)]);
        let taken = scale(flag(OUTER_TAKE), self.aux(INNER, row));
        require("outer", 0, self.aux(OUTER, row + 1), ext_add(outer, taken));

        let ended = scale(flag(RESULT_GROUP), self.aux(OUTER, row));
        require("results", 0, self.aux(RESULTS, row + 1), ext_add(grouped(RESULT_GROUP, self.aux(RESULTS, row)), ended));

        let difference = ext_sub(self.aux(PRODUCTS, row), self.aux(RESULTS, row));
        require("agreement", 0, scale(flag(FINAL), difference), [0, 0]);
    }

    /// `scale (y + s e) + r - bias - first a - second b - product a b`.
    fn contribution(&self, unit: usize, row: usize) -> u64 {
        let at = |column: Role| self.at(column, unit, row);
        let [remainder, _, excess] = self.numbers(unit, row);
        let mut taken = at(UNIT_BIAS);
        if self.has_cells(unit) {
            let [a, b] = [0, 1].map(|cell| self.at(READ_VALUE, 2 * unit + cell, row));
            let own = [(UNIT_FIRST, a), (UNIT_SECOND, b), (UNIT_PRODUCT, mul(a, b))];
            taken = own.into_iter().fold(taken, |sum, (column, cell)| add(sum, mul(at(column), cell)));
        }
        let accumulator = add(mul(at(UNIT_SCALE), add(at(UNIT_VALUE), mul(at(UNIT_SIDE), excess))), remainder);
        sub(accumulator, taken)
    }

    /// The first and the last row: sums begin at 0, the bus is balanced, inputs and outputs are the statement's. A sponge begins empty, and ends
    /// with the statement's digest.
    fn boundaries(&self, last: usize) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut of_main = vec![(self.layout[FINAL].start, 0, 0)];
        for (number, Sponge { message, values, digest }) in self.sponges.iter().enumerate() {
            let (first, blocks) = (self.first_of_sponge(number), (values + 5).div_ceil(8));
            of_main.extend((0..12).map(|lane| (first + lane, 7, if lane == 0 { 8 * blocks as u64 } else { 0 })));
            of_main.push((*message, 8 * blocks - 1, *values as u64));
            of_main.extend((4..8).zip(digest).map(|(lane, element)| (first + lane, 8 * blocks + 7, *element)));
        }
        let broken = of_main.into_iter().filter(|(column, row, expected)| self.main[*column][*row].as_int() != *expected);
        violations.extend(broken.map(|(part, row, _)| Violation { constraint: "boundary of the main segment", part, row }));
        let mut require = |column: Role, row: usize, expected: Extended| {
            if self.aux(column, row) != expected {
                violations.push(Violation { constraint: "boundary", part: self.layout[column].start, row });
            }
        };
        for column in [BUS_SUM, INPUTS, OUTPUTS, LEFT, RIGHT, PRODUCTS, INNER, OUTER, RESULTS] {
            require(column, 0, [0, 0]);
        }
        require(BUS_SUM, last, [0, 0]);
        let z = self.challenges.z;
        for (column, values) in [(INPUTS, &self.inputs), (OUTPUTS, &self.outputs)] {
            let Some(values) = values else { continue };
            let (value, _) = values
                .iter()
                .rev()
                .fold(([0, 0], [1, 0]), |(sum, power), value| (ext_add(sum, scale(signed(*value), power)), ext_mul(power, z)));
            require(column, last, value);
        }
        violations
    }
}

#[test]
fn the_arithmetic_is_the_fields() {
    use winterfell::math::fields::QuadExtension;
    let numbers = [0, 1, 2, 0xffff_ffff, 1 << 32, P - 1, P - 2, P / 2, 0x1234_5678_9abc_def0];
    assert_eq!(Goldilocks::MODULUS, P);
    for (a, b) in numbers.into_iter().flat_map(|a| numbers.map(|b| (a, b))) {
        let (x, y) = (Goldilocks::new(a), Goldilocks::new(b));
        assert_eq!([x + y, x - y, x * y].map(|value| value.as_int()), [add(a, b), sub(a, b), mul(a, b)]);
    }
    let element = |[a, b]: Extended| QuadExtension::new(Goldilocks::new(a), Goldilocks::new(b));
    let plain = |value: QuadExtension<Goldilocks>| value.to_base_elements().map(|part| part.as_int());
    for (a, b) in numbers.into_iter().flat_map(|a| numbers.map(|b| ([a, b], [b, add(a, 1)]))) {
        assert_eq!(plain(element(a) * element(b)), ext_mul(a, b));
    }
    let (mut a, mut b) = ([3, P - 5], [7, 11]);
    for _ in 0..1000 {
        assert_eq!(plain(element(a) + element(b)), ext_add(a, b));
        assert_eq!(plain(element(a) - element(b)), ext_sub(a, b));
        assert_eq!(plain(element(a) * element(b)), ext_mul(a, b));
        (a, b) = (ext_mul(ext_add(a, [1, 2]), b), a);
    }
}

#[test]
fn the_periodic_columns_are_polynomials_of_a_fourth_root_of_unity_whose_product_vanishes() {
    use winterfell::Air;
    for setting in super::SETTINGS {
        let columns = super::Attempt::honest(&super::models::every_primitive(), setting, 1, 1).air().get_periodic_column_values();
        assert_eq!(columns.len() >= 3, setting.mode().is_hiding());
        for row in 0..8 {
            let expected = periodic(row);
            assert_eq!((mul(expected[0], expected[1]), expected[2] != 0), (0, true));
            let found = columns.iter().take(3).map(|column| column[row % column.len()].as_int());
            assert!(found.zip(expected).all(|(found, expected)| found == expected), "row {row}");
        }
        // Neither of the two vanishes alone.
        assert!([0, 1].into_iter().all(|column| (0..4).any(|row| periodic(row)[column] != 0)));
    }
}
