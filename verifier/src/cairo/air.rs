//! The AIR of executions: widths, constraints and assertions put together.

use winter_air::{Air, AirContext, Assertion, AuxRandElements, EvaluationFrame, ProofOptions, TraceInfo, TransitionConstraintDegree};
use winter_verifier::crypto::{RandomCoin, RandomCoinError};
use winter_verifier::math::{ExtensionOf, FieldElement};

use super::bus::{self, Challenges, CheckedCells, Periodic, RANDOM_ELEMENTS};
use super::columns::*;
use super::public_inputs::PublicInputs;
use super::{cpu, tables};
use crate::felt252::Felt252;
use crate::layout::Columns;

/// Assertions of the main segment: three registers at the start and at the end, `pc` one step before, and the ends of the tables.
const MAIN_ASSERTIONS: usize = 3 + 1 + 3 + 4;
/// Assertions of the auxiliary segment: both ends of the bus.
const AUXILIARY_ASSERTIONS: usize = 2;

/// The AIR of executions of Cairo programs, for one trace length and one claim.
pub struct CairoAir {
    context: AirContext<Felt252>,
    public_inputs: PublicInputs,
    checked_cells: CheckedCells,
}

/// The shape of a trace with this many rows: the only one that a verifier accepts.
///
/// # Panics
/// When `rows` is not a power of two from [`MIN_ROWS`] to [`MAX_ROWS`].
pub fn trace_info(rows: usize) -> TraceInfo {
    assert!(rows.is_power_of_two() && (MIN_ROWS..=MAX_ROWS).contains(&rows), "{rows} rows");
    TraceInfo::new_multi_segment(MAIN_WIDTH, AUXILIARY_WIDTH, RANDOM_ELEMENTS, rows, Vec::new())
}

/// What the AIR is whatever it is to prove: widths, degrees and numbers of constraints.
pub(super) fn context(trace_info: TraceInfo, options: ProofOptions) -> AirContext<Felt252> {
    let cpu = cpu::DEGREES.map(TransitionConstraintDegree::new);
    let main = [&cpu[..], &tables::degrees()].concat();
    AirContext::new_multi_segment(trace_info, main, bus::degrees(), MAIN_ASSERTIONS, AUXILIARY_ASSERTIONS, options)
}

impl Air for CairoAir {
    type BaseField = Felt252;
    type PublicInputs = PublicInputs;

    fn new(trace_info: TraceInfo, public_inputs: PublicInputs, options: ProofOptions) -> Self {
        let checked_cells = CheckedCells::new(trace_info.length());
        Self { context: context(trace_info, options), public_inputs, checked_cells }
    }

    fn context(&self) -> &AirContext<Felt252> {
        &self.context
    }

    fn evaluate_transition<E: FieldElement<BaseField = Felt252>>(&self, frame: &EvaluationFrame<E>, periodic: &[E], result: &mut [E]) {
        let (cpu, tables) = result.split_at_mut(cpu::DEGREES.len());
        cpu::enforce(frame, cpu);
        tables::enforce(frame, &Periodic::new(periodic), tables);
    }

    fn evaluate_aux_transition<F, E>(
        &self,
        main: &EvaluationFrame<F>,
        auxiliary: &EvaluationFrame<E>,
        periodic: &[F],
        random: &AuxRandElements<E>,
        result: &mut [E],
    ) where
        F: FieldElement<BaseField = Felt252>,
        E: FieldElement<BaseField = Felt252> + ExtensionOf<F>,
    {
        let challenges = Challenges::new(random.rand_elements());
        bus::enforce(main.current(), auxiliary, &Periodic::new(periodic), &self.checked_cells, &challenges, result);
    }

    /// The execution begins and ends as claimed, and not a step earlier; the tables have their first and last values.
    fn get_assertions(&self) -> Vec<Assertion<Felt252>> {
        let PublicInputs { steps, initial, last_pc, last, offsets, .. } = self.public_inputs;
        let at = |column: Columns, row: usize, value: u64| Assertion::single(column.start, row, Felt252::new(value));
        let registers = |row, [pc, ap, fp]: [u64; 3]| [at(PC, row, pc), at(AP, row, ap), at(FP, row, fp)];
        let last_row = self.trace_length() - 1;
        let [least, greatest] = offsets.map(u64::from);
        let tables = [at(ROW, 0, 0), at(OFFSET_ENTRY, 0, least), at(OFFSET_ENTRY, last_row, greatest), at(CHECKED, 0, 0)];
        [&registers(0, initial)[..], &[at(PC, steps - 1, last_pc)], &registers(steps, last), &tables].concat()
    }

    /// The bus begins at 0, and ends with what the public memory takes.
    fn get_aux_assertions<E: FieldElement<BaseField = Felt252>>(&self, random: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        let taken = self.public_inputs.memory_sum(&Challenges::new(random.rand_elements()));
        vec![Assertion::single(BUS.start, 0, E::ZERO), Assertion::single(BUS.start, self.trace_length() - 1, -taken)]
    }

    fn get_periodic_column_values(&self) -> Vec<Vec<Felt252>> {
        bus::periodic_columns().to_vec()
    }

    fn get_aux_rand_elements<E, R>(&self, public_coin: &mut R) -> Result<AuxRandElements<E>, RandomCoinError>
    where
        E: FieldElement<BaseField = Felt252>,
        R: RandomCoin<BaseField = Felt252>,
    {
        bus::draw(public_coin)
    }
}
