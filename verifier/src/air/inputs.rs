//! Inputs: each is within the range that the model takes.
//!
//! Every bound on what follows rests on this one: with an input that nobody has checked, accumulators could wrap modulo `p`. A verifier does
//! not know the ranges, and sees no input that is only committed to.

use crate::goldilocks::Goldilocks;
use winter_verifier::math::FieldElement;

use crate::layout::*;

/// The degree of the constraint on a row's input.
pub const DEGREE: usize = 2;

/// `input * x = lo + low + radix * high`: the bus holds the limbs below their widths. Where there is no input, `lo` and both widths are 0 and
/// `x` may be anything: it is part of a salt.
pub fn enforce<E: FieldElement<BaseField = Goldilocks>>(layout: &Layout, row: &[E], radix: E) -> E {
    let above = row[layout[INPUT_LIMB].at(0)] + radix * row[layout[INPUT_LIMB].at(1)];
    row[layout[INPUT].start] * row[layout[INPUT_VALUE].start] - row[layout[INPUT_LO].start] - above
}
