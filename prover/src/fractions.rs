//! The fractions of a bus, from which the auxiliary segments of both AIRs are computed.

use rayon::prelude::*;
use winterfell::math::{FieldElement, StarkField, batch_inversion};
use winterfell::matrix::ColMatrix;

/// Rows that a thread takes at a time: enough for one inversion to pay.
const CHUNK: usize = 256;

/// Fractions that are not divided yet.
pub(crate) struct Fractions<E> {
    numerators: Vec<E>,
    denominators: Vec<E>,
}

impl<E> Fractions<E> {
    /// Adds one.
    pub(crate) fn push(&mut self, (numerator, denominator): (E, E)) {
        self.numerators.push(numerator);
        self.denominators.push(denominator);
    }
}

/// The fractions of all rows of a main segment, one row after the other. `push` adds those of a row, `per_row` each time; it gets the row's
/// number and its cells.
pub(crate) fn fractions<B, E>(main: &ColMatrix<B>, per_row: usize, push: impl Fn(usize, &[B], &mut Fractions<E>) + Sync) -> Vec<E>
where
    B: StarkField,
    E: FieldElement<BaseField = B>,
{
    let mut quotients = vec![E::ZERO; main.num_rows() * per_row];
    quotients.par_chunks_mut(CHUNK * per_row).enumerate().for_each(|(chunk, quotients)| {
        let mut row = vec![B::ZERO; main.num_cols()];
        let capacity = || Vec::with_capacity(quotients.len());
        let mut fractions = Fractions { numerators: capacity(), denominators: capacity() };
        for index in chunk * CHUNK..chunk * CHUNK + quotients.len() / per_row {
            main.read_row_into(index, &mut row);
            push(index, &row, &mut fractions);
        }
        let inverses = batch_inversion(&fractions.denominators);
        for ((quotient, numerator), inverse) in quotients.iter_mut().zip(&fractions.numerators).zip(inverses) {
            *quotient = *numerator * inverse;
        }
    });
    quotients
}
