//! The one AIR of all model proofs.
//!
//! The fixed columns say what the model is; the constraints here are the same for every model. They come in parts, one file each:
//!
//! | part | file | what it enforces |
//! |---|---|---|
//! | units | [`units`] | a value is within its range, and saturated only where its accumulator leaves it |
//! | inputs | [`inputs`] | an input is within its range |
//! | bus | [`bus`] | every cell that is read was written, every limb has its width, every function value is in its table |
//! | public values | [`public_values`] | the inputs and outputs are those that the statement names |
//! | combination | [`combination`] | every accumulator is the sum of products that the model says |
//! | sponges | [`sponge`] | a committed side has the statement's digest |
//! | masks | [`masks`] | nothing: a hiding proof's random columns enter the quotient |
//!
//! A transition constraint holds in all rows but the last one, in a hiding proof all but the last [`MASK_ROWS`]. Nothing of the model happens
//! in any of these: see docs/proofs.md.

pub mod bus;
mod challenges;
pub mod combination;
pub mod inputs;
pub mod masks;
mod public_inputs;
pub mod public_values;
pub mod sponge;
pub mod units;

use crate::goldilocks::Goldilocks;
use winter_air::{Air, AirContext, Assertion, AuxRandElements, EvaluationFrame, ProofOptions, TraceInfo, TransitionConstraintDegree};
use winter_verifier::crypto::{RandomCoin, RandomCoinError};
use winter_verifier::math::{ExtensionOf, FieldElement};

pub use challenges::{Challenges, RANDOM_ELEMENTS, powers};
pub(crate) use public_inputs::bytes_in_elements;
pub use public_inputs::{InSeed, PublicInputs, Sponge};

use crate::layout::*;
use crate::preset::Mode;

/// The AIR of model proofs, for one trace length and one statement.
pub struct ModelAir {
    context: AirContext<Goldilocks>,
    public_inputs: PublicInputs,
    /// `2^b` for limbs of `b` bits.
    radix: Goldilocks,
}

/// The auxiliary columns that start at 0.
pub const SUMS: [Role; 9] = [BUS_SUM, INPUTS, OUTPUTS, LEFT, RIGHT, PRODUCTS, INNER, OUTER, RESULTS];

/// The shape of a trace with this many rows for a statement: the only one that a verifier accepts.
///
/// # Panics
/// When `rows` is not a power of two from the layout's least number of rows to [`MAX_ROWS`].
pub fn trace_info(rows: usize, public_inputs: &PublicInputs) -> TraceInfo {
    assert!(rows.is_power_of_two() && (public_inputs.layout.min_rows()..=MAX_ROWS).contains(&rows), "{rows} rows");
    let main = public_inputs.layout.main_width(public_inputs.sponges().count());
    let masks = if public_inputs.mode.is_hiding() { MASKS_WIDTH } else { 0 };
    TraceInfo::new_multi_segment(main, public_inputs.layout.auxiliary_width() + masks, RANDOM_ELEMENTS, rows, Vec::new())
}

/// The row that holds the final sums: the first one that no transition constraint begins in.
pub const fn final_row(rows: usize, mode: Mode) -> usize {
    rows - exempt_rows(mode)
}

/// Rows at the end in which no transition constraint begins.
const fn exempt_rows(mode: Mode) -> usize {
    match mode {
        Mode::Plain => 1,
        Mode::Hiding => MASK_ROWS,
    }
}

/// Number of constraints of a row of the main segment.
pub const fn row_constraints(layout: &Layout) -> usize {
    layout.room.units * units::DEGREES.len() + 1
}

/// Number of constraints of the bus, the public values and the combination.
pub const fn argument_constraints(layout: &Layout) -> usize {
    bus_constraints(layout) + public_values::DEGREES.len() + combination::DEGREES.len()
}

/// Those of the bus: a helper each, and the sum.
const fn bus_constraints(layout: &Layout) -> usize {
    layout.columns(BUS_HELPER).count + 1
}

/// Enforces what a row of the main segment must satisfy, but for its sponges. `radix` is `2^b` for limbs of `b` bits.
pub fn enforce_row<E: FieldElement<BaseField = Goldilocks>>(layout: &Layout, row: &[E], radix: E, result: &mut [E]) {
    let (units, input) = result.split_at_mut(layout.room.units * units::DEGREES.len());
    for (unit, result) in units.chunks_exact_mut(units::DEGREES.len()).enumerate() {
        units::enforce(layout, unit, row, radix, result);
    }
    input[0] = inputs::enforce(layout, row, radix);
}

/// Enforces the bus, the public values and the combination of a row of the main segment and the auxiliary rows beside it. `first_output` is the
/// address of the first output.
pub fn enforce_arguments<F, E>(
    layout: &Layout,
    row: &[F],
    auxiliary: &EvaluationFrame<E>,
    [radix, first_output]: [F; 2],
    challenges: &Challenges<E>,
    result: &mut [E],
) where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let (bus, rest) = result.split_at_mut(bus_constraints(layout));
    let (public_values, combination) = rest.split_at_mut(public_values::DEGREES.len());
    bus::enforce(layout, row, auxiliary, first_output, challenges, bus);
    public_values::enforce(layout, row, auxiliary, challenges.z, public_values);
    combination::enforce(layout, row, auxiliary, radix, challenges, combination);
}

impl Air for ModelAir {
    type BaseField = Goldilocks;
    type PublicInputs = PublicInputs;

    fn new(trace_info: TraceInfo, public_inputs: PublicInputs, options: ProofOptions) -> Self {
        let degrees = |degrees: &[usize]| degrees.iter().map(|degree| TransitionConstraintDegree::new(*degree)).collect::<Vec<_>>();
        let mode = public_inputs.mode;
        let sponges = public_inputs.sponges().count();
        let layout = public_inputs.layout;
        let mut main = degrees(&[&units::DEGREES.repeat(layout.room.units)[..], &[inputs::DEGREE]].concat());
        (0..sponges).for_each(|_| main.extend(sponge::degrees()));
        let mut auxiliary = degrees(&[&bus::degrees(layout)[..], &public_values::DEGREES, &combination::DEGREES].concat());
        if mode.is_hiding() {
            auxiliary.extend(masks::degrees());
        }
        let main_assertions = 1 + sponges * sponge::ASSERTIONS;
        let visible = public_inputs.sides().iter().filter(|side| side.values.as_public().is_some()).count();
        let radix = Goldilocks::new(1 << layout.limb_bits(trace_info.length()));
        let context = AirContext::new_multi_segment(trace_info, main, auxiliary, main_assertions, SUMS.len() + 1 + visible, options)
            .set_num_transition_exemptions(exempt_rows(mode));
        Self { context, public_inputs, radix }
    }

    fn context(&self) -> &AirContext<Goldilocks> {
        &self.context
    }

    fn get_periodic_column_values(&self) -> Vec<Vec<Goldilocks>> {
        let mut columns = Vec::new();
        if self.public_inputs.mode.is_hiding() {
            columns.extend(masks::periodic_columns());
        }
        if self.public_inputs.sponges().next().is_some() {
            columns.extend(sponge::periodic_columns());
        }
        columns
    }

    fn evaluate_transition<E: FieldElement<BaseField = Goldilocks>>(&self, frame: &EvaluationFrame<E>, periodic: &[E], result: &mut [E]) {
        let row = frame.current();
        let (rows, sponges) = result.split_at_mut(row_constraints(self.public_inputs.layout));
        enforce_row(self.public_inputs.layout, row, self.radix.into(), rows);
        for (side, result) in self.public_inputs.sponges().zip(sponges.chunks_exact_mut(sponge::WIDTH)) {
            let [current, next] = [row, frame.next()].map(|row| &row[side.start..][..SPONGE_WIDTH]);
            sponge::enforce(current, next, row[side.message.start], &periodic[masks::PERIODIC..], result);
        }
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
        let layout = self.public_inputs.layout;
        let challenges = Challenges::new(layout, random.rand_elements());
        let (arguments, masks) = result.split_at_mut(argument_constraints(layout));
        let first_output = Goldilocks::new(first_output(self.public_inputs.n_inputs));
        enforce_arguments(layout, main.current(), auxiliary, [self.radix, first_output].map(F::from), &challenges, arguments);
        if self.public_inputs.mode.is_hiding() {
            masks::enforce(layout, auxiliary, periodic, masks);
        }
    }

    /// A sponge begins empty, and ends with the statement's digest. Nothing else of the main segment needs an assertion; one is required, so the
    /// first row is not the final one.
    fn get_assertions(&self) -> Vec<Assertion<Goldilocks>> {
        let layout = self.public_inputs.layout;
        let sponges = self.public_inputs.sponges().flat_map(|side| sponge::assertions(side.start, side.message, side.values, side.digest));
        [Assertion::single(layout[FINAL].start, 0, Goldilocks::ZERO)].into_iter().chain(sponges).collect()
    }

    /// All sums begin at 0. At the end the bus is balanced, and the inputs and outputs that the statement names are those of the trace.
    fn get_aux_assertions<E: FieldElement<BaseField = Goldilocks>>(&self, random: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        let layout = self.public_inputs.layout;
        let challenges = Challenges::new(layout, random.rand_elements());
        let last = final_row(self.trace_length(), self.public_inputs.mode);
        let mut assertions: Vec<_> = SUMS.iter().map(|sum| Assertion::single(layout[*sum].start, 0, E::ZERO)).collect();
        assertions.push(Assertion::single(layout[BUS_SUM].start, last, E::ZERO));
        let polynomials = [INPUTS, OUTPUTS].into_iter().zip(self.public_inputs.polynomials(challenges.z));
        assertions.extend(polynomials.filter_map(|(column, value)| Some(Assertion::single(layout[column].start, last, value?))));
        assertions
    }

    fn get_aux_rand_elements<E, R>(&self, public_coin: &mut R) -> Result<AuxRandElements<E>, RandomCoinError>
    where
        E: FieldElement<BaseField = Goldilocks>,
        R: RandomCoin<BaseField = Goldilocks>,
    {
        challenges::draw(public_coin, self.public_inputs.layout)
    }
}

#[cfg(test)]
mod tests;
