//! The model package: a folder that holds the quantised model and all that follows from it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use maat_cairo::{Call, Compiler, Contract, Libraries, Program, RunError, Sources};
use maat_prover::cairo::Execution;
use maat_runtime::{Model, inert, is_active};
use maat_verifier::Entries;
use maat_verifier::cairo::ProgramHash;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use starknet_types_core::felt::Felt;

use crate::classes::Compiled;
use crate::codegen::Draft;
use crate::cost::{self, Cost};
use crate::destination::{Edits, PackageDestination};
use crate::error::TranspileError;
use crate::network::{Provenance, Quality, Quantised, sha256};
use crate::partial::read_file;
use crate::proving::Proving;
use crate::verdict::Verdict;

/// The version of the manifest's format.
pub const MANIFEST_VERSION: u32 = 5;

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const MODEL: &str = "model.maat";
pub(crate) const REPORT: &str = "report.json";
const EXECUTABLE: &str = "target/executable.json";
/// The files of a class are `target/NAME.sierra.json` and `target/NAME.casm.json`; this is the name of the model's.
const CONTRACT: &str = "contract";

/// `manifest.json`: binds the parts of a package together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// The model's name.
    pub name: String,
    /// Where the model comes from.
    pub provenance: Provenance,
    /// Whether the model still is its float network: here too, so that whoever has the model has it.
    pub verdict: Verdict,
    /// sha256 of `model.maat`.
    pub model_sha256: String,
    /// Hash of the Cairo program, as StarkWare's bootloader computes it.
    pub program_hash: String,
    /// Hash under which the contract's class is declared.
    pub sierra_class_hash: String,
    /// Hash of its CASM class.
    pub casm_class_hash: String,
    /// The classes of parts of the network that the contract calls, in order; empty if it is one class.
    pub layer_classes: Vec<ClassHashes>,
    /// The model's commitment for proofs, or why there is none.
    #[serde(flatten)]
    pub proving: Proving,
    /// What made the package.
    pub versions: Versions,
    /// sha256 of every other file, by path.
    pub files: BTreeMap<String, String>,
}

/// The hashes of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassHashes {
    /// Hash under which the class is declared.
    pub sierra_class_hash: String,
    /// Hash of its CASM class.
    pub casm_class_hash: String,
}

impl ClassHashes {
    pub(crate) fn of(contract: &Contract) -> Self {
        Self {
            sierra_class_hash: contract.class_hash().to_fixed_hex_string(),
            casm_class_hash: contract.compiled_class_hash().to_fixed_hex_string(),
        }
    }
}

/// Versions of what made a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Maat.
    pub maat: String,
    /// The format of `model.maat`.
    pub model_format: u16,
    /// The Cairo compiler.
    pub cairo: String,
    /// The Cairo core library: a digest of its files.
    pub corelib: String,
}

impl Versions {
    /// Those of this program with a compiler.
    pub(crate) fn of(compiler: &Compiler) -> Self {
        Self {
            maat: env!("CARGO_PKG_VERSION").to_owned(),
            model_format: maat_runtime::FORMAT_VERSION,
            cairo: maat_cairo::COMPILER_VERSION.to_owned(),
            corelib: compiler.corelib_digest(),
        }
    }
}

/// `report.json`: verdict, accuracy, proven ranges and cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether the model still is its float network.
    pub verdict: Verdict,
    /// Accuracy and proven ranges.
    pub quality: Quality,
    /// Cost of an inference.
    pub cost: Cost,
}

impl Report {
    /// Reads a report's text. Its numbers become floats first: in a build whose JSON keeps their digits, serde does not find floats in objects
    /// that it sorts by a tag.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_value(json_of(bytes)?).map_err(shown)
    }
}

/// The JSON of a file that we wrote, or somebody else did. Its texts are shown, so that none may act on a terminal or hold another line.
pub(crate) fn json_of(bytes: &[u8]) -> Result<Value, String> {
    fn active(value: &Value) -> Option<&str> {
        match value {
            Value::String(text) => Some(text.as_str()).filter(|text| text.contains(is_active)),
            Value::Array(items) => items.iter().find_map(active),
            Value::Object(members) => {
                members.iter().find_map(|(key, value)| Some(key.as_str()).filter(|key| key.contains(is_active)).or_else(|| active(value)))
            }
            _ => None,
        }
    }
    let value = serde_json::from_slice(bytes).map_err(shown)?;
    match active(&value) {
        Some(text) => Err(format!("it has the text `{}`, whose control characters Maat never writes", inert(text))),
        None => Ok(value),
    }
}

/// Why JSON is not what it should be, on one line: it may cite what it found.
fn shown(error: serde_json::Error) -> String {
    inert(&error.to_string())
}

/// What a package is built for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Batch sizes to commit to for proofs, beside single inferences.
    pub batches: Vec<u32>,
    /// How many parts of the network are classes of their own: 0 for a contract that is one class, whatever its size. If it is not said, as
    /// few as Starknet's limits ask for.
    pub parts: Option<usize>,
}

/// A package in memory, ready to be written.
pub struct Package {
    /// The quantised model.
    pub model: Model,
    /// Its program for the Cairo VM.
    pub program: Program,
    /// Its Starknet contract.
    pub contract: Contract,
    /// The classes of parts of the network that the contract calls, in order; empty if it is one class.
    pub layer_classes: Vec<Contract>,
    /// What binds the files.
    pub manifest: Manifest,
    /// What is known of the model.
    pub report: Report,
    files: BTreeMap<String, Vec<u8>>,
}

impl Package {
    /// Generates and compiles the Cairo of a quantised network, and commits to the model for proofs of single inferences.
    ///
    /// # Errors
    /// The model cannot be expressed in Cairo, or the classes cannot be built. A model that cannot be proven is not an error: the manifest says
    /// why.
    pub fn build(quantised: Quantised, compiler: &Compiler, progress: &mut dyn FnMut(&str)) -> Result<Self, TranspileError> {
        Self::build_with(quantised, &BuildOptions::default(), compiler, progress)
    }

    /// As [`Self::build`], with options.
    ///
    /// # Errors
    /// As for [`Self::build`]; and the model cannot be proven in batches of all these sizes, or cannot have as many parts as are asked for.
    pub fn build_with(
        quantised: Quantised,
        options: &BuildOptions,
        compiler: &Compiler,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, TranspileError> {
        let Quantised { model, provenance, verdict, quality } = quantised;
        progress("generating Cairo");
        let draft = Draft::new(&model)?;
        // Found out before the work is done.
        draft.check_parts(options.parts.unwrap_or(0))?;
        let proving = Proving::of(&model, &options.batches, progress)?;
        let compiled = Compiled::new(&draft, proving.commitment(), options.parts, compiler, progress)?;
        progress("measuring the cost");
        let cost = cost::measure(&model, &compiled)?;
        let report = Report { verdict: verdict.clone(), quality, cost };

        let mut files = generated_files(&model, &compiled);
        files.insert(REPORT.to_owned(), json(&report));
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
        files.insert(MANIFEST.to_owned(), json(&manifest));
        Ok(Self { model, program, contract, layer_classes, manifest, report, files })
    }

    /// Writes the package to a folder. Of a package that is there, only what is not of it stays, and an edited one is left alone.
    ///
    /// # Errors
    /// The folder holds something that is not a package or one that was edited, is the working directory or above it, or cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), TranspileError> {
        self.write_to(&PackageDestination::new(folder, Edits::Keep)?)
    }

    /// As [`Self::write`], where the folder was looked at before.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn write_to(&self, destination: &PackageDestination) -> Result<(), TranspileError> {
        destination.write(&self.files)
    }
}

/// The files of a package that follow from the model and its compilation: all but report and manifest.
pub(crate) fn generated_files(model: &Model, compiled: &Compiled) -> BTreeMap<String, Vec<u8>> {
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

/// The name of the class of a part, counted from 0.
fn part_name(index: usize) -> String {
    format!("part_{}", index + 1)
}

/// The files of a class: Sierra and CASM.
fn class_files(name: &str) -> [String; 2] {
    ["sierra", "casm"].map(|kind| format!("target/{name}.{kind}.json"))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain data serialises");
    bytes.push(b'\n');
    bytes
}

/// A package on disk. Files are read when they are needed, and checked against the manifest.
#[derive(Debug, Clone)]
pub struct PackageFolder {
    pub(crate) folder: PathBuf,
    /// What binds the files.
    pub manifest: Manifest,
}

impl PackageFolder {
    /// Opens a package by its manifest.
    ///
    /// # Errors
    /// [`TranspileError::NotAPackage`] where the folder has no manifest, and [`TranspileError::Package`] for one of another format.
    pub fn open(folder: &Path) -> Result<Self, TranspileError> {
        let path = folder.join(MANIFEST);
        let no_package = |reason: String| TranspileError::NotAPackage { path: folder.to_path_buf(), reason };
        let bytes = read_file(&path).map_err(|error| {
            no_package(match std::fs::metadata(folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => "there is no such folder".to_owned(),
                Ok(found) if !found.is_dir() => "it is not a folder".to_owned(),
                Ok(_) if error.kind() == ErrorKind::NotFound => format!("it holds no {MANIFEST}"),
                _ => format!("its {MANIFEST} cannot be read: {error}"),
            })
        })?;
        let fault = |reason: String| TranspileError::Package { path: path.clone(), reason };
        let of_others = |reason: String| no_package(format!("its {MANIFEST} is not a package's: {reason}"));
        let value = json_of(&bytes).map_err(|error| of_others(error.to_string()))?;
        match value.get("format").and_then(Value::as_u64) {
            None => return Err(of_others("it names no format".to_owned())),
            Some(format) if format != u64::from(MANIFEST_VERSION) => {
                return Err(fault(format!("manifest format {format}, but this program reads {MANIFEST_VERSION}: transpile again")));
            }
            Some(_) => {}
        }
        let manifest = serde_json::from_value(value).map_err(|error| fault(format!("not a manifest: {}", shown(error))))?;
        Ok(Self { folder: folder.to_path_buf(), manifest })
    }

    /// Where the package's files are, the manifest among them.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.manifest.files.keys().map(String::as_str).chain([MANIFEST]).map(|file| self.folder.join(file))
    }

    /// The quantised model.
    ///
    /// # Errors
    /// The file is missing, damaged, or not the one that the manifest names.
    pub fn model(&self) -> Result<Model, TranspileError> {
        let bytes = self.read(MODEL)?;
        Model::from_bytes(&bytes).map_err(|source| TranspileError::Format { path: self.folder.join(MODEL), source })
    }

    /// The entries of the model's commitment. Only the manifest is read, so that they are the model's is its word.
    ///
    /// # Errors
    /// The model cannot be proven, or the commitment is not that of the entries.
    pub fn entries(&self) -> Result<&Entries, TranspileError> {
        match &self.manifest.proving {
            Proving::Committed { commitment, entries } if entries.commitment() == *commitment => Ok(entries),
            Proving::Committed { commitment, entries } => {
                let reason =
                    format!("the model commitment is {commitment}, but its entries make {}: transpile again", entries.commitment());
                Err(TranspileError::Package { path: self.folder.join(MANIFEST), reason })
            }
            Proving::Unprovable { reason } => Err(TranspileError::Unprovable { reason: reason.clone() }),
        }
    }

    /// The report.
    ///
    /// # Errors
    /// As for [`Self::model`].
    pub fn report(&self) -> Result<Report, TranspileError> {
        let (path, bytes) = (self.folder.join(REPORT), self.read(REPORT)?);
        Report::read(&bytes).map_err(|error| TranspileError::Package { path, reason: format!("not a report: {error}") })
    }

    /// The program for the Cairo VM.
    ///
    /// # Errors
    /// As for [`Self::model`].
    pub fn program(&self) -> Result<Program, TranspileError> {
        let (path, bytes) = (self.folder.join(EXECUTABLE), self.read(EXECUTABLE)?);
        Program::from_json(&bytes).map_err(|error| TranspileError::Package { path, reason: error.to_string() })
    }

    /// The hash of the program, as the manifest says it.
    ///
    /// # Errors
    /// It is not a hash.
    pub fn program_hash(&self) -> Result<ProgramHash, TranspileError> {
        self.manifest.program_hash.parse().map_err(|error| {
            let reason = format!("the program hash {:?} is none: {error}", self.manifest.program_hash);
            TranspileError::Package { path: self.folder.join(MANIFEST), reason }
        })
    }

    /// The model's Starknet contract.
    ///
    /// # Errors
    /// As for [`Self::model`]; or its class hashes are not those that the manifest names.
    pub fn contract(&self) -> Result<Contract, TranspileError> {
        let Manifest { sierra_class_hash, casm_class_hash, .. } = &self.manifest;
        let hashes = ClassHashes { sierra_class_hash: sierra_class_hash.clone(), casm_class_hash: casm_class_hash.clone() };
        self.class(CONTRACT, &hashes)
    }

    /// The classes of parts of the network that the contract calls, in order; empty if it is one class.
    ///
    /// # Errors
    /// As for [`Self::contract`].
    pub fn layer_classes(&self) -> Result<Vec<Contract>, TranspileError> {
        let classes = self.manifest.layer_classes.iter().enumerate();
        classes.map(|(index, hashes)| self.class(&part_name(index), hashes)).collect()
    }

    fn class(&self, name: &str, expected: &ClassHashes) -> Result<Contract, TranspileError> {
        let [sierra, casm] = class_files(name);
        let fault = |reason: String| TranspileError::Package { path: self.folder.join(&sierra), reason };
        let class = Contract::from_json(&self.read(&sierra)?, &self.read(&casm)?).map_err(|error| fault(error.to_string()))?;
        let found = ClassHashes::of(&class);
        if found != *expected {
            let ClassHashes { sierra_class_hash, casm_class_hash } = found;
            let reason = format!(
                "the class hashes are {sierra_class_hash} (Sierra) and {casm_class_hash} (CASM), which manifest.json does not say: transpile again"
            );
            return Err(fault(reason));
        }
        Ok(class)
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, TranspileError> {
        let path = self.folder.join(file);
        let bytes = read_file(&path).map_err(|source| TranspileError::Read { path: path.clone(), source })?;
        match self.manifest.files.get(file) {
            Some(digest) if *digest == sha256(&bytes) => Ok(bytes),
            Some(_) => {
                let reason = "the file is not the one that manifest.json was written for: transpile again".to_owned();
                Err(TranspileError::Package { path, reason })
            }
            None => Err(TranspileError::Package { path, reason: "manifest.json does not list the file".to_owned() }),
        }
    }
}

/// Runs a model's Cairo program on quantised inputs; gives the outputs in order, and the steps.
///
/// # Errors
/// The program refuses its input, does not give it back in front of the outputs, or does not give what the model says.
pub fn run_program(model: &Model, program: &Program, inputs: &[Vec<i32>]) -> Result<(Vec<Vec<i32>>, usize), RunError> {
    let arguments = arguments(inputs);
    let run = program.run(&arguments)?;
    let malformed = |reason: String| RunError::Malformed { reason };
    let Some(outputs) = run.output.strip_prefix(arguments.as_slice()) else {
        return Err(malformed("its output does not begin with the inputs that it was given: transpile again".to_owned()));
    };
    Ok((split_outputs(model, outputs)?, run.steps))
}

/// Runs `predict` of a model's contract on quantised inputs, with the classes that it calls; gives the outputs in order, and the call.
///
/// # Errors
/// The contract refuses its input, calls other classes, or does not give what the model says.
pub fn run_contract(
    model: &Model,
    contract: &Contract,
    layer_classes: &[Contract],
    inputs: &[Vec<i32>],
) -> Result<(Vec<Vec<i32>>, Call), RunError> {
    let values = arguments(inputs);
    let calldata: Vec<Felt> = std::iter::once(Felt::from(values.len())).chain(values).collect();
    let libraries: Libraries = layer_classes.iter().map(|class| (class.class_hash(), class)).collect();
    let call = contract.call_with_libraries("predict", &calldata, &libraries)?;
    let outputs = match call.output.split_first() {
        Some((length, values)) if *length == Felt::from(values.len()) => split_outputs(model, values)?,
        _ => return Err(RunError::Malformed { reason: "`predict` does not return a list".to_owned() }),
    };
    Ok((outputs, call))
}

/// All outputs, one after the other, as lists of integers.
fn split_outputs(model: &Model, outputs: &[Felt]) -> Result<Vec<Vec<i32>>, RunError> {
    let malformed = |reason: String| RunError::Malformed { reason };
    let values = outputs.iter().map(|felt| signed(*felt).ok_or_else(|| malformed(format!("output {felt} is not within 32 bits"))));
    let values = values.collect::<Result<Vec<i32>, _>>()?;
    let lengths: Vec<usize> = model.outputs().iter().map(|output| model.tensor(output.tensor).shape.elements()).collect();
    if values.len() != lengths.iter().sum::<usize>() {
        return Err(malformed(format!("it gave {} values, but the outputs have lengths {lengths:?}", values.len())));
    }
    let mut rest = values.as_slice();
    let outputs = lengths.into_iter().map(|length| {
        let (output, others) = rest.split_at(length);
        rest = others;
        output.to_vec()
    });
    Ok(outputs.collect())
}

/// Executes a model's Cairo program on quantised inputs for a Cairo proof.
///
/// # Errors
/// The program refuses its input.
pub fn execute_program(program: &Program, inputs: &[Vec<i32>]) -> Result<Execution, RunError> {
    program.execute(&arguments(inputs))
}

/// What a model's program takes: all values one after the other.
pub fn arguments(inputs: &[Vec<i32>]) -> Vec<Felt> {
    inputs.iter().flatten().map(|value| Felt::from(*value)).collect()
}

/// A felt as a signed integer, if it is within 32 bits.
pub fn signed(felt: Felt) -> Option<i32> {
    let positive = u32::try_from(felt.to_biguint()).ok().and_then(|value| i32::try_from(value).ok());
    positive.or_else(|| u32::try_from((-felt).to_biguint()).ok().and_then(|value| i32::try_from(-i64::from(value)).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_act_on_a_terminal_are_refused_wherever_they_are() {
        for json in [r#"{"a": [1, {"b": "x\u001b[2J"}]}"#, r#"{"a": {"x\u001b[2J": 1}}"#, r#"["x\u001b[2J"]"#] {
            assert_eq!(json_of(json.as_bytes()).unwrap_err(), "it has the text `x\\u{1b}[2J`, whose control characters Maat never writes");
        }
        assert!(json_of(r#"{"a": "näme \" 模型", "b": [null, 1.5]}"#.as_bytes()).is_ok());
        assert!(json_of(b"{").is_err());
    }

    #[test]
    fn felts_are_read_as_signed_integers() {
        for value in [0, 1, -1, i32::MAX, i32::MIN] {
            assert_eq!(signed(Felt::from(value)), Some(value));
        }
        assert_eq!(signed(Felt::from(1u64 << 31)), None);
        assert_eq!(signed(Felt::from(-(1i64 << 31) - 1)), None);
    }
}
