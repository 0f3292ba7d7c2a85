//! The kinds of proof, and how well each binds its model or program. They are apart from the files because presets need them, too.

use std::fmt;

/// What a file proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An inference of a model.
    Model,
    /// An execution of a Cairo program.
    Cairo,
}

impl Kind {
    /// The byte that stands for it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Model => 0,
            Self::Cairo => 1,
        }
    }

    /// The work of finding two models with one commitment, or two programs with one hash, as a power of two. Only whoever makes both can use
    /// that; a verifier that relies on somebody else's commitment or hash relies on these bits too.
    ///
    /// A commitment has 248 bits of Blake2s. A program's hash is an x coordinate of a group with about 2^251 elements, whose discrete
    /// logarithms give collisions as well.
    pub fn identity_bits(self) -> u32 {
        match self {
            Self::Model => 124,
            Self::Cairo => 125,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Model => "a model proof",
            Self::Cairo => "a Cairo proof",
        })
    }
}
