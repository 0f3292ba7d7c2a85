//! Errors followed back to where they come from, so that what cancels in between does not add up.
//!
//! Each element's error is `e = sum f e_j + rest`, with factors `f` that are numbers: weights, slopes and other factors in the middle of
//! what they can be, while `rest` holds what is left of them, rounding and saturation. Put into one another from the last node to the
//! first, factors of the same element are added before their sizes are taken. Wherever all that is left belongs to one tensor, its known
//! errors give a bound as well, and the least of these bounds counts.

use super::arithmetic::Span;
use super::cell::{Link, Pre};
use super::{Bounder, SLACK};
use crate::float::{FloatNode, ValueId};

/// What is still to be followed: the factors of a tensor's elements.
struct Open {
    value: ValueId,
    /// The node that gives it; inputs come last.
    position: Option<usize>,
    factors: Vec<f64>,
}

impl Bounder<'_> {
    /// Narrows a sum's error by following it back.
    pub(super) fn traced(&self, node: &FloatNode, pre: &mut Pre) {
        let is_output = self.float.outputs.iter().any(|(_, value)| *value == node.output);
        let budget = &self.budgets[usize::from(!is_output)];
        if !self.links || pre.link.terms.is_empty() || !pre.error.size().is_finite() || budget.get() == 0 {
            return;
        }
        let size = pre.error.size();
        // What 64 bits round on the way is far less than this.
        let room = Span::around(size * SLACK);
        if let Some(found) = self.followed(node, &pre.link, budget) {
            pre.error = pre.error.meet(found.plus(room));
        }
    }

    /// Spends what is left to spend; nothing if that is not enough to find a bound.
    fn followed(&self, node: &FloatNode, link: &Link, budget: &std::cell::Cell<u64>) -> Option<Span> {
        let mut open: Vec<Open> = Vec::new();
        let mut rest = link.rest;
        let mut best: Option<Span> = None;
        self.opened(&mut open, node, link, 1.0);
        let mut visited = 0;
        // The last of them, until only inputs are left.
        while let Some((index, position)) = last(&open) {
            let Open { value, factors, .. } = open.swap_remove(index);
            let producer = self.producer(value)?;
            // Going through the elements takes time as well, if less.
            visited += factors.len() as u64 / 4;
            for (factor, link) in factors.iter().zip(&self.linked[position]).filter(|(factor, _)| **factor != 0.0) {
                rest = rest.plus(link.rest.scaled(*factor));
                self.opened(&mut open, producer, link, *factor);
                visited += 1 + link.terms.len() as u64;
            }
            if rest.size().is_infinite() {
                break;
            }
            if let [only] = &open[..] {
                let known = self.known.get(&only.value)?;
                let left = only.factors.iter().enumerate().filter(|(_, factor)| **factor != 0.0);
                let bound = left.fold(rest, |sum, (element, factor)| sum.plus(known.at(element).error.scaled(*factor)));
                best = Some(best.map_or(bound, |best| best.meet(bound)));
            }
            if visited > budget.get() {
                break;
            }
        }
        // What is left open was gone through, too.
        visited += open.iter().map(|open| open.factors.len() as u64 / 4).sum::<u64>();
        budget.set(budget.get().saturating_sub(visited));
        if open.iter().all(|open| open.position.is_none()) {
            let mut bound = rest;
            for Open { value, factors, .. } in &open {
                let known = self.known.get(value)?;
                let left = factors.iter().enumerate().filter(|(_, factor)| **factor != 0.0);
                bound = left.fold(bound, |sum, (element, factor)| sum.plus(known.at(element).error.scaled(*factor)));
            }
            best = Some(best.map_or(bound, |best| best.meet(bound)));
        }
        best
    }

    /// Adds a link's terms to what is open.
    fn opened(&self, open: &mut Vec<Open>, node: &FloatNode, link: &Link, factor: f64) {
        let mut last: Option<(u32, usize)> = None;
        for term in &link.terms {
            let index = match last {
                Some((position, index)) if position == term.position => index,
                _ => {
                    let value = node.inputs[term.position as usize];
                    open.iter().position(|open| open.value == value).unwrap_or_else(|| {
                        let position = self.positions.get(&value).copied();
                        open.push(Open { value, position, factors: vec![0.0; self.tensor(value).shape.elements()] });
                        open.len() - 1
                    })
                }
            };
            last = Some((term.position, index));
            open[index].factors[term.element as usize] += factor * term.factor;
        }
    }
}

/// The open tensor that the latest node gives.
fn last(open: &[Open]) -> Option<(usize, usize)> {
    open.iter().enumerate().filter_map(|(index, open)| Some((index, open.position?))).max_by_key(|(_, position)| *position)
}
