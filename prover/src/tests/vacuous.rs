//! The constraints that say nothing, and the rows that none binds.
//!
//! Two constraints of a hiding proof hold for every trace. A prover that leaves one out, or takes it for another, proves nothing false with
//! that; but the shape of a proof is the statement's, and its quotients are the verifier's. The rows in which no constraint begins are the
//! verifier's choice, too.

use maat_verifier::air::{ModelAir, bus, combination, inputs, public_values, sponge, trace_info, units};
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, ProofFile, SplitHasher, Statement, VerifyError, verify};
use winter_air::{AirContext, TransitionConstraintDegree};
use winterfell::crypto::DefaultRandomCoin;
use winterfell::math::{ExtensionOf, FieldElement};
use winterfell::{Air, AuxRandElements, Prover};

use super::forged::{Blake3, Forge};
use super::low_degree::BROKEN_CONSTRAINT;
use super::other_air::{Frames, Inputs, OtherAir, OtherProver, Variation};
use super::{Attempt, OF_AUXILIARY, SETTINGS, masks, models};
use crate::stages::Clock;
use crate::stark::StarkProver;
use crate::trace::MainTrace;

/// Where a prover's AIR departs from the verifier's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Departure {
    /// Nowhere.
    #[default]
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

impl Variation for Departure {
    fn context(self, honest: &ModelAir, layout: &Layout) -> AirContext<Goldilocks> {
        let cycles: &[usize] = match self {
            Self::None | Self::Unmasked(_) => return honest.context().clone(),
            Self::Exempt(more) => return honest.context().clone().set_num_transition_exemptions(MASK_ROWS + more),
            // Without the second one, the first one keeps the room for its quotient.
            Self::Without(_) => &[3],
            Self::Degree => &[2, 4],
        };
        let degrees = |degrees: &[usize]| degrees.iter().map(|degree| TransitionConstraintDegree::new(*degree)).collect::<Vec<_>>();
        let mut main = degrees(&[&units::DEGREES.repeat(layout.room.units)[..], &[inputs::DEGREE]].concat());
        let sponges = (honest.context().num_main_transition_constraints() - main.len()) / sponge::WIDTH;
        (0..sponges).for_each(|_| main.extend(sponge::degrees()));
        let mut auxiliary = degrees(&[&bus::degrees(layout)[..], &public_values::DEGREES, &combination::DEGREES].concat());
        auxiliary.extend(cycles.iter().map(|number| TransitionConstraintDegree::with_cycles(1, vec![4; *number])));
        let of_main = honest.get_assertions().len();
        let of_auxiliary = honest.context().num_assertions() - of_main;
        let (info, options) = (honest.trace_info().clone(), honest.options().clone());
        AirContext::new_multi_segment(info, main, auxiliary, of_main, of_auxiliary, options).set_num_transition_exemptions(MASK_ROWS)
    }

    fn evaluate<F, E>(self, honest: &ModelAir, frames: Frames<F, E>, random: &AuxRandElements<E>, result: &mut [E])
    where
        F: FieldElement<BaseField = Goldilocks>,
        E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
    {
        let number = honest.context().num_aux_transition_constraints();
        let mut all = vec![E::ZERO; number];
        honest.evaluate_aux_transition(frames.main, frames.auxiliary, frames.periodic, random, &mut all);
        match self {
            Self::Without(one) => drop(all.remove(number - VACUOUS + one)),
            Self::Unmasked(one) => all[number - VACUOUS + one] = E::ZERO,
            Self::None | Self::Degree | Self::Exempt(_) => {}
        }
        result.copy_from_slice(&all);
    }
}

/// The verifier's word on an attempt whose prover has another AIR.
fn verdict(forge: &Forge, attempt: &Attempt, departure: Departure) -> Result<Statement, VerifyError> {
    let header = forge.header(attempt);
    let public_inputs = header.public_inputs();
    let other = Inputs(public_inputs.clone(), departure);
    let clock = Clock::new(&|_| ());
    let trace = MainTrace::new(trace_info(attempt.rows(), &public_inputs), attempt.main.clone());
    let honest = StarkProver::<Blake3> {
        fixed: &forge.fixed.columns,
        extension: forge.extension.clone(),
        options: forge.options.clone(),
        masks: Some(masks(OF_AUXILIARY)),
        public_inputs,
        clock: &clock,
    };
    let stark = OtherProver::<_, OtherAir<_>, DefaultRandomCoin<SplitHasher<Blake3>>>::new(honest, other).prove(trace).unwrap().to_bytes();
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
