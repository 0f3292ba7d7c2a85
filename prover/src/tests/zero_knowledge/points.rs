//! Where a proof opens its columns, and how what is free in a column gets there.

use maat_verifier::air::final_row;
use maat_verifier::layout::MASK_ROWS;
use maat_verifier::{Goldilocks, Mode};
use winterfell::math::{FieldElement, StarkField, polynom};

use super::linear::Eliminated;

/// The points `P`: the queried ones `Q`, then `z` and `g z`.
#[derive(Clone)]
pub(super) struct Points<E> {
    /// Length of the trace, `N`.
    pub(super) rows: usize,
    pub(super) queries: usize,
    pub(super) all: Vec<E>,
}

/// The row of a column that enters the constraints without content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaskedRow {
    /// As it is.
    Next,
    /// As it must not be.
    Current,
}

impl<E: FieldElement<BaseField = Goldilocks>> Points<E> {
    /// Those of a proof with queries at some positions.
    pub(super) fn new(rows: usize, blowup: usize, positions: &[usize], z: E) -> Self {
        let generator = Goldilocks::get_root_of_unity((rows * blowup).ilog2());
        let queried = positions.iter().map(|position| E::from(Goldilocks::GENERATOR * generator.exp_vartime(*position as u64)));
        let next = z.mul_base(Goldilocks::get_root_of_unity(rows.ilog2()));
        Self { rows, queries: positions.len(), all: queried.chain([z, next]).collect() }
    }

    /// `g`: a row further.
    pub(super) fn step(&self) -> Goldilocks {
        Goldilocks::get_root_of_unity(self.rows.ilog2())
    }

    /// The points whose next row is opened, too.
    pub(super) fn with_next(&self) -> Vec<usize> {
        (0..self.all.len()).filter(|point| self.all.contains(&self.all[*point].mul_base(self.step()))).collect()
    }

    /// A polynomial at all points.
    pub(super) fn evaluate(&self, polynomial: &[E]) -> Vec<E> {
        self.all.iter().map(|point| polynom::eval(polynomial, *point)).collect()
    }

    /// Values at all points as elements of the base field: a column over it has one element at each queried point.
    pub(super) fn in_base(&self, values: &[E]) -> Vec<Goldilocks> {
        let (queried, outside) = values.split_at(self.queries);
        let parts = |value: &E| E::slice_as_base_elements(std::slice::from_ref(value)).to_vec();
        queried.iter().map(|value| parts(value)[0]).chain(outside.iter().flat_map(parts)).collect()
    }

    /// The values at all points of the column that is 1 in a row and 0 elsewhere:
    /// `L_j(x) = g^j (x^N - 1) / (N (x - g^j))`.
    fn unit(&self, row: usize) -> Vec<E> {
        let (n, place) = (self.rows as u64, self.step().exp_vartime(row as u64));
        let scale = place * Goldilocks::new(n).inv();
        self.all.iter().map(|x| (x.exp_vartime(n.into()) - E::ONE).mul_base(scale) / (*x - E::from(place))).collect()
    }

    /// The map from the first mask rows of a column over the base field to what is opened of it.
    pub(super) fn of_witness_rows(&self, count: usize) -> Eliminated<Goldilocks> {
        let images: Vec<_> = self.mask_rows().take(count).map(|row| self.in_base(&self.unit(row))).collect();
        Eliminated::of_images(&images, self.queries + 2 * E::EXTENSION_DEGREE)
    }

    /// The map from the first mask rows of an auxiliary column to what is opened of it.
    pub(super) fn of_auxiliary_rows(&self, count: usize) -> Eliminated<E> {
        let images: Vec<_> = self.mask_rows().take(count).map(|row| self.unit(row)).collect();
        Eliminated::of_images(&images, self.all.len())
    }

    /// The rows that are random.
    pub(super) fn mask_rows(&self) -> std::ops::Range<usize> {
        final_row(self.rows, Mode::Hiding) + 1..self.rows
    }

    /// `E_K`, which vanishes in the rows where no transition constraint begins: the coefficients.
    pub(super) fn exemptions(&self) -> Vec<Goldilocks> {
        let mut product = vec![Goldilocks::ONE];
        for row in self.rows - MASK_ROWS..self.rows {
            product = polynom::mul(&product, &[-self.step().exp_vartime(row as u64), Goldilocks::ONE]);
        }
        product
    }

    /// What `R_0` and `R_1` add to the quotient at a point, given their value in the row that the constraints take.
    pub(super) fn added(&self, [first, second]: [E; 2], x: E) -> E {
        let (n, exemptions) = (self.rows as u64, polynom::eval(&self.exemptions(), x));
        (first * x.exp_vartime((n / 2).into()) + second * x.exp_vartime((5 * n / 4).into())) * exemptions
    }
}

/// The map from coefficients of `R_0` and `R_1` to all that is opened and depends on them: `R_0` and `R_1` at all points, then each of the
/// three quotients.
///
/// All coefficients would be more than the equations need, and too many to eliminate. Those that are taken add to the quotient around the
/// cuts, on both sides, so that a rank that is full with them is full with all.
pub(super) struct Cuts {
    /// Degrees of the coefficients, for each column.
    pub(super) degrees: [std::ops::Range<usize>; 2],
}

/// Opened columns that the map leads to: `R_0`, `R_1`, `H_0`, `H_1`, `H_2`.
pub(super) const OPENED: usize = 5;

impl Cuts {
    /// Three times as many coefficients of each column as there are points.
    pub(super) fn new<E>(points: &Points<E>) -> Self {
        let (n, taken) = (points.rows, 3 * points.all.len());
        let from = |cut: usize| cut - (taken + MASK_ROWS) / 2;
        Self { degrees: [n / 2, 3 * n / 4].map(|cut| from(cut)..from(cut) + taken) }
    }

    /// What a coefficient adds to all that is opened. `coefficients` are those of the two constraints.
    pub(super) fn images<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        points: &Points<E>,
        coefficients: [E; 2],
        row: MaskedRow,
    ) -> Vec<Vec<E>> {
        let n = points.rows;
        let exemptions = points.exemptions();
        // The sums of the first terms of E_K at each point.
        let sums: Vec<Vec<E>> = points
            .all
            .iter()
            .map(|x| {
                let terms =
                    exemptions.iter().scan(E::ONE, |power, coefficient| Some(std::mem::replace(power, *power * *x).mul_base(*coefficient)));
                [E::ZERO]
                    .into_iter()
                    .chain(terms.scan(E::ZERO, |sum, term| {
                        *sum += term;
                        Some(*sum)
                    }))
                    .collect()
            })
            .collect();
        let power = |x: E, exponent: usize| x.exp_vartime((exponent as u64).into());
        let cut: Vec<E> = points.all.iter().map(|x| power(*x, n).inv()).collect();
        let mut images = Vec::new();
        for (column, (degrees, coefficient)) in self.degrees.iter().zip(coefficients).enumerate() {
            // R_0 is multiplied by x^(N/2) E_K(x), R_1 by x^(5N/4) E_K(x).
            let shift = [n / 2, 5 * n / 4][column];
            for degree in degrees.clone() {
                let scale = match row {
                    MaskedRow::Next => points.step().exp_vartime(degree as u64),
                    MaskedRow::Current => Goldilocks::ONE,
                };
                let start = shift + degree;
                let (piece, within) = (start / n, start % n);
                // Terms that stay below the cut.
                let below = (n - within).min(exemptions.len());
                let mut image = vec![E::ZERO; OPENED * points.all.len()];
                for (point, (x, sums)) in points.all.iter().zip(&sums).enumerate() {
                    image[column * points.all.len() + point] = power(*x, degree);
                    let factor = coefficient.mul_base(scale) * power(*x, within);
                    image[(2 + piece) * points.all.len() + point] = factor * sums[below];
                    if below < exemptions.len() {
                        image[(3 + piece) * points.all.len() + point] = factor * (sums[exemptions.len()] - sums[below]) * cut[point];
                    }
                }
                images.push(image);
            }
        }
        images
    }
}
