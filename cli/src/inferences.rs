//! A package's model with inputs from a file: what is to be run, proven or executed.

use std::path::Path;

use maat_runtime::Model;
use maat_transpiler::{PackageFolder, quantise_sample, samples};

use crate::files;

/// Inputs for a model.
pub struct Inferences {
    pub package: PackageFolder,
    pub model: Model,
    /// For each inference the quantised inputs.
    pub inferences: Vec<Vec<Vec<i32>>>,
}

impl Inferences {
    /// Reads a package's model, and inputs for it.
    pub fn read(package: &Path, input: &Path) -> anyhow::Result<Self> {
        let package = PackageFolder::open(package)?;
        let model = package.model()?;
        let inputs: Vec<samples::InputSpec> =
            model.inputs().iter().map(|input| (input.name.clone(), input.shape.dims().to_vec())).collect();
        let samples = samples::from_bytes(&files::read_all(input)?, &files::called(input), &inputs)?;
        let inferences = samples.iter().map(|sample| quantise_sample(&model, sample)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { package, model, inferences })
    }
}
