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
            return;
        }
    }
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
