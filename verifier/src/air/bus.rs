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
pub fn degrees(layout: &Layout) -> Vec<usize> {
    let helpers = layout[BUS_HELPER].count;
    // An odd number of terms leaves the last helper with one.
    let last = 3 - layout.room.bus_terms() % 2;
    std::iter::repeat_n(3, helpers - 1).chain([last, 1]).collect()
}

/// The terms of a row. Outputs have the addresses from `first_output` on.
pub fn terms<'r, F, E>(
    layout: &'r Layout,
    row: &'r [F],
    first_output: F,
    challenges: &Challenges<E>,
) -> impl Iterator<Item = Term<F, E>> + 'r
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F> + 'r,
{
    let Challenges { z, alpha, range_domain, constant_domain, .. } = *challenges;
    let (ranges, constants) = (z - range_domain, z - constant_domain);
    let term =
        move |numerator: F, origin: E, first: F, second: F| Term { numerator, denominator: origin - first.into() - alpha.mul_base(second) };
    let all = |role: Role| &row[layout[role].indices()];

    let reads = all(READ_ADDRESS).iter().zip(all(READ_VALUE)).map(move |(address, value)| term(F::ONE, z, *address, *value));
    let writes = all(UNIT_READERS).iter().zip(all(UNIT_ADDRESS)).zip(all(UNIT_VALUE));
    let writes = writes.map(move |((readers, address), value)| term(-*readers, z, *address, *value));
    let taken =
        |limbs: Role, widths: Role| all(limbs).iter().zip(all(widths)).map(move |(limb, width)| term(F::ONE, ranges, *limb, *width));
    let limbs = taken(UNIT_LIMB, UNIT_WIDTH).chain(taken(INPUT_LIMB, INPUT_WIDTH));
    let tables = all(TABLE_USES).iter().zip(all(TABLE_VALUE)).zip(all(TABLE_WIDTH));
    let tables = tables.map(move |((uses, value), width)| term(-*uses, ranges, *value, *width));
    let mut lookups = (0..layout.room.lookups).map(move |unit| {
        let looked_up = row[layout[LOOKUP_ADDRESS].at(unit)] + row[layout[READ_VALUE].at(2 * unit)];
        term(row[layout[LOOKUP].at(unit)], constants, looked_up, row[layout[UNIT_VALUE].at(unit)])
    });
    // Computed here, as what is below is: Cairo has the operations in this order.
    let lookup = lookups.next();
    let one = |role: Role| row[layout[role].start];
    let constant = term(-one(CONSTANT_USES), constants, one(ROW), one(CONSTANT_VALUE));
    // An input is given as often as it is read, an output is taken once.
    let own = |numerator: F, first: F, value: F| term(numerator, z, one(ROW) + first, value);
    let input = own(-one(INPUT_READERS), Goldilocks::new(FIRST_INPUT).into(), one(INPUT_VALUE));
    let output = own(one(OUTPUT), first_output, one(OUTPUT_VALUE));
    reads.chain(writes).chain(limbs).chain(tables).chain(lookup).chain(lookups).chain([constant, input, output])
}

/// What the helpers of a row are: the sums of two terms each, as numerators and denominators.
pub fn helpers<'r, F, E>(layout: &'r Layout, row: &'r [F], first_output: F, challenges: &Challenges<E>) -> impl Iterator<Item = (E, E)> + 'r
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F> + 'r,
{
    in_pairs(terms(layout, row, first_output, challenges))
}

fn in_pairs<F, E>(mut terms: impl Iterator<Item = Term<F, E>>) -> impl Iterator<Item = (E, E)>
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    std::iter::from_fn(move || {
        let one = terms.next()?;
        Some(terms.next().map_or_else(|| (one.numerator.into(), one.denominator), |two| one.plus(&two)))
    })
}

/// Enforces that the helpers are the terms, and that the sum runs over them.
pub(super) fn enforce<F, E>(
    layout: &Layout,
    row: &[F],
    auxiliary: &EvaluationFrame<E>,
    first_output: F,
    challenges: &Challenges<E>,
    result: &mut [E],
) where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let (current, next) = (auxiliary.current(), auxiliary.next());
    let found = &current[layout[BUS_HELPER].indices()];
    // All terms are computed before the first constraint: Cairo has the operations in this order.
    let mut all = [Term { numerator: F::ZERO, denominator: E::ZERO }; MOST_BUS_TERMS];
    for (place, term) in all.iter_mut().zip(terms(layout, row, first_output, challenges)) {
        *place = term;
    }
    // h = n1 / d1 + n2 / d2
    let pairs = in_pairs(all[..layout.room.bus_terms()].iter().copied());
    for (((numerator, denominator), helper), result) in pairs.zip(found).zip(result.iter_mut()) {
        *result = *helper * denominator - numerator;
    }
    let added = found.iter().fold(E::ZERO, |sum, helper| sum + *helper);
    let sum = layout[BUS_SUM].start;
    result[found.len()] = next[sum] - current[sum] - added;
}
