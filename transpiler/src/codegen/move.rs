//! `Move`: nothing, if the node that takes the elements can read them where they are; else a slice, or a function that copies.

use maat_runtime::primitives::Move;
use maat_runtime::{Node, Primitive};

use super::call::{Call, Expression};
use super::code::{Module, doc};
use super::collector::Collector;
use super::movement::{Movement, merge_sources, movement, origins};
use super::windows::{Origin, Placed, Windows};

/// Up to this many elements between two runs of a window are cheaper to include than to begin another run.
const WINDOW_GAP: usize = 8;
/// Runs of windows with larger gaps than [`WINDOW_GAP`], up to these, are joined where that saves more than it costs.
const WIDER_GAPS: [usize; 3] = [WINDOW_GAP, 64, 512];

impl Collector<'_> {
    /// A re-indexing that no other node takes over.
    pub(super) fn r#move(&mut self, name: &str, op: &Move, node: &Node, output: usize) -> Call {
        let (origins, sources) = self.origins(op, node);
        let lengths = self.lengths(&sources);
        Call::Expression(match movement(&origins, &lengths) {
            Movement::Slice { source, start, length } => Expression::slice(sources[source], start, length),
            Movement::Function(copying) => {
                let described = format!("`{}`: {}.", doc(&node.name), self.tensor(output).shape);
                let name = self.moves.add(name, &described, |name| copying.generate(name, &origins, &lengths));
                Expression::function(Module::Moves, name, sources)
            }
        })
    }

    /// Where a re-indexing takes its elements from, and the tensors that are its sources.
    pub(super) fn origins(&self, op: &Move, node: &Node) -> (Vec<Origin>, Vec<usize>) {
        let roots: Vec<usize> = node.inputs.iter().map(|input| self.roots[input.index()]).collect();
        let mut origins = origins(op, &self.lengths(&roots));
        let sources = merge_sources(&mut origins, &roots);
        (origins, sources)
    }

    /// If a tensor only exists to be split into blocks of this many elements: the tensors that its elements come from, and where the blocks
    /// lie in them. The node that gives the tensor then has nothing to do.
    pub(super) fn gathered(&mut self, tensor: usize, block: usize) -> Option<(Vec<usize>, Placed)> {
        if self.uses[tensor] != 1 {
            return None;
        }
        let position = tensor.checked_sub(self.model.inputs().len())?;
        let (node, _) = self.model.nodes().nth(position)?;
        let Primitive::Move(op) = &node.primitive else { return None };
        let (origins, sources) = self.origins(op, node);
        let lengths = self.lengths(&sources);
        let found = WIDER_GAPS.into_iter().filter_map(|gap| Windows::find(&origins, &lengths, block, gap));
        // Another element costs a felt, and may save a step for a place in a list that need not be passed on.
        let windows = found.min_by_key(|(windows, _)| windows.steps() + 4 * windows.width())?;
        let taker = self.calls.len() + self.model.inputs().len();
        self.calls[position] = Call::TakenBy(self.names[taker].clone());
        Some((sources, windows))
    }

    fn lengths(&self, tensors: &[usize]) -> Vec<usize> {
        tensors.iter().map(|tensor| self.tensor(*tensor).shape.elements()).collect()
    }
}
