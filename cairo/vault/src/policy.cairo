//! The policy: from an output of the network to a target. In Rust: `policy.rs`.
use crate::errors::Errors;

/// The most rows of a policy's table.
pub const MAX_ROWS: u32 = 1_024;

/// What a decision asks for.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Target {
    /// So many basis points of the value in the base token, 0 to 10,000.
    Weight: u16,
    /// Whatever is held now.
    Hold,
}

/// How the network's answer becomes a row of the table.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Rule {
    /// The answer is a class, from 0 on: its row is the target.
    Class,
    /// The answer is a number: row `k` holds where `k` of these edges are at most the answer. Rising; one fewer than there are rows.
    Edges: Span<i32>,
}

/// A table of targets.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Policy {
    pub rule: Rule,
    pub targets: Span<Target>,
}

/// Checks that a policy can be used.
///
/// Panics if it has no rows or too many, a weight is more than the whole, or its edges do not rise or are not one fewer than its rows.
pub fn check(policy: Policy) {
    let rows = policy.targets.len();
    assert(1 <= rows && rows <= MAX_ROWS, Errors::BAD_ROWS);
    for target in policy.targets {
        if let Target::Weight(weight) = *target {
            assert(weight <= 10_000, Errors::BAD_WEIGHT);
        }
    }
    if let Rule::Edges(mut edges) = policy.rule {
        assert(edges.len() + 1 == rows, Errors::BAD_EDGES);
        if let Some(first) = edges.pop_front() {
            let mut last = *first;
            for edge in edges {
                assert(last < *edge, Errors::BAD_EDGES);
                last = *edge;
            }
        }
    }
}

/// The target for an answer of the network, or nothing if it is a class that the table does not have.
pub fn target(policy: Policy, answer: i32) -> Option<Target> {
    let row: u32 = match policy.rule {
        Rule::Class => answer.try_into()?,
        Rule::Edges(edges) => count_at_most(edges, answer),
    };
    Some(*policy.targets.get(row)?.unbox())
}

/// How many of the rising edges are at most the answer.
fn count_at_most(edges: Span<i32>, answer: i32) -> u32 {
    let mut above = edges;
    while let Some(edge) = above.pop_front() {
        if *edge > answer {
            return edges.len() - above.len() - 1;
        }
    }
    edges.len()
}

#[cfg(test)]
mod tests {
    use super::{Policy, Rule, Target, target};

    const LEAST: i32 = -0x80000000;
    const GREATEST: i32 = 0x7fffffff;

    fn policy(rule: Rule) -> Policy {
        Policy { rule, targets: [Target::Weight(0), Target::Hold, Target::Weight(10_000)].span() }
    }

    #[test]
    fn a_class_is_a_row_and_others_are_refused() {
        let policy = policy(Rule::Class);
        assert_eq!(target(policy, 0), Some(Target::Weight(0)));
        assert_eq!(target(policy, 1), Some(Target::Hold));
        assert_eq!(target(policy, 2), Some(Target::Weight(10_000)));
        for answer in [-1, 3, LEAST, GREATEST].span() {
            assert_eq!(target(policy, *answer), None);
        }
    }

    #[test]
    fn an_edge_belongs_to_the_row_above_it() {
        let policy = policy(Rule::Edges([-5, 7].span()));
        for (answer, row) in [(LEAST, 0), (-6, 0), (-5, 1), (6, 1), (7, 2), (GREATEST, 2_u32)].span() {
            assert_eq!(target(policy, *answer), Some(*policy.targets[*row]));
        }
    }

    #[test]
    fn without_edges_there_is_one_row() {
        let policy = Policy { rule: Rule::Edges([].span()), targets: [Target::Hold].span() };
        assert_eq!(target(policy, 3), Some(Target::Hold));
    }
}
