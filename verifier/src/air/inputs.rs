//! Inputs: a row's input is within the range that the model takes.
//!
//! Every bound on what follows rests on this one: with an input that nobody has checked, accumulators could wrap modulo `p`. A verifier does
//! not know the ranges, and sees no input that is only committed to.

use winter_verifier::math::FieldElement;

use crate::layout::*;

/// The degree of the constraint.
pub const DEGREE: usize = 2;

/// `input x - lo - (low + radix high)`, which is 0: the bus holds each limb below its fixed width. Without an input, all but `x` are 0 too.
pub fn difference<F: FieldElement>(row: &[F], radix: F) -> F {
    let above = row[INPUT_LIMB.at(0)] + radix * row[INPUT_LIMB.at(1)];
    row[INPUT.start] * row[INPUT_VALUE.start] - row[INPUT_LO.start] - above
}
