//! Why a proof is rejected: one variant for each check that it can fail.

use thiserror::Error;
use winter_verifier::{DeserializationError, VerifierError};

use crate::cairo::ProgramHash;
use crate::commitment::ModelCommitment;
use crate::hex::hex_digits;
use crate::one_time::OneTimeError;
use crate::preset::Preset;
use crate::proof_file::FileError;

/// Why a proof is rejected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The bytes are not a proof file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The proof is for another model.
    #[error("the proof is for the model {found}, not for {expected}")]
    Commitment {
        /// The model that the verifier asked for.
        expected: ModelCommitment,
        /// The model of the proof's entries.
        found: ModelCommitment,
    },
    /// The proof is for a program with another hash.
    #[error("the proof is for the program {found}, not for {expected}")]
    ProgramHash {
        /// The program that the verifier asked for.
        expected: ProgramHash,
        /// The program of the proof.
        found: ProgramHash,
    },
    /// The proof is for another program.
    #[error("the proof is for another program")]
    Program,
    /// The STARK is longer than any with its parameters.
    #[error("the STARK has {found} bytes; with these parameters it has at most {limit}")]
    Length {
        /// The longest that it can be, in bytes.
        limit: usize,
        /// Its length in bytes.
        found: usize,
    },
    /// A part of the STARK cannot be read.
    #[error("{}", malformed(.part, .source))]
    Malformed {
        /// The part.
        part: &'static str,
        /// What is wrong with it.
        source: DeserializationError,
    },
    /// The main trace has another number of columns than the AIR.
    #[error("the main trace has {found} columns, not {expected}")]
    TraceWidth {
        /// Columns of the AIR.
        expected: usize,
        /// Columns of the proof.
        found: usize,
    },
    /// The auxiliary trace has another number of columns than the AIR.
    #[error("the auxiliary trace has {found} columns, not {expected}")]
    AuxiliaryWidth {
        /// Columns of the AIR.
        expected: usize,
        /// Columns of the proof.
        found: usize,
    },
    /// The auxiliary trace depends on another number of challenges.
    #[error("the auxiliary trace has {found} random elements, not {expected}")]
    RandomElements {
        /// Random elements of the AIR.
        expected: usize,
        /// Random elements of the proof.
        found: usize,
    },
    /// The trace is not as long as the model's entry says.
    #[error("the trace has 2^{found} rows, not 2^{expected}")]
    TraceLength {
        /// Binary logarithm of the entry's rows.
        expected: u32,
        /// Binary logarithm of the proof's rows.
        found: u32,
    },
    /// The trace carries metadata, of which the AIR has none.
    #[error("the trace has {found} bytes of metadata; there must be none")]
    Metadata {
        /// Bytes of metadata.
        found: usize,
    },
    /// The proof is over another field.
    #[error("the proof is over another field; its modulus has the bytes {found:02x?}")]
    Modulus {
        /// The modulus of the proof, least significant byte first.
        found: Vec<u8>,
    },
    /// The parameters are not exactly those of the preset.
    #[error("the options {found:?} are not those of the preset {preset}")]
    Options {
        /// The preset that the proof claims.
        preset: Preset,
        /// The parameters as winterfell writes them.
        found: Vec<u8>,
    },
    /// The proof is for another number of constraints than the AIR has.
    #[error("the proof is for {found} constraints, not {expected}")]
    ConstraintCount {
        /// Constraints of the AIR, assertions included.
        expected: usize,
        /// Constraints of the proof.
        found: usize,
    },
    /// The proof opens no position, or more than there are queries.
    #[error("the proof opens {found} positions; from 1 to {limit} are possible")]
    QueryCount {
        /// Number of queries.
        limit: usize,
        /// Number of opened positions.
        found: usize,
    },
    /// The evaluations out of the domain are not those of two rows of every column.
    #[error("the frame out of the domain does not have two rows of {expected} bytes in all")]
    Frame {
        /// Bytes of both rows.
        expected: usize,
    },
    /// The low-degree test has another number of layers than the domain asks for.
    #[error("the low-degree test has {found} layers, not {expected}")]
    LayerCount {
        /// Layers that the parameters imply.
        expected: usize,
        /// Layers of the proof.
        found: usize,
    },
    /// The low-degree test was made in several partitions.
    #[error("the low-degree test has 2^{found} partitions, not one")]
    Partitions {
        /// Binary logarithm of the number of partitions.
        found: u8,
    },
    /// The STARK does not end where it should.
    #[error("{found} bytes follow the STARK")]
    LeftOver {
        /// Number of bytes.
        found: usize,
    },
    /// A commitment has another number of trees than it must have: a model proof's main trace has two, anything else one.
    #[error("the commitment to the {part} has {found} part(s), not {expected}")]
    Parts {
        /// What is committed to.
        part: &'static str,
        /// Trees that it must have.
        expected: usize,
        /// Trees that it has.
        found: usize,
    },
    /// The fixed columns are not the model's.
    #[error("the fixed columns have the root {}, not {}", hex_digits(found), hex_digits(expected))]
    FixedRoot {
        /// The root in the model's entry, or the one-time root that the proof spends.
        expected: [u8; 32],
        /// The root in the proof.
        found: [u8; 32],
    },
    /// The root that the proof spends is not one of the private model's.
    #[error("one-time root: {0}")]
    OneTime(#[from] OneTimeError),
    /// The remainder of the low-degree test has another number of coefficients than the layers leave.
    #[error("the remainder has {found} coefficients, not {expected}")]
    RemainderLength {
        /// Coefficients that the parameters imply.
        expected: usize,
        /// Coefficients of the proof.
        found: usize,
    },
    /// The remainder of the low-degree test is not the one that was committed to before the queries were drawn.
    #[error("the remainder is not the one that was committed to")]
    RemainderCommitment,
    /// The STARK does not hold.
    #[error("the STARK does not hold: {0}")]
    Stark(#[from] VerifierError),
    /// The verification panicked. No proof is known to reach this. One that does shows a bug here, and is rejected as well.
    #[error("the verification panicked: this is a bug of the verifier; the proof is rejected")]
    Panicked,
}

/// Why a part cannot be read, in the words of [`FileError::Truncated`] where the bytes end in it.
fn malformed(part: &str, source: &DeserializationError) -> String {
    match source {
        DeserializationError::UnexpectedEOF => format!("the file ends early, within its {part}"),
        source => format!("{part}: {source}"),
    }
}
