//! The floor: stock Winterfell on a synthetic AIR with a matrix of the same size and constraints that cost next to nothing.

use std::marker::PhantomData;
use std::time::Instant;

use winterfell::crypto::{DefaultRandomCoin, MerkleTree, hashers::Blake3_256};
use winterfell::math::{ExtensibleField, ExtensionOf, FieldElement, StarkField, ToElements};
use winterfell::matrix::ColMatrix;
use winterfell::*;

type Hash<B> = Blake3_256<B>;

/// A field that winterfell proves over.
pub trait Field: StarkField + ExtensibleField<2> + ExtensibleField<3> + 'static {}

impl<B: StarkField + ExtensibleField<2> + ExtensibleField<3> + 'static> Field for B {}

#[derive(Clone)]
struct Nothing;

impl<B: Field> ToElements<B> for Nothing {
    fn to_elements(&self) -> Vec<B> {
        Vec::new()
    }
}

struct FloorAir<B: Field>(AirContext<B>);

impl<B: Field> Air for FloorAir<B> {
    type BaseField = B;
    type PublicInputs = Nothing;

    fn new(info: TraceInfo, _: Nothing, options: ProofOptions) -> Self {
        let degree = || vec![TransitionConstraintDegree::new(3)];
        Self(AirContext::new_multi_segment(info, degree(), degree(), 1, 1, options))
    }

    fn context(&self) -> &AirContext<B> {
        &self.0
    }

    /// Each column is multiplied by itself twice: `x' = x^3`.
    fn evaluate_transition<E: FieldElement<BaseField = B>>(&self, frame: &EvaluationFrame<E>, _: &[E], result: &mut [E]) {
        result[0] = frame.next()[0] - frame.current()[0].cube();
    }

    fn evaluate_aux_transition<F, E>(
        &self,
        main: &EvaluationFrame<F>,
        aux: &EvaluationFrame<E>,
        _: &[F],
        _: &AuxRandElements<E>,
        result: &mut [E],
    ) where
        F: FieldElement<BaseField = B>,
        E: FieldElement<BaseField = B> + ExtensionOf<F>,
    {
        result[0] = aux.next()[0] - E::from(main.current()[0].cube());
    }

    fn get_assertions(&self) -> Vec<Assertion<B>> {
        vec![Assertion::single(0, 0, B::from(3u32))]
    }

    fn get_aux_assertions<E: FieldElement<BaseField = B>>(&self, _: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        vec![Assertion::single(0, 0, E::from(B::from(3u32)))]
    }
}

struct FloorTrace<B: Field>(TraceInfo, ColMatrix<B>);

impl<B: Field> Trace for FloorTrace<B> {
    type BaseField = B;

    fn info(&self) -> &TraceInfo {
        &self.0
    }

    fn main_segment(&self) -> &ColMatrix<B> {
        &self.1
    }

    fn read_main_frame(&self, row: usize, frame: &mut EvaluationFrame<B>) {
        self.1.read_row_into(row, frame.current_mut());
        self.1.read_row_into((row + 1) % self.1.num_rows(), frame.next_mut());
    }
}

struct FloorProver<B>(ProofOptions, PhantomData<B>);

impl<B: Field> Prover for FloorProver<B> {
    type BaseField = B;
    type Air = FloorAir<B>;
    type Trace = FloorTrace<B>;
    type HashFn = Hash<B>;
    type VC = MerkleTree<Hash<B>>;
    type RandomCoin = DefaultRandomCoin<Hash<B>>;
    type TraceLde<E: FieldElement<BaseField = B>> = DefaultTraceLde<E, Hash<B>, Self::VC>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = B>> = DefaultConstraintEvaluator<'a, FloorAir<B>, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = B>> = DefaultConstraintCommitment<E, Hash<B>, Self::VC>;

    fn get_pub_inputs(&self, _: &FloorTrace<B>) -> Nothing {
        Nothing
    }

    fn options(&self) -> &ProofOptions {
        &self.0
    }

    fn new_trace_lde<E: FieldElement<BaseField = B>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<B>,
        domain: &StarkDomain<B>,
        partitions: PartitionOptions,
    ) -> (Self::TraceLde<E>, TracePolyTable<E>) {
        DefaultTraceLde::new(info, main, domain, partitions)
    }

    fn build_aux_trace<E: FieldElement<BaseField = B>>(&self, trace: &FloorTrace<B>, _: &AuxRandElements<E>) -> ColMatrix<E> {
        let rows = trace.1.num_rows();
        let shifted = (0..rows).map(|row| E::from(trace.1.get(0, row)));
        let first: Vec<E> = shifted.collect();
        ColMatrix::new(
            (0..trace.0.aux_segment_width()).map(|column| first.iter().map(|value| *value + E::from(column as u32)).collect()).collect(),
        )
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = B>>(
        &self,
        air: &'a FloorAir<B>,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
        DefaultConstraintEvaluator::new(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = B>>(
        &self,
        composition: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<B>,
        partitions: PartitionOptions,
    ) -> (Self::ConstraintCommitment<E>, CompositionPoly<E>) {
        DefaultConstraintCommitment::new(composition, columns, domain, partitions)
    }
}

/// Prints the median time in milliseconds of a proof of this many rows, main columns and auxiliary columns.
pub fn measure<B: Field>(rows: usize, (main, auxiliary): (usize, usize), options: &ProofOptions, runs: usize) {
    let mut column = Vec::with_capacity(rows);
    let mut value = B::from(3u32);
    for _ in 0..rows {
        column.push(value);
        value = value.cube();
    }
    let columns: Vec<Vec<B>> = (0..main as u32).map(|number| column.iter().map(|value| *value * B::from(number + 1)).collect()).collect();
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let info = TraceInfo::new_multi_segment(main, auxiliary, 1, rows, Vec::new());
            let trace = FloorTrace(info, ColMatrix::new(columns.clone()));
            let started = Instant::now();
            FloorProver(options.clone(), PhantomData).prove(trace).expect("the trace is valid");
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{:.1}", times[runs / 2]);
}
