//! The auxiliary columns of an execution's trace: the bus of memory, offsets and bytes. There is no combination.

use maat_verifier::Felt252;
use maat_verifier::cairo::bus::{Challenges, CheckedCells, Periodic, operand_denominators, paired_terms, periodic_columns};
use maat_verifier::cairo::columns::*;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;

use crate::fractions::fractions;

/// Fractions of a row: the helpers, and the range-checked value that has none.
const FRACTIONS: usize = OPERAND.count + PAIR.count + 1;

/// The auxiliary segment of a main segment.
pub(super) fn auxiliary_columns<E>(main: &ColMatrix<Felt252>, challenges: &Challenges<E>) -> ColMatrix<E>
where
    E: FieldElement<BaseField = Felt252>,
{
    let rows = main.num_rows();
    let (checked_cells, [bytes, whole]) = (CheckedCells::new(rows), periodic_columns());
    let fractions = fractions(main, FRACTIONS, |index, row, fractions| {
        let periodic = Periodic { byte: bytes[index % bytes.len()], whole: whole[index % whole.len()] };
        operand_denominators(row, challenges).into_iter().for_each(|denominator| fractions.push((E::ONE, denominator)));
        let terms = paired_terms(row, &periodic, challenges);
        terms.as_chunks().0.iter().for_each(|[one, two]| fractions.push(one.plus(two)));
        let checked = checked_cells.term(row, &periodic, challenges);
        fractions.push((checked.numerator.into(), checked.denominator));
    });

    let mut columns: Vec<Vec<E>> = (0..AUXILIARY_WIDTH).map(|_| Vec::with_capacity(rows)).collect();
    let mut bus = E::ZERO;
    for fractions in fractions.chunks_exact(FRACTIONS) {
        columns.iter_mut().zip(fractions[..BUS.start].iter().chain([&bus])).for_each(|(column, value)| column.push(*value));
        bus = fractions.iter().fold(bus, |sum, fraction| sum + *fraction);
    }
    ColMatrix::new(columns)
}
