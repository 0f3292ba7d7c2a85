//! The verifier's randomness, but independent of what the prover commits to: so two proofs of one statement get the same challenges, and the
//! same queries, all of them at different positions.

use std::marker::PhantomData;

use maat_verifier::air::PublicInputs;
use maat_verifier::{Goldilocks, SplitHasher, TreeHasher};
use winter_air::proof::Context;
use winterfell::crypto::{DefaultRandomCoin, Hasher, RandomCoin, RandomCoinError};
use winterfell::math::{FieldElement, ToElements};
use winterfell::{Air, AuxRandElements, ConstraintCompositionCoefficients};

/// Whether a query falls on the row after another one: at blow-up 4, the position four further.
pub(super) trait Neighbours: Send + Sync {
    /// The distance of the second query from the first, if it is not drawn.
    const STEP: Option<usize>;
}

/// All queries are drawn.
pub(super) struct Apart;

/// The second query is the row after the first one's.
pub(super) struct Adjacent;

impl Neighbours for Apart {
    const STEP: Option<usize> = None;
}

impl Neighbours for Adjacent {
    const STEP: Option<usize> = Some(4);
}

/// A coin that draws from the statement alone.
pub(super) struct FixedCoin<H: TreeHasher, N> {
    challenges: DefaultRandomCoin<SplitHasher<H>>,
    /// Not seeded again, so that queries are known without the low-degree test.
    positions: DefaultRandomCoin<SplitHasher<H>>,
    neighbours: PhantomData<N>,
}

/// The nonce that passes for one with enough leading zeros.
const NONCE: u64 = 1;

impl<H: TreeHasher, N: Neighbours> RandomCoin for FixedCoin<H, N> {
    type BaseField = Goldilocks;
    type Hasher = SplitHasher<H>;

    fn new(seed: &[Goldilocks]) -> Self {
        Self { challenges: RandomCoin::new(seed), positions: RandomCoin::new(seed), neighbours: PhantomData }
    }

    fn reseed(&mut self, _digest: <Self::Hasher as Hasher>::Digest) {
        self.challenges.reseed(maat_verifier::Digest::default());
    }

    fn check_leading_zeros(&self, nonce: u64) -> u32 {
        if nonce == NONCE { u64::BITS } else { 0 }
    }

    fn draw<E: FieldElement<BaseField = Goldilocks>>(&mut self) -> Result<E, RandomCoinError> {
        self.challenges.draw()
    }

    fn draw_integers(&mut self, count: usize, domain: usize, _nonce: u64) -> Result<Vec<usize>, RandomCoinError> {
        let mut drawn = self.positions.draw_integers(2 * count, domain, NONCE)?;
        if let Some(step) = N::STEP {
            drawn[1] = (drawn[0] + step) % domain;
        }
        let mut positions = Vec::new();
        for position in drawn {
            if positions.len() < count && !positions.contains(&position) {
                positions.push(position);
            }
        }
        assert_eq!(positions.len(), count, "too many of the positions are equal");
        Ok(positions)
    }
}

/// All that a coin of this kind draws for a statement.
pub(super) struct Drawn<E: FieldElement> {
    pub(super) random: AuxRandElements<E>,
    pub(super) constraints: ConstraintCompositionCoefficients<E>,
    pub(super) z: E,
    /// The coefficients of the columns of both segments and of the quotients, in what the low-degree test is about.
    pub(super) deep: Vec<E>,
    /// The queried positions in order.
    pub(super) positions: Vec<usize>,
}

impl<E: FieldElement<BaseField = Goldilocks>> Drawn<E> {
    /// What `C` draws, in the order of winterfell's prover.
    pub(super) fn new<A: Air<BaseField = Goldilocks>, C: RandomCoin<BaseField = Goldilocks>>(air: &A, statement: &PublicInputs) -> Self {
        let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
        let context = Context::new::<Goldilocks>(air.trace_info().clone(), air.options().clone(), constraints);
        let mut coin = C::new(&[context.to_elements(), statement.to_elements()].concat());
        // The digests do not matter.
        let committed = |coin: &mut C| coin.reseed(<C::Hasher as Hasher>::Digest::default());
        committed(&mut coin);
        let random = air.get_aux_rand_elements(&mut coin).unwrap();
        committed(&mut coin);
        let constraints = air.get_constraint_composition_coefficients(&mut coin).unwrap();
        committed(&mut coin);
        let z = coin.draw().unwrap();
        committed(&mut coin);
        let deep = air.get_deep_composition_coefficients(&mut coin).unwrap();
        let mut positions = coin.draw_integers(air.options().num_queries(), air.lde_domain_size(), NONCE).unwrap();
        positions.sort_unstable();
        Self { random, constraints, z, deep: [deep.trace, deep.constraints].concat(), positions }
    }
}
