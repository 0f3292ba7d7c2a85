//! The auxiliary columns: the bus, for the challenges that the main segment's commitment gives.

use maat_verifier::Felt252;
use maat_verifier::cairo::bus::{Challenges, CheckedCells, Periodic, operand_denominators, paired_terms, periodic_columns};
use maat_verifier::cairo::columns::*;
use rayon::prelude::*;
use winterfell::math::{FieldElement, batch_inversion};
use winterfell::matrix::ColMatrix;

/// Rows that a thread takes at a time: enough for one inversion to pay.
const CHUNK: usize = 256;
/// Fractions of a row: the helpers, and the range-checked value that has none.
const FRACTIONS: usize = OPERAND.count + PAIR.count + 1;

/// The auxiliary segment of a main segment.
pub(super) fn auxiliary_columns<E>(main: &ColMatrix<Felt252>, challenges: &Challenges<E>) -> ColMatrix<E>
where
    E: FieldElement<BaseField = Felt252>,
{
    let rows = main.num_rows();
    let (checked_cells, periodic) = (CheckedCells::new(rows), periodic_columns());
    let mut fractions = vec![E::ZERO; rows * FRACTIONS];
    fractions.par_chunks_mut(CHUNK * FRACTIONS).enumerate().for_each(|(chunk, fractions)| {
        let mut row = vec![Felt252::ZERO; MAIN_WIDTH];
        let (mut numerators, mut denominators) = (Vec::with_capacity(fractions.len()), Vec::with_capacity(fractions.len()));
        for index in chunk * CHUNK..chunk * CHUNK + fractions.len() / FRACTIONS {
            main.read_row_into(index, &mut row);
            let values: Vec<Felt252> = periodic.iter().map(|column| column[index % column.len()]).collect();
            let periodic = Periodic::new(&values);
            for denominator in operand_denominators(&row, challenges) {
                numerators.push(E::ONE);
                denominators.push(denominator);
            }
            let terms = paired_terms(&row, &periodic, challenges);
            for [one, two] in terms.as_chunks().0 {
                numerators.push(two.denominator.mul_base(one.numerator) + one.denominator.mul_base(two.numerator));
                denominators.push(one.denominator * two.denominator);
            }
            let checked = checked_cells.term(&row, &periodic, challenges);
            numerators.push(checked.numerator.into());
            denominators.push(checked.denominator);
        }
        for ((fraction, numerator), inverse) in fractions.iter_mut().zip(&numerators).zip(batch_inversion(&denominators)) {
            *fraction = *numerator * inverse;
        }
    });

    let mut columns: Vec<Vec<E>> = (0..AUXILIARY_WIDTH).map(|_| Vec::with_capacity(rows)).collect();
    let mut bus = E::ZERO;
    for fractions in fractions.chunks_exact(FRACTIONS) {
        columns.iter_mut().zip(fractions[..BUS.start].iter().chain([&bus])).for_each(|(column, value)| column.push(*value));
        bus = fractions.iter().fold(bus, |sum, fraction| sum + *fraction);
    }
    ColMatrix::new(columns)
}
