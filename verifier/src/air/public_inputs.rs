//! The public inputs of the model AIR, and the sums over them that its assertions need.

use crate::goldilocks::Goldilocks;
use winter_verifier::math::{FieldElement, ToElements, batch_inversion};

use super::Challenges;
use crate::layout::{FIRST_INPUT, first_output};

/// What a proof is about, as far as the AIR depends on it. All of it is absorbed before the first challenge is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicInputs {
    /// The rest of the statement: model commitment, preset, batch size, trace length.
    pub statement: Vec<Goldilocks>,
    /// All inputs, inference by inference, or nothing if they are only committed to.
    pub inputs: Option<Vec<i32>>,
    /// All outputs, likewise.
    pub outputs: Option<Vec<i32>>,
    /// Number of inputs of all inferences.
    pub n_inputs: usize,
    /// Number of outputs of all inferences.
    pub n_outputs: usize,
}

impl PublicInputs {
    /// `sum_i 1 / (z - address_i - alpha x_i)` over the inputs, if they are public.
    pub(super) fn input_sum<E: FieldElement<BaseField = Goldilocks>>(&self, challenges: &Challenges<E>) -> Option<E> {
        self.inputs.as_ref().map(|values| sum(values, FIRST_INPUT, challenges))
    }

    /// The same over the outputs.
    pub(super) fn output_sum<E: FieldElement<BaseField = Goldilocks>>(&self, challenges: &Challenges<E>) -> Option<E> {
        self.outputs.as_ref().map(|values| sum(values, first_output(self.n_inputs), challenges))
    }
}

impl ToElements<Goldilocks> for PublicInputs {
    fn to_elements(&self) -> Vec<Goldilocks> {
        let mut elements = self.statement.clone();
        elements.extend([self.n_inputs, self.n_outputs].map(|count| Goldilocks::new(count as u64)));
        for values in [&self.inputs, &self.outputs] {
            elements.push(Goldilocks::new(values.is_some().into()));
            elements.extend(values.iter().flatten().map(|value| signed_element((*value).into())));
        }
        elements
    }
}

/// A signed integer as a field element.
pub fn signed_element(value: i64) -> Goldilocks {
    let size = Goldilocks::new(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

/// Values whose terms are inverted together: enough to make one inversion pay, and few enough for little memory.
const CHUNK: usize = 1 << 14;

fn sum<E: FieldElement<BaseField = Goldilocks>>(values: &[i32], first: u64, challenges: &Challenges<E>) -> E {
    let term = |(address, value): (u64, &i32)| {
        challenges.z - E::from(Goldilocks::new(address)) - challenges.alpha.mul_base(signed_element((*value).into()))
    };
    values.chunks(CHUNK).zip((first..).step_by(CHUNK)).fold(E::ZERO, |sum, (values, first)| {
        let denominators: Vec<E> = (first..).zip(values).map(term).collect();
        batch_inversion(&denominators).into_iter().fold(sum, |sum, inverse| sum + inverse)
    })
}
