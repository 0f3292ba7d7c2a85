//! The random combination: all linear layers and all products at once.
//!
//! A group is a set of equations `f[p, i] = sum_j l[i, j] r[j, p]` between the units' contributions `f` and products of a left factor
//! (weights, or cells) with a right one (cells). With random `sigma`, `rho`, `beta` all of them are checked together:
//!
//! `sum_g beta^g sum_{p,i} rho^p sigma^i f_g[p, i] = sum_g beta^g sum_j (sum_i sigma^i l_g[i, j]) (sum_p rho^p r_g[j, p])`
//!
//! Both sides are sums by Horner's rule, in an order of rows that the fixed columns give, so powers count from the last element. The left
//! side costs a unit a result; the right side costs its weights, as many a row as the layout has lanes, and its cells, [`READS`] a row: not
//! their products.

use crate::goldilocks::Goldilocks;
use winter_air::EvaluationFrame;
use winter_verifier::math::{ExtensionOf, FieldElement};

use super::{Challenges, units};
use crate::layout::*;

/// The degrees of the combination's constraints.
pub const DEGREES: [usize; 7] = [3, 3, 3, 3, 2, 2, 2];

/// The running sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums<E> {
    /// `sum_i sigma^i l[i]` of the current product.
    pub left: E,
    /// `sum_p rho^p r[p]` of the current product.
    pub right: E,
    /// The right side of the equation.
    pub products: E,
    /// `sum_i sigma^i f[i]` of the current inner sum.
    pub inner: E,
    /// `sum_p rho^p inner[p]` of the current group.
    pub outer: E,
    /// The left side of the equation.
    pub results: E,
}

impl<E: FieldElement<BaseField = Goldilocks>> Sums<E> {
    /// Reads a row of the auxiliary segment.
    pub fn of(row: &[E]) -> Self {
        let [left, right, products, inner, outer, results] = [LEFT, RIGHT, PRODUCTS, INNER, OUTER, RESULTS].map(|column| row[column.start]);
        Self { left, right, products, inner, outer, results }
    }

    /// The sums of the next row.
    pub fn next<F>(&self, row: &[F], radix: F, challenges: &Challenges<E>) -> Self
    where
        F: FieldElement<BaseField = Goldilocks>,
        E: ExtensionOf<F>,
    {
        let (sigma, rho, beta) = (challenges.sigma, challenges.rho, challenges.beta);
        let flag = |column: Columns| row[column.start];
        // `1` where nothing happens, `beta` where a group ends or begins.
        let grouped = |column: Columns| E::ONE + (beta - E::ONE).mul_base(flag(column));
        let horner = |powers: &[E], terms: &mut dyn Iterator<Item = F>, count: usize| {
            terms.zip(powers[..count].iter().rev()).fold(E::ZERO, |sum, (term, power)| sum + power.mul_base(term))
        };
        let lanes = sigma.len() - 1;
        let weights = horner(sigma, &mut row[FIRST_WEIGHT..][..lanes].iter().copied(), lanes);
        let mut cells = (0..READS).map(|lane| row[READ_COEFFICIENT.at(lane)] * row[READ_VALUE.at(lane)]);
        let cells: [F; READS] = std::array::from_fn(|_| cells.next().expect("there are READS"));
        let left_cells = horner(sigma, &mut cells.into_iter(), READS).mul_base(flag(LEFT_READS));
        let right_cells = horner(rho, &mut cells.into_iter(), READS).mul_base(F::ONE - flag(LEFT_READS));
        let contributions = horner(sigma, &mut (0..UNITS).map(|unit| units::contribution(unit, row, radix)), UNITS);

        let keep = |column: Columns| E::from(flag(column));
        let by = |column: Columns, power: E| power.mul_base(flag(column));
        Self {
            left: self.left * (keep(LEFT_KEEP) + by(LEFT_BY_WEIGHTS, sigma[lanes]) + by(LEFT_BY_CELLS, sigma[READS]))
                + weights
                + left_cells,
            right: self.right * (keep(RIGHT_KEEP) + by(RIGHT_BY_CELLS, rho[READS])) + right_cells,
            products: self.products * grouped(PRODUCT_GROUP) + (self.left * self.right).mul_base(flag(MULTIPLY)),
            inner: self.inner * (keep(INNER_KEEP) + by(INNER_STEP, sigma[UNITS])) + contributions,
            outer: self.outer * (keep(OUTER_KEEP) + by(OUTER_STEP, rho[1])) + self.inner.mul_base(flag(OUTER_TAKE)),
            results: self.results * grouped(RESULT_GROUP) + self.outer.mul_base(flag(RESULT_GROUP)),
        }
    }
}

/// Enforces that the sums run as they should, and that both sides agree in the final row.
pub(super) fn enforce<F, E>(row: &[F], auxiliary: &EvaluationFrame<E>, radix: F, challenges: &Challenges<E>, result: &mut [E])
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let current = Sums::of(auxiliary.current());
    let (expected, found) = (current.next(row, radix, challenges), Sums::of(auxiliary.next()));
    result[0] = found.left - expected.left;
    result[1] = found.right - expected.right;
    result[2] = found.products - expected.products;
    result[3] = found.inner - expected.inner;
    result[4] = found.outer - expected.outer;
    result[5] = found.results - expected.results;
    result[6] = (current.products - current.results).mul_base(row[FINAL.start]);
}
