//! The constraints of the tables beside the CPU: what a row gives to the bus is not the prover's choice.

use winter_air::{EvaluationFrame, TransitionConstraintDegree};
use winter_verifier::math::FieldElement;

use super::bus::{Periodic, checked_value};
use super::columns::*;
use crate::felt252::Felt252;

/// The degrees of the constraints.
pub(super) fn degrees() -> [TransitionConstraintDegree; 3] {
    let whole = TransitionConstraintDegree::with_cycles(1, vec![CHECK_PERIOD]);
    [TransitionConstraintDegree::new(1), TransitionConstraintDegree::new(2), whole]
}

/// Enforces that rows are numbered, that the entries of offsets have no gap, and that the bits of a range-checked value are put together.
pub(super) fn enforce<E: FieldElement<BaseField = Felt252>>(frame: &EvaluationFrame<E>, periodic: &Periodic<E>, result: &mut [E]) {
    let (row, next) = (frame.current(), frame.next());
    result[0] = next[ROW.start] - row[ROW.start] - E::ONE;
    let rise = next[OFFSET_ENTRY.start] - row[OFFSET_ENTRY.start];
    result[1] = rise * (rise - E::ONE);
    // After a whole value the next one begins with no bits.
    result[2] = next[CHECKED.start] - (E::ONE - periodic.whole) * checked_value(row);
}
