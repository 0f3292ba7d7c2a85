//! The floor: stock Winterfell on a synthetic AIR with a matrix of the same size and constraints that cost next to nothing.

use std::time::Instant;

use maat_verifier::layout::{AUXILIARY_WIDTH, MAIN_WIDTH};
use winterfell::crypto::{DefaultRandomCoin, MerkleTree, hashers::Blake3_256};
use winterfell::math::{ExtensionOf, FieldElement, ToElements, fields::f64::BaseElement};
use winterfell::matrix::ColMatrix;
use winterfell::*;

type Hash = Blake3_256<BaseElement>;

#[derive(Clone)]
struct Nothing;

impl ToElements<BaseElement> for Nothing {
    fn to_elements(&self) -> Vec<BaseElement> {
        Vec::new()
    }
}

struct FloorAir(AirContext<BaseElement>);

impl Air for FloorAir {
    type BaseField = BaseElement;
    type PublicInputs = Nothing;

    fn new(info: TraceInfo, _: Nothing, options: ProofOptions) -> Self {
        let degree = || vec![TransitionConstraintDegree::new(3)];
        Self(AirContext::new_multi_segment(info, degree(), degree(), 1, 1, options))
    }

    fn context(&self) -> &AirContext<BaseElement> {
        &self.0
    }

    /// Each column is multiplied by itself twice: `x' = x^3`.
    fn evaluate_transition<E: FieldElement<BaseField = BaseElement>>(&self, frame: &EvaluationFrame<E>, _: &[E], result: &mut [E]) {
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
        F: FieldElement<BaseField = BaseElement>,
        E: FieldElement<BaseField = BaseElement> + ExtensionOf<F>,
    {
        result[0] = aux.next()[0] - E::from(main.current()[0].cube());
    }

    fn get_assertions(&self) -> Vec<Assertion<BaseElement>> {
        vec![Assertion::single(0, 0, BaseElement::new(3))]
    }

    fn get_aux_assertions<E: FieldElement<BaseField = BaseElement>>(&self, _: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        vec![Assertion::single(0, 0, E::from(BaseElement::new(3)))]
    }
}

struct FloorTrace(TraceInfo, ColMatrix<BaseElement>);

impl Trace for FloorTrace {
    type BaseField = BaseElement;

    fn info(&self) -> &TraceInfo {
        &self.0
    }

    fn main_segment(&self) -> &ColMatrix<BaseElement> {
        &self.1
    }

    fn read_main_frame(&self, row: usize, frame: &mut EvaluationFrame<BaseElement>) {
        self.1.read_row_into(row, frame.current_mut());
        self.1.read_row_into((row + 1) % self.1.num_rows(), frame.next_mut());
    }
}

struct FloorProver(ProofOptions);

impl Prover for FloorProver {
    type BaseField = BaseElement;
    type Air = FloorAir;
    type Trace = FloorTrace;
    type HashFn = Hash;
    type VC = MerkleTree<Hash>;
    type RandomCoin = DefaultRandomCoin<Hash>;
    type TraceLde<E: FieldElement<BaseField = BaseElement>> = DefaultTraceLde<E, Hash, Self::VC>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = BaseElement>> = DefaultConstraintEvaluator<'a, FloorAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = BaseElement>> = DefaultConstraintCommitment<E, Hash, Self::VC>;

    fn get_pub_inputs(&self, _: &FloorTrace) -> Nothing {
        Nothing
    }

    fn options(&self) -> &ProofOptions {
        &self.0
    }

    fn new_trace_lde<E: FieldElement<BaseField = BaseElement>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<BaseElement>,
        domain: &StarkDomain<BaseElement>,
        partitions: PartitionOptions,
    ) -> (Self::TraceLde<E>, TracePolyTable<E>) {
        DefaultTraceLde::new(info, main, domain, partitions)
    }

    fn build_aux_trace<E: FieldElement<BaseField = BaseElement>>(&self, trace: &FloorTrace, _: &AuxRandElements<E>) -> ColMatrix<E> {
        let rows = trace.1.num_rows();
        let shifted = (0..rows).map(|row| E::from(trace.1.get(0, row)));
        let first: Vec<E> = shifted.collect();
        ColMatrix::new((0..AUXILIARY_WIDTH).map(|column| first.iter().map(|value| *value + E::from(column as u32)).collect()).collect())
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = BaseElement>>(
        &self,
        air: &'a FloorAir,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
        DefaultConstraintEvaluator::new(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = BaseElement>>(
        &self,
        composition: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<BaseElement>,
        partitions: PartitionOptions,
    ) -> (Self::ConstraintCommitment<E>, CompositionPoly<E>) {
        DefaultConstraintCommitment::new(composition, columns, domain, partitions)
    }
}

/// Prints the median time in milliseconds of a proof of this many rows.
pub fn measure(rows: usize, options: &ProofOptions, runs: usize) {
    let mut column = Vec::with_capacity(rows);
    let mut value = BaseElement::new(3);
    for _ in 0..rows {
        column.push(value);
        value = value.cube();
    }
    let columns: Vec<Vec<BaseElement>> =
        (0..MAIN_WIDTH as u64).map(|number| column.iter().map(|value| *value * BaseElement::new(number + 1)).collect()).collect();
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let info = TraceInfo::new_multi_segment(MAIN_WIDTH, AUXILIARY_WIDTH, 1, rows, Vec::new());
            let trace = FloorTrace(info, ColMatrix::new(columns.clone()));
            let started = Instant::now();
            FloorProver(options.clone()).prove(trace).expect("the trace is valid");
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{:.1}", times[runs / 2]);
}
