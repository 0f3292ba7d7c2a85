//! Why a network cannot be transpiled. Nothing here knows the command line, which adds its own words: flags and verbs.

use std::fmt;
use std::path::PathBuf;

use maat_cairo::CompileError;
use maat_cairo::limits::Figure;
use maat_package::{PackageError, SampleError, Verdict};
use maat_prover::ProveError;
use maat_runtime::ModelError;

/// Why a network could not be transpiled, or a package could not be made again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TranspileError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not an ONNX model that can be imported.
    #[error("not an ONNX model that can be imported: {reason}")]
    Onnx {
        /// Why.
        reason: String,
    },
    /// An input's shape is not fixed, so somebody must choose it: [`ImportOptions::shapes`](maat_package::ImportOptions::shapes).
    #[error("{}", not_fixed(.input, *.axis, .symbol.as_deref()))]
    Shape {
        /// The input.
        input: String,
        /// The axis without a length; none if the input has no shape at all.
        axis: Option<usize>,
        /// What the file calls that axis.
        symbol: Option<String>,
        /// The axes in words: lengths, or names.
        axes: Vec<String>,
    },
    /// An input that is not supported, or of which something was fixed that does not fit it.
    #[error("input `{input}`: {reason}")]
    Input {
        /// The input.
        input: String,
        /// What is wrong.
        reason: String,
    },
    /// Operators have no lowering; [`supported_operators`](crate::supported_operators) lists those that have one.
    #[error("{operators}")]
    Unsupported {
        /// The operators.
        operators: UnsupportedOperators,
    },
    /// A node uses its operator in a way that has no lowering, or against the operator's definition.
    #[error("node `{node}` ({operator}, opset {opset}, inputs {shapes}): {reason}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// The version of ONNX's operators that the file asks for.
        opset: i64,
        /// The shapes of its inputs.
        shapes: String,
        /// What is wrong.
        reason: String,
    },
    /// An output of the graph is an input or a constant.
    #[error("no node computes output `{output}` once constants are folded: remove it from the outputs")]
    TrivialOutput {
        /// The output.
        output: String,
    },
    /// The float network gives something other than a finite number, for a sample or, without samples, for a point of the assumed range.
    #[error("the float network gives {value} in node `{node}` for {}", point(*.sample))]
    NotFinite {
        /// The node.
        node: String,
        /// What it gives.
        value: f64,
        /// The sample's number, counted from 0; none for a point of the assumed range.
        sample: Option<usize>,
    },
    /// A layer on quantised integers has weights that are not 16-bit integers.
    #[error("node `{node}` has integer inputs, so its weights must be whole numbers from -32767 to 32767")]
    Weights {
        /// The node.
        node: String,
    },
    /// A function of one variable, or a quotient, is not defined for a value of the float network.
    #[error(
        "node `{node}` takes {function} of {value} for {}, but that is defined only {domain}: bound what the node takes before it, for \
         example with Clip, Max or an added epsilon, or leave the sample out",
        point_alone(*.sample)
    )]
    Domain {
        /// The node.
        node: String,
        /// What the function is called.
        function: &'static str,
        /// Where it is defined.
        domain: &'static str,
        /// The value that it should be taken of.
        value: f64,
        /// The sample's number, counted from 0; none for a point of the assumed range.
        sample: Option<usize>,
    },
    /// A node computes integers that could leave 32 bits, and must not saturate.
    #[error(
        "node `{node}` computes integers, and for inputs in their ranges they may be anything from {lo} to {hi}, which is more than the \
         32 bits that are supported: give samples with smaller integers, or bound them with Clip before"
    )]
    Overflow {
        /// The node.
        node: String,
        /// The least that they may be.
        lo: f64,
        /// The greatest.
        hi: f64,
    },
    /// The integers do not compute the network, and this loss was not accepted: see
    /// [`Options::accept_loss`](maat_package::Options::accept_loss).
    #[error("the quantised model is refused, because it does not compute its network: {}", .verdict.reasons())]
    Unfaithful {
        /// What is lost, and what to try.
        verdict: Box<Verdict>,
    },
    /// The samples do not fit the network.
    #[error(transparent)]
    Samples(#[from] SampleError),
    /// A setting is out of its range.
    #[error("{setting} is {value}; it must be {expected}")]
    Option {
        /// The setting.
        setting: Setting,
        /// Its value.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// A width was given for a tensor that takes none.
    #[error("tensor `{tensor}` cannot have a width of its own: {reason}")]
    Width {
        /// The tensor.
        tensor: String,
        /// Why.
        reason: &'static str,
    },
    /// The quantised model is refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model cannot be expressed in Cairo.
    #[error(transparent)]
    Codegen(#[from] CodegenError),
    /// A node is too large for a class of its own. The package can still be made as one class, for proofs and the Cairo VM.
    #[error("node `{node}` does not fit into a class on Starknet: {figure}")]
    TooLarge {
        /// The node.
        node: String,
        /// What is too large.
        figure: Figure,
    },
    /// The generated package does not compile, which is a bug of ours.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Single inferences can be proven, but not batches of a requested size.
    #[error("batches of {batch} cannot be proven")]
    Batch {
        /// The size.
        batch: u32,
        /// Why.
        source: ProveError,
    },
    /// The model cannot be proven, although something was requested that is for proofs.
    #[error("the model cannot be proven: {reason}")]
    Unprovable {
        /// Why.
        reason: String,
    },
    /// A generated program does not run, which is a bug of ours.
    #[error("the generated program does not run: {reason}")]
    Generated {
        /// Why.
        reason: String,
    },
    /// The package to be checked cannot be read, or was made by other versions.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// A setting that was out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// [`Widths::activations`](maat_package::Widths::activations).
    ActivationBits,
    /// [`Widths::weights`](maat_package::Widths::weights).
    WeightBits,
    /// [`TensorWidth::bits`](maat_package::TensorWidth::bits).
    TensorBits,
    /// [`Options::raise`](maat_package::Options::raise).
    Raise,
    /// The share of [`RangeMethod::Percentile`](maat_package::RangeMethod::Percentile).
    Percentile,
    /// [`Options::assumed_magnitude`](maat_package::Options::assumed_magnitude).
    AssumedRange,
    /// How many [`BuildOptions::batches`](crate::BuildOptions::batches) there are.
    Batches,
    /// [`BuildOptions::contract_proofs`](crate::BuildOptions::contract_proofs).
    ContractProofs,
    /// [`BuildOptions::presets`](crate::BuildOptions::presets).
    Presets,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ActivationBits => "the width of activations",
            Self::WeightBits => "the width of weights",
            Self::TensorBits => "the width of a tensor",
            Self::Raise => "the share by which the cost may grow",
            Self::Percentile => "the percentile",
            Self::AssumedRange => "the assumed range",
            Self::Batches => "the number of batch sizes",
            Self::ContractProofs => "the choice of proofs that contracts verify",
            Self::Presets => "the list of presets",
        })
    }
}

/// Why a model cannot be expressed in Cairo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodegenError {
    /// A primitive or a range that Cairo cannot express.
    #[error("node `{node}` cannot be expressed in Cairo: {reason}")]
    Node {
        /// The node.
        node: String,
        /// Why.
        reason: String,
    },
    /// There are fewer nodes than parts.
    #[error("the number of parts is {parts}; it must be at most {most} for this network")]
    Parts {
        /// How many were requested.
        parts: usize,
        /// How many there can be.
        most: usize,
    },
}

fn not_fixed(input: &str, axis: Option<usize>, symbol: Option<&str>) -> String {
    let symbol = symbol.map_or_else(String::new, |symbol| format!(", which the file calls `{symbol}`,"));
    match axis {
        Some(axis) => format!("axis {axis} of input `{input}`{symbol} has no fixed length: choose the input's shape"),
        None => format!("input `{input}` has no shape: choose one"),
    }
}

fn point(sample: Option<usize>) -> String {
    let point = point_alone(sample);
    if sample.is_some() { format!("{point}: check that sample, and for which values the node's operator is defined") } else { point }
}

fn point_alone(sample: Option<usize>) -> String {
    match sample {
        Some(sample) => format!("sample {sample} (counted from 0)"),
        None => "a point of the assumed range of inputs".to_owned(),
    }
}

/// The operators of a graph that have no lowering, in the graph's order; at least one.
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
    /// One line for each operator.
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
