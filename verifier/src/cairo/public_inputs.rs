//! The public inputs of the Cairo AIR, and the sum over the public memory.

use winter_verifier::math::{FieldElement, ToElements, batch_inversion};

use super::bus::Challenges;
use crate::felt252::Felt252;

/// Cells of the public memory that are inverted at a time: enough to make one inversion pay, and few enough for little memory.
const CHUNK: usize = 1 << 10;

/// What a proof is about, as far as the AIR depends on it. All of it is absorbed before the first challenge is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicInputs {
    /// Everything of the claim, as the transcript absorbs it.
    pub seed: Vec<Felt252>,
    /// Steps until `pc` is at the endless loop.
    pub steps: usize,
    /// `pc`, `ap` and `fp` before the first step.
    pub initial: [u64; 3],
    /// `pc` before the last step.
    pub last_pc: u64,
    /// `pc`, `ap` and `fp` after the last step.
    pub last: [u64; 3],
    /// The least and the greatest entry of the table of offsets.
    pub offsets: [u16; 2],
    /// The public memory: addresses and what they hold. An address that is listed twice still holds one value.
    pub memory: Vec<(u64, Felt252)>,
}

impl PublicInputs {
    /// `sum 1 / (z - address - alpha value)` over the public memory.
    pub(super) fn memory_sum<E: FieldElement<BaseField = Felt252>>(&self, challenges: &Challenges<E>) -> E {
        let cell = |(address, value): &(u64, Felt252)| challenges.cell(Felt252::new(*address), *value);
        let inverses = self.memory.chunks(CHUNK).flat_map(|cells| batch_inversion(&cells.iter().map(cell).collect::<Vec<_>>()));
        inverses.fold(E::ZERO, |sum, inverse| sum + inverse)
    }
}

impl ToElements<Felt252> for PublicInputs {
    fn to_elements(&self) -> Vec<Felt252> {
        self.seed.clone()
    }
}
