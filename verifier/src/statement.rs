//! What a model proof says once it is verified: the result of [`crate::verify`].

use crate::commitment::ModelCommitment;
use crate::preset::{Preset, Security};

/// The inputs, or the outputs, of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Known to all: the quantised values of one inference after the other.
    Public(Vec<i32>),
    /// Bound by the statement's salted commitment.
    Committed,
}

impl Values {
    /// The values when they are public.
    pub fn as_public(&self) -> Option<&[i32]> {
        match self {
            Self::Public(values) => Some(values),
            Self::Committed => None,
        }
    }

    /// Whether the values are bound by a commitment only.
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Committed)
    }
}

/// What a verified proof says: *the model with this commitment, on these inputs, gives these outputs*.
///
/// Proofs are succinct and **not zero-knowledge**: they leak some of the weights, and of inputs and outputs that are committed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The model.
    pub commitment: ModelCommitment,
    /// The parameters of the proof.
    pub preset: Preset,
    /// Number of inferences.
    pub batch: u32,
    /// Their inputs.
    pub inputs: Values,
    /// Their outputs.
    pub outputs: Values,
    /// The salted commitment to inputs and outputs, when either is committed to.
    pub io_commitment: Option<[u8; 32]>,
    /// How hard a false proof is to find.
    pub security: Security,
}
