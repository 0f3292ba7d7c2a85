//! The random elements of a hiding proof: the rows after the final one in every column that differs from proof to proof, and three columns
//! that nothing else is in.
//!
//! What they must be for: docs/zero-knowledge.md. They come from the system's random generator, hashed together with the statement and the
//! witness, so that a generator that repeats itself does not repeat masks for another witness. A proof that is tried again draws new ones.

use std::sync::Mutex;

use maat_verifier::air::{PublicInputs, final_row};
use maat_verifier::layout::MASKS_WIDTH;
use maat_verifier::{Goldilocks, Mode};
use winter_prover::Serializable;
use winterfell::math::{FieldElement, ToElements};

use crate::error::ProveError;
use crate::random;

/// Uniform elements of the field, in the order in which a proof takes them: the witness columns, those of the sponges, the auxiliary columns,
/// and the three masks.
pub(crate) struct Masks(Mutex<Box<dyn Iterator<Item = Goldilocks> + Send>>);

impl Masks {
    /// New ones for a statement, the root of the fixed columns, which is another one for each proof of a private model, and the columns that
    /// differ from proof to proof.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn fresh(public_inputs: &PublicInputs, fixed_root: &[u8; 32], columns: &[Vec<Goldilocks>]) -> Result<Self, ProveError> {
        Ok(Self::seeded(&random::bytes()?, public_inputs, fixed_root, columns))
    }

    /// Those that random bytes of the system give.
    pub(crate) fn seeded(seed: &[u8; 32], public_inputs: &PublicInputs, fixed_root: &[u8; 32], columns: &[Vec<Goldilocks>]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("maat 2026-11-29 masks of a hiding proof");
        hasher.update(seed);
        hasher.update(fixed_root);
        hasher.update(&public_inputs.to_elements().to_bytes());
        columns.iter().for_each(|column| {
            hasher.update(&column.to_bytes());
        });
        Self::of(random::elements(hasher.finalize_xof()))
    }

    /// Elements from anywhere.
    pub(crate) fn of(elements: impl Iterator<Item = Goldilocks> + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(elements)))
    }

    /// Fills the rows after the final one of the columns that differ from proof to proof.
    pub(crate) fn fill<E: FieldElement<BaseField = Goldilocks>>(&self, columns: &mut [Vec<E>]) {
        for column in columns {
            let last = final_row(column.len(), Mode::Hiding);
            self.draw(&mut column[last + 1..]);
        }
    }

    /// The columns that hold nothing but random elements.
    pub(crate) fn columns<E: FieldElement<BaseField = Goldilocks>>(&self, rows: usize) -> [Vec<E>; MASKS_WIDTH] {
        std::array::from_fn(|_| {
            let mut column = vec![E::ZERO; rows];
            self.draw(&mut column);
            column
        })
    }

    fn draw<E: FieldElement<BaseField = Goldilocks>>(&self, values: &mut [E]) {
        let mut source = self.0.lock().expect("nothing panics while it holds the lock");
        let mut parts = vec![Goldilocks::ZERO; E::EXTENSION_DEGREE];
        for value in values {
            parts.iter_mut().for_each(|part| *part = source.next().expect("masks do not end"));
            *value = E::slice_from_base_elements(&parts)[0];
        }
    }
}
