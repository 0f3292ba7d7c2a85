//! Decision trees without branches.
//!
//! Each distinct condition of all trees is one comparison. A leaf is reached if each condition on its path holds, or fails, as the path
//! says: `clamp(sum of conditions that must hold - sum of those that must fail + 1 - (number of those that must hold), 0, 1)`, one row of a
//! dense layer with a group for each tree. The scores are a second dense layer, over the leaves.

use std::collections::{HashMap, HashSet};

use maat_runtime::{Interval, Shape};

use crate::float::{Bounds, FloatOp, Kind};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// Decision trees.
pub struct Forest {
    trees: Vec<Tree>,
    /// Number of conditions that each tree is padded to.
    width: usize,
    /// Number of leaves that each tree is padded to.
    leaves: usize,
}

/// A tree: its inner nodes and its leaves, each with the inner node above it and whether that node's test must hold.
struct Tree {
    conditions: Vec<(Condition, Above)>,
    leaves: Vec<(Votes, Above)>,
}

/// The inner node above, and whether its test must hold.
type Above = Option<(usize, bool)>;

/// Targets and their weights.
pub type Votes = Vec<(usize, f64)>;

/// A test of a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub feature: usize,
    pub test: Test,
    /// Whether the test must fail.
    pub negated: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Greater than a threshold.
    Above(f64),
    /// Less than a threshold.
    Below(f64),
    /// Equal to one of some values.
    Among(Vec<f64>),
}

/// What tests are called, in the order of ONNX's enumeration.
pub const MODES: [&str; 7] = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"];

impl Condition {
    /// The condition of a mode; `members` are those of `BRANCH_MEMBER`.
    pub fn of(mode: usize, feature: usize, threshold: f64, members: Vec<f64>) -> Self {
        let (test, negated) = match mode {
            0 => (Test::Above(threshold), true),
            1 => (Test::Below(threshold), false),
            2 => (Test::Below(threshold), true),
            3 => (Test::Above(threshold), false),
            4 => (Test::Among(vec![threshold]), false),
            5 => (Test::Among(vec![threshold]), true),
            _ => (Test::Among(members), false),
        };
        Self { feature, test, negated }
    }
}

/// A node of a tree, as a file describes it.
pub enum Node<Id> {
    Leaf(Votes),
    /// A condition, the node if it holds, and the node if it does not.
    Inner(Condition, Id, Id),
}

/// The most weights of a dense layer over conditions or leaves.
const MAX_WEIGHTS: usize = 1 << 24;

impl Forest {
    /// The trees that grow from some roots. Each inner node may be reached once: what is not a tree fails there.
    pub fn grow<Id: Copy + Eq + std::hash::Hash + std::fmt::Debug>(
        roots: &[Id],
        node: impl Fn(Id) -> Result<Node<Id>, String>,
    ) -> Result<Self, String> {
        let mut inner = HashSet::new();
        let mut trees = Vec::new();
        for root in roots {
            let mut tree = Tree { conditions: Vec::new(), leaves: Vec::new() };
            let mut open = vec![(*root, None)];
            while let Some((id, above)) = open.pop() {
                match node(id)? {
                    Node::Leaf(votes) => tree.leaves.push((votes, above)),
                    // Both ways lead to the same leaf: that is how a tree of only a leaf is written.
                    Node::Inner(_, yes, no) if yes == no && matches!(node(yes)?, Node::Leaf(_)) => open.push((yes, above)),
                    Node::Inner(condition, yes, no) => {
                        if !inner.insert(id) {
                            return Err(format!("node {id:?} is reached twice: its graph is not a tree"));
                        }
                        let position = tree.conditions.len();
                        tree.conditions.push((condition, above));
                        open.push((no, Some((position, false))));
                        open.push((yes, Some((position, true))));
                    }
                }
            }
            trees.push(tree);
        }
        let width = trees.iter().map(|tree| tree.conditions.len()).max().ok_or("there are no trees")?.max(1);
        let leaves = trees.iter().map(|tree| tree.leaves.len()).max().unwrap_or(1);
        let weights = trees.len().checked_mul(leaves).and_then(|leaves| leaves.checked_mul(width));
        if weights.is_none_or(|weights| weights > MAX_WEIGHTS) {
            return Err(format!("{} trees with up to {leaves} leaves are too large", trees.len()));
        }
        Ok(Self { trees, width, leaves })
    }

    /// Number of trees.
    pub fn len(&self) -> usize {
        self.trees.len()
    }

    /// The votes of each leaf, replaced.
    pub fn map_votes(&mut self, new: impl Fn(&Votes) -> Votes) {
        self.trees.iter_mut().flat_map(|tree| &mut tree.leaves).for_each(|(votes, _)| *votes = new(votes));
    }

    /// Which leaf each row of `x` `[batch, features]` reaches: truth values `[batch, trees * leaves]`.
    pub fn reached(&self, scope: &mut Scope<'_>, x: &Operand) -> Result<Operand, String> {
        let conditions = self.conditions(scope, x)?;
        let (batch, slots) = (x.shape[0], self.len() * self.width);
        let mut weights = vec![0.0; self.len() * self.leaves * self.width];
        let mut bias = vec![0.0; self.len() * self.leaves];
        for (position, tree) in self.trees.iter().enumerate() {
            for (leaf, (_, above)) in tree.leaves.iter().enumerate() {
                let row = position * self.leaves + leaf;
                bias[row] = 1.0;
                let mut above = *above;
                while let Some((inner, holds)) = above {
                    let (condition, next) = &tree.conditions[inner];
                    let must_pass = holds != condition.negated;
                    weights[row * self.width + inner] = if must_pass { 1.0 } else { -1.0 };
                    bias[row] -= f64::from(u8::from(must_pass));
                    above = *next;
                }
            }
        }
        debug_assert_eq!(conditions.shape, [batch, slots]);
        let op = FloatOp::Affine { groups: self.len(), weights, bias, bounds: Bounds { lo: 0.0, hi: 1.0 } };
        scope.emit(op, &[&conditions], vec![batch, self.len() * self.leaves], (Element::Bool, Kind::BOOL))
    }

    /// The tests' results, equally many for each tree: truth values `[batch, trees * width]`, with zeros where a tree has fewer.
    fn conditions(&self, scope: &mut Scope<'_>, x: &Operand) -> Result<Operand, String> {
        let (batch, features) = (x.shape[0], x.shape[1]);
        let mut tests = Tests::default();
        let mut places = Vec::new();
        for tree in &self.trees {
            for (condition, _) in &tree.conditions {
                if condition.feature >= features {
                    return Err(format!("a node tests feature {} of {features}", condition.feature));
                }
                places.push(Some(tests.place(condition, x.element, scope.kind(x))?));
            }
            places.extend((tree.conditions.len()..self.width).map(|_| None));
        }
        let results = tests.results(scope, x)?;
        let row = results.as_ref().map_or(0, |results| results.shape[1]);
        let elements = batch.checked_mul(places.len()).and_then(|elements| elements.checked_add(row));
        if elements.is_none_or(|elements| elements > Shape::MAX_ELEMENTS) {
            return Err("the trees have too many conditions".to_owned());
        }
        let shape = vec![batch, places.len()];
        let Some(results) = results else { return Ok(Operand::constant(shape, Element::Bool, vec![0.0; batch * places.len()])) };
        let starts = tests.starts();
        let padded = places.contains(&None);
        let index = |row_start: usize, place: &Option<(usize, usize)>| match place {
            Some((sort, position)) => row_start + starts[*sort] + position,
            None => batch * row,
        };
        let indices = (0..batch).flat_map(|line| places.iter().map(move |place| (line * row, place)));
        let indices = indices.map(|(start, place)| u32::try_from(index(start, place)).expect("tensors are small")).collect();
        scope.gather(&results, shape, indices, if padded { vec![0.0] } else { Vec::new() })
    }

    /// `factor` times the sum of what the leaves `reached` vote for, and `base`, a number for each target: `[batch, targets]`.
    pub fn total(&self, scope: &mut Scope<'_>, reached: &Operand, factor: f64, base: Vec<f64>) -> Result<Operand, String> {
        let targets = base.len();
        let all = self.len() * self.leaves;
        let size = targets.checked_mul(all).filter(|size| *size <= MAX_WEIGHTS);
        let mut weights = vec![0.0; size.ok_or("the leaves have too many targets")?];
        for (position, leaf, votes) in self.votes() {
            for (target, weight) in votes {
                if *target >= targets {
                    return Err(format!("a leaf votes for target {target} of {targets}"));
                }
                weights[target * all + position * self.leaves + leaf] += factor * weight;
            }
        }
        let shape = vec![reached.shape[0], targets];
        let op = FloatOp::Affine { groups: 1, weights, bias: base, bounds: Bounds::NONE };
        scope.emit(op, &[reached], shape, (Element::Float, Kind::Real))
    }

    /// For each target the greatest weight that a tree's leaf in `reached` votes with; `sign` -1 turns it into the least.
    pub fn greatest(&self, scope: &mut Scope<'_>, reached: &Operand, sign: f64, targets: usize) -> Result<Operand, String> {
        let size = targets.checked_mul(self.len() * self.leaves).filter(|size| *size <= MAX_WEIGHTS);
        let mut weights = vec![0.0; size.ok_or("the leaves have too many targets")?];
        for (position, leaf, votes) in self.votes() {
            for target in 0..targets {
                let own = votes.iter().filter(|(voted, _)| *voted == target).map(|(_, weight)| sign * weight);
                // A tree whose leaf has no vote would not count, so what is compared would depend on the input.
                let best = own.reduce(f64::max).ok_or("MIN and MAX are supported where each leaf votes for every target")?;
                weights[(position * targets + target) * self.leaves + leaf] = best;
            }
        }
        let (batch, trees) = (reached.shape[0], self.len());
        let op = FloatOp::Affine { groups: trees, weights, bias: vec![0.0; trees * targets], bounds: Bounds::NONE };
        let each = scope.emit(op, &[reached], vec![batch, trees * targets], (Element::Float, Kind::Real))?;
        let each = scope.reshape(&each, vec![batch, trees, targets])?;
        let best = scope.reduce_max(&each, &[1], false)?;
        if sign < 0.0 { scope.negate(&best) } else { Ok(best) }
    }

    /// The position of each tree, that of each of its leaves, and what the leaf votes for.
    fn votes(&self) -> impl Iterator<Item = (usize, usize, &Votes)> {
        let trees = self.trees.iter().enumerate();
        trees.flat_map(|(position, tree)| tree.leaves.iter().enumerate().map(move |(leaf, (votes, _))| (position, leaf, votes)))
    }
}

/// The distinct tests of a forest, by sort: above, below, among.
#[derive(Default)]
struct Tests {
    lists: [Vec<(usize, Vec<f64>)>; 3],
    known: HashMap<(usize, usize, Vec<u64>), usize>,
}

impl Tests {
    /// The sort and the position of a condition's test.
    fn place(&mut self, condition: &Condition, element: Element, kind: Kind) -> Result<(usize, usize), String> {
        let (sort, mut values) = match &condition.test {
            Test::Above(threshold) => (0, vec![*threshold]),
            Test::Below(threshold) => (1, vec![*threshold]),
            Test::Among(members) => (2, members.clone()),
        };
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(format!("a node compares with {value}: every threshold must be finite"));
        }
        if let (Kind::Integer(range), true) = (kind, element != Element::Float) {
            values = values.iter().map(|value| whole(*value, sort, range)).collect::<Result<_, _>>()?;
        }
        let bits = values.iter().map(|value| value.to_bits()).collect();
        let list = &mut self.lists[sort];
        let position = *self.known.entry((sort, condition.feature, bits)).or_insert_with(|| {
            list.push((condition.feature, values));
            list.len() - 1
        });
        Ok((sort, position))
    }

    /// Where each sort begins among the results.
    fn starts(&self) -> [usize; 3] {
        let [above, below, _] = &self.lists;
        [0, above.len(), above.len() + below.len()]
    }

    /// The results of all tests, `[batch, tests]`; nothing if there are none.
    fn results(&self, scope: &mut Scope<'_>, x: &Operand) -> Result<Option<Operand>, String> {
        let [above, below, among] = &self.lists;
        let mut parts = Vec::new();
        if !above.is_empty() {
            let (x, thresholds) = sides(scope, x, above)?;
            parts.push(scope.greater(&x, &thresholds)?);
        }
        if !below.is_empty() {
            let (x, thresholds) = sides(scope, x, below)?;
            parts.push(scope.greater(&thresholds, &x)?);
        }
        if !among.is_empty() {
            let single = |(feature, values): &(usize, Vec<f64>)| values.iter().map(|value| (*feature, vec![*value])).collect::<Vec<_>>();
            let members: Vec<(usize, Vec<f64>)> = among.iter().flat_map(single).collect();
            if members.is_empty() {
                return Err("the set of a membership test is empty".to_owned());
            }
            let (x, values) = sides(scope, x, &members)?;
            let equal = scope.equal(&x, &values)?;
            let lengths: Vec<usize> = among.iter().map(|(_, values)| values.len()).collect();
            parts.push(any(scope, &equal, &lengths)?);
        }
        if parts.is_empty() { Ok(None) } else { scope.concat(&parts, 1).map(Some) }
    }
}

/// The features that tests are about, and what they are compared with.
fn sides(scope: &mut Scope<'_>, x: &Operand, tests: &[(usize, Vec<f64>)]) -> Result<(Operand, Operand), String> {
    if x.shape[0].checked_mul(tests.len()).is_none_or(|elements| elements > Shape::MAX_ELEMENTS) {
        return Err("the trees have too many conditions".to_owned());
    }
    let features: Vec<usize> = tests.iter().map(|(feature, _)| *feature).collect();
    let values = tests.iter().flat_map(|(_, values)| values).copied().collect();
    Ok((scope.pick(x, 1, &features)?, Operand::constant(vec![1, tests.len()], x.element, values)))
}

/// Whether any truth value in a run is 1, for consecutive runs of the given lengths.
fn any(scope: &mut Scope<'_>, x: &Operand, lengths: &[usize]) -> Result<Operand, String> {
    let (runs, columns) = (lengths.len(), x.shape[1]);
    if lengths.iter().all(|length| *length == 1) {
        return Ok(x.clone());
    }
    let size = runs.checked_mul(columns).filter(|size| *size <= MAX_WEIGHTS);
    let mut weights = vec![0.0; size.ok_or("there are too many membership tests")?];
    let mut start = 0;
    for (run, length) in lengths.iter().enumerate() {
        weights[run * columns + start..][..*length].fill(1.0);
        start += length;
    }
    let op = FloatOp::Affine { groups: 1, weights, bias: vec![0.0; runs], bounds: Bounds { lo: 0.0, hi: 1.0 } };
    scope.emit(op, &[x], vec![x.shape[0], runs], (Element::Bool, Kind::BOOL))
}

/// The integer that means the same in a comparison with integers of a range: `x > 1.5` is `x > 1`, `x < 1.5` is `x < 2`.
fn whole(value: f64, sort: usize, range: Interval) -> Result<f64, String> {
    let whole = match sort {
        0 => value.floor(),
        1 => value.ceil(),
        _ if value.fract() == 0.0 => value,
        _ => return Err(format!("a node tests whether an integer equals {value}")),
    };
    // Beyond the range, all integers compare alike.
    Ok(whole.clamp(range.lo as f64 - 1.0, range.hi as f64 + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(weight: f64) -> Node<usize> {
        Node::Leaf(vec![(0, weight)])
    }

    fn inner(yes: usize, no: usize) -> Node<usize> {
        Node::Inner(Condition::of(0, 0, 0.5, Vec::new()), yes, no)
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let cycle = Forest::grow(&[0], |id| Ok(if id == 2 { leaf(1.0) } else { inner(1 - id, 2) }));
        assert!(cycle.err().unwrap().contains("reached twice"));
        let shared = Forest::grow(&[0], |id| {
            Ok(if id == 2 {
                leaf(1.0)
            } else if id == 0 {
                inner(1, 1)
            } else {
                inner(2, 2)
            })
        });
        assert!(shared.is_ok_and(|forest| forest.trees[0].leaves.len() == 2), "the inner node 1 is nothing but its leaf");
        let dangling = Forest::grow(&[0], |id| if id == 0 { Ok(inner(1, 2)) } else { Err("no such node".to_owned()) });
        assert!(dangling.is_err());
    }

    #[test]
    fn trees_are_padded_to_the_largest_one() {
        let forest = Forest::grow(&[0, 2], |id| Ok(if id == 0 { inner(1, 2) } else { leaf(id as f64) })).unwrap();
        assert_eq!((forest.len(), forest.width, forest.leaves), (2, 1, 2));
        assert_eq!(
            forest.votes().map(|(tree, leaf, votes)| (tree, leaf, votes[0].1)).collect::<Vec<_>>(),
            [(0, 0, 1.0), (0, 1, 2.0), (1, 0, 2.0)]
        );
    }

    #[test]
    fn thresholds_between_integers_become_integers() {
        let range = Interval::new(0, 10);
        assert_eq!(whole(1.5, 0, range), Ok(1.0));
        assert_eq!(whole(1.5, 1, range), Ok(2.0));
        assert_eq!(whole(-7.0, 0, range), Ok(-1.0));
        assert_eq!(whole(1e30, 1, range), Ok(11.0));
        assert!(whole(1.5, 2, range).is_err());
    }
}
