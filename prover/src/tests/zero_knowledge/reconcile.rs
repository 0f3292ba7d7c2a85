//! The randomness with which another witness opens as a given proof does: each stage is a system of linear equations.

use maat_verifier::air::{Challenges, ModelAir};
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, SplitHasher, TreeHasher};
use winterfell::crypto::RandomCoin;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;

use super::super::other_air::OfModels;
use super::coin::Drawn;
use super::linear::Eliminated;
use super::points::{Cuts, MaskedRow, Points};
use super::replay::{Randomness, Run, Setting, interpolate, rows_of};
use crate::auxiliary::auxiliary_columns;

/// A mask that is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removed {
    /// All masks are there.
    Nothing,
    /// A witness column has one random row less than what is opened of it.
    WitnessRow(usize),
    /// An auxiliary column has no random rows.
    Auxiliary(usize),
    /// `R_0 = 0`.
    FirstCut,
    /// `R_1 = 0`.
    SecondCut,
    /// `R_0` and `R_1` are there, but the constraints take their current row.
    NextRow,
    /// `S = 0`.
    LowDegree,
}

impl Removed {
    /// Random rows of a witness column.
    fn witness_rows<E: FieldElement>(self, column: usize, queries: usize) -> usize {
        if self == Self::WitnessRow(column) { queries + 2 * E::EXTENSION_DEGREE - 1 } else { MASK_ROWS - 1 }
    }

    /// Random rows of an auxiliary column.
    fn auxiliary_rows(self, column: usize) -> usize {
        if self == Self::Auxiliary(column) { 0 } else { MASK_ROWS - 1 }
    }

    /// Whether one of the columns `R_0`, `R_1` and `S` is 0.
    fn column(self) -> Option<usize> {
        [Self::FirstCut, Self::SecondCut, Self::LowDegree].iter().position(|removed| *removed == self)
    }

    /// The row that the constraints take.
    pub(super) fn row(self) -> MaskedRow {
        if self == Self::NextRow { MaskedRow::Current } else { MaskedRow::Next }
    }

    /// Takes the mask out: what was random is 0.
    pub(super) fn from<E: FieldElement>(self, mut randomness: Randomness<E>, queries: usize) -> Randomness<E> {
        for (column, rows) in randomness.main.iter_mut().enumerate() {
            rows[self.witness_rows::<E>(column, queries)..].fill(Goldilocks::ZERO);
        }
        for (column, rows) in randomness.auxiliary.iter_mut().enumerate() {
            rows[self.auxiliary_rows(column)..].fill(E::ZERO);
        }
        if let Some(column) = self.column() {
            randomness.columns[column].fill(E::ZERO);
        }
        randomness
    }
}

/// Where there is no randomness that would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsolvable {
    /// A column over the base field.
    Main(usize),
    /// An auxiliary column.
    Auxiliary(usize),
    /// The quotients.
    Quotients,
    /// What the low-degree test is about.
    LowDegree,
}

/// Solves for the randomness of another witness, in the setting of one statement.
pub(super) struct Reconciler<'s, H: TreeHasher, E: FieldElement> {
    pub(super) setting: &'s Setting<H>,
    pub(super) drawn: Drawn<E>,
    pub(super) points: Points<E>,
}

impl<'s, H, E> Reconciler<'s, H, E>
where
    H: TreeHasher + Send + Sync,
    E: FieldElement<BaseField = Goldilocks>,
{
    /// With the challenges that `C` draws.
    pub(super) fn new<C: RandomCoin<BaseField = Goldilocks>>(setting: &'s Setting<H>) -> Self {
        let drawn = setting.drawn::<E, C>();
        let points = setting.points(&drawn);
        Self { setting, drawn, points }
    }

    /// The auxiliary columns of a main segment without masks, from which all columns that are not fixed are given.
    pub(super) fn auxiliary(&self, main: Vec<Vec<Goldilocks>>) -> Vec<Vec<E>> {
        let segment = ColMatrix::new(self.setting.main_segment(main));
        let layout = self.setting.public_inputs.layout;
        let radix = Goldilocks::new(1 << layout.limb_bits(self.points.rows));
        let challenges = Challenges::new(layout, self.drawn.random.rand_elements());
        auxiliary_columns(layout, &segment, &challenges, radix, self.setting.public_inputs.n_inputs)
    }

    /// The coefficients of the two constraints that say nothing: the last ones.
    pub(super) fn coefficients(&self) -> [E; 2] {
        *self.drawn.constraints.transition.last_chunk().unwrap()
    }

    /// Stage 1: mask rows with which the columns of a witness open as those of a run do. `R_0`, `R_1` and `S` are those of the run.
    pub(super) fn columns(
        &self,
        run: &Run<E>,
        witness: &[Vec<Goldilocks>],
        removed: Removed,
        seed: u64,
    ) -> Result<Randomness<E>, Unsolvable> {
        // Random ones to begin with, so that the solution is a random one.
        let mut randomness = removed.from(self.setting.randomness::<E>(seed), self.points.queries);
        let rows = self.points.mask_rows();
        let map = self.points.of_witness_rows(MASK_ROWS - 1);
        let fewer = self.points.of_witness_rows(removed_rows::<E>(self.points.queries));
        let mut main = witness.to_vec();
        for (column, (values, masks)) in main.iter_mut().zip(&mut randomness.main).enumerate() {
            values[rows.clone()].copy_from_slice(masks);
            let difference: Vec<E> = run.main[column].iter().zip(&*values).map(|(one, other)| E::from(*one - *other)).collect();
            let missing = self.points.in_base(&self.points.evaluate(&interpolate(&difference)));
            let map = if removed == Removed::WitnessRow(column) { &fewer } else { &map };
            let added = map.solve(&missing).ok_or(Unsolvable::Main(column))?;
            masks.iter_mut().zip(added).for_each(|(mask, added)| *mask += added);
            values[rows.clone()].copy_from_slice(masks);
        }
        let (map, nothing) = (self.points.of_auxiliary_rows(MASK_ROWS - 1), self.points.of_auxiliary_rows(0));
        let mut auxiliary = self.auxiliary(main);
        for (column, (values, masks)) in auxiliary.iter_mut().zip(&mut randomness.auxiliary).enumerate() {
            values[rows.clone()].copy_from_slice(masks);
            let difference: Vec<E> = run.auxiliary[column].iter().zip(&*values).map(|(one, other)| *one - *other).collect();
            let missing = self.points.evaluate(&interpolate(&difference));
            let map = if removed == Removed::Auxiliary(column) { &nothing } else { &map };
            let added = map.solve(&missing).ok_or(Unsolvable::Auxiliary(column))?;
            masks.iter_mut().zip(added).for_each(|(mask, added)| *mask += added);
        }
        let first = self.setting.public_inputs.layout.auxiliary_width();
        randomness.columns = std::array::from_fn(|column| run.auxiliary[first + column].clone());
        Ok(randomness)
    }

    /// Stage 2: `R_0` and `R_1` with which the quotients open as those of a run do, given another run that has the first one's.
    pub(super) fn cuts(&self, run: &Run<E>, other: &Run<E>, removed: Removed, randomness: &mut Randomness<E>) -> Result<(), Unsolvable> {
        let cuts = Cuts::new(&self.points);
        let places = cuts.degrees.iter().enumerate().flat_map(|(column, degrees)| degrees.clone().map(move |degree| (column, degree)));
        let images = cuts.images(&self.points, self.coefficients(), removed.row());
        let (unknowns, images): (Vec<_>, Vec<_>) = places.zip(images).filter(|((column, _), _)| removed.column() != Some(*column)).unzip();
        // R_0 and R_1 must open as before.
        let mut missing = vec![E::ZERO; 2 * self.points.all.len()];
        for (one, other) in run.quotients.iter().zip(&other.quotients) {
            let difference: Vec<E> = one.iter().zip(other).map(|(one, other)| *one - *other).collect();
            missing.extend(self.points.evaluate(&difference));
        }
        let added = Eliminated::of_images(&images, missing.len()).solve(&missing).ok_or(Unsolvable::Quotients)?;
        let mut polynomials = [vec![E::ZERO; self.points.rows], vec![E::ZERO; self.points.rows]];
        for ((column, degree), added) in unknowns.into_iter().zip(added) {
            polynomials[column][degree] = added;
        }
        for (column, polynomial) in randomness.columns.iter_mut().zip(polynomials) {
            column.iter_mut().zip(rows_of(&polynomial)).for_each(|(value, added)| *value += added);
        }
        Ok(())
    }

    /// Stage 3: `S` with which the low-degree test is about the same polynomial, given another run that has the first one's.
    pub(super) fn low_degree(
        &self,
        run: &Run<E>,
        other: &Run<E>,
        removed: Removed,
        randomness: &mut Randomness<E>,
    ) -> Result<(), Unsolvable> {
        let scale = self.setting.joined_with(LOW_DEGREE, &self.drawn).inv();
        let sums = [run, other].map(|run| self.setting.joined(run, &self.drawn));
        let added: Vec<E> = sums[0].iter().zip(&sums[1]).map(|(one, other)| (*one - *other) * scale).collect();
        if removed == Removed::LowDegree && added.iter().any(|coefficient| *coefficient != E::ZERO) {
            return Err(Unsolvable::LowDegree);
        }
        // S opens as before, too.
        assert!(self.points.evaluate(&added).iter().all(|value| *value == E::ZERO));
        let column = &mut randomness.columns[LOW_DEGREE.since(FIRST_CUT)];
        column.iter_mut().zip(rows_of(&added)).for_each(|(value, added)| *value += added);
        Ok(())
    }

    /// All stages, one after the other, and the other proof.
    pub(super) fn reconcile<A, C>(
        &self,
        run: &Run<E>,
        witness: &[Vec<Goldilocks>],
        removed: Removed,
        seed: u64,
    ) -> Result<Run<E>, Unsolvable>
    where
        A: OfModels,
        C: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<H>>,
    {
        let mut randomness = self.columns(run, witness, removed, seed)?;
        let other = self.setting.prove::<A, E, C>(witness, &randomness);
        self.cuts(run, &other, removed, &mut randomness)?;
        let other = self.setting.prove::<A, E, C>(witness, &randomness);
        self.low_degree(run, &other, removed, &mut randomness)?;
        Ok(self.setting.prove::<A, E, C>(witness, &randomness))
    }
}

/// Random rows of a witness column with [`Removed::WitnessRow`].
pub(super) fn removed_rows<E: FieldElement>(queries: usize) -> usize {
    Removed::WitnessRow(0).witness_rows::<E>(0, queries)
}

/// The AIR of production proofs.
pub(super) type Production = ModelAir;
