//! The constraints of a hiding proof that say nothing: they add random polynomials to the quotient.
//!
//! The quotient `H` is cut into pieces of the trace's length, `H = H_0 + x^N H_1 + x^2N H_2`. The cut is unique, so a prover cannot choose
//! the pieces, and their openings would tell of the witness. Two random columns `R_0` and `R_1` change them: with `y = x^(N/4)` and the
//! periodic columns
//!
//! ```text
//! A = y^3 - y,   B = y^3 + y,   Y = y^3          so that   A B = y^2 (y^4 - 1)   vanishes in every row,
//! ```
//!
//! the constraints `R_0' A B = 0` and `R_1' A B Y = 0` hold whatever the columns are (`'` is the next row). Divided by `(x^N - 1) / E(x)`,
//! where `E` vanishes in the mask rows, they add `R_0(gx) x^(N/2) E(x)` and `R_1(gx) x^(5N/4) E(x)` to `H`, times their coefficients: one
//! lies across the cut at `N`, the other across the cut at `2N`. Why it must be two columns, and the next row: docs/zero-knowledge.md.
//!
//! A third random column has no constraint. It is one of those that the low-degree test joins, and so masks what that opens.

use winter_air::{EvaluationFrame, TransitionConstraintDegree};
use winter_verifier::math::{ExtensionOf, FieldElement, StarkField, get_power_series};

use crate::goldilocks::Goldilocks;
use crate::layout::{FIRST_CUT, Layout, SECOND_CUT};

/// Rows after which the periodic columns begin again.
const CYCLE: usize = 4;
/// Number of periodic columns.
pub const PERIODIC: usize = 3;
/// Number of constraints.
pub const CONSTRAINTS: usize = 2;

/// The degrees of the constraints.
pub(super) fn degrees() -> [TransitionConstraintDegree; CONSTRAINTS] {
    [vec![CYCLE; 2], vec![CYCLE; 3]].map(|cycles| TransitionConstraintDegree::with_cycles(1, cycles))
}

/// The periodic columns `A`, `B` and `Y`: their values where `y` is a fourth root of unity.
pub fn periodic_columns() -> [Vec<Goldilocks>; PERIODIC] {
    let roots = get_power_series(Goldilocks::get_root_of_unity(CYCLE.ilog2()), CYCLE);
    let column = |value: fn(Goldilocks) -> Goldilocks| roots.iter().map(|y| value(*y)).collect();
    [column(|y| y.cube() - y), column(|y| y.cube() + y), column(Goldilocks::cube)]
}

/// Adds what masks the quotient. `periodic` are the values of [`periodic_columns`].
pub fn enforce<F, E>(layout: &Layout, auxiliary: &EvaluationFrame<E>, periodic: &[F], result: &mut [E])
where
    F: FieldElement<BaseField = Goldilocks>,
    E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
{
    let vanishing = periodic[0] * periodic[1];
    result[0] = auxiliary.next()[layout[FIRST_CUT].start].mul_base(vanishing);
    result[1] = auxiliary.next()[layout[SECOND_CUT].start].mul_base(vanishing * periodic[2]);
}
