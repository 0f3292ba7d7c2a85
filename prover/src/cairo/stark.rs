//! Winterfell's prover for the Cairo AIR.

use std::marker::PhantomData;

use maat_verifier::cairo::bus::Challenges;
use maat_verifier::cairo::{CairoAir, PublicInputs};
use maat_verifier::{Felt252, SplitTree, TreeHash, WholeHasher};
use winterfell::crypto::{DefaultRandomCoin, ElementHasher};
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{
    AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients, DefaultConstraintEvaluator,
    PartitionOptions, ProofOptions, Prover, StarkDomain, Trace, TraceInfo, TracePolyTable,
};

use super::auxiliary::auxiliary_columns;
use super::lde::{CairoTraceLde, QuotientCommitment};
use crate::stages::Clock;
use crate::trace::MainTrace;

/// Proves one claim. `H` hashes.
pub(super) struct CairoProver<'a, H> {
    pub(super) options: ProofOptions,
    pub(super) public_inputs: PublicInputs,
    pub(super) clock: &'a Clock<'a>,
    pub(super) hasher: PhantomData<H>,
}

impl<H> Prover for CairoProver<'_, H>
where
    H: ElementHasher<BaseField = Felt252> + TreeHash + Send + Sync,
{
    type BaseField = Felt252;
    type Air = CairoAir;
    type Trace = MainTrace<Felt252>;
    type HashFn = WholeHasher<H>;
    type VC = SplitTree<H>;
    type RandomCoin = DefaultRandomCoin<WholeHasher<H>>;
    type TraceLde<E: FieldElement<BaseField = Felt252>> = CairoTraceLde<E, H>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = Felt252>> = DefaultConstraintEvaluator<'a, CairoAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Felt252>> = QuotientCommitment<E, H>;

    fn get_pub_inputs(&self, _trace: &MainTrace<Felt252>) -> PublicInputs {
        self.public_inputs.clone()
    }

    fn options(&self) -> &ProofOptions {
        &self.options
    }

    fn new_trace_lde<E: FieldElement<BaseField = Felt252>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<Felt252>,
        domain: &StarkDomain<Felt252>,
        _partitions: PartitionOptions,
    ) -> (Self::TraceLde<E>, TracePolyTable<E>) {
        self.clock.begin("trace commitment");
        CairoTraceLde::new(info, main, domain)
    }

    fn build_aux_trace<E: FieldElement<BaseField = Felt252>>(
        &self,
        trace: &MainTrace<Felt252>,
        random: &AuxRandElements<E>,
    ) -> ColMatrix<E> {
        self.clock.begin("auxiliary columns");
        let columns = auxiliary_columns(trace.main_segment(), &Challenges::new(random.rand_elements()));
        self.clock.begin("auxiliary commitment");
        columns
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = Felt252>>(
        &self,
        air: &'a CairoAir,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
        self.clock.begin("constraints");
        DefaultConstraintEvaluator::new(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = Felt252>>(
        &self,
        composition: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<Felt252>,
        _partitions: PartitionOptions,
    ) -> (Self::ConstraintCommitment<E>, CompositionPoly<E>) {
        self.clock.begin("constraint commitment");
        let commitment = QuotientCommitment::new(composition, columns, domain);
        self.clock.begin("openings");
        commitment
    }
}
