//! Passes over moves: they are joined, elementwise sums and tables are moved before them, and what a dense layer gathers is sorted.

use super::columns::is_in_columns;
use super::{Consumers, is_output, redirect};
use crate::float::{FloatModel, FloatNode, FloatOp, FloatSum, Kind, ValueId};

/// Removes a move that changes only a name, unless that is the name of an output.
pub(super) fn drop_identity(model: &mut FloatModel, _uses: &Consumers) -> bool {
    let identity = |node: &FloatNode| {
        matches!(&node.op, FloatOp::Move { indices, .. } if indices.is_empty()) && model.tensor(node.inputs[0]).0 == node.shape
    };
    let found = model.nodes.iter().find(|node| identity(node) && !is_output(model, node.output));
    let Some((output, input)) = found.map(|node| (node.output, node.inputs[0])) else { return false };
    redirect(model, output, input);
    true
}

/// Joins a move with the move that takes its result.
pub(super) fn join(model: &mut FloatModel, uses: &Consumers) -> bool {
    for outer in 0..model.nodes.len() {
        let FloatOp::Move { indices, .. } = &model.nodes[outer].op else { continue };
        let elements: usize = model.nodes[outer].shape.iter().product();
        for operand in 0..model.nodes[outer].inputs.len() {
            let Some(inner) = uses.producer(model.nodes[outer].inputs[operand]) else { continue };
            let FloatOp::Move { indices: inner_indices, constants } = &model.nodes[inner].op else { continue };
            // What is padded once and then repeated stays two steps, so the second one finds everything in one tensor.
            let padded_once = !constants.is_empty() && elements > inner_indices.len();
            // Joining a move that other nodes take too would copy twice, unless one of the two copies nothing.
            let shared = uses.count(model.nodes[inner].output) > 1 && !inner_indices.is_empty() && !indices.is_empty();
            if !padded_once && !shared {
                let joined = joined(model, outer, operand, inner);
                let node = &mut model.nodes[outer];
                (node.op, node.inputs) = joined;
                return true;
            }
        }
    }
    false
}

/// The move that does what the node at `inner`, which computes input `operand`, and the node at `outer` do together.
fn joined(model: &FloatModel, outer: usize, operand: usize, inner: usize) -> (FloatOp, Vec<ValueId>) {
    let (outer, inner) = (&model.nodes[outer], &model.nodes[inner]);
    let (FloatOp::Move { indices, constants }, FloatOp::Move { indices: inner_indices, constants: inner_constants }) =
        (&outer.op, &inner.op)
    else {
        unreachable!("both are moves")
    };
    let lengths: Vec<usize> = outer.inputs.iter().map(|input| model.elements(*input)).collect();
    let inner_length: usize = inner.inputs.iter().map(|input| model.elements(*input)).sum();
    let (before, behind): (usize, usize) = (lengths[..operand].iter().sum(), lengths[operand + 1..].iter().sum());
    let replaced = lengths[operand];
    // New order: operands before, the inner node's operands, operands after, outer constants, inner constants.
    let place = |index: u32| {
        let index = index as usize;
        let place = if index < before {
            index
        } else if index < before + replaced {
            let source = inner_indices.get(index - before).map_or(index - before, |index| *index as usize);
            if source < inner_length { before + source } else { before + inner_length + behind + constants.len() + source - inner_length }
        } else {
            index - replaced + inner_length
        };
        u32::try_from(place).expect("tensors are small")
    };
    let count: usize = outer.shape.iter().product();
    let all: Vec<u32> = if indices.is_empty() {
        (0..u32::try_from(count).expect("tensors are small")).map(place).collect()
    } else {
        indices.iter().map(|index| place(*index)).collect()
    };
    let inputs = [&outer.inputs[..operand], &inner.inputs, &outer.inputs[operand + 1..]].concat();
    let constants = [&constants[..], inner_constants].concat();
    let lengths: Vec<usize> = inputs.iter().map(|input| model.elements(*input)).collect();
    normalised(inputs, &lengths, all, constants)
}

/// A move without the inputs and constants that it never reads, and without indices if they keep the order.
fn normalised(inputs: Vec<ValueId>, lengths: &[usize], mut indices: Vec<u32>, constants: Vec<f64>) -> (FloatOp, Vec<ValueId>) {
    let total: usize = lengths.iter().sum();
    let (mut kept, mut start, mut taken) = (Vec::new(), 0, 0);
    let mut shift: Vec<usize> = Vec::new();
    for (input, length) in inputs.iter().zip(lengths) {
        let used = indices.iter().any(|index| (start..start + length).contains(&(*index as usize)));
        if used {
            kept.push(*input);
            taken += length;
        }
        shift.extend(std::iter::repeat_n(if used { start + length - taken } else { 0 }, *length));
        start += length;
    }
    if kept.is_empty() {
        // Only constants: something must be taken, although it is never read.
        kept.push(inputs[0]);
        taken = lengths[0];
    }
    for index in &mut indices {
        let old = *index as usize;
        let new = if old < total { old - shift[old] } else { old - total + taken };
        *index = u32::try_from(new).expect("tensors are small");
    }
    let constants = if indices.iter().any(|index| *index as usize >= taken) { constants } else { Vec::new() };
    let ordered = kept.len() == 1 && indices.len() == taken && indices.iter().zip(0..).all(|(index, position)| *index == position);
    (FloatOp::Move { indices: if ordered { Vec::new() } else { indices }, constants }, kept)
}

/// The indices of a move of one tensor that drops and repeats nothing.
fn permutation_of(model: &FloatModel, node: &FloatNode) -> Option<Vec<u32>> {
    let FloatOp::Move { indices, constants } = &node.op else { return None };
    let [input] = node.inputs[..] else { return None };
    let elements = model.elements(input);
    if !constants.is_empty() {
        return None;
    }
    if indices.is_empty() {
        return Some((0..u32::try_from(elements).expect("tensors are small")).collect());
    }
    if indices.len() != elements {
        return None;
    }
    let mut seen = vec![false; elements];
    indices.iter().all(|index| !std::mem::replace(&mut seen[*index as usize], true)).then(|| indices.clone())
}

/// Moves an elementwise node before the permuting moves that it takes, so that it meets the layer before them, and they meet the moves
/// after it.
pub(super) fn hoist(model: &mut FloatModel, uses: &Consumers) -> bool {
    for position in 0..model.nodes.len() {
        let node = &model.nodes[position];
        if !matches!(&node.op, FloatOp::Sum(_)) && !matches!(&node.op, FloatOp::Table(_)) {
            continue;
        }
        // What turns integers into reals moves the other way, and so does what brings columns to one unit.
        let other_way = |input: &ValueId| model.tensor(*input).1 != Kind::Real || is_in_columns(model, uses, *input);
        if node.inputs.iter().any(other_way) {
            continue;
        }
        let movers: Option<Vec<usize>> =
            node.inputs.iter().map(|input| uses.producer(*input).filter(|_| uses.count(*input) == 1)).collect();
        let Some(movers) = movers else { continue };
        let order = permutation_of(model, &model.nodes[movers[0]]);
        let same = movers.iter().all(|mover| {
            let moved = &model.nodes[*mover];
            let from = moved.inputs.first().map(|input| model.tensor(*input).0.to_vec());
            from == model.nodes[movers[0]].inputs.first().map(|input| model.tensor(*input).0.to_vec())
                && permutation_of(model, moved) == order
        });
        let Some(order) = order.filter(|_| same) else { continue };
        swap(model, position, &movers, &order, uses);
        return true;
    }
    false
}

/// Puts the elementwise node at `position` before the moves that compute its inputs.
fn swap(model: &mut FloatModel, position: usize, movers: &[usize], order: &[u32], uses: &Consumers) {
    let sources: Vec<_> = movers.iter().map(|mover| model.nodes[*mover].inputs[0]).collect();
    let shape = model.tensor(sources[0]).0.to_vec();
    let mover = model.nodes[movers[0]].clone();
    let node = &mut model.nodes[position];
    if let FloatOp::Sum(sum) = &node.op
        && sum.channels() > 1
    {
        // Element `i` of the result was element `order[i]` of the source.
        let mut source_rule = vec![0; order.len()];
        order.iter().enumerate().for_each(|(element, source)| source_rule[*source as usize] = sum.channel(element));
        let pick = |row: &[f64]| source_rule.iter().map(|channel| row[*channel]).collect::<Vec<f64>>();
        let moved = FloatSum {
            coefficients: sum.coefficients.iter().map(|row| pick(row)).collect(),
            bias: pick(&sum.bias),
            inner: 1,
            ..sum.clone()
        };
        node.op = FloatOp::Sum(moved.compact(order.len()));
    }
    let moved = FloatNode {
        output: node.output,
        shape: std::mem::replace(&mut node.shape, shape),
        kind: node.kind,
        family: node.family.clone(),
        ..mover
    };
    node.inputs = sources;
    node.output = uses.fresh();
    let moved = FloatNode { inputs: vec![node.output], ..moved };
    model.nodes.insert(position + 1, moved);
}

/// Sorts what a dense layer gathers in each block, and its weights with it, so that neighbours in memory are read together. A mere
/// permutation disappears.
pub(super) fn sort_gathered(model: &mut FloatModel, uses: &Consumers) -> bool {
    for position in 0..model.nodes.len() {
        let node = &model.nodes[position];
        let FloatOp::Affine { groups, weights, bias, .. } = &node.op else { continue };
        let Some(gather) = uses.producer(node.inputs[0]).filter(|_| uses.count(node.inputs[0]) == 1) else { continue };
        let FloatOp::Move { indices, constants } = &model.nodes[gather].op else { continue };
        if indices.is_empty() || !constants.is_empty() {
            continue;
        }
        let (groups, n, m) = (*groups, weights.len() / bias.len(), bias.len());
        // The order of the first block, within each group, for all blocks.
        let mut order: Vec<usize> = (0..groups * n).collect();
        order.chunks_exact_mut(n).for_each(|group| group.sort_by_key(|element| indices[*element]));
        if order.is_sorted() {
            continue;
        }
        let sorted: Vec<u32> = indices.chunks_exact(groups * n).flat_map(|block| order.iter().map(|element| block[*element])).collect();
        let column = |channel: usize, j: usize| order[channel / (m / groups) * n + j] % n;
        let weights = (0..m * n).map(|index| weights[index / n * n + column(index / n, index % n)]).collect();
        let mover = &model.nodes[gather];
        let lengths: Vec<usize> = mover.inputs.iter().map(|input| model.elements(*input)).collect();
        let (op, inputs) = normalised(mover.inputs.clone(), &lengths, sorted, Vec::new());
        (model.nodes[gather].op, model.nodes[gather].inputs) = (op, inputs);
        if let FloatOp::Affine { weights: old, .. } = &mut model.nodes[position].op {
            *old = weights;
        }
        return true;
    }
    false
}
