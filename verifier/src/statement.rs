//! What a model proof says once it is verified: the result of [`crate::verify`].

use crate::commitment::ModelCommitment;
use crate::preset::{Mode, Preset, Security};
use crate::value_digest::ValueDigest;

/// The inputs, or the outputs, of a batch, as far as a statement names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Known to all: the quantised values of one inference after the other.
    Public(Vec<i32>),
    /// Not named: there are some.
    Hidden,
    /// Bound by a salted digest, which can be opened.
    Committed(ValueDigest),
}

impl Values {
    /// The values when they are public.
    pub fn as_public(&self) -> Option<&[i32]> {
        match self {
            Self::Public(values) => Some(values),
            Self::Hidden | Self::Committed(_) => None,
        }
    }

    /// The digest when the values are bound by one.
    pub fn as_committed(&self) -> Option<&ValueDigest> {
        match self {
            Self::Committed(digest) => Some(digest),
            Self::Public(_) | Self::Hidden => None,
        }
    }

    /// The byte that stands for the visibility in files and transcripts.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Public(_) => 0,
            Self::Hidden => 1,
            Self::Committed(_) => 2,
        }
    }
}

/// What a verified proof says: *the model with this commitment, on these inputs, gives these outputs*.
///
/// A plain proof is succinct and **not zero-knowledge**: it leaks some of the weights. A hiding one hides what the statement does not name:
/// docs/zero-knowledge.md says under which conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The model.
    pub commitment: ModelCommitment,
    /// The parameters of the proof.
    pub preset: Preset,
    /// Whether the proof hides what is not named here.
    pub mode: Mode,
    /// Number of inferences.
    pub batch: u32,
    /// Their inputs.
    pub inputs: Values,
    /// Their outputs.
    pub outputs: Values,
    /// Which of the model's one-time roots the proof spends, if the model is private, and how many there are. Two proofs with one root give
    /// weights away.
    pub one_time: Option<(u32, u32)>,
    /// How hard a false proof is to find.
    pub security: Security,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salt::Salt;

    #[test]
    fn a_side_is_public_or_hidden_or_has_a_digest() {
        let digest = ValueDigest::of(&[1, -2], &Salt::new([1; 32]));
        let sides = [Values::Public(vec![1, -2]), Values::Hidden, Values::Committed(digest)];
        assert_eq!(sides.each_ref().map(Values::as_public), [Some(&[1, -2][..]), None, None]);
        assert_eq!(sides.each_ref().map(Values::as_committed), [None, None, Some(&digest)]);
        assert_eq!(sides.each_ref().map(Values::code), [0, 1, 2]);
    }
}
