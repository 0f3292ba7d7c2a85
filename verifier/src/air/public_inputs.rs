//! The public inputs of the model AIR, and the values of their polynomials that its assertions need.

use crate::goldilocks::{Goldilocks, signed_element};
use winter_verifier::math::{FieldElement, ToElements};

use crate::layout::{Columns, INPUT_VALUE, Layout, OUTPUT_VALUE, SIDES, SPONGE_WIDTH};
use crate::preset::Mode;
use crate::statement::Values;
use crate::value_digest::ValueDigest;

/// What a proof is about, as far as the AIR depends on it. All of it is absorbed before the first challenge is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicInputs {
    /// The rest of the statement: model commitment, preset, batch size, trace length.
    pub statement: Vec<Goldilocks>,
    /// The columns.
    pub layout: &'static Layout,
    /// Whether the proof hides what the statement does not name.
    pub mode: Mode,
    /// The inputs, inference by inference, as far as the statement names them.
    pub inputs: Values,
    /// The outputs, likewise.
    pub outputs: Values,
    /// Number of inputs of all inferences.
    pub n_inputs: usize,
    /// Number of outputs of all inferences.
    pub n_outputs: usize,
}

/// The inputs, or the outputs, of a statement.
pub(super) struct Side<'a> {
    pub(super) values: &'a Values,
    /// How many there are.
    n: usize,
    /// The column that holds them.
    column: Columns,
}

/// The sponge of a committed side.
pub struct Sponge {
    /// Its first column.
    pub start: usize,
    /// The column that it reads.
    pub message: Columns,
    /// How many values the side has.
    pub values: usize,
    /// What it must end with.
    pub digest: ValueDigest,
}

impl PublicInputs {
    pub(super) fn sides(&self) -> [Side<'_>; SIDES] {
        [
            Side { values: &self.inputs, n: self.n_inputs, column: INPUT_VALUE },
            Side { values: &self.outputs, n: self.n_outputs, column: OUTPUT_VALUE },
        ]
    }

    /// The sponges of the sides that are committed to, inputs first.
    pub fn sponges(&self) -> impl Iterator<Item = Sponge> {
        let committed = self.sides().into_iter().filter_map(|side| Some((side.column, side.n, *side.values.as_committed()?)));
        let first = self.layout.main_width(0);
        let sponge = move |(number, (message, values, digest))| Sponge { start: first + number * SPONGE_WIDTH, message, values, digest };
        committed.collect::<Vec<_>>().into_iter().enumerate().map(sponge)
    }

    /// The polynomial of each side at `z`, if its values are public: see [`super::public_values`].
    pub(super) fn polynomials<E: FieldElement<BaseField = Goldilocks>>(&self, z: E) -> [Option<E>; SIDES] {
        let at_z = |values: &[i32]| values.iter().fold(E::ZERO, |value, x| value * z + signed_element((*x).into()).into());
        self.sides().map(|side| side.values.as_public().map(at_z))
    }
}

/// What comes in six elements: two felts of Starknet hold them, which Poseidon absorbs at a time.
const BLOCK: usize = 6;
/// Elements of the proof's context, which stand before these in the seed of the transcript.
const CONTEXT_ELEMENTS: usize = 8;

/// Fills the last block of what the seed has so far.
fn pad(elements: &mut Vec<Goldilocks>) {
    let length = CONTEXT_ELEMENTS + elements.len();
    elements.resize(length.next_multiple_of(BLOCK) - CONTEXT_ELEMENTS, Goldilocks::ZERO);
}

/// The number of elements follows from the codes before the first padding, so that no two statements have the same ones.
impl ToElements<Goldilocks> for PublicInputs {
    fn to_elements(&self) -> Vec<Goldilocks> {
        let mut elements = self.statement.clone();
        let codes = [self.layout.code.into(), u64::from(self.mode.is_hiding()), self.n_inputs as u64, self.n_outputs as u64];
        elements.extend(codes.map(Goldilocks::new));
        elements.extend([&self.inputs, &self.outputs].map(|values| Goldilocks::from(values.code())));
        pad(&mut elements);
        for values in [&self.inputs, &self.outputs] {
            match values {
                Values::Public(values) => elements.extend(values.iter().map(|value| signed_element((*value).into()))),
                Values::Hidden => {}
                Values::Committed(digest) => elements.extend(digest.elements()),
            }
            pad(&mut elements);
        }
        elements
    }
}
