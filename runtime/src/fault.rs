//! Why a node is refused. Apart from the errors that name shapes, since shapes themselves are refused with it.

use crate::interval::Interval;

/// Why a primitive cannot take its inputs or has attributes that contradict one another. A [`ModelError`](crate::ModelError) adds the node's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The node has the wrong number of inputs.
    #[error("takes {expected} input(s), got {found}")]
    Arity { expected: usize, found: usize },
    /// An input has a shape that the primitive cannot take.
    #[error("cannot take an input of shape {found}: {reason}")]
    InputShape { found: String, reason: String },
    /// An attribute has the wrong length or value.
    #[error("attribute `{attribute}`: {reason}")]
    Attribute { attribute: &'static str, reason: String },
    /// A tensor would have too many elements, or too many axes.
    #[error("a tensor of shape [{dims}] is too large: at most {limit} elements and {axes} axes")]
    TooLarge { dims: String, limit: usize, axes: usize },
    /// The range certificate fails: a value could leave the range in which no executor wraps.
    #[error(
        "the accumulator of output channel {channel} could reach {range}; it must stay within 2^62. Fewer bits for activations or weights make it smaller"
    )]
    Accumulator { channel: usize, range: Interval },
    /// A divisor is not proven to be positive.
    #[error("divides by values within {range}; they must be proven to be at least 1")]
    Divisor { range: Interval },
    /// A condition is not proven to be 0 or 1.
    #[error("chooses by values within {range}; they must be proven to be 0 or 1")]
    Condition { range: Interval },
}
