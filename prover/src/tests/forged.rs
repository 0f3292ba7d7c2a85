//! A prover that follows the protocol, but for a main segment, a statement or an auxiliary cell that is not the honest one.
//!
//! Winterfell proves whatever it is given, unless its debug assertions are on, which the workspace turns off: so the verifier must object.

use std::sync::Arc;

use maat_runtime::Model;
use maat_verifier::Goldilocks;
use maat_verifier::air::{ModelAir, PublicInputs, trace_info};
use maat_verifier::layout::{FIXED_WIDTH, MAIN_WIDTH, OUTPUT_VALUE};
use maat_verifier::{
    Entries, Entry, Header, ModelCommitment, Preset, ProofFile, SplitHasher, SplitTree, Statement, Values, VerifyError, public_inputs,
    verify,
};
use winter_fri::VerifierError as FriError;
use winter_verifier::VerifierError;
use winterfell::crypto::DefaultRandomCoin;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{
    AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients, DefaultConstraintCommitment,
    DefaultConstraintEvaluator, PartitionOptions, Proof, ProofOptions, Prover, StarkDomain, TraceInfo, TracePolyTable,
};

use super::low_degree::{self, Lie};
use super::{Attempt, Extended, models};
use crate::extension::{Extension, Fixed};
use crate::program::TraceProgram;
use crate::salt::Salt;
use crate::stages::Clock;
use crate::stark::StarkProver;
use crate::trace::MainTrace;
use crate::trace_lde::SplitTraceLde;
use crate::witness::Witness;

type Blake3 = Blake3_256<Goldilocks>;

/// A model, ready for proofs with the preset `fast`.
pub(super) struct Forge {
    fixed: Fixed,
    extension: Arc<Extension<Blake3>>,
    pub(super) entries: Entries,
    pub(super) entry: Entry,
    /// The parameters of proofs: the preset's, if the forger is honest about them.
    pub(super) options: ProofOptions,
}

/// Where a forged proof departs from the honest one; all else follows the protocol.
#[derive(Clone, Copy, Default)]
pub(super) struct Departure {
    /// Column and row of a changed cell of the auxiliary segment.
    pub(super) auxiliary: Option<(usize, usize)>,
    /// Column and row of a cell of the main segment that differs in the polynomials, not in what was committed to before.
    pub(super) fixed: Option<(usize, usize)>,
    /// Whether inputs and outputs have a tree of their own, if it is not the statement that says so.
    pub(super) trees: Option<bool>,
    /// What is told once the trace is committed to, if winterfell is not to do the rest.
    pub(super) lie: Option<Lie>,
}

impl Forge {
    /// `batches` are those that the model's commitment lists besides the attempt's.
    pub(super) fn new(program: &TraceProgram, fixed: Fixed, batches: &[&TraceProgram]) -> Self {
        let preset = Preset::Fast;
        let blowup = preset.options().blowup_factor();
        let extension = Arc::new(Extension::new(&fixed, blowup));
        let entry = |program: &TraceProgram, fixed_root| Entry {
            preset,
            batch: program.batch as u32,
            rows: program.rows as u32,
            inputs: (program.n_inputs / program.batch) as u32,
            outputs: (program.n_outputs / program.batch) as u32,
            fixed_root,
        };
        let others = batches.iter().map(|other| entry(other, Fixed::new(other).root::<Blake3>(blowup)));
        let entry = entry(program, extension.root());
        let entries = Entries::new(others.chain([entry]).collect()).unwrap();
        Self { fixed, extension, entries, entry, options: preset.options() }
    }

    pub(super) fn of(attempt: &Attempt) -> Self {
        Self::new(&attempt.program, Fixed::new(&attempt.program), &[])
    }

    pub(super) fn commitment(&self) -> ModelCommitment {
        self.entries.commitment()
    }

    /// What a statement names: the attempt's values.
    pub(super) fn claim(attempt: &Attempt) -> [Values; 2] {
        [&attempt.inputs, &attempt.outputs].map(|values| values.clone().map_or(Values::Committed, Values::Public))
    }

    /// The proof file of an attempt.
    pub(super) fn prove(&self, attempt: &Attempt, departure: Departure) -> ProofFile {
        let [inputs, outputs] = Self::claim(attempt);
        let committed = inputs.is_committed() || outputs.is_committed();
        let public_inputs = public_inputs(&self.commitment(), &self.entry, &inputs, &outputs);
        let (proof, io) = match departure.trees.unwrap_or(committed) {
            false => self.stark::<false>(attempt, public_inputs, departure),
            true => self.stark::<true>(attempt, public_inputs, departure),
        };
        let choice = (self.entry.preset, self.entry.batch);
        let header = Header::new(self.entries.clone(), choice, inputs, outputs, committed.then_some(io)).unwrap();
        ProofFile { header, stark: proof.to_bytes() }
    }

    /// The verifier's word on an attempt.
    pub(super) fn verdict(&self, attempt: &Attempt, departure: Departure) -> Result<Statement, VerifyError> {
        verify(&self.prove(attempt, departure).to_bytes(), &self.commitment())
    }

    fn stark<const IO: bool>(&self, attempt: &Attempt, public_inputs: PublicInputs, departure: Departure) -> (Proof, [u8; 32]) {
        let clock = Clock::new(&|_| ());
        let options = self.options.clone();
        let honest = StarkProver::<Blake3, IO> {
            fixed: &self.fixed,
            extension: self.extension.clone(),
            options: options.clone(),
            public_inputs,
            clock: &clock,
        };
        let forger = Forger { honest, departure };
        let trace = MainTrace::new(trace_info(attempt.main[0].len()), attempt.main.clone());
        let proof = match departure.lie {
            Some(lie) => low_degree::prove::<_, Extended>(&forger, &trace, lie),
            None => forger.prove(trace).unwrap(),
        };
        let layers = options.to_fri_options().num_fri_layers(proof.lde_domain_size());
        let segments = proof.trace_info().num_segments();
        let (trace, _, _) = proof.commitments.clone().parse::<SplitHasher<Blake3, IO>>(segments, layers).unwrap();
        let io = trace[0].parts()[1];
        (proof, io)
    }
}

/// The forged prover: the honest one in all but its departure.
struct Forger<'a, const IO: bool> {
    honest: StarkProver<'a, Blake3, IO>,
    departure: Departure,
}

impl<const IO: bool> Prover for Forger<'_, IO> {
    type BaseField = Goldilocks;
    type Air = ModelAir;
    type Trace = MainTrace<Goldilocks>;
    type HashFn = SplitHasher<Blake3, IO>;
    type VC = SplitTree<Blake3>;
    type RandomCoin = DefaultRandomCoin<SplitHasher<Blake3, IO>>;
    type TraceLde<E: FieldElement<BaseField = Goldilocks>> = SplitTraceLde<E, Blake3, IO>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintEvaluator<'a, ModelAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintCommitment<E, Self::HashFn, Self::VC>;

    fn get_pub_inputs(&self, trace: &MainTrace<Goldilocks>) -> PublicInputs {
        self.honest.get_pub_inputs(trace)
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
        let (lde, polynomials) = self.honest.new_trace_lde(info, main, domain, partitions);
        let Some((column, row)) = self.departure.fixed else { return (lde, polynomials) };
        let mut columns: Vec<_> = (0..MAIN_WIDTH).map(|column| main.get_column(column).to_vec()).collect();
        columns[column][row] += Goldilocks::ONE;
        (lde, TracePolyTable::new(ColMatrix::new(columns).interpolate_columns_into()))
    }

    fn build_aux_trace<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        trace: &MainTrace<Goldilocks>,
        random: &AuxRandElements<E>,
    ) -> ColMatrix<E> {
        let honest = self.honest.build_aux_trace(trace, random);
        let Some((column, row)) = self.departure.auxiliary else { return honest };
        let mut columns: Vec<_> = honest.columns().map(<[E]>::to_vec).collect();
        columns[column][row] += E::ONE;
        ColMatrix::new(columns)
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = Goldilocks>>(
        &self,
        air: &'a ModelAir,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
        self.honest.new_evaluator(air, random, coefficients)
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

/// The attempt with inputs and outputs that are committed to.
pub(super) fn committed(model: &Model, inputs: Vec<i32>, visible: [bool; 2]) -> Attempt {
    let mut attempt = Attempt::of(TraceProgram::new(model, 1).unwrap(), inputs);
    let witness = Witness::new(&attempt.program, attempt.inputs.as_deref().unwrap(), Some(&Salt::new([7; 32])));
    attempt.main.splice(FIXED_WIDTH.., witness.columns);
    attempt.inputs = attempt.inputs.filter(|_| visible[0]);
    attempt.outputs = attempt.outputs.filter(|_| visible[1]);
    attempt
}

/// What the verifier says of a trace that breaks a constraint, whichever: its quotients are not polynomials.
pub(super) const BROKEN_CONSTRAINT: VerifyError = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);

#[test]
fn the_forger_without_a_departure_is_the_honest_prover() {
    let model = models::every_primitive();
    let attempt = Attempt::honest(&model, 1, 7);
    let statement = Forge::of(&attempt).verdict(&attempt, Departure::default()).unwrap();
    assert_eq!([statement.inputs, statement.outputs], Forge::claim(&attempt));
    for visible in [[false, true], [true, false], [false, false]] {
        let attempt = committed(&model, models::inputs(&model, 1, 7).concat().concat(), visible);
        let statement = Forge::of(&attempt).verdict(&attempt, Departure::default()).unwrap();
        assert_eq!(visible, [!statement.inputs.is_committed(), !statement.outputs.is_committed()]);
    }
}

#[test]
fn quotients_that_are_right_out_of_the_domain_alone_fail_the_low_degree_test() {
    let honest = Attempt::honest(&models::every_primitive(), 1, 7);
    let forge = Forge::of(&honest);
    let told = |attempt: &Attempt, lie: Lie| forge.verdict(attempt, Departure { lie: Some(lie), ..Departure::default() });
    assert_eq!(told(&honest, Lie::None).unwrap(), forge.verdict(&honest, Departure::default()).unwrap());
    // A true statement has nothing to lie about, so these are honest too.
    for lie in [Lie::Polynomials, Lie::Committed] {
        told(&honest, lie).unwrap();
    }

    // Another output, in the statement and in the trace.
    let mut forged = honest.clone();
    forged.main[OUTPUT_VALUE.start][0] += Goldilocks::ONE;
    forged.outputs.as_mut().unwrap()[0] += 1;
    assert_eq!(told(&forged, Lie::None), Err(BROKEN_CONSTRAINT));
    let of_queries = |error| Err(VerifyError::Stark(VerifierError::FriVerificationFailed(error)));
    // What is tested is not what the openings give (DEEP).
    assert_eq!(told(&forged, Lie::Polynomials), of_queries(FriError::InvalidLayerFolding(0)));
    // What is tested is what the openings give, but of no low degree (FRI).
    assert_eq!(told(&forged, Lie::Committed), of_queries(FriError::InvalidRemainderFolding));
}

#[test]
fn another_remainder_that_is_committed_to_fails_the_low_degree_test() {
    let honest = Attempt::honest(&models::every_primitive(), 1, 7);
    let verdict = Forge::of(&honest).verdict(&honest, Departure { lie: Some(Lie::Remainder), ..Departure::default() });
    assert_eq!(verdict, Err(VerifyError::Stark(VerifierError::FriVerificationFailed(FriError::InvalidRemainderFolding))));
}
