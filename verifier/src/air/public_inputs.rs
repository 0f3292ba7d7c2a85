//! The public inputs of the model AIR, and the values of their polynomials that its assertions need.

use crate::goldilocks::{Goldilocks, signed_element};
use winter_verifier::crypto::Digest as _;
use winter_verifier::math::{FieldElement, ToElements};

use crate::layout::{Columns, INPUT_VALUE, Layout, OUTPUT_VALUE, SIDES, SPONGE_WIDTH};
use crate::poseidon::Poseidon;
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
    /// How the transcript absorbs public values.
    pub in_seed: InSeed,
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
            Side { values: &self.inputs, n: self.n_inputs, column: self.layout[INPUT_VALUE] },
            Side { values: &self.outputs, n: self.n_outputs, column: self.layout[OUTPUT_VALUE] },
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

/// How the seed of the transcript has public values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InSeed {
    /// As they are, an element each.
    Values,
    /// By a digest of [`Poseidon`], which a contract computes for a tenth of what as many elements cost.
    Digests,
}

/// Elements that two felts of Starknet hold, which Poseidon absorbs at a time.
const BLOCK: usize = 6;
/// Elements of the proof's context, which stand before these in the seed of the transcript.
const CONTEXT_ELEMENTS: usize = 8;

impl InSeed {
    /// Adds a side's values, or what stands for them.
    fn add(self, values: &Values, elements: &mut Vec<Goldilocks>) {
        match (values, self) {
            (Values::Public(values), Self::Values) => elements.extend(values.iter().map(|value| signed_element((*value).into()))),
            (Values::Public(values), Self::Digests) => elements.extend(bytes_in_elements(&Poseidon::hash_values(values).as_bytes())),
            (Values::Hidden, _) => {}
            (Values::Committed(digest), _) => elements.extend(digest.elements()),
        }
        self.pad(elements);
    }

    /// A contract reads whole blocks.
    fn pad(self, elements: &mut Vec<Goldilocks>) {
        if self == Self::Digests {
            let length = CONTEXT_ELEMENTS + elements.len();
            elements.resize(length.next_multiple_of(BLOCK) - CONTEXT_ELEMENTS, Goldilocks::ZERO);
        }
    }
}

/// Bytes, seven an element, the least significant first: seven bytes always make an element below the modulus.
pub(crate) fn bytes_in_elements(bytes: &[u8]) -> impl Iterator<Item = Goldilocks> {
    let number = |chunk: &[u8]| chunk.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte));
    bytes.chunks(7).map(move |chunk| Goldilocks::new(number(chunk)))
}

/// How many elements follow is told by the codes before them, so that no two statements have the same ones.
impl ToElements<Goldilocks> for PublicInputs {
    fn to_elements(&self) -> Vec<Goldilocks> {
        let mut elements = self.statement.clone();
        let codes = [self.layout.code.into(), u64::from(self.mode.is_hiding()), self.n_inputs as u64, self.n_outputs as u64];
        elements.extend(codes.map(Goldilocks::new));
        elements.extend([&self.inputs, &self.outputs].map(|values| Goldilocks::from(values.code())));
        self.in_seed.pad(&mut elements);
        [&self.inputs, &self.outputs].into_iter().for_each(|values| self.in_seed.add(values, &mut elements));
        elements
    }
}
