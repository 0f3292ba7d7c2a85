//! The policy: from an output of the network to a target. `cairo/vault/src/policy.cairo` computes the same.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most rows of a policy's table.
pub const MAX_ROWS: usize = 1_024;

/// What a decision asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// So many basis points of the value in the base token, 0 to 10,000.
    Weight(u16),
    /// Whatever is held now.
    Hold,
}

/// A table from the network's answer to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The answer is a class, from 0 on: its row is the target.
    Class,
    /// The answer is a number: row `k` holds where `k` of these edges are at most the answer. Rising; one fewer than there are rows.
    Edges(Vec<i32>),
}

/// From the network's outputs to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    output: u32,
    rule: Rule,
    targets: Vec<Target>,
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// The table is empty or too long.
    #[error("a policy has 1 to {MAX_ROWS} targets, not {0}")]
    Rows(usize),
    /// A weight is more than the whole.
    #[error("target {at} is {weight} basis points: weights go from 0 to 10,000")]
    Weight {
        /// The row, from 0 on.
        at: usize,
        /// Its weight in basis points.
        weight: u16,
    },
    /// Edges do not rise, or are not one fewer than the targets.
    #[error(
        "edges must rise, also when they are rounded to the output's unit, and be one fewer than the {targets} targets: there are {edges}"
    )]
    Edges {
        /// Number of targets.
        targets: usize,
        /// Number of edges.
        edges: usize,
    },
}

/// The network's answer is not one that the policy knows: a class without a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the network answers {answer}, and the policy has targets for classes from 0 to {}", rows - 1)]
pub struct UnknownClass {
    /// The answer.
    pub answer: i32,
    /// Number of rows.
    pub rows: usize,
}

impl Policy {
    /// A policy that reads the `output`-th of the network's output values, all outputs one after the other.
    ///
    /// # Errors
    /// [`PolicyError`] says what is wrong with the table.
    pub fn new(output: u32, rule: Rule, targets: Vec<Target>) -> Result<Self, PolicyError> {
        if !(1..=MAX_ROWS).contains(&targets.len()) {
            return Err(PolicyError::Rows(targets.len()));
        }
        for (at, target) in targets.iter().enumerate() {
            if let Target::Weight(weight @ 10_001..) = *target {
                return Err(PolicyError::Weight { at, weight });
            }
        }
        if let Rule::Edges(edges) = &rule
            && (edges.len() + 1 != targets.len() || edges.windows(2).any(|pair| pair[0] >= pair[1]))
        {
            return Err(PolicyError::Edges { targets: targets.len(), edges: edges.len() });
        }
        Ok(Self { output, rule, targets })
    }

    /// Which output value it reads.
    pub fn output(&self) -> u32 {
        self.output
    }

    /// How it finds the row.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The rows.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The target for an answer of the network.
    ///
    /// # Errors
    /// The answer is a class that the table does not have.
    pub fn target(&self, answer: i32) -> Result<Target, UnknownClass> {
        let row = match &self.rule {
            Rule::Class => usize::try_from(answer).ok(),
            Rule::Edges(edges) => Some(edges.partition_point(|edge| *edge <= answer)),
        };
        row.and_then(|row| self.targets.get(row)).copied().ok_or(UnknownClass { answer, rows: self.targets.len() })
    }
}

/// As it stands in files: basis points, or `"hold"`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Weight(u16),
    Word(String),
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match self {
            Self::Weight(weight) => Written::Weight(*weight),
            Self::Hold => Written::Word("hold".to_owned()),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a target is a weight in basis points from 0 to 10000, or \"hold\"";
        match Written::deserialize(deserializer).map_err(|_| serde::de::Error::custom(expected))? {
            Written::Weight(weight) => Ok(Self::Weight(weight)),
            Written::Word(word) if word == "hold" => Ok(Self::Hold),
            Written::Word(_) => Err(serde::de::Error::custom(expected)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGETS: [Target; 3] = [Target::Weight(0), Target::Hold, Target::Weight(10_000)];

    #[test]
    fn a_class_is_a_row_and_others_are_refused() {
        let policy = Policy::new(0, Rule::Class, TARGETS.to_vec()).unwrap();
        assert_eq!([0, 1, 2].map(|class| policy.target(class)), TARGETS.map(Ok));
        for answer in [-1, 3, i32::MIN, i32::MAX] {
            assert_eq!(policy.target(answer), Err(UnknownClass { answer, rows: 3 }));
        }
    }

    #[test]
    fn an_edge_belongs_to_the_row_above_it() {
        let policy = Policy::new(0, Rule::Edges(vec![-5, 7]), TARGETS.to_vec()).unwrap();
        let rows = [(i32::MIN, 0), (-6, 0), (-5, 1), (6, 1), (7, 2), (i32::MAX, 2)];
        for (answer, row) in rows {
            assert_eq!(policy.target(answer), Ok(TARGETS[row]), "{answer}");
        }
    }

    #[test]
    fn tables_that_say_nothing_are_refused() {
        assert_eq!(Policy::new(0, Rule::Class, vec![]), Err(PolicyError::Rows(0)));
        assert_eq!(Policy::new(0, Rule::Class, vec![Target::Hold; MAX_ROWS + 1]), Err(PolicyError::Rows(MAX_ROWS + 1)));
        assert_eq!(Policy::new(0, Rule::Class, vec![Target::Weight(10_001)]), Err(PolicyError::Weight { at: 0, weight: 10_001 }));
        for edges in [vec![1], vec![2, 2], vec![3, 2], vec![1, 2, 3]] {
            let number = edges.len();
            assert_eq!(Policy::new(0, Rule::Edges(edges), TARGETS.to_vec()), Err(PolicyError::Edges { targets: 3, edges: number }));
        }
    }
}
