//! Proofs of models for contracts. Trees over Poseidon take seconds, so that tests share what they can.

use std::sync::{LazyLock, OnceLock};

use maat_package::{Options, quantise_sample};
use maat_prover::{Cache, LayoutChoice, ProvingKey, Visibility, entries_for};
use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_tests::models::MODELS;
use maat_verifier::{Entries, Header, Mode, Preset, ProofFile, Statement, chain_format};
use starknet_types_core::felt::Felt;
use tempfile::TempDir;

use super::felt;

/// A proof as a contract takes it, and what the verifier in Rust says of it.
pub struct Proof {
    pub file: Vec<u8>,
    pub felts: Vec<Felt>,
    pub header: Header,
    pub statement: Statement,
}

impl Proof {
    pub fn of(file: &ProofFile) -> Self {
        let (bytes, header) = (file.to_bytes(), file.header.clone());
        let statement = maat_verifier::verify(&bytes, &header.entries().commitment()).unwrap();
        let felts = chain_format::encode(&bytes).unwrap();
        assert_eq!(chain_format::decode(&felts, header.entries()).as_ref(), Ok(&bytes));
        Self { file: bytes, felts: felts.into_iter().map(felt).collect(), header, statement }
    }
}

/// Makes proofs of a model with one batch size.
pub struct Prover {
    model: &'static Model,
    batch: Vec<Vec<Vec<i32>>>,
    entries: Entries,
    /// Both keys have one tree.
    cache: (Cache, TempDir),
    keys: [OnceLock<ProvingKey<'static>>; 2],
}

impl Prover {
    pub fn new(model: Model, batch: Vec<Vec<Vec<i32>>>) -> Self {
        let entries = entries_for(&model, &[batch.len() as u32], &[Preset::Starknet], LayoutChoice::Cheapest).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let cache = (Cache::new(folder.path()), folder);
        // Keys borrow their model, and there are few.
        Self { model: Box::leak(Box::new(model)), batch, entries, cache, keys: [const { OnceLock::new() }; 2] }
    }

    /// A trained model of the examples with its first test samples.
    pub fn of_example(name: &str, batch: usize) -> Self {
        let row = MODELS.iter().find(|row| row.name == name).unwrap();
        let network = row.network();
        let model = row.quantise(&network, &Options::default()).unwrap().model;
        let samples = row.test_samples(&network);
        let inferences = samples.iter().cycle().take(batch).map(|sample| quantise_sample(&model, sample).unwrap()).collect();
        Self::new(model, inferences)
    }

    pub fn prove(&self, inputs: Visibility, outputs: Visibility) -> Proof {
        let public = inputs == Visibility::Public && outputs == Visibility::Public;
        let mode = if public { Mode::Plain } else { Mode::Hiding };
        let key = || {
            let (entries, choice) = (self.entries.clone(), (Preset::Starknet, mode));
            ProvingKey::with_cache(self.model, entries, choice, self.batch.len() as u32, &self.cache.0).unwrap()
        };
        let key = self.keys[usize::from(public)].get_or_init(key);
        Proof::of(&key.prove(&self.batch, (inputs, outputs), &|_| ()).unwrap().file)
    }
}

/// A dense layer, whose trace has the fewest rows that there are.
pub fn dense(inputs: usize, outputs: usize) -> Model {
    let mut builder = ModelBuilder::new("dense");
    let x = builder.input("x", Shape::new(&[1, inputs]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let weights = (0..inputs * outputs).map(|position| 3 + position as i16 % 7).collect();
    let requantise = Requantise { shift: vec![4], lo: -128, hi: 127 };
    let affine = Affine { groups: 1, inputs: inputs as u32, weights, bias: vec![5; outputs], requantise };
    let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

/// A dense layer with as many inputs and outputs, and an inference with both ends of the range.
pub fn of_dense(inputs: usize, outputs: usize) -> Prover {
    let values = (0..inputs).map(|place| [-128, 127, 0, -1, 5][place % 5]).collect();
    Prover::new(dense(inputs, outputs), vec![vec![values]])
}

/// RockyBot: 2^11 rows.
pub static ROCKYBOT: LazyLock<Prover> = LazyLock::new(|| Prover::of_example("rockybot", 1));
/// A plain proof.
pub static PLAIN: LazyLock<Proof> = LazyLock::new(|| ROCKYBOT.prove(Visibility::Public, Visibility::Public));
/// A hiding one with a committed side.
pub static HIDING: LazyLock<Proof> = LazyLock::new(|| ROCKYBOT.prove(Visibility::Hidden, Visibility::Committed));
/// Proofs of examples with longer traces, by what they are: they take minutes.
pub static EXAMPLES: LazyLock<Vec<(String, Proof)>> = LazyLock::new(|| {
    let prove = |(name, batch)| {
        let proof = Prover::of_example(name, batch).prove(Visibility::Public, Visibility::Public);
        (format!("{name}, {batch} at once"), proof)
    };
    [("rockybot", 20), ("rockybot", 160), ("lenet", 1), ("lstm", 1)].into_iter().map(prove).collect()
});
