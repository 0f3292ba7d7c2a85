//! Whether whoever has a record knows what the network saw.

use std::fmt;
use std::str::FromStr;

use maat_verifier::Mode;
use thiserror::Error;

use crate::strategy::Strategy;

/// Whether whoever has a record knows what the network saw.
///
/// A record is of one kind as a whole, and its strategy says of which one: that of a record with hidden features has none
/// ([`Strategy::with_hidden_features`]), so that the strategy's digest binds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeatureVisibility {
    /// The features follow from the prices, and each proof is of these.
    #[default]
    Public,
    /// The record says nothing of them, and each proof hides its inputs: it is of some inputs within the network's ranges.
    Hidden,
}

/// Why a text is not a visibility of features: none has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("features are public or hidden, not {0:?}")]
pub struct ParseFeatureVisibilityError(pub String);

impl FeatureVisibility {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Public, Self::Hidden];

    /// That of a record with this strategy.
    pub fn of(strategy: &Strategy) -> Self {
        if strategy.features.are_hidden() { Self::Hidden } else { Self::Public }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Hidden => "hidden",
        }
    }

    /// Whether the features are hidden.
    pub fn is_hidden(self) -> bool {
        self == Self::Hidden
    }

    /// How the proofs are made.
    pub fn mode(self) -> Mode {
        match self {
            Self::Public => Mode::Plain,
            Self::Hidden => Mode::Hiding,
        }
    }
}

impl fmt::Display for FeatureVisibility {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for FeatureVisibility {
    type Err = ParseFeatureVisibilityError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|visibility| visibility.name() == name).ok_or_else(|| ParseFeatureVisibilityError(name.to_owned()))
    }
}
