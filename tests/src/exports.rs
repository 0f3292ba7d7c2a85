//! Networks that other programs exported, in `tests/fixtures/exports`, with what onnxruntime computes from them; and the page
//! `docs/exports.md` that says how the transpiler does with each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use maat_package::samples::Sample;
use maat_package::{ImportOptions, Options, OutputTexts, quantise_sample};
use maat_runtime::{Executor, Model, dequantise};
use maat_transpiler::{Network, TranspileError};
use prost::Message;
use rayon::prelude::*;
use serde::Deserialize;
use tract_onnx::pb::{ModelProto, NodeProto};

use crate::root;

/// Of the held-out rows, at least this share must get onnxruntime's classes.
pub const LEAST_AGREEMENT: f64 = 0.995;
/// On no held-out row may a number be farther from onnxruntime's than this share of its output's range.
pub const GREATEST_ERROR: f64 = 1e-3;

/// A network's samples, and what onnxruntime computes.
#[derive(Deserialize)]
pub struct Export {
    /// The file's name without its extension.
    #[serde(skip)]
    pub name: String,
    /// What exported it.
    pub exporter: String,
    /// Shapes that the file leaves open.
    pub shapes: BTreeMap<String, Vec<usize>>,
    /// Inputs that are constants.
    pub constants: BTreeMap<String, Vec<f64>>,
    /// The greatest error that is allowed, where it is more than [`GREATEST_ERROR`], and why.
    pub allowance: Option<(f64, String)>,
    /// Samples to calibrate with.
    pub calibration: Vec<Sample>,
    /// Other samples.
    pub held_out: Vec<Sample>,
    /// What onnxruntime computes from each of these, by output.
    pub expected: BTreeMap<String, Vec<Vec<serde_json::Value>>>,
}

/// An output beside onnxruntime's.
pub enum Comparison {
    /// Labels and other whole numbers: how many of how many are equal.
    Equal(usize, usize),
    /// Numbers: the greatest error, and the range of what is expected.
    Off(f64, f64),
}

/// How the transpiler does with an export.
pub enum Outcome {
    /// It is a model, with its outputs beside onnxruntime's.
    Taken(Box<Model>, Vec<(String, Comparison)>),
    /// It is refused for this reason.
    Refused(String),
}

fn folder() -> PathBuf {
    root().join("tests/fixtures/exports")
}

/// All exports, by name.
pub fn all() -> Vec<Export> {
    let files = std::fs::read_dir(folder()).expect("the fixtures are committed").map(|entry| entry.expect("a folder can be read").path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a fixture can be read");
        let mut export: Export = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // The networks take 32-bit floats, and trees compare them with thresholds that are 32-bit floats, too.
        for value in export.calibration.iter_mut().chain(&mut export.held_out).flatten().flatten() {
            *value = f64::from(*value as f32);
        }
        Export { name: path.file_stem().expect("a file has a name").to_string_lossy().into_owned(), ..export }
    };
    paths.into_iter().map(read).collect()
}

impl Export {
    /// Imports the file.
    ///
    /// # Errors
    /// The transpiler refuses it.
    pub fn network(&self) -> Result<Network, TranspileError> {
        let options = ImportOptions { shapes: self.shapes.clone(), constants: self.constants.clone() };
        Network::import_with(&self.path(), &options)
    }

    /// Whether it was taken and all of its outputs are close enough.
    pub fn holds(&self, outcome: &Outcome) -> bool {
        let most = self.allowance.as_ref().map_or(GREATEST_ERROR, |(most, _)| *most);
        matches!(outcome, Outcome::Taken(_, comparisons) if comparisons.iter().all(|(_, comparison)| comparison.holds(most)))
    }

    fn path(&self) -> PathBuf {
        folder().join(format!("{}.onnx", self.name))
    }

    /// The operators of its graph, its functions and the graphs within them, in alphabetical order.
    pub fn operators(&self) -> BTreeSet<String> {
        let bytes = std::fs::read(self.path()).expect("a fixture can be read");
        let model = ModelProto::decode(&bytes[..]).expect("a fixture is an ONNX model");
        let functions: BTreeSet<String> = model.functions.iter().filter_map(|function| function.name.clone()).collect();
        let mut left: Vec<NodeProto> = model.graph.into_iter().flat_map(|graph| graph.node).collect();
        left.extend(model.functions.into_iter().flat_map(|function| function.node));
        let mut operators = BTreeSet::new();
        while let Some(node) = left.pop() {
            left.extend(node.attribute.into_iter().filter_map(|attribute| attribute.g).flat_map(|graph| graph.node));
            operators.insert(node.op_type);
        }
        operators.retain(|operator| !functions.contains(operator));
        operators
    }

    /// Quantises the network and compares its outputs with onnxruntime's.
    pub fn outcome(&self) -> Outcome {
        let quantised = self.network().and_then(|network| {
            let model = network.quantise(&self.calibration, &Options::default())?.model;
            Ok((network.texts().clone(), model))
        });
        match quantised {
            Ok((texts, model)) => {
                let comparisons = self.compare(&model, &texts);
                Outcome::Taken(Box::new(model), comparisons)
            }
            Err(error) => Outcome::Refused(error.to_string()),
        }
    }

    fn compare(&self, model: &Model, texts: &BTreeMap<String, OutputTexts>) -> Vec<(String, Comparison)> {
        let mut executor = Executor::new(model);
        let mut found: Vec<Vec<f64>> = vec![Vec::new(); model.outputs().len()];
        for sample in &self.held_out {
            let inputs = quantise_sample(model, sample).expect("the samples fit the network");
            let outputs = executor.run(&inputs).expect("quantised inputs are in range");
            for ((found, output), values) in found.iter_mut().zip(model.outputs()).zip(outputs) {
                found.extend(values.iter().map(|value| dequantise(*value, model.tensor(output.tensor).scale)));
            }
        }
        let outputs = model.outputs().iter().zip(&found);
        outputs
            .map(|(output, found)| (output.name.clone(), comparison(&self.expected[&output.name].concat(), found, texts.get(&output.name))))
            .collect()
    }
}

fn comparison(expected: &[serde_json::Value], found: &[f64], texts: Option<&OutputTexts>) -> Comparison {
    let text = |value: &f64| match texts {
        Some(OutputTexts::Values(list)) => list.get(*value as usize).cloned(),
        _ => None,
    };
    if expected.iter().all(|value| value.is_i64() || value.is_string()) {
        let same = |(expected, found): (&serde_json::Value, &f64)| match expected.as_str() {
            Some(label) => text(found).as_deref() == Some(label),
            None => expected.as_f64() == Some(*found),
        };
        let equal = expected.iter().zip(found).filter(|pair| same(*pair)).count();
        return Comparison::Equal(if expected.len() == found.len() { equal } else { 0 }, expected.len());
    }
    let numbers: Vec<f64> = expected.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
    let (lo, hi) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
    let worst = numbers
        .iter()
        .zip(found)
        .map(|(expected, found)| (expected - found).abs())
        .fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a });
    Comparison::Off(if numbers.len() == found.len() { worst } else { f64::INFINITY }, hi - lo)
}

impl Comparison {
    /// Whether it is close enough.
    fn holds(&self, greatest_error: f64) -> bool {
        match *self {
            Self::Equal(equal, of) => of > 0 && equal as f64 >= LEAST_AGREEMENT * of as f64,
            Self::Off(worst, range) => worst <= greatest_error * range,
        }
    }

    fn text(&self) -> String {
        match *self {
            Self::Equal(equal, of) => format!("{equal} of {of}"),
            Self::Off(0.0, _) => "exact".to_owned(),
            Self::Off(worst, range) => format!("{:.1e}", worst / range),
        }
    }
}

impl Outcome {
    /// In a line.
    pub fn text(&self) -> String {
        match self {
            Self::Taken(_, comparisons) => {
                comparisons.iter().map(|(name, comparison)| format!("`{name}` {}", comparison.text())).collect::<Vec<_>>().join(", ")
            }
            Self::Refused(reason) => format!("refused: {}", reason.replace('\n', "; ")),
        }
    }
}

/// All exports with their outcomes.
pub fn outcomes() -> Vec<(Export, Outcome)> {
    all()
        .into_par_iter()
        .map(|export| {
            let outcome = export.outcome();
            (export, outcome)
        })
        .collect()
}

/// The page `docs/exports.md`.
pub fn page(outcomes: &[(Export, Outcome)], command: &str) -> String {
    // `onnxmltools, LightGBM` is one of onnxmltools' networks.
    let exporters: BTreeSet<&str> = outcomes.iter().filter_map(|(export, _)| export.exporter.split(", ").next()).collect();
    let taken = outcomes.iter().filter(|(export, outcome)| export.holds(outcome)).count();
    let mut page = format!(
        "# Exports\n\n\
         Small networks from {} exporters, transpiled at 16 bits with samples that come with them, and compared with onnxruntime on others. The\n\
         test `tests/tests/exports.rs` does so and writes this page; the scripts that made and exported them are in\n\
         [tests/fixtures/exports](../tests/fixtures/exports/README.md).\n\n\
         ```\n{command}\n```\n\n\
         Of {} networks {taken} are taken. Whole numbers and texts are counted where they equal onnxruntime's: {} % must. Of other numbers the\n\
         greatest error is given, as a share of what the output spans: {GREATEST_ERROR} at most,\n\
         unless the row says otherwise.\n\n\
         | network | exporter | operators | outputs |\n|---|---|---|---|\n",
        exporters.len(),
        outcomes.len(),
        LEAST_AGREEMENT * 100.0
    );
    for (export, outcome) in outcomes {
        let operators = export.operators().into_iter().collect::<Vec<_>>().join(", ");
        let fixed = export.shapes.iter().map(|(name, shape)| format!("`--shape {name}={}`", listed(shape)));
        let fixed = fixed.chain(export.constants.iter().map(|(name, values)| format!("`--set {name}={}`", listed(values))));
        let fixed = fixed.fold(String::new(), |text, flag| format!("{text} {flag}"));
        let why = export.allowance.as_ref().map_or_else(String::new, |(most, why)| format!(" (at most {most}: {why})"));
        let outcome = outcome.text().replace('|', "\\|");
        let _ = writeln!(page, "| {}{fixed} | {} | {operators} | {outcome}{why} |", export.name, export.exporter);
    }
    page
}

fn listed<T: ToString>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}
