//! Winterfell's prover for the model AIR.

use std::sync::Arc;

use maat_verifier::Goldilocks;
use maat_verifier::air::{Challenges, ModelAir, PublicInputs};
use maat_verifier::{SplitHasher, SplitTree, TreeHasher};
use winterfell::crypto::Hasher;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{
    AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients, DefaultConstraintCommitment,
    DefaultConstraintEvaluator, PartitionOptions, ProofOptions, Prover, StarkDomain, Trace, TraceInfo, TracePolyTable,
};

use crate::auxiliary::auxiliary_columns;
use crate::extension::Extension;
use crate::masks::Masks;
use crate::stages::Clock;
use crate::trace::MainTrace;
use crate::trace_lde::SplitTraceLde;

/// Proves one statement. `H` hashes.
pub(crate) struct StarkProver<'a, H: Hasher> {
    /// The fixed columns.
    pub(crate) fixed: &'a [Vec<Goldilocks>],
    pub(crate) extension: Arc<Extension<H>>,
    pub(crate) options: ProofOptions,
    pub(crate) public_inputs: PublicInputs,
    /// The random elements of a hiding proof, of which the main segment has its own already.
    pub(crate) masks: Option<Masks>,
    pub(crate) clock: &'a Clock<'a>,
}

impl<H: TreeHasher + Send + Sync> Prover for StarkProver<'_, H> {
    type BaseField = Goldilocks;
    type Air = ModelAir;
    type Trace = MainTrace<Goldilocks>;
    type HashFn = SplitHasher<H>;
    type VC = SplitTree<H>;
    type RandomCoin = H::Coin;
    type TraceLde<E: FieldElement<BaseField = Goldilocks>> = SplitTraceLde<E, H>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintEvaluator<'a, ModelAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintCommitment<E, Self::HashFn, Self::VC>;

    fn get_pub_inputs(&self, _trace: &MainTrace<Goldilocks>) -> PublicInputs {
        self.public_inputs.clone()
    }

    fn options(&self) -> &ProofOptions {
        &self.options
    }

    fn new_trace_lde<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<Goldilocks>,
        domain: &StarkDomain<Goldilocks>,
        _partitions: PartitionOptions,
    ) -> (Self::TraceLde<E>, TracePolyTable<E>) {
        self.clock.begin("witness commitment");
        let fixed = self.public_inputs.layout.fixed();
        let rest = (0..fixed.start).chain(fixed.end..main.num_cols()).map(|column| main.get_column(column).to_vec()).collect();
        let rest = ColMatrix::new(rest).interpolate_columns_into();
        let lde = SplitTraceLde::new((self.extension.clone(), fixed.start), info, &rest, domain);
        let mut polynomials = rest.into_columns();
        let of_fixed = ColMatrix::new(self.fixed.to_vec()).interpolate_columns_into().into_columns();
        polynomials.splice(fixed.start..fixed.start, of_fixed);
        (lde, TracePolyTable::new(ColMatrix::new(polynomials)))
    }

    fn build_aux_trace<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        trace: &MainTrace<Goldilocks>,
        random: &AuxRandElements<E>,
    ) -> ColMatrix<E> {
        self.clock.begin("auxiliary columns");
        let layout = self.public_inputs.layout;
        let radix = Goldilocks::new(1 << layout.limb_bits(trace.length()));
        let challenges = Challenges::new(layout, random.rand_elements());
        let mut columns = auxiliary_columns(layout, trace.main_segment(), &challenges, radix, self.public_inputs.n_inputs);
        if let Some(masks) = &self.masks {
            masks.fill(&mut columns);
            columns.extend(masks.columns(trace.length()));
        }
        self.clock.begin("auxiliary commitment");
        ColMatrix::new(columns)
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = Goldilocks>>(
        &self,
        air: &'a ModelAir,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
        self.clock.begin("constraints");
        DefaultConstraintEvaluator::new(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        composition: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<Goldilocks>,
        partitions: PartitionOptions,
    ) -> (Self::ConstraintCommitment<E>, CompositionPoly<E>) {
        self.clock.begin("constraint commitment");
        let commitment = DefaultConstraintCommitment::new(composition, columns, domain, partitions);
        self.clock.begin("openings");
        commitment
    }
}
