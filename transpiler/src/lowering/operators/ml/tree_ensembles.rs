//! TreeEnsembleRegressor, TreeEnsembleClassifier, and since version 5 of `ai.onnx.ml` TreeEnsemble, which replaces both.
//!
//! How missing values are treated does not matter: no input is NaN.

use std::collections::{HashMap, HashSet};

use crate::lowering::helpers::forest::{Condition, Forest, MODES, Node, Votes};
use crate::lowering::helpers::labels::{Labels, POST_TRANSFORMS};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn regressor(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.rows(0)?;
    let forest = by_nodes(scope, "target")?;
    let targets = length(scope.attribute("n_targets", 1i64)?, "n_targets")?;
    let base = numbers(scope, "base_values")?;
    let aggregate = scope.text("aggregate_function", "SUM")?;
    let scores = aggregated(scope, &forest, &x, &aggregate, targets, base)?;
    let y = scope.post_transform(&scores, &scope.text("post_transform", "NONE")?)?;
    scope.finish(y)
}

/// If all leaves vote for one of two classes, that score `s` gives both: `1 - s` and `s` without a post transform, else `-s` and `s`.
pub(super) fn classifier(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.rows(0)?;
    let mut forest = by_nodes(scope, "class")?;
    let labels = Labels::read(scope, "classlabels_int64s", "classlabels_strings")?;
    let transform = scope.text("post_transform", "NONE")?;
    let base = numbers(scope, "base_values")?;
    let voted: HashSet<i64> = scope.list("class_ids").unwrap_or_default().into_iter().collect();
    let base = if voted.len() == 1 {
        if labels.len() > 2 || !voted.contains(&0) {
            return Err(format!("all leaves vote for class {voted:?} of {}: only class 0 of at most two is defined", labels.len()));
        }
        forest.map_votes(|votes| votes.iter().flat_map(|(_, weight)| [(0, -weight), (1, *weight)]).collect());
        let base = base.first().copied().unwrap_or(0.0);
        vec![if transform == "NONE" { 1.0 - base } else { -base }, base]
    } else {
        spread(base, labels.len())?
    };
    let reached = forest.reached(scope, &x)?;
    let scores = forest.total(scope, &reached, 1.0, base)?;
    let transformed = scope.post_transform(&scores, &transform)?;
    scope.give(1, transformed);
    if scope.uses(0) {
        // The transforms are monotone, so the scores before them decide.
        let label = match &labels.numbers()?[..] {
            [1] if voted.len() == 1 => scope.label(&scores, &[0, 1])?,
            numbers => scope.label(&scores, numbers)?,
        };
        let label = labels.typed(scope, label)?;
        scope.give(0, label);
    }
    Ok(())
}

pub(super) fn ensemble(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.rows(0)?;
    let forest = by_positions(scope)?;
    let targets = length(scope.attribute("n_targets", 1i64)?, "n_targets")?;
    let named = |attribute: &str, names: &[&'static str], default: i64| {
        let value = scope.attribute(attribute, default)?;
        let name = usize::try_from(value).ok().and_then(|position| names.get(position).copied());
        name.ok_or_else(|| format!("attribute `{attribute}` is {value}, which is not known"))
    };
    let aggregate = named("aggregate_function", &["AVERAGE", "SUM", "MIN", "MAX"], 1)?;
    let transform = named("post_transform", &POST_TRANSFORMS, 0)?;
    let scores = aggregated(scope, &forest, &x, aggregate, targets, Vec::new())?;
    let y = scope.post_transform(&scores, transform)?;
    scope.finish(y)
}

/// The scores `[batch, targets]`; base values are added after the aggregation.
fn aggregated(
    scope: &mut Scope<'_>,
    forest: &Forest,
    x: &Operand,
    aggregate: &str,
    targets: usize,
    base: Vec<f64>,
) -> Result<Operand, String> {
    let base = spread(base, targets)?;
    let reached = forest.reached(scope, x)?;
    let sign = match aggregate {
        "SUM" => return forest.total(scope, &reached, 1.0, base),
        "AVERAGE" => return forest.total(scope, &reached, 1.0 / forest.len() as f64, base),
        "MIN" => -1.0,
        "MAX" => 1.0,
        other => return Err(format!("aggregate function `{other}` is not known")),
    };
    let best = forest.greatest(scope, &reached, sign, targets)?;
    let base = Operand::constant(vec![1, targets], Element::Float, base);
    if base.values().unwrap_or_default().iter().all(|base| *base == 0.0) { Ok(best) } else { scope.sum(&[(1.0, &best), (1.0, &base)], 0.0) }
}

/// The most targets of an ensemble.
const MAX_TARGETS: usize = 1 << 20;

fn length(value: i64, name: &str) -> Result<usize, String> {
    let length = usize::try_from(value).ok().filter(|length| (1..=MAX_TARGETS).contains(length));
    length.ok_or_else(|| format!("attribute `{name}` is {value}: it must be from 1 to {MAX_TARGETS}"))
}

/// Base values for each target: none mean zeros, one is for all.
fn spread(base: Vec<f64>, targets: usize) -> Result<Vec<f64>, String> {
    match base.len() {
        0 => Ok(vec![0.0; targets]),
        1 => Ok(vec![base[0]; targets]),
        found if found == targets => Ok(base),
        found => Err(format!("{found} base values for {targets} targets")),
    }
}

/// A list of finite numbers in an attribute, or in a tensor attribute of the same name with a suffix.
fn numbers(scope: &Scope<'_>, name: &str) -> Result<Vec<f64>, String> {
    match scope.list_of_floats(name)? {
        Some(values) => Ok(values),
        None => tensor(scope, &format!("{name}_as_tensor")),
    }
}

/// The values of a tensor attribute; none if it is not given.
fn tensor(scope: &Scope<'_>, name: &str) -> Result<Vec<f64>, String> {
    Ok(scope.node().list_as_tensor(name)?.map_or_else(Vec::new, |constant| constant.values.to_vec()))
}

/// A list of whole numbers that has one for each node, or each vote.
fn column(scope: &Scope<'_>, name: &str, count: usize) -> Result<Vec<i64>, String> {
    let list = scope.list(name).unwrap_or_default();
    if list.len() == count { Ok(list) } else { Err(uneven(name, list.len(), count)) }
}

fn uneven(name: &str, found: usize, expected: usize) -> String {
    format!("attribute `{name}` has {found} values where {expected} are expected")
}

/// The trees of a regressor or a classifier: nodes are named by a tree and a number, leaves are nodes, and votes have their own lists.
fn by_nodes(scope: &Scope<'_>, votes: &str) -> Result<Forest, String> {
    let trees = scope.list("nodes_treeids").unwrap_or_default();
    let count = trees.len();
    let integers = |name: &str| column(scope, name, count);
    let (ids, features) = (integers("nodes_nodeids")?, integers("nodes_featureids")?);
    let (yes, no) = (integers("nodes_truenodeids")?, integers("nodes_falsenodeids")?);
    let thresholds = numbers(scope, "nodes_values")?;
    let modes: &[Vec<u8>] = scope.node().texts("nodes_modes").unwrap_or_default();
    if thresholds.len() != count || modes.len() != count {
        return Err(uneven("nodes_values` or `nodes_modes", thresholds.len().min(modes.len()), count));
    }
    let mut places = HashMap::new();
    for (place, key) in trees.iter().copied().zip(ids.iter().copied()).enumerate() {
        if places.insert(key, place).is_some() {
            return Err(format!("node {} of tree {} is listed twice", key.1, key.0));
        }
    }

    let weights = numbers(scope, &format!("{votes}_weights"))?;
    let voting = |name: &str| column(scope, &format!("{votes}_{name}"), weights.len());
    let (vote_trees, vote_nodes, vote_targets) = (voting("treeids")?, voting("nodeids")?, voting("ids")?);
    let mut ballots: HashMap<usize, Votes> = HashMap::new();
    for (vote, weight) in weights.iter().enumerate() {
        let key = (vote_trees[vote], vote_nodes[vote]);
        let place = places.get(&key).ok_or_else(|| format!("a vote is for node {} of tree {}, which is not there", key.1, key.0))?;
        let target = usize::try_from(vote_targets[vote]).map_err(|_| format!("a leaf votes for target {}", vote_targets[vote]))?;
        ballots.entry(*place).or_default().push((target, *weight));
    }

    let is_leaf = |place: usize| modes[place] == b"LEAF";
    let child = |place: usize, id: i64| {
        let found = places.get(&(trees[place], id)).copied();
        found.ok_or_else(|| format!("node {} of tree {} leads to node {id}, which is not there", ids[place], trees[place]))
    };
    let node = |place: usize| {
        if is_leaf(place) {
            return Ok(Node::Leaf(ballots.get(&place).cloned().unwrap_or_default()));
        }
        let name = String::from_utf8_lossy(&modes[place]);
        // Membership tests came with the operator that replaces these.
        let mode = MODES[..6].iter().position(|mode| **mode == name).ok_or_else(|| format!("mode `{name}` is not known"))?;
        let feature = usize::try_from(features[place]).map_err(|_| format!("a node tests feature {}", features[place]))?;
        Ok(Node::Inner(Condition::of(mode, feature, thresholds[place], Vec::new()), child(place, yes[place])?, child(place, no[place])?))
    };
    let mut below = vec![false; count];
    for place in (0..count).filter(|place| !is_leaf(*place)) {
        below[child(place, yes[place])?] = true;
        below[child(place, no[place])?] = true;
    }
    Forest::grow(&roots(&trees, &below)?, node)
}

/// For each tree, the node that is below no other. Of several it is the first listed in the tree; the others are out of reach.
fn roots(trees: &[i64], below: &[bool]) -> Result<Vec<usize>, String> {
    let mut first: HashMap<i64, usize> = HashMap::new();
    let mut order = Vec::new();
    let mut tops: HashMap<i64, Vec<usize>> = HashMap::new();
    for (place, tree) in trees.iter().enumerate() {
        first.entry(*tree).or_insert_with(|| {
            order.push(*tree);
            place
        });
        if !below[place] {
            tops.entry(*tree).or_default().push(place);
        }
    }
    let root = |tree: &i64| match tops.get(tree).map(Vec::as_slice) {
        Some([root]) => Ok(*root),
        Some([root, ..]) if *root == first[tree] => Ok(*root),
        Some(tops) => Err(format!("tree {tree} has {} roots", tops.len())),
        None => Err(format!("tree {tree} has no root")),
    };
    order.iter().map(root).collect()
}

/// The trees of a TreeEnsemble: inner nodes and leaves have their own lists, and are named by their positions.
fn by_positions(scope: &Scope<'_>) -> Result<Forest, String> {
    let features = scope.list("nodes_featureids").unwrap_or_default();
    let count = features.len();
    let integers = |name: &str| column(scope, name, count);
    let (yes, no) = (integers("nodes_truenodeids")?, integers("nodes_falsenodeids")?);
    let (yes_leafs, no_leafs) = (integers("nodes_trueleafs")?, integers("nodes_falseleafs")?);
    let (modes, thresholds) = (tensor(scope, "nodes_modes")?, tensor(scope, "nodes_splits")?);
    if thresholds.len() != count || modes.len() != count {
        return Err(uneven("nodes_splits` or `nodes_modes", thresholds.len().min(modes.len()), count));
    }
    if let Some(mode) = modes.iter().find(|mode| **mode as usize >= MODES.len()) {
        return Err(format!("mode {mode} is not known"));
    }
    let is_member = |place: usize| MODES[modes[place] as usize] == "BRANCH_MEMBER";
    // The sets are listed in the order of the nodes that test them, each followed by a NaN.
    let values = tensor(scope, "membership_values")?;
    let mut rest = values.as_slice();
    let mut sets: HashMap<usize, Vec<f64>> = HashMap::new();
    for place in (0..count).filter(|place| is_member(*place)) {
        let end = rest.iter().position(|value| value.is_nan());
        let end = end.ok_or("attribute `membership_values` holds fewer sets than there are nodes that test one")?;
        sets.insert(place, rest[..end].to_vec());
        rest = &rest[end + 1..];
    }
    let weights = tensor(scope, "leaf_weights")?;
    if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
        return Err(format!("attribute `leaf_weights` holds {weight}: every value must be finite"));
    }
    let targets = column(scope, "leaf_targetids", weights.len())?;

    // A position in the list of leaves, or in that of inner nodes.
    let node = |(is_leaf, position): (bool, i64)| {
        let place = usize::try_from(position).ok().filter(|place| *place < if is_leaf { weights.len() } else { count });
        let place = place.ok_or_else(|| format!("there is no {} {position}", if is_leaf { "leaf" } else { "node" }))?;
        if is_leaf {
            let target = usize::try_from(targets[place]).map_err(|_| format!("a leaf votes for target {}", targets[place]))?;
            return Ok(Node::Leaf(vec![(target, weights[place])]));
        }
        let feature = usize::try_from(features[place]).map_err(|_| format!("a node tests feature {}", features[place]))?;
        let members = sets.get(&place).cloned().unwrap_or_default();
        let condition = Condition::of(modes[place] as usize, feature, thresholds[place], members);
        Ok(Node::Inner(condition, (yes_leafs[place] != 0, yes[place]), (no_leafs[place] != 0, no[place])))
    };
    let roots: Vec<(bool, i64)> = scope.list("tree_roots").unwrap_or_default().into_iter().map(|root| (false, root)).collect();
    Forest::grow(&roots, node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_below_no_other_node() {
        assert_eq!(roots(&[7, 7, 7], &[true, false, true]), Ok(vec![1]));
        assert_eq!(roots(&[7, 7, 3], &[false, false, false]), Ok(vec![0, 2]));
        assert!(roots(&[7, 7, 7], &[true, false, false]).is_err());
        assert!(roots(&[7, 7], &[true, true]).is_err());
    }
}
