//! The constraints that say nothing, and the rows that none binds.
//!
//! Two constraints of a hiding proof hold for every trace. A prover that leaves one out, or takes it for another, proves nothing false with
//! that; but the shape of a proof is the statement's, and its quotients are the verifier's. The rows in which no constraint begins are the
//! verifier's choice, too.

use maat_verifier::air::{ModelAir, PublicInputs, bus, combination, inputs, trace_info, units};
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, ProofFile, SplitHasher, SplitTree, Statement, VerifyError, verify};
use winter_air::{AirContext, TransitionConstraintDegree};
use winter_verifier::crypto::RandomCoinError;
use winterfell::crypto::{DefaultRandomCoin, RandomCoin};
use winterfell::math::{ExtensionOf, FieldElement, ToElements};
use winterfell::matrix::ColMatrix;
use winterfell::{
    Air, Assertion, AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients, DefaultConstraintCommitment,
    DefaultConstraintEvaluator, EvaluationFrame, PartitionOptions, ProofOptions, Prover, StarkDomain, TraceInfo, TracePolyTable,
};

use super::forged::{Blake3, Forge};
use super::low_degree::BROKEN_CONSTRAINT;
use super::{Attempt, OF_AUXILIARY, SETTINGS, masks, models};
use crate::stages::Clock;
use crate::stark::StarkProver;
use crate::trace::MainTrace;
use crate::trace_lde::SplitTraceLde;

/// Where a prover's AIR departs from the verifier's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Departure {
    /// Nowhere.
    None,
    /// One of the constraints that say nothing is missing.
    Without(usize),
    /// One of them is there, but its mask is left out.
    Unmasked(usize),
    /// The second one has a degree that asks for one more quotient.
    Degree,
    /// So many more rows are exempt.
    Exempt(usize),
}

/// The number of constraints that say nothing: the last ones.
const VACUOUS: usize = 2;

/// Public inputs with a departure, which the transcript does not know of.
#[derive(Clone)]
struct Inputs(PublicInputs, Departure);

impl ToElements<Goldilocks> for Inputs {
    fn to_elements(&self) -> Vec<Goldilocks> {
        self.0.to_elements()
    }
}

/// The AIR with a departure.
struct OtherAir {
    honest: ModelAir,
    context: AirContext<Goldilocks>,
    departure: Departure,
}

impl Air for OtherAir {
    type BaseField = Goldilocks;
    type PublicInputs = Inputs;

    fn new(info: TraceInfo, Inputs(public_inputs, departure): Inputs, options: ProofOptions) -> Self {
        let honest = ModelAir::new(info.clone(), public_inputs, options.clone());
        let degrees = |degrees: &[usize]| degrees.iter().map(|degree| TransitionConstraintDegree::new(*degree)).collect::<Vec<_>>();
        let main = degrees(&[&units::DEGREES.repeat(UNITS)[..], &[inputs::DEGREE]].concat());
        let mut auxiliary = degrees(&[&bus::DEGREES[..], &combination::DEGREES].concat());
        let cycles: &[usize] = match departure {
            // Without the second one, the first one keeps the room for its quotient.
            Departure::Without(_) => &[3],
            Departure::Degree => &[2, 4],
            Departure::None | Departure::Unmasked(_) | Departure::Exempt(_) => &[2, 3],
        };
        auxiliary.extend(cycles.iter().map(|number| TransitionConstraintDegree::with_cycles(1, vec![4; *number])));
        let (assertions, more) = (honest.context().num_assertions(), if let Departure::Exempt(more) = departure { more } else { 0 });
        let context = AirContext::new_multi_segment(info, main, auxiliary, 1, assertions - 1, options)
            .set_num_transition_exemptions(MASK_ROWS + more);
        Self { honest, context, departure }
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
        let number = self.honest.context().num_aux_transition_constraints();
        let mut all = vec![E::ZERO; number];
        self.honest.evaluate_aux_transition(main, auxiliary, periodic, random, &mut all);
        match self.departure {
            Departure::Without(one) => drop(all.remove(number - VACUOUS + one)),
            Departure::Unmasked(one) => all[number - VACUOUS + one] = E::ZERO,
            Departure::None | Departure::Degree | Departure::Exempt(_) => {}
        }
        result.copy_from_slice(&all);
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

/// The honest prover of the other AIR.
struct OtherProver<'a> {
    honest: StarkProver<'a, Blake3>,
    departure: Departure,
}

impl Prover for OtherProver<'_> {
    type BaseField = Goldilocks;
    type Air = OtherAir;
    type Trace = MainTrace<Goldilocks>;
    type HashFn = SplitHasher<Blake3>;
    type VC = SplitTree<Blake3>;
    type RandomCoin = DefaultRandomCoin<SplitHasher<Blake3>>;
    type TraceLde<E: FieldElement<BaseField = Goldilocks>> = SplitTraceLde<E, Blake3>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintEvaluator<'a, OtherAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintCommitment<E, Self::HashFn, Self::VC>;

    fn get_pub_inputs(&self, trace: &MainTrace<Goldilocks>) -> Inputs {
        Inputs(self.honest.get_pub_inputs(trace), self.departure)
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

    fn build_aux_trace<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        trace: &MainTrace<Goldilocks>,
        random: &AuxRandElements<E>,
    ) -> ColMatrix<E> {
        self.honest.build_aux_trace(trace, random)
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = Goldilocks>>(
        &self,
        air: &'a OtherAir,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
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

/// The verifier's word on an attempt whose prover has another AIR.
fn verdict(forge: &Forge, attempt: &Attempt, departure: Departure) -> Result<Statement, VerifyError> {
    let header = forge.header(attempt);
    let public_inputs = header.public_inputs();
    let clock = Clock::new(&|_| ());
    let trace = MainTrace::new(trace_info(attempt.rows(), &public_inputs), attempt.main.clone());
    let honest = StarkProver::<Blake3> {
        fixed: &forge.fixed,
        extension: forge.extension.clone(),
        options: forge.options.clone(),
        masks: Some(masks(OF_AUXILIARY)),
        public_inputs,
        clock: &clock,
    };
    let stark = OtherProver { honest, departure }.prove(trace).unwrap().to_bytes();
    verify(&ProofFile { header, stark }.to_bytes(), &forge.commitment())
}

#[test]
fn a_prover_with_another_air_is_refused() {
    for setting in SETTINGS.into_iter().filter(|setting| setting.mode().is_hiding()) {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let forge = Forge::of(&attempt);
        let verdict = |departure| verdict(&forge, &attempt, departure);
        let statement = verdict(Departure::None).unwrap();
        assert_eq!((statement.inputs, statement.outputs), (attempt.inputs.clone(), attempt.outputs.clone()));
        let air = attempt.air();
        let expected = air.context().num_transition_constraints() + air.context().num_assertions();
        for one in 0..VACUOUS {
            assert_eq!(verdict(Departure::Without(one)), Err(VerifyError::ConstraintCount { expected, found: expected - 1 }));
            // The quotients that the verifier asks for have the mask.
            assert_eq!(verdict(Departure::Unmasked(one)), Err(BROKEN_CONSTRAINT));
        }
        // A quotient more; each has two values of 16 bytes, and the list of them a byte.
        let quotients = air.context().num_constraint_composition_columns();
        assert_eq!(quotients, 3);
        assert_eq!(verdict(Departure::Degree), Err(VerifyError::Frame { expected: 1 + 2 * 16 * quotients }));
    }
}

#[test]
fn a_prover_that_exempts_more_rows_is_refused() {
    for setting in SETTINGS.into_iter().filter(|setting| setting.mode().is_hiding()) {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let forge = Forge::of(&attempt);
        for more in [1, MASK_ROWS] {
            assert_eq!(verdict(&forge, &attempt, Departure::Exempt(more)), Err(BROKEN_CONSTRAINT));
        }
    }
}
