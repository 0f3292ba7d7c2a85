//! The bus: a LogUp argument (Haböck, 2022) over memory cells, limbs and constants.
//!
//! What is taken is on one side, what is given on the other, each as `n / (z - t)` for a tuple `t`:
//!
//! | domain | tuple | taken by | given by |
//! |---|---|---|---|
//! | memory | `address + alpha value` | reads, outputs | units and inputs, as often as they are read (fixed) |
//! | ranges | `alpha^2 + value + alpha width` | limbs | the range table, as often as it is used (witness) |
//! | constants | `2 alpha^2 + address + alpha value` | look-ups | the constants, as often as they are used (witness) |
//!
//! The sum over all rows is 0 for a random `z` only if, at each tuple, as much is given as is taken. Each address is written once, so a
//! cell has one value; no width or constant that is not in its table can be taken, because fewer than `p` are taken in all.

use crate::goldilocks::Goldilocks;
use winter_air::EvaluationFrame;
use winter_verifier::math::{ExtensionOf, FieldElement};

use super::Challenges;
use crate::layout::*;
use crate::log_up::Term;

/// The degrees of the bus's constraints.
pub const DEGREES: [usize; BUS_HELPER.count + 1] = {
    let mut degrees = [3; BUS_HELPER.count + 1];
    // An odd number of terms leaves the last helper with one.
    degrees[BUS_HELPER.count - 1] = 3 - BUS_TERMS % 2;
    degrees[BUS_HELPER.count] = 1;
    degrees
};

/// The terms of a row. Outputs have the addresses from `first_output` on.
pub fn terms<F, E>(row: &[F], first_output: F, challenges: &Challenges<E>) -> [Term<F, E>; BUS_TERMS]
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let Challenges { z, alpha, range_domain, constant_domain, .. } = challenges;
    let (ranges, constants) = (*z - *range_domain, *z - *constant_domain);
    let term =
        |numerator: F, origin: E, first: F, second: F| Term { numerator, denominator: origin - first.into() - alpha.mul_base(second) };

    let reads = (0..READS).map(|lane| term(F::ONE, *z, row[READ_ADDRESS.at(lane)], row[READ_VALUE.at(lane)]));
    let writes = (0..UNITS).map(|unit| term(-row[UNIT_READERS.at(unit)], *z, row[UNIT_ADDRESS.at(unit)], row[UNIT_VALUE.at(unit)]));
    let limbs = (0..UNITS * LIMBS).map(|limb| term(F::ONE, ranges, row[UNIT_LIMB.at(limb)], row[UNIT_WIDTH.at(limb)]));
    let inputs = (0..INPUT_LIMBS).map(|limb| term(F::ONE, ranges, row[INPUT_LIMB.at(limb)], row[INPUT_WIDTH.at(limb)]));
    let tables = (0..TABLES).map(|table| term(-row[TABLE_USES.at(table)], ranges, row[TABLE_VALUE.at(table)], row[TABLE_WIDTH.at(table)]));
    let looked_up = row[LOOKUP_ADDRESS.start] + row[READ_VALUE.at(0)];
    let lookup = term(row[LOOKUP.start], constants, looked_up, row[UNIT_VALUE.at(0)]);
    let constant = term(-row[CONSTANT_USES.start], constants, row[ROW.start], row[CONSTANT_VALUE.start]);

    // An input is given as often as it is read, an output is taken once.
    let own = |numerator: F, first: F, value: F| term(numerator, *z, row[ROW.start] + first, value);
    let input = own(-row[INPUT_READERS.start], Goldilocks::new(FIRST_INPUT).into(), row[INPUT_VALUE.start]);
    let output = own(row[OUTPUT.start], first_output, row[OUTPUT_VALUE.start]);

    let mut all = reads.chain(writes).chain(limbs).chain(inputs).chain(tables).chain([lookup, constant, input, output]);
    std::array::from_fn(|_| all.next().expect("BUS_TERMS counts them"))
}

/// Enforces that the helpers are the terms, and that the sum runs over them.
pub(super) fn enforce<F, E>(row: &[F], auxiliary: &EvaluationFrame<E>, first_output: F, challenges: &Challenges<E>, result: &mut [E])
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let (current, next) = (auxiliary.current(), auxiliary.next());
    let helpers = &current[BUS_HELPER.indices()];
    for ((pair, helper), result) in terms(row, first_output, challenges).chunks(2).zip(helpers).zip(result.iter_mut()) {
        *result = match pair {
            // h = n1 / d1 + n2 / d2
            [one, two] => {
                let (numerator, denominator) = one.plus(two);
                *helper * denominator - numerator
            }
            // h = n / d
            rest => rest.iter().fold(E::ZERO, |sum, one| sum + *helper * one.denominator - one.numerator.into()),
        };
    }
    let all = helpers.iter().fold(E::ZERO, |sum, helper| sum + *helper);
    result[BUS_HELPER.count] = next[BUS_SUM.start] - current[BUS_SUM.start] - all;
}
