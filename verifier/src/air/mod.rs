//! The one AIR of all model proofs.
//!
//! The fixed columns say what the model is; the constraints here are the same for every model. They come in four parts, one file each:
//!
//! | part | file | what it enforces |
//! |---|---|---|
//! | units | [`units`] | a value is within its range, and saturated only where its accumulator leaves it |
//! | inputs | [`inputs`] | an input is within its range |
//! | bus | [`bus`] | every cell that is read was written, every limb has its width, every function value is in its table |
//! | combination | [`combination`] | every accumulator is the sum of products that the model says |
//!
//! A transition constraint holds in all rows but the last, so nothing happens in the last rows: see docs/proofs.md.

pub mod bus;
mod challenges;
pub mod combination;
pub mod inputs;
mod public_inputs;
pub mod sponge;
pub mod units;

use crate::goldilocks::Goldilocks;
use winter_air::{Air, AirContext, Assertion, AuxRandElements, EvaluationFrame, ProofOptions, TraceInfo, TransitionConstraintDegree};
use winter_verifier::crypto::{RandomCoin, RandomCoinError};
use winter_verifier::math::{ExtensionOf, FieldElement};

pub use challenges::{Challenges, RANDOM_ELEMENTS};
pub use public_inputs::{PublicInputs, signed_element};

use crate::layout::*;

/// The AIR of model proofs, for one trace length and one statement.
pub struct ModelAir {
    context: AirContext<Goldilocks>,
    public_inputs: PublicInputs,
    /// `2^b` for limbs of `b` bits.
    radix: Goldilocks,
}

/// The auxiliary columns that start at 0.
const SUMS: [Columns; 9] = [BUS_SUM, INPUT_SUM, OUTPUT_SUM, LEFT, RIGHT, PRODUCTS, INNER, OUTER, RESULTS];

/// The shape of a trace with this many rows: the only one that a verifier accepts.
///
/// # Panics
/// When `rows` is not a power of two from [`MIN_ROWS`] to [`MAX_ROWS`].
pub fn trace_info(rows: usize) -> TraceInfo {
    assert!(rows.is_power_of_two() && (MIN_ROWS..=MAX_ROWS).contains(&rows), "{rows} rows");
    TraceInfo::new_multi_segment(MAIN_WIDTH, AUXILIARY_WIDTH, RANDOM_ELEMENTS, rows, Vec::new())
}

impl Air for ModelAir {
    type BaseField = Goldilocks;
    type PublicInputs = PublicInputs;

    fn new(trace_info: TraceInfo, public_inputs: PublicInputs, options: ProofOptions) -> Self {
        let degrees = |degrees: &[usize]| degrees.iter().map(|degree| TransitionConstraintDegree::new(*degree)).collect::<Vec<_>>();
        let main = degrees(&[&units::DEGREES.repeat(UNITS)[..], &[inputs::DEGREE]].concat());
        let auxiliary = degrees(&[&bus::DEGREES[..], &combination::DEGREES].concat());
        let visible = usize::from(public_inputs.inputs.is_some()) + usize::from(public_inputs.outputs.is_some());
        let radix = Goldilocks::new(1 << limb_bits(trace_info.length()));
        let context = AirContext::new_multi_segment(trace_info, main, auxiliary, 1, SUMS.len() + 1 + visible, options);
        Self { context, public_inputs, radix }
    }

    fn context(&self) -> &AirContext<Goldilocks> {
        &self.context
    }

    fn evaluate_transition<E: FieldElement<BaseField = Goldilocks>>(&self, frame: &EvaluationFrame<E>, _periodic: &[E], result: &mut [E]) {
        let (row, radix) = (frame.current(), E::from(self.radix));
        let (units, input) = result.split_at_mut(UNITS * units::DEGREES.len());
        for (unit, result) in units.chunks_exact_mut(units::DEGREES.len()).enumerate() {
            units::enforce(unit, row, radix, result);
        }
        input[0] = inputs::enforce(row, radix);
    }

    fn evaluate_aux_transition<F, E>(
        &self,
        main: &EvaluationFrame<F>,
        auxiliary: &EvaluationFrame<E>,
        _periodic: &[F],
        random: &AuxRandElements<E>,
        result: &mut [E],
    ) where
        F: FieldElement<BaseField = Goldilocks>,
        E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
    {
        let challenges = Challenges::new(random.rand_elements());
        let (bus, combination) = result.split_at_mut(bus::DEGREES.len());
        bus::enforce(main.current(), auxiliary, self.public_inputs.n_inputs, &challenges, bus);
        combination::enforce(main.current(), auxiliary, F::from(self.radix), &challenges, combination);
    }

    /// The main segment needs no assertion; one is required, so the first row is not the final one.
    fn get_assertions(&self) -> Vec<Assertion<Goldilocks>> {
        vec![Assertion::single(FINAL.start, 0, Goldilocks::ZERO)]
    }

    /// All sums begin at 0. At the end the bus is balanced, and the inputs and outputs that the statement names are those of the trace.
    fn get_aux_assertions<E: FieldElement<BaseField = Goldilocks>>(&self, random: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        let challenges = Challenges::new(random.rand_elements());
        let last = self.trace_length() - 1;
        let mut assertions: Vec<_> = SUMS.iter().map(|sum| Assertion::single(sum.start, 0, E::ZERO)).collect();
        assertions.push(Assertion::single(BUS_SUM.start, last, E::ZERO));
        let sums = [(INPUT_SUM, self.public_inputs.input_sum(&challenges)), (OUTPUT_SUM, self.public_inputs.output_sum(&challenges))];
        assertions.extend(sums.into_iter().filter_map(|(column, sum)| Some(Assertion::single(column.start, last, sum?))));
        assertions
    }

    fn get_aux_rand_elements<E, R>(&self, public_coin: &mut R) -> Result<AuxRandElements<E>, RandomCoinError>
    where
        E: FieldElement<BaseField = Goldilocks>,
        R: RandomCoin<BaseField = Goldilocks>,
    {
        challenges::draw(public_coin)
    }
}

#[cfg(test)]
mod tests;
