//! Why a node is refused. It is apart from the other errors because they hold shapes, and a shape can itself be refused.

use crate::interval::Interval;

/// Why a primitive cannot take its inputs or has attributes that contradict one another. A [`ModelError`](crate::ModelError) adds the node's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The node has the wrong number of inputs.
    #[error("takes {expected} input(s), got {found}")]
    Arity {
        /// How many it takes.
        expected: usize,
        /// How many it was given.
        found: usize,
    },
    /// An input has a shape that the primitive cannot take.
    #[error("cannot take an input of shape {found}: {reason}")]
    InputShape {
        /// The shape.
        found: String,
        /// Why it cannot be taken.
        reason: String,
    },
    /// An attribute has the wrong length or value.
    #[error("attribute `{attribute}`: {reason}")]
    Attribute {
        /// The name of the attribute.
        attribute: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor would have too many elements, or too many axes.
    #[error("a tensor of shape [{dims}] is too large: at most {limit} elements and {axes} axes")]
    TooLarge {
        /// The lengths of its axes.
        dims: String,
        /// The most elements.
        limit: usize,
        /// The most axes.
        axes: usize,
    },
    /// The range certificate fails: a value could leave the range in which no executor wraps.
    #[error(
        "the accumulator of output channel {channel} could reach {range}; it must stay within 2^62. Fewer bits for activations or weights make it smaller"
    )]
    Accumulator {
        /// The output channel.
        channel: usize,
        /// What its accumulator could reach.
        range: Interval,
    },
    /// A divisor is not proven to be positive.
    #[error("divides by values within {range}; they must be proven to be at least 1")]
    Divisor {
        /// The range that is proven.
        range: Interval,
    },
    /// A condition is not proven to be 0 or 1.
    #[error("chooses by values within {range}; they must be proven to be 0 or 1")]
    Condition {
        /// The range that is proven.
        range: Interval,
    },
}
