//! A package in memory: a quantised network with its Cairo, compiled, measured and committed to.

use std::collections::BTreeMap;
use std::path::Path;

use maat_cairo::{Compiler, Contract, Executable, Sources};
use maat_package::{
    CONTRACT, ClassHashes, EXECUTABLE, Edits, MANIFEST, MANIFEST_VERSION, MODEL, Manifest, PackageDestination, PackageError, REPORT,
    Report, Versions, class_files, json_to, part_name, sha256,
};
use maat_prover::LayoutChoice;
use maat_runtime::Model;
use maat_verifier::OneTimeTree;

use super::commit::{Private, commit};
use super::compile::Compiled;
use super::cost;
use crate::codegen::Draft;
use crate::error::TranspileError;
use crate::quality::Quantised;

/// What a package is built for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Batch sizes to commit to for proofs, in addition to single inferences.
    pub batches: Vec<u32>,
    /// The layout of the traces that proofs are made of.
    pub layouts: LayoutChoice,
    /// Whether to commit to the model for proofs that a Starknet contract verifies, too: those with the preset `starknet`. Its trees take some ten
    /// times as long as those of all other presets together.
    pub contract_proofs: bool,
    /// What is secret of a model whose weights are to stay unknown.
    pub private: Option<Private>,
    /// How many parts of the network are separate classes: 0 for a contract that is one class, whatever its size. By default, as few as
    /// Starknet's limits allow.
    pub parts: Option<usize>,
}

/// A package in memory, ready to be written.
pub struct Package {
    /// The quantised model.
    pub model: Model,
    /// Its program for the Cairo VM.
    pub program: Executable,
    /// Its Starknet contract.
    pub contract: Contract,
    /// The classes of the network's parts, which the contract calls, in order; empty if the contract is one class.
    pub layer_classes: Vec<Contract>,
    /// What binds the files.
    pub manifest: Manifest,
    /// What is known about the model.
    pub report: Report,
    /// The trees over a private model's one-time roots, in the order of the commitment's entries.
    pub one_time_trees: Vec<OneTimeTree>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Package {
    /// Generates and compiles the Cairo of a quantised network, and commits to the model for proofs of single inferences.
    ///
    /// # Errors
    /// The model cannot be expressed in Cairo, or the classes cannot be built. A model that cannot be proven is not an error: the manifest
    /// gives the reason.
    pub fn build(quantised: Quantised, compiler: &Compiler, progress: &mut dyn FnMut(&str)) -> Result<Self, TranspileError> {
        Self::build_with(quantised, &BuildOptions::default(), compiler, progress)
    }

    /// As [`Self::build`], with options.
    ///
    /// # Errors
    /// As for [`Self::build`]; and the model cannot be proven in batches of one of the sizes, or split into that many parts, or proofs that
    /// contracts verify are asked for of a private model.
    pub fn build_with(
        quantised: Quantised,
        options: &BuildOptions,
        compiler: &Compiler,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, TranspileError> {
        let Quantised { model, provenance, verdict, quality } = quantised;
        progress("generating Cairo");
        let draft = Draft::new(&model)?;
        // Checked before any work is done.
        draft.check_parts(options.parts.unwrap_or(0))?;
        let (proving, one_time_trees) = commit(&model, options, progress)?;
        let compiled = Compiled::new(&draft, proving.commitment(), options.parts, compiler, progress)?;
        progress("measuring the cost");
        let cost = cost::measure(&model, &compiled)?;
        let report = Report { verdict: verdict.clone(), quality, cost };

        let mut files = generated_files(&model, &compiled);
        files.insert(REPORT.to_owned(), json_to(&report));
        let Compiled { program, contract, layer_classes, .. } = compiled;

        progress("hashing");
        let program_hash = program.hash().map_err(|error| TranspileError::Generated { reason: error.to_string() })?;
        let ClassHashes { sierra_class_hash, casm_class_hash } = ClassHashes::of(&contract);
        let manifest = Manifest {
            format: MANIFEST_VERSION,
            name: model.name().to_owned(),
            provenance,
            verdict,
            model_sha256: sha256(&files[MODEL]),
            program_hash: program_hash.to_fixed_hex_string(),
            sierra_class_hash,
            casm_class_hash,
            layer_classes: layer_classes.iter().map(ClassHashes::of).collect(),
            proving,
            versions: Versions::of(compiler),
            files: files.iter().map(|(path, bytes)| (path.clone(), sha256(bytes))).collect(),
        };
        files.insert(MANIFEST.to_owned(), json_to(&manifest));
        Ok(Self { model, program, contract, layer_classes, manifest, report, one_time_trees, files })
    }

    /// Writes the package to a folder. It replaces a package that is there, unless that was edited, and leaves all other files alone.
    ///
    /// # Errors
    /// The folder holds something that is not a package or one that was edited, is the working directory or above it, or cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), PackageError> {
        self.write_to(&PackageDestination::new(folder, Edits::Keep)?)
    }

    /// As [`Self::write`], to a folder that was already checked.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn write_to(&self, destination: &PackageDestination) -> Result<(), PackageError> {
        destination.write(&self.files)
    }
}

/// The files of a package that follow from the model and its compilation: all except report and manifest.
pub fn generated_files(model: &Model, compiled: &Compiled) -> BTreeMap<String, Vec<u8>> {
    let Compiled { generated, program, contract, layer_classes } = compiled;
    let mut files = BTreeMap::new();
    let text = |sources: &Sources, folder: &str| {
        let files = sources.iter().map(|(path, text)| (format!("{folder}/{path}"), text.as_bytes().to_vec()));
        files.collect::<Vec<_>>()
    };
    files.insert("Scarb.toml".to_owned(), generated.package.main.scarb_manifest.clone().into_bytes());
    files.extend(text(&generated.package.main.sources, "src"));
    for dependency in &generated.package.dependencies {
        let folder = &dependency.name;
        files.insert(format!("{folder}/Scarb.toml"), dependency.scarb_manifest.clone().into_bytes());
        files.extend(text(&dependency.sources, &format!("{folder}/src")));
    }
    files.insert(MODEL.to_owned(), model.to_bytes());
    files.insert(EXECUTABLE.to_owned(), program.to_json());
    let parts = layer_classes.iter().enumerate().map(|(index, class)| (part_name(index), class));
    for (name, class) in std::iter::once((CONTRACT.to_owned(), contract)).chain(parts) {
        let [sierra, casm] = class_files(&name);
        files.insert(sierra, class.sierra_json());
        files.insert(casm, class.casm_json());
    }
    files
}
