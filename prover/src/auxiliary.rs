//! The auxiliary columns of a model's trace: the bus, the polynomials of its values, and the random combination of its products and results.

use maat_verifier::Goldilocks;
use maat_verifier::air::{Challenges, bus, combination::Sums, public_values};
use maat_verifier::layout::*;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;

use crate::fractions::fractions;

/// The auxiliary columns of a main segment, without masks.
pub(crate) fn auxiliary_columns<E: FieldElement<BaseField = Goldilocks>>(
    layout: &'static Layout,
    main: &ColMatrix<Goldilocks>,
    challenges: &Challenges<E>,
    radix: Goldilocks,
    n_inputs: usize,
) -> Vec<Vec<E>> {
    let rows = main.num_rows();
    let first_output = Goldilocks::new(first_output(n_inputs));
    let width = layout[BUS_HELPER].count;
    let helpers = fractions(main, width, |_, row, fractions| {
        bus::helpers(layout, row, first_output, challenges).for_each(|helper| fractions.push(helper));
    });

    let mut columns: Vec<Vec<E>> = (0..layout.auxiliary_width()).map(|_| Vec::with_capacity(rows)).collect();
    let mut sums = Sums { left: E::ZERO, right: E::ZERO, products: E::ZERO, inner: E::ZERO, outer: E::ZERO, results: E::ZERO };
    let (mut bus_sum, mut values) = (E::ZERO, [E::ZERO; SIDES]);
    let mut row = vec![Goldilocks::ZERO; main.num_cols()];
    for (index, helpers) in helpers.chunks_exact(width).enumerate() {
        main.read_row_into(index, &mut row);
        let ([inputs, outputs], Sums { left, right, products, inner, outer, results }) = (values, sums);
        let row_sums = [bus_sum, inputs, outputs, left, right, products, inner, outer, results];
        for (column, value) in columns.iter_mut().zip(helpers.iter().chain(&row_sums)) {
            column.push(*value);
        }
        bus_sum += helpers.iter().fold(E::ZERO, |sum, helper| sum + *helper);
        values = public_values::next(layout, &row, values, challenges.z);
        sums = sums.next(layout, &row, radix, challenges);
    }
    columns
}
