//! Why nodes are not a model, why bytes are not one, and why one cannot be run.

use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;
use crate::text::inert;

/// Why a list of nodes is not a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A node is faulty.
    #[error("node `{node}` ({primitive}): {fault}")]
    Node {
        /// Its name.
        node: String,
        /// The name of its primitive.
        primitive: &'static str,
        /// What is wrong with it.
        fault: Fault,
    },
    /// An input of the model is faulty.
    #[error("input `{input}`: {fault}")]
    Input {
        /// Its name.
        input: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A node or an output refers to a tensor that no earlier node or input gives.
    #[error("`{user}` refers to tensor {tensor}, which nothing before it gives")]
    UnknownTensor {
        /// The name of the node or output.
        user: String,
        /// The position that it refers to.
        tensor: usize,
    },
    /// A scale exponent is outside -256..=256.
    #[error("tensor `{tensor}` has scale exponent {scale}; it must be within -256..=256")]
    Scale {
        /// The name of the tensor.
        tensor: String,
        /// Its scale exponent.
        scale: i32,
    },
    /// Two inputs or two outputs have one name.
    #[error("two {kind} are named `{name}`")]
    DuplicateName {
        /// `"inputs"` or `"outputs"`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A name would act on the terminal that shows it.
    #[error("{what} is named `{}`, which has characters that control a terminal or turn the direction of text: give it another name", inert(.name))]
    Name {
        /// What has the name.
        what: &'static str,
        /// The name, as it was given.
        name: String,
    },
    /// All tensors together are too large to hold in memory.
    #[error("the model's tensors have {elements} elements together; at most {limit} are supported")]
    TooLarge {
        /// How many there are.
        elements: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The model has no inputs or no outputs.
    #[error("the model has no {0}")]
    Empty(&'static str),
}

/// Why bytes are not a `model.maat` file that this version can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin with the format's magic number.
    #[error("not a Maat model: it does not begin with `MAAT`")]
    Magic,
    /// Another version of the format.
    #[error(
        "format version {found}, but this program reads version {expected}: transpile the ONNX file again, or use the matching release"
    )]
    Version {
        /// The version of the file.
        found: u16,
        /// The version that this program reads.
        expected: u16,
    },
    /// The digest at the end is not that of the content: the file was cut short or changed.
    #[error("the file is damaged (its digest does not match its content): transpile the ONNX file again")]
    Damaged,
    /// The content does not decode.
    #[error("the content does not decode: {0}")]
    Content(String),
    /// The content decodes to something that is not a model.
    #[error("the content is not a valid model")]
    Model(#[from] ModelError),
}

/// Why a model cannot be run on given inputs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The wrong number of inputs.
    #[error("the model takes {expected} input(s), got {found}")]
    Arity {
        /// How many the model has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// An input with the wrong number of elements.
    #[error("input `{input}` has shape {shape}, so it takes {} values; got {found}", shape.elements())]
    Length {
        /// The name of the input.
        input: String,
        /// Its shape.
        shape: Shape,
        /// How many elements were given.
        found: usize,
    },
    /// A value outside the input's range.
    #[error("input `{input}`: value {value} at position {position} is outside {range}")]
    Range {
        /// The name of the input.
        input: String,
        /// The position of the value, row-major.
        position: usize,
        /// The value.
        value: i32,
        /// The range of the input.
        range: Interval,
    },
}
