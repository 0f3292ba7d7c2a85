//! `Max`: a maximum moves no further than its operands.

use super::Known;

/// The operand's bound.
pub fn bound(x: Known) -> f64 {
    x.error
}
