//! The random combination: all linear layers and all products at once.
//!
//! A group is a set of equations `f[p, i] = sum_j l[i, j] r[j, p]` between the units' contributions `f` and products of a left factor
//! (weights, or cells) with a right one (cells). With random `sigma`, `rho`, `beta` all of them are checked together:
//!
//! `sum_g beta^g sum_{p,i} rho^p sigma^i f_g[p, i] = sum_g beta^g sum_j (sum_i sigma^i l_g[i, j]) (sum_p rho^p r_g[j, p])`
//!
//! Both sides are sums by Horner's rule, in an order of rows that the fixed columns give, so powers count from the last element. The left
//! side costs a unit a result; the right side costs its weights and its cells, as many a row as the layout has lanes and reads: not
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
    pub fn of(layout: &Layout, row: &[E]) -> Self {
        let [left, right, products, inner, outer, results] =
            [LEFT, RIGHT, PRODUCTS, INNER, OUTER, RESULTS].map(|role| row[layout[role].start]);
        Self { left, right, products, inner, outer, results }
    }

    /// The sums of the next row.
    pub fn next<F>(&self, layout: &Layout, row: &[F], radix: F, challenges: &Challenges<E>) -> Self
    where
        F: FieldElement<BaseField = Goldilocks>,
        E: ExtensionOf<F>,
    {
        let (sigma, rho, beta) = (challenges.sigma, challenges.rho, challenges.beta);
        let Room { lanes, reads, units, .. } = layout.room;
        let flag = |role: Role| row[layout[role].start];
        // `1` where nothing happens, `beta` where a group ends or begins.
        let grouped = |role: Role| E::ONE + (beta - E::ONE).mul_base(flag(role));
        let horner = |powers: &[E], terms: &mut dyn Iterator<Item = F>, count: usize| {
            terms.zip(powers[..count].iter().rev()).fold(E::ZERO, |sum, (term, power)| sum + power.mul_base(term))
        };
        let weights = horner(sigma, &mut row[layout.first_weight()..][..lanes].iter().copied(), lanes);
        let all = |role: Role| &row[layout[role].indices()];
        let mut cells = [F::ZERO; MOST_READS];
        for ((cell, coefficient), value) in cells.iter_mut().zip(all(READ_COEFFICIENT)).zip(all(READ_VALUE)) {
            *cell = *coefficient * *value;
        }
        let left_cells = horner(sigma, &mut cells.into_iter(), reads).mul_base(flag(LEFT_READS));
        let right_cells = horner(rho, &mut cells.into_iter(), reads).mul_base(F::ONE - flag(LEFT_READS));
        let contributions = horner(sigma, &mut (0..units).map(|unit| units::contribution(layout, unit, row, radix)), units);

        let keep = |role: Role| E::from(flag(role));
        let by = |role: Role, power: E| power.mul_base(flag(role));
        let mut left_moves = keep(LEFT_KEEP) + by(LEFT_BY_WEIGHTS, sigma[lanes]) + by(LEFT_BY_CELLS, sigma[reads]);
        if layout.room.taps {
            left_moves += by(LEFT_BY_ONE, rho[1]);
        }
        Self {
            left: self.left * left_moves + weights + left_cells,
            right: self.right * (keep(RIGHT_KEEP) + by(RIGHT_BY_CELLS, rho[reads])) + right_cells,
            products: self.products * grouped(PRODUCT_GROUP) + (self.left * self.right).mul_base(flag(MULTIPLY)),
            inner: self.inner * (keep(INNER_KEEP) + by(INNER_STEP, sigma[units])) + contributions,
            outer: self.outer * (keep(OUTER_KEEP) + by(OUTER_STEP, rho[1])) + self.inner.mul_base(flag(OUTER_TAKE)),
            results: self.results * grouped(RESULT_GROUP) + self.outer.mul_base(flag(RESULT_GROUP)),
        }
    }
}

/// Enforces that the sums run as they should, and that both sides agree in the final row.
pub(super) fn enforce<F, E>(
    layout: &Layout,
    row: &[F],
    auxiliary: &EvaluationFrame<E>,
    radix: F,
    challenges: &Challenges<E>,
    result: &mut [E],
) where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let current = Sums::of(layout, auxiliary.current());
    let (expected, found) = (current.next(layout, row, radix, challenges), Sums::of(layout, auxiliary.next()));
    result[0] = found.left - expected.left;
    result[1] = found.right - expected.right;
    result[2] = found.products - expected.products;
    result[3] = found.inner - expected.inner;
    result[4] = found.outer - expected.outer;
    result[5] = found.results - expected.results;
    result[6] = (current.products - current.results).mul_base(row[layout[FINAL].start]);
}
