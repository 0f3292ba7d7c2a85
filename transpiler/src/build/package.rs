//! A package in memory: a quantised network, committed to, with its Cairo, compiled and measured, if it has any.

use std::collections::BTreeMap;
use std::path::Path;

use maat_cairo::{Compiler, Sources};
use maat_package::{
    CONTRACT, Cairo, ClassHashes, EXECUTABLE, Edits, MANIFEST, MANIFEST_VERSION, MODEL, Manifest, PackageDestination, PackageError, REPORT,
    Report, Versions, class_files, json_to, part_name, sha256,
};
use maat_prover::LayoutChoice;
use maat_runtime::Model;
use maat_verifier::{OneTimeTree, Preset};

use super::cairo::{self, CairoChoice};
use super::commit::{Private, commit};
use super::compile::Compiled;
use super::cost;
use crate::error::TranspileError;
use crate::quality::Quantised;

/// What a package is built for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Batch sizes to commit to for proofs, in addition to single inferences.
    pub batches: Vec<u32>,
    /// The layout of the traces that proofs are made of.
    pub layouts: LayoutChoice,
    /// The presets that proofs can have. By default `fast`, and `balanced` and `onchain` where committing for them takes about a second.
    pub presets: Option<Vec<Preset>>,
    /// Whether to commit to the model for proofs that a Starknet contract verifies, too: those with the preset `starknet`. Its trees take some ten
    /// times as long as those of all other presets together.
    pub contract_proofs: bool,
    /// What is secret of a model whose weights are to stay unknown.
    pub private: Option<Private>,
    /// Whether to write the model in Cairo and compile it.
    pub cairo: CairoChoice,
    /// How many parts of the network are separate classes: 0 for a contract that is one class, whatever its size. By default, as few as
    /// Starknet's limits allow. A number asks for Cairo.
    pub parts: Option<usize>,
}

/// A package in memory, ready to be written.
pub struct Package {
    /// The quantised model.
    pub model: Model,
    /// Its program and its classes; nothing in a package without Cairo, whose manifest says why.
    pub cairo: Option<Compiled>,
    /// What binds the files.
    pub manifest: Manifest,
    /// What is known about the model.
    pub report: Report,
    /// The trees over a private model's one-time roots, in the order of the commitment's entries.
    pub one_time_trees: Vec<OneTimeTree>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Package {
    /// Generates and compiles the Cairo of a quantised network, where it makes sense, and commits to the model for proofs of single inferences.
    ///
    /// # Errors
    /// The classes cannot be built. A model that fits into no class, or cannot be proven, is not an error: the manifest gives the reason.
    pub fn build(quantised: Quantised, compiler: &Compiler, progress: &mut dyn FnMut(&str)) -> Result<Self, TranspileError> {
        Self::build_with(quantised, &BuildOptions::default(), compiler, progress)
    }

    /// As [`Self::build`], with options.
    ///
    /// # Errors
    /// As for [`Self::build`]; and the model cannot be proven in batches of one of the sizes, or split into that many parts, or expressed in
    /// Cairo though that is asked for, or presets or proofs that contracts verify are asked for of a private model.
    pub fn build_with(
        quantised: Quantised,
        options: &BuildOptions,
        compiler: &Compiler,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, TranspileError> {
        let Quantised { model, provenance, verdict, quality } = quantised;
        if options.cairo != CairoChoice::Never {
            progress("generating Cairo");
        }
        let planned = cairo::plan(&model, options.cairo, options.parts)?;
        let committed = |progress: &mut dyn FnMut(&str)| commit(&model, options, progress);
        let (compiled, proving, one_time_trees) = cairo::compile(&planned, committed, (options.cairo, options.parts), compiler, progress)?;
        let cost = match &compiled {
            Ok(compiled) => {
                progress("measuring the cost");
                Some(cost::measure(&model, compiled)?)
            }
            Err(_) => None,
        };
        let report = Report { verdict: verdict.clone(), quality, cost };

        let mut files = generated_files(&model, compiled.as_ref().ok());
        files.insert(REPORT.to_owned(), json_to(&report));

        progress("hashing");
        let (hashes, cairo) = match compiled {
            Ok(compiled) => (compiled.hashes(), Some(compiled)),
            Err(reason) => (Cairo::Absent { reason }, None),
        };
        let manifest = Manifest {
            format: MANIFEST_VERSION,
            name: model.name().to_owned(),
            provenance,
            verdict,
            model_sha256: sha256(&files[MODEL]),
            cairo: hashes,
            proving,
            further: Vec::new(),
            versions: Versions::of(compiler),
            files: files.iter().map(|(path, bytes)| (path.clone(), sha256(bytes))).collect(),
        };
        files.insert(MANIFEST.to_owned(), json_to(&manifest));
        Ok(Self { model, cairo, manifest, report, one_time_trees, files })
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

impl Compiled {
    /// The hashes of its program and classes, as the manifest has them.
    pub fn hashes(&self) -> Cairo {
        Cairo::Compiled {
            program_hash: self.program_hash.to_fixed_hex_string(),
            class: ClassHashes::of(&self.contract),
            layer_classes: self.layer_classes.iter().map(ClassHashes::of).collect(),
        }
    }
}

/// The files of a package that follow from the model and its compilation, if it was compiled: all except report and manifest.
pub fn generated_files(model: &Model, compiled: Option<&Compiled>) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::from([(MODEL.to_owned(), model.to_bytes())]);
    let Some(Compiled { generated, program, contract, layer_classes, .. }) = compiled else { return files };
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
    files.insert(EXECUTABLE.to_owned(), program.to_json());
    let parts = layer_classes.iter().enumerate().map(|(index, class)| (part_name(index), class));
    for (name, class) in std::iter::once((CONTRACT.to_owned(), contract)).chain(parts) {
        let [sierra, casm] = class_files(&name);
        files.insert(sierra, class.sierra_json());
        files.insert(casm, class.casm_json());
    }
    files
}
