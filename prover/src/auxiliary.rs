//! The auxiliary columns: the bus and the random combination, for the challenges that the main segment's commitment gives.

use maat_verifier::Goldilocks;
use maat_verifier::air::{Challenges, bus, combination::Sums};
use maat_verifier::layout::*;
use rayon::prelude::*;
use winterfell::math::{FieldElement, batch_inversion};
use winterfell::matrix::ColMatrix;

/// Rows that a thread takes at a time: enough for one inversion to pay.
const CHUNK: usize = 256;

/// Terms of the bus that a row adds: the helpers, then the input's and the output's.
const TERMS: usize = BUS_HELPER.count + 2;

/// The auxiliary segment of a main segment.
pub(crate) fn auxiliary_columns<E: FieldElement<BaseField = Goldilocks>>(
    main: &ColMatrix<Goldilocks>,
    challenges: &Challenges<E>,
    radix: Goldilocks,
    n_inputs: usize,
) -> ColMatrix<E> {
    let rows = main.num_rows();
    let mut terms = vec![E::ZERO; rows * TERMS];
    terms.par_chunks_mut(CHUNK * TERMS).enumerate().for_each(|(chunk, terms)| {
        let mut row = vec![Goldilocks::ZERO; MAIN_WIDTH];
        let (mut numerators, mut denominators) = (Vec::with_capacity(terms.len()), Vec::with_capacity(terms.len()));
        for index in chunk * CHUNK..chunk * CHUNK + terms.len() / TERMS {
            main.read_row_into(index, &mut row);
            for pair in bus::terms(&row, challenges).chunks(2) {
                let (numerator, denominator) = match pair {
                    [one, two] => (
                        two.denominator.mul_base(one.numerator) + one.denominator.mul_base(two.numerator),
                        one.denominator * two.denominator,
                    ),
                    rest => (rest[0].numerator.into(), rest[0].denominator),
                };
                numerators.push(numerator);
                denominators.push(denominator);
            }
            numerators.extend([INPUT, OUTPUT].map(|column| E::from(row[column.start])));
            denominators.extend(bus::io_denominators(&row, n_inputs, challenges));
        }
        for ((term, numerator), inverse) in terms.iter_mut().zip(&numerators).zip(batch_inversion(&denominators)) {
            *term = *numerator * inverse;
        }
    });

    let mut columns: Vec<Vec<E>> = (0..AUXILIARY_WIDTH).map(|_| Vec::with_capacity(rows)).collect();
    let mut sums = Sums { left: E::ZERO, right: E::ZERO, products: E::ZERO, inner: E::ZERO, outer: E::ZERO, results: E::ZERO };
    let (mut bus_sum, mut input_sum, mut output_sum) = (E::ZERO, E::ZERO, E::ZERO);
    let mut row = vec![Goldilocks::ZERO; MAIN_WIDTH];
    for (index, terms) in terms.chunks_exact(TERMS).enumerate() {
        main.read_row_into(index, &mut row);
        let (helpers, io) = terms.split_at(BUS_HELPER.count);
        let Sums { left, right, products, inner, outer, results } = sums;
        let row_sums = [bus_sum, input_sum, output_sum, left, right, products, inner, outer, results];
        for (column, value) in columns.iter_mut().zip(helpers.iter().chain(&row_sums)) {
            column.push(*value);
        }
        let helpers = helpers.iter().fold(E::ZERO, |sum, helper| sum + *helper);
        bus_sum += helpers - io[0].mul_base(row[INPUT_READERS.start]) + io[1];
        input_sum += io[0];
        output_sum += io[1];
        sums = sums.next(&row, radix, challenges);
    }
    ColMatrix::new(columns)
}
