//! Provers with another AIR than the verifier's, or another coin, and all else as in production.
//!
//! What departs, and what comes of it, is in `vacuous.rs` and `zero_knowledge`.

use std::marker::PhantomData;

use maat_verifier::air::{ModelAir, PublicInputs};
use maat_verifier::layout::Layout;
use maat_verifier::{Goldilocks, SplitHasher, SplitTree, TreeHasher};
use winter_air::AirContext;
use winter_verifier::crypto::RandomCoinError;
use winterfell::crypto::{Hasher, RandomCoin};
use winterfell::math::{ExtensionOf, FieldElement, ToElements};
use winterfell::matrix::ColMatrix;
use winterfell::{
    Air, Assertion, AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients, DefaultConstraintEvaluator,
    EvaluationFrame, PartitionOptions, ProofOptions, Prover, StarkDomain, TraceInfo, TracePolyTable,
};

use crate::stark::StarkProver;
use crate::trace::MainTrace;

/// How an AIR departs from the verifier's: in its shape, or in the constraints of the auxiliary segment.
pub(super) trait Variation: Copy + Default + Send + Sync + 'static {
    /// The shape, of a trace in some layout.
    fn context(self, honest: &ModelAir, _layout: &Layout) -> AirContext<Goldilocks> {
        honest.context().clone()
    }

    /// The constraints of the auxiliary segment in a row.
    fn evaluate<F, E>(self, honest: &ModelAir, frames: Frames<F, E>, random: &AuxRandElements<E>, result: &mut [E])
    where
        F: FieldElement<BaseField = Goldilocks>,
        E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>;
}

/// What the constraints of the auxiliary segment are about in a row.
pub(super) struct Frames<'a, F: FieldElement, E: FieldElement> {
    /// Where the columns are.
    pub(super) layout: &'static Layout,
    pub(super) main: &'a EvaluationFrame<F>,
    pub(super) auxiliary: &'a EvaluationFrame<E>,
    pub(super) periodic: &'a [F],
}

/// Public inputs with a variation, which the transcript does not know of.
#[derive(Clone)]
pub(super) struct Inputs<V>(pub(super) PublicInputs, pub(super) V);

impl<V: Variation> From<PublicInputs> for Inputs<V> {
    fn from(public_inputs: PublicInputs) -> Self {
        Self(public_inputs, V::default())
    }
}

impl<V> ToElements<Goldilocks> for Inputs<V> {
    fn to_elements(&self) -> Vec<Goldilocks> {
        self.0.to_elements()
    }
}

/// An AIR for the statements of models: the verifier's, or one that departs from it.
pub(super) trait OfModels: Air<BaseField = Goldilocks, PublicInputs: From<PublicInputs> + Clone> + 'static {}

impl<A: Air<BaseField = Goldilocks, PublicInputs: From<PublicInputs> + Clone> + 'static> OfModels for A {}

/// The AIR with a variation.
pub(super) struct OtherAir<V> {
    honest: ModelAir,
    layout: &'static Layout,
    context: AirContext<Goldilocks>,
    variation: V,
}

impl<V: Variation> Air for OtherAir<V> {
    type BaseField = Goldilocks;
    type PublicInputs = Inputs<V>;

    fn new(info: TraceInfo, Inputs(public_inputs, variation): Inputs<V>, options: ProofOptions) -> Self {
        let layout = public_inputs.layout;
        let honest = ModelAir::new(info, public_inputs, options);
        Self { context: variation.context(&honest, layout), honest, layout, variation }
    }

    fn context(&self) -> &AirContext<Goldilocks> {
        &self.context
    }

    fn get_periodic_column_values(&self) -> Vec<Vec<Goldilocks>> {
        self.honest.get_periodic_column_values()
    }

    fn evaluate_transition<E: FieldElement<BaseField = Goldilocks>>(&self, frame: &EvaluationFrame<E>, periodic: &[E], result: &mut [E]) {
        self.honest.evaluate_transition(frame, periodic, result);
    }

    fn evaluate_aux_transition<F, E>(
        &self,
        main: &EvaluationFrame<F>,
        auxiliary: &EvaluationFrame<E>,
        periodic: &[F],
        random: &AuxRandElements<E>,
        result: &mut [E],
    ) where
        F: FieldElement<BaseField = Goldilocks>,
        E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
    {
        self.variation.evaluate(&self.honest, Frames { layout: self.layout, main, auxiliary, periodic }, random, result);
    }

    fn get_assertions(&self) -> Vec<Assertion<Goldilocks>> {
        self.honest.get_assertions()
    }

    fn get_aux_assertions<E: FieldElement<BaseField = Goldilocks>>(&self, random: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        self.honest.get_aux_assertions(random)
    }

    fn get_aux_rand_elements<E, R>(&self, coin: &mut R) -> Result<AuxRandElements<E>, RandomCoinError>
    where
        E: FieldElement<BaseField = Goldilocks>,
        R: RandomCoin<BaseField = Goldilocks>,
    {
        self.honest.get_aux_rand_elements(coin)
    }
}

/// The production prover with another AIR and another coin.
pub(super) struct OtherProver<'a, H: Hasher, A: Air, C> {
    honest: StarkProver<'a, H>,
    public_inputs: A::PublicInputs,
    coin: PhantomData<fn() -> C>,
}

impl<'a, H: Hasher, A: Air, C> OtherProver<'a, H, A, C> {
    pub(super) fn new(honest: StarkProver<'a, H>, public_inputs: A::PublicInputs) -> Self {
        Self { honest, public_inputs, coin: PhantomData }
    }
}

impl<'a, H, A, C> Prover for OtherProver<'a, H, A, C>
where
    H: TreeHasher + Send + Sync,
    A: OfModels,
    C: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<H>>,
{
    type BaseField = Goldilocks;
    type Air = A;
    type Trace = MainTrace<Goldilocks>;
    type HashFn = SplitHasher<H>;
    type VC = SplitTree<H>;
    type RandomCoin = C;
    type TraceLde<E: FieldElement<BaseField = Goldilocks>> = <StarkProver<'a, H> as Prover>::TraceLde<E>;
    type ConstraintEvaluator<'b, E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintEvaluator<'b, A, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Goldilocks>> = <StarkProver<'a, H> as Prover>::ConstraintCommitment<E>;

    fn get_pub_inputs(&self, _trace: &Self::Trace) -> A::PublicInputs {
        self.public_inputs.clone()
    }

    fn options(&self) -> &ProofOptions {
        self.honest.options()
    }

    fn new_trace_lde<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<Goldilocks>,
        domain: &StarkDomain<Goldilocks>,
        partitions: PartitionOptions,
    ) -> (Self::TraceLde<E>, TracePolyTable<E>) {
        self.honest.new_trace_lde(info, main, domain, partitions)
    }

    fn build_aux_trace<E: FieldElement<BaseField = Goldilocks>>(&self, trace: &Self::Trace, random: &AuxRandElements<E>) -> ColMatrix<E> {
        self.honest.build_aux_trace(trace, random)
    }

    fn new_evaluator<'b, E: FieldElement<BaseField = Goldilocks>>(
        &self,
        air: &'b A,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'b, E> {
        DefaultConstraintEvaluator::new(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        composition: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<Goldilocks>,
        partitions: PartitionOptions,
    ) -> (Self::ConstraintCommitment<E>, CompositionPoly<E>) {
        self.honest.build_constraint_commitment(composition, columns, domain, partitions)
    }
}
