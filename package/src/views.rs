//! What the views of a model's contract give (`cairo/interfaces/src/model.cairo`), from the package's model and manifest.

use maat_runtime::{Model, Tensor};
use maat_verifier::ModelCommitment;
use starknet_types_core::felt::Felt;

use crate::names::{MANIFEST, MODEL};

/// A view.
pub struct View {
    /// The function.
    pub function: &'static str,
    /// Its answer.
    pub answer: Vec<Felt>,
    /// The file of the package that says the same.
    pub file: &'static str,
}

/// The views of a model's contract. `digest` is that of [`MODEL`], in hexadecimal; a model whose inferences cannot be proven has no
/// commitment.
pub fn views(model: &Model, digest: &str, commitment: Option<&ModelCommitment>) -> [View; 4] {
    let outputs: Vec<&Tensor> = model.outputs().iter().map(|output| model.tensor(output.tensor)).collect();
    let commitment = commitment.map_or(Felt::ZERO, |commitment| Felt::from_bytes_be(commitment.as_bytes()));
    [
        View { function: "model_digest", answer: double_word(digest), file: MODEL },
        View { function: "model_commitment", answer: vec![commitment], file: MANIFEST },
        View { function: "inputs", answer: ports(&model.inputs().iter().collect::<Vec<_>>()), file: MODEL },
        View { function: "outputs", answer: ports(&outputs), file: MODEL },
    ]
}

/// A `u256`: its low half, then its high one.
fn double_word(hexadecimal: &str) -> Vec<Felt> {
    let (high, low) = hexadecimal.split_at(hexadecimal.len().saturating_sub(32));
    [low, high].map(Felt::from_hex_unchecked).to_vec()
}

/// A `Span<Port>`: lists begin with their length.
fn ports(tensors: &[&Tensor]) -> Vec<Felt> {
    let mut felts = vec![Felt::from(tensors.len())];
    for tensor in tensors {
        let (dims, scales) = (tensor.shape.dims(), tensor.scales());
        felts.push(dims.len().into());
        felts.extend(dims.iter().map(|length| Felt::from(*length)));
        felts.push(scales.len().into());
        felts.extend(scales.iter().map(|scale| Felt::from(*scale)));
        felts.extend([tensor.range.lo, tensor.range.hi].map(Felt::from));
    }
    felts
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Move;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Shape};

    use super::*;
    use crate::sha256;

    #[test]
    fn the_answers_are_serialised_as_cairo_does() {
        let mut builder = ModelBuilder::new("model");
        let x = builder.input_by_column("x", Shape::new(&[1, 2]).unwrap(), 0, &[0, -3], Interval::of_bits(8)).unwrap();
        let y = builder.node("y", Primitive::Move(Move::reshape(Shape::new(&[2]).unwrap())), &[x], 5).unwrap();
        let model = builder.finish(&[("y", y)]).unwrap();
        let felts = |integers: &[i64]| integers.iter().map(|integer| Felt::from(*integer)).collect::<Vec<_>>();
        let [digest, commitment, inputs, outputs] = views(&model, &sha256(b""), None);
        assert_eq!((inputs.function, inputs.answer), ("inputs", felts(&[1, 2, 1, 2, 2, 0, -3, -128, 127])));
        assert_eq!((outputs.function, outputs.answer), ("outputs", felts(&[1, 1, 2, 1, 5, -128, 127])));
        assert_eq!((commitment.function, commitment.answer), ("model_commitment", felts(&[0])));
        // sha256 of nothing, as its standard gives it.
        let halves = ["0x27ae41e4649b934ca495991b7852b855", "0xe3b0c44298fc1c149afbf4c8996fb924"].map(Felt::from_hex_unchecked);
        assert_eq!((digest.function, digest.answer), ("model_digest", halves.to_vec()));

        let text = format!("0x00{}", "a1".repeat(31));
        let [_, commitment, ..] = views(&model, &sha256(b""), Some(&text.parse().unwrap()));
        assert_eq!(commitment.answer, [Felt::from_hex_unchecked(&text)]);
    }
}
