//! Fractions of a LogUp argument (Haböck, ePrint 2022/1530), as the buses of both AIRs have them.

use winter_verifier::math::{ExtensionOf, FieldElement};

/// A term `numerator / denominator` of a bus.
#[derive(Debug, Clone, Copy)]
pub struct Term<F, E> {
    /// How often the tuple is taken; negative if it is given.
    pub numerator: F,
    /// `z - t`.
    pub denominator: E,
}

impl<F: FieldElement, E: FieldElement + ExtensionOf<F>> Term<F, E> {
    /// The numerator and the denominator of the sum of two terms.
    pub fn plus(&self, other: &Self) -> (E, E) {
        let numerator = other.denominator.mul_base(self.numerator) + self.denominator.mul_base(other.numerator);
        (numerator, self.denominator * other.denominator)
    }
}
