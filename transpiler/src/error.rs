use std::fmt;
use std::path::PathBuf;

use maat_cairo::CompileError;
use maat_prover::ProveError;
use maat_runtime::{FormatError, ModelError};

use crate::cost::Figure;
use crate::verdict::Verdict;

/// Why a network could not be transpiled, or a package could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TranspileError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    /// A file or folder cannot be written.
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: std::io::Error },
    /// The output folder holds something that is not a package, which is left alone.
    #[error("{path} exists and is not a Maat package: choose another folder, or remove it")]
    Occupied { path: PathBuf },
    /// The output folder is the one that the user works in, or one above it: once replaced, nobody would work in it any more.
    #[error("cannot write a package to {path}: that would replace the working directory. Name a folder in it, such as `-o package`")]
    WorkingDirectory { path: PathBuf },
    /// The output folder holds a package with changes of the user, which are left alone.
    #[error("{path} holds a package with files that would be lost: {files}. Move them away, or replace them with --force")]
    Edited { path: PathBuf, files: String },
    /// A folder is not a package.
    #[error("{path} is not a package made by `maat transpile`: {reason}")]
    NotAPackage { path: PathBuf, reason: String },
    /// The package is made from a file that it would replace.
    #[error("cannot write a package to {path}: it would replace {source_file}, which it is made from. Name another folder")]
    Source { path: PathBuf, source_file: PathBuf },
    /// The file is not an ONNX model that can be imported.
    #[error("not an ONNX model that can be imported: {reason}")]
    Onnx { reason: String },
    /// Operators have no lowering; [`supported_operators`](crate::supported_operators) lists those that have.
    #[error("{operators}")]
    Unsupported { operators: UnsupportedOperators },
    /// A node uses its operator in a way that has no lowering, or against the operator's definition.
    #[error("node `{node}` ({operator}, opset {opset}, inputs {shapes}): {reason}")]
    Node { node: String, operator: String, opset: i64, shapes: String, reason: String },
    /// An output of the graph is an input or a constant.
    #[error("output `{output}` is not computed by any node that is left after folding constants")]
    TrivialOutput { output: String },
    /// The float network gives something that is not a finite number for a sample, or without samples for a point of the assumed range.
    #[error("the float network gives {value} in node `{node}` for {}", point(*.sample))]
    NotFinite { node: String, value: f64, sample: Option<usize> },
    /// A layer on quantised integers has weights that are not 16-bit integers.
    #[error("node `{node}`: its weights on integers must be whole numbers from -32767 to 32767")]
    Weights { node: String },
    /// The integers do not compute the network.
    #[error("the quantised model is refused, because it does not compute its network: {}{}. --accept-loss makes the package anyway", .verdict.reasons(), remedy(.verdict))]
    Unfaithful { verdict: Box<Verdict> },
    /// The samples do not fit the network.
    #[error(transparent)]
    Samples(#[from] SampleError),
    /// An option is out of its range.
    #[error("{option} is {value}; it must be {expected}")]
    Option { option: &'static str, value: String, expected: String },
    /// The quantised model is refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A primitive or a range that generated Cairo cannot express.
    #[error("node `{node}` cannot be expressed in Cairo: {reason}")]
    Codegen { node: String, reason: String },
    /// A node is too large for a class of its own.
    #[error(
        "node `{node}` does not fit into a class on Starknet: {figure}. With --parts 0 the package is made anyway, for proofs and the Cairo VM"
    )]
    TooLarge { node: String, figure: Figure },
    /// The generated package does not compile, which is a bug of ours.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Single inferences can be proven, but not batches of a size that was asked for.
    #[error("batches of {batch} cannot be proven")]
    Batch { batch: u32, source: ProveError },
    /// The package is of a model without proofs.
    #[error("the model cannot be proven: {reason}")]
    Unprovable { reason: String },
    /// A generated program does not run, which is a bug of ours.
    #[error("the generated program does not run: {reason}")]
    Generated { reason: String },
    /// A package's model cannot be read.
    #[error("{path}")]
    Format { path: PathBuf, source: FormatError },
    /// A package's files do not belong together.
    #[error("{path}: {reason}")]
    Package { path: PathBuf, reason: String },
}

fn point(sample: Option<usize>) -> String {
    match sample {
        Some(sample) => {
            format!("sample {sample} (counted from 0): look at that sample, and for which values the node's operator is defined")
        }
        None => "a point of the assumed range of inputs: give samples with --calibration, or choose another --assumed-range".to_owned(),
    }
}

fn remedy(verdict: &Verdict) -> String {
    verdict.to_try().map_or_else(String::new, |advice| format!(". Try {advice}"))
}

/// The operators of a graph that have no lowering, in the order of the graph; at least one.
#[derive(Debug)]
pub struct UnsupportedOperators(pub Vec<UnsupportedOperator>);

/// An operator without a lowering.
#[derive(Debug)]
pub struct UnsupportedOperator {
    /// The first node that has it.
    pub node: String,
    /// Its name, as in [`supported_operators`](crate::supported_operators).
    pub operator: String,
    /// How many more nodes have it.
    pub further: usize,
    /// What to do about it.
    pub advice: Option<&'static str>,
}

impl fmt::Display for UnsupportedOperators {
    /// A line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, UnsupportedOperator { node, operator, further, advice }) in self.0.iter().enumerate() {
            let line = if position == 0 { "" } else { "\n" };
            let others = if *further == 0 { String::new() } else { format!(" and {further} more") };
            write!(f, "{line}node `{node}`{others}: operator {operator} is not supported")?;
            if let Some(advice) = advice {
                write!(f, ": {advice}")?;
            }
        }
        Ok(())
    }
}

/// Why samples, or the inputs of a run, cannot be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The file is neither JSON, `.npy` nor `.npz`, or damaged.
    #[error("{path}: {reason}")]
    Malformed { path: PathBuf, reason: String },
    /// Arrays within an array have different lengths.
    #[error("input `{input}`: the arrays at depth {depth} have different lengths ({first} and {other})")]
    Ragged { input: String, depth: usize, first: usize, other: usize },
    /// Something that is not a number.
    #[error("input `{input}`: {value} is not a finite number")]
    NotANumber { input: String, value: String },
    /// Something in a file that is not a number.
    #[error("{path}: input `{input}`: {value} in {place} (counted from 0) is not a finite number{}", missing(.value))]
    NotANumberAt { path: PathBuf, input: String, value: String, place: String },
    /// Objects where an array has numbers.
    #[error(
        "{path}: input `{input}` has objects among its values: write one object for all samples, such as {{\"{input}\": [[..], [..]]}}"
    )]
    Objects { path: PathBuf, input: String },
    /// The network has no such input.
    #[error("the network has no input `{found}`; its inputs are: {expected}")]
    UnknownInput { found: String, expected: String },
    /// An input is missing.
    #[error("input `{input}` is missing; the network's inputs are: {expected}")]
    MissingInput { input: String, expected: String },
    /// An array does not fit the input.
    #[error("input `{input}` takes {expected:?}, or a batch of such arrays; got {found:?}{}", one_row(.expected, .found))]
    Shape { input: String, expected: Vec<usize>, found: Vec<usize> },
    /// The inputs have different numbers of samples.
    #[error("input `{input}` has {found} samples, but the first input has {expected}")]
    Batch { input: String, expected: usize, found: usize },
    /// There are no samples at all.
    #[error("{path} holds no samples")]
    Empty { path: PathBuf },
}

/// What to do about a value that stands for a missing one.
fn missing(value: &str) -> &'static str {
    if matches!(value, "NaN" | "null") { ". Maat has no missing values: impute them, or drop the samples that have them" } else { "" }
}

/// What to do about rows for a network that takes several at once.
fn one_row(expected: &[usize], found: &[usize]) -> String {
    match (expected, found) {
        ([batch, row @ ..], [_, rows @ ..]) if *batch > 1 && !row.is_empty() && (rows == row || found == row) => {
            format!(". The network was exported for {batch} rows at a time: export it for one row")
        }
        _ => String::new(),
    }
}
