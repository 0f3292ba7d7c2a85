//! The forged prover of both kinds of proof: any honest prover, with room to depart from it in two places and in no other, and to see its
//! quotients.
//!
//! What departs, and what the verifier then says, is in `forged.rs` of each kind.

use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{
    Air, AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients, PartitionOptions, Proof, ProofOptions,
    Prover, StarkDomain, TraceInfo, TracePolyTable,
};

use super::low_degree::{self, Lie};

/// How a prover departs from the honest one, `P`.
pub(crate) trait Depart<P: Prover> {
    /// The polynomials of the main segment, which was committed to as the honest prover does it.
    fn polynomials<E>(&self, _main: &ColMatrix<P::BaseField>, honest: TracePolyTable<E>) -> TracePolyTable<E>
    where
        E: FieldElement<BaseField = P::BaseField>,
    {
        honest
    }

    /// The auxiliary segment.
    fn auxiliary<E>(&self, prover: &P, trace: &P::Trace, random: &AuxRandElements<E>) -> ColMatrix<E>
    where
        E: FieldElement<BaseField = P::BaseField>;

    /// Sees the quotients, which are the honest prover's.
    fn see<E>(&self, _quotients: &CompositionPoly<E>)
    where
        E: FieldElement<BaseField = P::BaseField>,
    {
    }
}

/// A segment with one added to the cell in this column and row.
pub(crate) fn with_changed_cell<E: FieldElement>(segment: &ColMatrix<E>, (column, row): (usize, usize)) -> ColMatrix<E> {
    let mut columns: Vec<_> = segment.columns().map(<[E]>::to_vec).collect();
    columns[column][row] += E::ONE;
    ColMatrix::new(columns)
}

/// The forged prover: the honest one in all but its departure.
pub(crate) struct Forger<P, D> {
    pub(crate) honest: P,
    pub(crate) departure: D,
}

impl<P: Prover, D: Depart<P>> Forger<P, D> {
    /// The proof of a trace, with a lie after the trace's commitment if there is one. `E` is the extension that the options ask for.
    pub(crate) fn forge<E>(&self, trace: P::Trace, lie: Option<Lie>) -> Proof
    where
        E: FieldElement<BaseField = P::BaseField>,
        <P::Air as Air>::PublicInputs: Send,
    {
        match lie {
            Some(lie) => low_degree::prove::<_, E>(self, &trace, lie),
            None => self.prove(trace).unwrap(),
        }
    }
}

impl<P: Prover, D: Depart<P>> Prover for Forger<P, D> {
    type BaseField = P::BaseField;
    type Air = P::Air;
    type Trace = P::Trace;
    type HashFn = P::HashFn;
    type VC = P::VC;
    type RandomCoin = P::RandomCoin;
    type TraceLde<E: FieldElement<BaseField = P::BaseField>> = P::TraceLde<E>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = P::BaseField>> = P::ConstraintEvaluator<'a, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = P::BaseField>> = P::ConstraintCommitment<E>;

    fn get_pub_inputs(&self, trace: &P::Trace) -> <P::Air as Air>::PublicInputs {
        self.honest.get_pub_inputs(trace)
    }

    fn options(&self) -> &ProofOptions {
        self.honest.options()
    }

    fn new_trace_lde<E: FieldElement<BaseField = P::BaseField>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<P::BaseField>,
        domain: &StarkDomain<P::BaseField>,
        partitions: PartitionOptions,
    ) -> (P::TraceLde<E>, TracePolyTable<E>) {
        let (lde, polynomials) = self.honest.new_trace_lde(info, main, domain, partitions);
        (lde, self.departure.polynomials(main, polynomials))
    }

    fn build_aux_trace<E: FieldElement<BaseField = P::BaseField>>(&self, trace: &P::Trace, random: &AuxRandElements<E>) -> ColMatrix<E> {
        self.departure.auxiliary(&self.honest, trace, random)
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = P::BaseField>>(
        &self,
        air: &'a P::Air,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> P::ConstraintEvaluator<'a, E> {
        self.honest.new_evaluator(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = P::BaseField>>(
        &self,
        composition: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<P::BaseField>,
        partitions: PartitionOptions,
    ) -> (P::ConstraintCommitment<E>, CompositionPoly<E>) {
        let (commitment, quotients) = self.honest.build_constraint_commitment(composition, columns, domain, partitions);
        self.departure.see(&quotients);
        (commitment, quotients)
    }
}
