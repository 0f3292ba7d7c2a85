//! The trained models of `examples/`: one list drives transpiling, running and proving.

use std::path::PathBuf;

use maat_package::Options;
use maat_package::samples::{self, Sample};
use maat_transpiler::{Network, Quantised, TranspileError};

use crate::root;

/// How near the integers come to the float network at 16 bits.
pub enum Closeness {
    /// The least share of samples whose first output has its first maximum in the same place, or is the same class.
    SameChoice(f64),
    /// The greatest error of an output, as a share of its greatest value.
    Error(f64),
}

/// A row of the list.
pub struct RealModel {
    /// What it is called.
    pub name: &'static str,
    /// The ONNX file, under `examples/`. `calibration.json` and `test.json` are beside it.
    pub onnx: &'static str,
    /// What the network is, in a few words.
    pub about: &'static str,
    /// Whether it is made of trees: their multiply-accumulates are sums of zeros but for a few, and say nothing.
    pub is_of_trees: bool,
    /// The output that is a class, where `labels.json` beside the file says which is right.
    pub class: Option<usize>,
    /// Test samples to run in the Cairo VM, unless all long suites are on.
    pub cairo_runs: usize,
    /// Steps in the Cairo VM that no sample may reach.
    pub steps: usize,
    /// Rows of the trace of a Cairo proof.
    pub cairo_rows: u32,
    /// What the integers must keep.
    pub closeness: Closeness,
}

/// Every trained model, in the order of the tables on our pages.
pub const MODELS: &[RealModel] = &[
    RealModel {
        name: "rockybot",
        onnx: "rockybot/rockybot.onnx",
        about: "three dense layers on hourly prices",
        is_of_trees: false,
        class: None,
        cairo_runs: 4,
        steps: 14_000,
        cairo_rows: 1 << 14,
        closeness: Closeness::SameChoice(0.995),
    },
    RealModel {
        name: "digits mlp",
        onnx: "digits/mlp.onnx",
        about: "three dense layers on 8x8 images",
        is_of_trees: false,
        class: Some(1),
        cairo_runs: 4,
        steps: 8_000,
        cairo_rows: 1 << 13,
        closeness: Closeness::SameChoice(0.995),
    },
    RealModel {
        name: "digits",
        onnx: "digits/digits.onnx",
        about: "convolutions, batch normalisation, pooling",
        is_of_trees: false,
        class: Some(1),
        cairo_runs: 3,
        steps: 60_000,
        cairo_rows: 1 << 16,
        closeness: Closeness::SameChoice(0.995),
    },
    RealModel {
        name: "digits forest",
        onnx: "digits/forest.onnx",
        about: "30 trees of scikit-learn",
        is_of_trees: true,
        class: Some(0),
        cairo_runs: 3,
        steps: 170_000,
        cairo_rows: 1 << 18,
        closeness: Closeness::SameChoice(0.995),
    },
    RealModel {
        name: "lenet",
        onnx: "lenet/lenet.onnx",
        about: "LeNet-5 on 28x28 images",
        is_of_trees: false,
        class: Some(1),
        cairo_runs: 1,
        steps: 2_000_000,
        cairo_rows: 1 << 20,
        closeness: Closeness::SameChoice(1.0),
    },
    RealModel {
        name: "transformer",
        onnx: "transformer/transformer.onnx",
        about: "encoder block, 8 positions of 16 features, 2 heads",
        is_of_trees: false,
        class: Some(1),
        cairo_runs: 2,
        steps: 190_000,
        cairo_rows: 1 << 18,
        closeness: Closeness::SameChoice(0.99),
    },
    RealModel {
        name: "lstm",
        onnx: "lstm/lstm.onnx",
        about: "two layers over 24 hours",
        is_of_trees: false,
        class: None,
        cairo_runs: 2,
        steps: 700_000,
        cairo_rows: 1 << 20,
        closeness: Closeness::Error(0.01),
    },
];

impl RealModel {
    /// What our pages call it: its folder, followed by the file's name where that is another.
    pub fn label(&self) -> &'static str {
        let path = self.onnx.strip_suffix(".onnx").unwrap_or(self.onnx);
        match path.split_once('/') {
            Some((folder, name)) if folder == name => folder,
            _ => path,
        }
    }

    fn beside(&self, file: &str) -> PathBuf {
        root().join("examples").join(self.onnx).with_file_name(file)
    }

    /// The float network.
    pub fn network(&self) -> Network {
        Network::import(&self.beside(self.onnx.rsplit('/').next().unwrap_or(self.onnx)))
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn samples(&self, file: &str, network: &Network) -> Vec<Sample> {
        samples::read(&self.beside(file), network.inputs()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The integers, calibrated on the model's samples.
    pub fn quantise(&self, network: &Network, options: &Options) -> Result<Quantised, TranspileError> {
        network.quantise(&self.samples("calibration.json", network), options)
    }

    /// The held-out samples.
    pub fn test_samples(&self, network: &Network) -> Vec<Sample> {
        self.samples("test.json", network)
    }

    /// What is right for each held-out sample.
    pub fn labels(&self) -> Vec<i32> {
        let text = std::fs::read(self.beside("labels.json")).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}
