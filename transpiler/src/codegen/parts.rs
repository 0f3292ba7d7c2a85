//! Where a network can be split into classes, and how large these would be.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use maat_cairo::limits;
use maat_runtime::Model;

use super::call::Call;
use super::collector::Calls;
use super::items::Items;
use super::size::Size;

/// A part of a network that is a separate class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its nodes.
    pub nodes: Range<usize>,
    /// The tensors that it takes, one after another; the first part takes all inputs.
    pub takes: Vec<usize>,
    /// The tensors that it gives to the next part; the last part gives the outputs.
    pub gives: Vec<usize>,
}

/// Bytes of a Sierra class for each felt of its program, at most: nearly all felts are packed to the brim with 63 hexadecimal digits.
const BYTES_PER_FELT: usize = 58;
/// Felts of a class without layers.
const EMPTY_CLASS: Size = Size::new(13_000, 30_000);
/// A line of `predict`, by itself.
const CALL: Size = Size::new(100, 270);
/// A tensor that is still needed while a line of `predict` runs: code that can panic has to drop it.
const WAITING: Size = Size::new(60, 0);
/// The estimated share of a limit that a part may have.
const TARGET: u64 = 850_000;
/// The estimated share of a limit that no class has: with less, a layer may fit into one after all, and is not cut.
const CERTAINLY_TOO_LARGE: u64 = 1_350_000;
/// A share of a limit is counted in millionths.
const WHOLE: u64 = 1_000_000;
/// Places where a network may be cut, at most: the time to choose between them grows with the square.
const MAX_PLACES: usize = 1_000;

/// Where a network can be split, and how large the parts would be.
pub struct Cuts {
    /// Positions in the list of nodes: the first, those where something is computed, and the end.
    places: Vec<usize>,
    /// For each position in the list of nodes, the tensors that exist and are still needed, by index.
    live: Vec<Vec<usize>>,
    /// For each place, the number of values that a cut there would pass on.
    passed: Vec<u64>,
    /// For two places, the size of the part between them, as a share of the tightest limit of a class.
    shares: Vec<Vec<u64>>,
}

impl Cuts {
    pub fn new(model: &Model, calls: &Calls, items: &Items) -> Self {
        let live = live(model, calls);
        let computing: Vec<usize> =
            (0..calls.by_node.len()).filter(|node| matches!(calls.by_node[*node], Call::Expression(_))).skip(1).collect();
        let step = (computing.len() + 1).div_ceil(MAX_PLACES);
        let mut places = vec![0];
        places.extend(computing.into_iter().skip(step - 1).step_by(step));
        places.push(calls.by_node.len());

        let elements = |tensor: &usize| model.tensors()[*tensor].shape.elements() as u64;
        let passed = places.iter().map(|place| live[*place].iter().map(elements).sum()).collect();
        let reached: Vec<Vec<usize>> = places.windows(2).map(|ends| needed(&calls.by_node[ends[0]..ends[1]], items)).collect();
        let own: Vec<Size> = places.windows(2).map(|ends| own(ends[0]..ends[1], calls, &live)).collect();
        let shares = (0..own.len())
            .map(|first| {
                let (mut size, mut counted) = (EMPTY_CLASS, vec![false; items.len()]);
                let add = |place: usize| {
                    size += own[place];
                    for item in &reached[place] {
                        if !std::mem::replace(&mut counted[*item], true) {
                            size += items.size(*item);
                        }
                    }
                    share(size)
                };
                (first..own.len()).map(add).collect()
            })
            .collect();
        Self { places, live, passed, shares }
    }

    /// The estimated share of the tightest limit that a class with everything takes; 1 is the limit.
    pub fn share(&self) -> f64 {
        self.shares.first().and_then(|shares| shares.last()).map_or(0.0, |share| *share as f64 / WHOLE as f64)
    }

    /// Where the largest node's place begins, and the estimated share of the tightest limit that a class with nothing else takes.
    pub fn largest(&self) -> Option<(usize, f64)> {
        let (share, place) = (0..self.most()).map(|place| (self.between(place, place + 1), place)).max()?;
        Some((self.places[place], share as f64 / WHOLE as f64))
    }

    /// Where the places begin whose nodes are certainly too large for a class, and in how many pieces each would fit.
    pub fn pieces(&self) -> Vec<(usize, usize)> {
        let empty = share(EMPTY_CLASS);
        let too_large = (0..self.most()).map(|place| (self.places[place], self.between(place, place + 1)));
        let too_large = too_large.filter(|(_, share)| *share > CERTAINLY_TOO_LARGE);
        too_large.map(|(node, share)| (node, (share - empty).div_ceil(TARGET - empty) as usize)).collect()
    }

    /// The most parts that there can be.
    pub fn most(&self) -> usize {
        self.shares.len()
    }

    /// The fewest parts that are all estimated to fit into a class; if a single node does not fit, the fewest of which none is larger than
    /// it.
    pub fn fewest(&self) -> usize {
        let least = (0..self.most()).map(|place| self.between(place, place + 1)).max().unwrap_or(0);
        let good = least.max(TARGET);
        let mut parts = 1;
        // Each part goes as far as it can, beginning with the first.
        let (mut start, mut end) = (0, 1);
        while end < self.most() {
            if self.between(start, end + 1) > good {
                (parts, start) = (parts + 1, end);
            }
            end += 1;
        }
        parts
    }

    /// Splits the network into `parts` parts, at most [`Self::most`]. The largest is as small as possible, up to a tenth that is allowed
    /// for passing fewer values on.
    pub fn parts(&self, model: &Model, parts: usize) -> Vec<Part> {
        let largest = self.best(parts, |before, first, last| before.max(self.between(first, last)));
        let most = largest.last().map_or(0, |(cost, _)| *cost);
        let allowed = (most + most / 10).min(TARGET.max(most));
        let passed =
            self.best(
                parts,
                |before, first, last| {
                    if self.between(first, last) > allowed { u64::MAX } else { before.saturating_add(self.passed[first]) }
                },
            );
        let ends: Vec<usize> = passed.iter().map(|(_, end)| self.places[*end]).collect();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let inputs: Vec<usize> = (0..model.inputs().len()).collect();
        let part = |(start, end): (usize, usize)| Part {
            nodes: start..end,
            takes: if start == 0 { inputs.clone() } else { self.live[start].clone() },
            gives: self.live[end].clone(),
        };
        starts.zip(ends.iter().copied()).map(part).collect()
    }

    fn between(&self, first: usize, last: usize) -> u64 {
        self.shares[first][last - first - 1]
    }

    /// The cheapest division into `parts` parts: for each part the cost so far, and the place where it ends. `cost` gives the cost of some
    /// parts from that of all but the last, and where the last begins and ends.
    fn best(&self, parts: usize, cost: impl Fn(u64, usize, usize) -> u64) -> Vec<(u64, usize)> {
        let places = self.places.len();
        // By number of parts and last place: the cost, and where the last part begins. Nothing costs nothing.
        let mut table: Vec<Vec<Option<(u64, usize)>>> = vec![(0..places).map(|place| (place == 0).then_some((0, 0))).collect()];
        for done in 0..parts {
            let row = (0..places).map(|last| {
                let candidates = (0..last).filter_map(|first| table[done][first].map(|(before, _)| (cost(before, first, last), first)));
                candidates.min()
            });
            let row = row.collect();
            table.push(row);
        }
        let mut last = places - 1;
        let mut found = Vec::with_capacity(parts);
        for done in (1..=parts).rev() {
            let (cost, first) = table[done][last].expect("there are no more parts than places");
            found.push((cost, last));
            last = first;
        }
        found.reverse();
        found
    }
}

/// For each position in the list of nodes, the tensors that exist and are needed from there on. Of tensors with the same elements, only the
/// first is listed.
fn live(model: &Model, calls: &Calls) -> Vec<Vec<usize>> {
    let mut by_variable = HashMap::new();
    let roots: Vec<usize> =
        calls.variables.iter().enumerate().map(|(tensor, variable)| *by_variable.entry(variable).or_insert(tensor)).collect();
    let (inputs, end) = (model.inputs().len(), calls.by_node.len());
    let mut needed_until: Vec<Option<usize>> = vec![None; roots.len()];
    for (node, call) in calls.by_node.iter().enumerate() {
        if let Call::Expression(expression) = call {
            expression.tensors.iter().for_each(|tensor| needed_until[roots[*tensor]] = Some(node));
        }
    }
    model.outputs().iter().for_each(|output| needed_until[roots[output.tensor.index()]] = Some(end));
    let at = |position: usize| {
        let there = |tensor: &usize| *tensor < inputs + position && needed_until[*tensor].is_some_and(|last| position <= last);
        (0..roots.len()).filter(there).collect()
    };
    (0..=end).map(at).collect()
}

/// The functions that calls need, with their constants.
fn needed(calls: &[Call], items: &Items) -> Vec<usize> {
    let generated = calls.iter().filter_map(|call| match call {
        Call::Expression(expression) => expression.generated(),
        _ => None,
    });
    generated.flat_map(|name| items.reached(name)).collect::<BTreeSet<usize>>().into_iter().collect()
}

/// What nodes take in `predict` itself.
fn own(nodes: Range<usize>, calls: &Calls, live: &[Vec<usize>]) -> Size {
    let mut size = Size::default();
    for node in nodes {
        if let Call::Expression(_) = calls.by_node[node] {
            size += CALL;
            size += WAITING.times(live[node].len());
        }
    }
    size
}

/// The size as a share of the tightest limit.
fn share(size: Size) -> u64 {
    const SIERRA: u64 = {
        let by_bytes = limits::SIERRA_BYTES / BYTES_PER_FELT;
        (if by_bytes < limits::SIERRA_FELTS { by_bytes } else { limits::SIERRA_FELTS }) as u64
    };
    let tenths = |limit: u64| 10 * limit;
    (size.sierra * WHOLE / tenths(SIERRA)).max(size.casm * WHOLE / tenths(limits::CASM_FELTS as u64))
}
