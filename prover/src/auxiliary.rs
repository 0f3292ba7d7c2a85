//! The auxiliary columns of a model's trace: the bus, and the random combination of its products and results.

use maat_verifier::Goldilocks;
use maat_verifier::air::{Challenges, bus, combination::Sums};
use maat_verifier::layout::*;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;

use crate::fractions::fractions;

/// Terms of the bus that a row adds: the helpers, then the input's and the output's.
const TERMS: usize = BUS_HELPER.count + 2;

/// The auxiliary columns of a main segment, without masks.
pub(crate) fn auxiliary_columns<E: FieldElement<BaseField = Goldilocks>>(
    main: &ColMatrix<Goldilocks>,
    challenges: &Challenges<E>,
    radix: Goldilocks,
    n_inputs: usize,
) -> Vec<Vec<E>> {
    let rows = main.num_rows();
    let terms = fractions(main, TERMS, |_, row, fractions| {
        for pair in bus::terms(row, challenges).chunks(2) {
            fractions.push(match pair {
                [one, two] => one.plus(two),
                rest => (rest[0].numerator.into(), rest[0].denominator),
            });
        }
        for (column, denominator) in [INPUT, OUTPUT].into_iter().zip(bus::io_denominators(row, n_inputs, challenges)) {
            fractions.push((row[column.start].into(), denominator));
        }
    });

    let mut columns: Vec<Vec<E>> = (0..AUXILIARY_WIDTH).map(|_| Vec::with_capacity(rows)).collect();
    let mut sums = Sums { left: E::ZERO, right: E::ZERO, products: E::ZERO, inner: E::ZERO, outer: E::ZERO, results: E::ZERO };
    let (mut bus_sum, mut input_sum, mut output_sum) = (E::ZERO, E::ZERO, E::ZERO);
    let mut row = vec![Goldilocks::ZERO; main.num_cols()];
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
    columns
}
