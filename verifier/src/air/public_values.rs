//! The public values: a polynomial for each side.
//!
//! The inputs are the coefficients of a polynomial, the first one that of the highest power, and so are the outputs. Both are evaluated at `z`
//! by Horner's rule, in the order of rows: `P' = z P + x` in a row with a value `x`, and `P' = P` in any other one. Whoever knows the values
//! evaluates the polynomial as well, and compares: two lists of `n` values agree with a probability of at most `(n - 1) / |E|`, if they
//! are not the same. Which rows have values is fixed.

use crate::goldilocks::Goldilocks;
use winter_air::EvaluationFrame;
use winter_verifier::math::{ExtensionOf, FieldElement};

use crate::layout::*;

/// The degrees of the constraints, a side each.
pub const DEGREES: [usize; SIDES] = [2; SIDES];

/// For each side the column that says where it has values, the column of the values, and the one of the polynomial.
const COLUMNS: [[Role; 3]; SIDES] = [[INPUT, INPUT_VALUE, INPUTS], [OUTPUT, OUTPUT_VALUE, OUTPUTS]];

/// Both polynomials after a row.
pub fn next<F, E>(layout: &Layout, row: &[F], polynomials: [E; SIDES], z: E) -> [E; SIDES]
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    std::array::from_fn(|side| {
        let [flag, value, _] = COLUMNS[side].map(|role| layout[role].start);
        let polynomial = polynomials[side];
        polynomial + ((z - E::ONE) * polynomial + row[value].into()).mul_base(row[flag])
    })
}

/// Enforces that the polynomials take in the values of each row.
pub(super) fn enforce<F, E>(layout: &Layout, row: &[F], auxiliary: &EvaluationFrame<E>, z: E, result: &mut [E])
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let [current, found] = [auxiliary.current(), auxiliary.next()].map(|row| COLUMNS.map(|[.., polynomial]| row[layout[polynomial].start]));
    for ((result, found), expected) in result.iter_mut().zip(found).zip(next(layout, row, current, z)) {
        *result = found - expected;
    }
}
