//! Rewrites a float network into one that computes the same with fewer and cheaper nodes. So the lowering can stay simple: these passes
//! find what it leaves to fuse, whichever operator it comes from.
//!
//! | pass | what it does |
//! |---|---|
//! | [`moves`] | joins moves, lets elementwise sums and tables pass them, sorts what a dense layer gathers |
//! | [`sums`] | folds elementwise sums into the layers and tables around them: a bias, a normalisation or an activation costs nothing |
//! | [`columns`] | carries scales of an input's columns to whatever takes the input |
//! | [`integers`] | finds layers on quantised integers, whose weights are multiples of one number a channel, and makes them exact |
//!
//! Each pass changes one place and reports it; the passes repeat until none finds anything.

mod columns;
mod integers;
mod moves;
mod sums;

pub use columns::{separate, wasted};

use std::collections::HashMap;

use crate::float::{FloatModel, ValueId};

/// The most changes for each node that a network has at first. It is far above what networks need: passes that undo each other's work would
/// go on for ever, and what they leave computes the same.
const MOST_CHANGES: usize = 64;

/// Rewrites until nothing more is found.
pub fn fuse(model: &mut FloatModel) {
    rewrite(model);
}

/// As [`fuse`]; gives whether it came to an end by itself.
fn rewrite(model: &mut FloatModel) -> bool {
    let passes: [fn(&mut FloatModel, &Consumers) -> bool; 9] = [
        moves::drop_identity,
        moves::join,
        sums::fold,
        integers::sink,
        columns::sink,
        columns::compare,
        moves::hoist,
        integers::factorise,
        moves::sort_gathered,
    ];
    for _ in 0..MOST_CHANGES * (model.nodes.len() + 16) {
        model.prune();
        let uses = Consumers::of(model);
        if !passes.iter().any(|pass| pass(model, &uses)) {
            return true;
        }
    }
    false
}

/// The node that computes each tensor, and how often it is taken.
pub struct Consumers {
    producers: HashMap<ValueId, usize>,
    counts: HashMap<ValueId, usize>,
    next: u32,
}

impl Consumers {
    fn of(model: &FloatModel) -> Self {
        let producers = model.nodes.iter().enumerate().map(|(position, node)| (node.output, position)).collect();
        let mut counts: HashMap<ValueId, usize> = HashMap::new();
        let taken = model.nodes.iter().flat_map(|node| &node.inputs).chain(model.outputs.iter().map(|(_, value)| value));
        taken.for_each(|value| *counts.entry(*value).or_default() += 1);
        let all = model.inputs.iter().map(|input| input.value.0).chain(model.nodes.iter().map(|node| node.output.0));
        Self { producers, counts, next: all.max().map_or(0, |value| value + 1) }
    }

    /// Position of the node that computes a tensor.
    fn producer(&self, value: ValueId) -> Option<usize> {
        self.producers.get(&value).copied()
    }

    /// How many times a tensor is taken, outputs included.
    fn count(&self, value: ValueId) -> usize {
        self.counts.get(&value).copied().unwrap_or_default()
    }

    /// An identity for a new tensor; only one for each change.
    fn fresh(&self) -> ValueId {
        ValueId(self.next)
    }
}

fn is_output(model: &FloatModel, value: ValueId) -> bool {
    model.outputs.iter().any(|(_, output)| *output == value)
}

/// Makes everything that takes `from` take `to`.
fn redirect(model: &mut FloatModel, from: ValueId, to: ValueId) {
    for input in model.nodes.iter_mut().flat_map(|node| &mut node.inputs).filter(|input| **input == from) {
        *input = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::{Columns, FloatInput, FloatNode, FloatOp, Function, Kind};

    #[test]
    fn columns_behind_two_moves_come_to_an_end() {
        let node = |name: &str, op, input, output| {
            let (name, inputs, output) = (name.to_owned(), vec![ValueId(input)], ValueId(output));
            FloatNode { name, op, inputs, output, shape: vec![4], kind: Kind::Real, family: None }
        };
        let moved = |indices: [u32; 4]| FloatOp::Move { indices: indices.to_vec(), constants: Vec::new() };
        let exp = || FloatOp::Table(vec![Function::Exp]);
        // The first move is taken twice, so the second is not joined with it.
        let nodes = vec![
            node("swapped", moved([1, 0, 3, 2]), 0, 1),
            node("reversed", moved([3, 2, 1, 0]), 1, 2),
            node("y", exp(), 1, 3),
            node("z", exp(), 2, 4),
        ];
        let input = FloatInput { name: "x".to_owned(), shape: vec![4], kind: Kind::Real, columns: None, value: ValueId(0) };
        let outputs = vec![("y".to_owned(), ValueId(3)), ("z".to_owned(), ValueId(4))];
        let mut model = FloatModel { inputs: vec![input], nodes, outputs };
        separate(&mut model, &[Some(Columns { bits: 16, scale: 0, exponents: vec![0, 3, 5, 9] })]);
        assert!(rewrite(&mut model), "{model:?}");
    }
}
