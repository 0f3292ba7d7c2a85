//! Why samples are refused. Each message names the input, and the place in the file where that is known.

use std::path::PathBuf;

/// Why samples, or the inputs of a run, are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is neither JSON, `.npy` nor `.npz`, or damaged.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Arrays within an array have different lengths.
    #[error("input `{input}`: the arrays at depth {depth} have different lengths ({first} and {other})")]
    Ragged {
        /// The input.
        input: String,
        /// How deep the arrays are nested there.
        depth: usize,
        /// The length of the first array.
        first: usize,
        /// That of another.
        other: usize,
    },
    /// Something that is not a number.
    #[error("input `{input}`: {value} is not a finite number")]
    NotANumber {
        /// The input.
        input: String,
        /// What it has.
        value: String,
    },
    /// Something in a file that is not a number.
    #[error("{path}: input `{input}`: {value} in {place} (counted from 0) is not a finite number{}", missing(.value))]
    NotANumberAt {
        /// The file.
        path: PathBuf,
        /// The input.
        input: String,
        /// What it has.
        value: String,
        /// Where it has it.
        place: String,
    },
    /// Objects where an array has numbers.
    #[error(
        "{path}: input `{input}` has objects among its values: write one object for all samples, such as {{\"{input}\": [[..], [..]]}}"
    )]
    Objects {
        /// The file.
        path: PathBuf,
        /// The input.
        input: String,
    },
    /// The network has no such input.
    #[error("the network has no input `{found}`; its inputs are: {expected}")]
    UnknownInput {
        /// The name.
        found: String,
        /// The names of the inputs.
        expected: String,
    },
    /// An input is missing.
    #[error("input `{input}` is missing; the network's inputs are: {expected}")]
    MissingInput {
        /// The input.
        input: String,
        /// The names of the inputs.
        expected: String,
    },
    /// An array does not fit the input.
    #[error("input `{input}` takes {expected:?}, or a batch of such arrays; got {found:?}{}", one_row(.expected, .found))]
    Shape {
        /// The input.
        input: String,
        /// The shape of the input.
        expected: Vec<usize>,
        /// That of the array.
        found: Vec<usize>,
    },
    /// The inputs have different numbers of samples.
    #[error("input `{input}` has {found} samples, but the first input has {expected}")]
    Batch {
        /// The input.
        input: String,
        /// How many samples the first input has.
        expected: usize,
        /// How many this one has.
        found: usize,
    },
    /// There are no samples.
    #[error("{path} holds no samples")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// What to do about a value that marks a missing one.
fn missing(value: &str) -> &'static str {
    if matches!(value, "NaN" | "null") { ". Maat has no missing values: impute them, or drop the samples that have them" } else { "" }
}

/// What to do if a network takes several rows at once.
fn one_row(expected: &[usize], found: &[usize]) -> String {
    match (expected, found) {
        ([batch, row @ ..], [_, rows @ ..]) if *batch > 1 && !row.is_empty() && (rows == row || found == row) => {
            format!(". The network was exported for {batch} rows at a time: export it for one row")
        }
        _ => String::new(),
    }
}
