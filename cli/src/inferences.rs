//! A package's model with inputs from a file: what is to be run, proven or executed, and what whoever uses the results must know.

use std::path::Path;

use anyhow::bail;
use maat_package::{Manifest, OutOfRange, PackageFolder, Verdict, out_of_range, quantise_sample, samples};
use maat_runtime::Model;
use maat_verifier::SideOpening;
use serde_json::Value;

use crate::response::Response;
use crate::{advice, files};

/// What to do with inputs that the model has no integers for.
#[derive(Clone, Copy, clap::Args)]
pub struct Strictness {
    /// Refuse inputs that are out of the model's range, instead of clamping them with a warning
    #[arg(long)]
    strict: bool,
}

/// Inputs for a model.
pub struct Inferences {
    pub package: PackageFolder,
    pub model: Model,
    /// For each inference the quantised inputs.
    pub inferences: Vec<Vec<Vec<i32>>>,
    /// What is to be said with the results.
    pub caveats: Caveats,
}

impl Inferences {
    /// Reads a package's model, and inputs for it.
    pub fn read(package: &Path, input: &Path, strictness: Strictness) -> anyhow::Result<Self> {
        let package = PackageFolder::open(package)?;
        let model = package.model()?;
        let inputs: Vec<samples::InputSpec> =
            model.inputs().iter().map(|input| (input.name.clone(), input.shape.dims().to_vec())).collect();
        let samples = samples::from_bytes(&files::read_all(input)?, &files::called(input), &inputs)?;
        let inferences = samples.iter().map(|sample| quantise_sample(&model, sample)).collect::<Result<Vec<_>, _>>()?;
        let out_of_range = out_of_range(&model, &samples);
        if strictness.strict && !out_of_range.is_empty() {
            let inputs = out_of_range.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            bail!("{inputs}. Without --strict, what is out of range is clamped");
        }
        let caveats = Caveats { out_of_range: Some(out_of_range), ..Caveats::of(&package.manifest) };
        Ok(Self { package, model, inferences, caveats })
    }

    /// The outputs that another proof's digest binds, as inputs of a package's model: integers already, one inference after the other.
    pub fn chained(package: &Path, opening: &Path, outputs: &SideOpening) -> anyhow::Result<Self> {
        let package = PackageFolder::open(package)?;
        let model = package.model()?;
        let takes: usize = model.inputs().iter().map(|input| input.shape.elements()).sum();
        if let Some(values) = outputs.values.iter().find(|values| values.len() != takes) {
            let opening = files::called(opening);
            bail!("{} has {} outputs an inference, but the model takes {takes} inputs", opening.display(), values.len());
        }
        let inferences = outputs.values.iter().map(|values| split_inputs(&model, values)).collect();
        let caveats = Caveats::of(&package.manifest);
        Ok(Self { package, model, inferences, caveats })
    }
}

/// The values of all inputs of an inference, which stand one after the other, as those of each input.
pub fn split_inputs(model: &Model, values: &[i32]) -> Vec<Vec<i32>> {
    let mut values = values.iter().copied();
    model.inputs().iter().map(|input| values.by_ref().take(input.shape.elements()).collect()).collect()
}

/// What whoever uses the results of a model must know.
pub struct Caveats {
    verdict: Verdict,
    /// Values that were clamped; absent where there are no inputs.
    out_of_range: Option<Vec<OutOfRange>>,
}

impl Caveats {
    /// Those of a package's model, whatever its inputs are.
    pub fn of(manifest: &Manifest) -> Self {
        Self { verdict: manifest.verdict.clone(), out_of_range: None }
    }

    /// Adds them to a response.
    pub fn on<R: Response>(self, response: R) -> Caveated<R> {
        Caveated { response, caveats: self }
    }
}

/// A response with its caveats: warnings, and `fidelity` and `out_of_range` in the JSON form.
pub struct Caveated<R> {
    response: R,
    caveats: Caveats,
}

impl<R: Response> Response for Caveated<R> {
    fn text(&self) -> String {
        self.response.text()
    }

    fn json(&self) -> Value {
        let mut value = self.response.json();
        if let Value::Object(fields) = &mut value {
            fields.insert("fidelity".to_owned(), self.caveats.verdict.fidelity.to_string().into());
            if let Some(inputs) = &self.caveats.out_of_range {
                let inputs = inputs.iter().map(|input| serde_json::to_value(input).expect("plain data serialises"));
                fields.insert("out_of_range".to_owned(), inputs.collect());
            }
        }
        value
    }

    fn succeeded(&self) -> bool {
        self.response.succeeded()
    }

    fn warnings(&self) -> Vec<String> {
        let Caveats { verdict, out_of_range } = &self.caveats;
        let clamped = out_of_range.iter().flatten().map(|input| format!("{input}; they are clamped, and --strict refuses them"));
        self.response.warnings().into_iter().chain(advice::caution(verdict)).chain(clamped).collect()
    }

    fn output_is_taken(&self) -> bool {
        self.response.output_is_taken()
    }
}
