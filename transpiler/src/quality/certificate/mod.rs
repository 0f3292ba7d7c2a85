//! What is proven about every tensor: its range, and a bound for its distance from the float network, for all inputs in their declared
//! ranges and for those of them on which no tensor leaves what the samples showed.
//!
//! Both networks are followed together. Of each element three intervals are known: the float network's value `x`, the integers' value `q`
//! in real units, and their difference `e = q - x`; each is narrowed by the other two. The error is followed as such, and not as a
//! difference of ranges: of a sum it is `sum w e + sum (w' - w) q + b' - b` with the row's own weights `w`, their integers `w'` and each
//! operand's own `e` and `q`, of a function its slope times `e`, and so on; then rounding adds half a unit, and saturation what it cuts
//! off. Where a rule says nothing, at comparisons and jumps, `q - x` is bounded by the two ranges. The rules treat the float network as
//! exact: [`SLACK`] covers what its 64 bits round.
//!
//! An element has its own intervals in networks up to [`MOST_ELEMENTS`] and [`MOST_PRODUCTS`]; in larger ones all elements of a tensor
//! share theirs.
//!
//! *As seen.* Many declared inputs saturate tensors, which no sample does, so the bound for all inputs is that of saturation. The second
//! bound is for the runs whose integers stay in the intervals that the samples gave, tensor by tensor, which whoever has a run can check.
//! By induction over the nodes: `q` is in its interval, so `x = q - e` is near it, and a result strictly within its saturation was not
//! saturated.
//!
//! Each primitive's rule is in its own file, and so is that of comparisons, which become a sum; softmax and normalisations, whose parts
//! move together, have rules of their own besides.

mod affine;
mod arg_max;
mod arithmetic;
mod cell;
mod divide;
mod greater;
mod max;
mod r#move;
mod normal;
mod product;
mod seen;
mod select;
mod softmax;
mod sum;
mod table;
mod trace;
mod traced;

use std::collections::HashMap;

use maat_package::{CertifiedNode, Granularity, significant};
use maat_runtime::{Model, Node, Primitive, Requantise, Tensor, TensorId};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, Kind, Used, ValueId, node_range, used};
use crate::quantise::Mapped;
use arithmetic::{Ending, Span, half, is_whole, limits, whole};
use cell::{Cell, Element, Known, Link, Pre};
use softmax::Row;
use table::Tables;

pub use seen::{Run, Seen, run_on, seen_on};

use seen::Runs;

/// The certificate of a quantised network, and whether each element or each tensor was followed.
///
/// `runs` are bounded one by one, and the greatest of their bounds counts.
pub fn certify(float: &FloatModel, mapped: &Mapped, seen: Option<&Seen>, runs: &[Run]) -> (Vec<CertifiedNode>, Granularity) {
    let model = &mapped.model;
    let granularity = granularity(float, mapped);
    let links = granularity == Granularity::Elements && model.macs() <= MOST_LINKS && elements(float) <= MOST_LINKED;
    let bounds = |runs: Runs<'_>| -> HashMap<usize, f64> {
        let known = Bounder::run(float, mapped, runs, (granularity, links));
        let of = |(value, id): (&ValueId, &TensorId)| Some((id.index(), known.get(value)?.error()));
        mapped.tensors.iter().filter_map(of).collect()
    };
    // A run has integers for each element, and so must have its bounds.
    let one_by_one = runs.iter().filter(|_| granularity == Granularity::Elements).map(Runs::One);
    let all: Vec<Runs<'_>> = [Runs::All].into_iter().chain(seen.map(Runs::Seen)).chain(one_by_one).collect();
    let mut found = all.into_par_iter().map(bounds).collect::<Vec<_>>().into_iter();
    let always = found.next().unwrap_or_default();
    let as_seen = seen.and_then(|_| found.next()).unwrap_or_default();
    let mut on_samples: HashMap<usize, f64> = HashMap::new();
    for (index, error) in found.flatten() {
        on_samples.entry(index).and_modify(|worst| *worst = worst.max(error)).or_insert(error);
    }
    let primitives = model.inputs().iter().map(|_| "Input").chain(model.nodes().map(|(node, _)| node.primitive.name()));
    let tensors = model.tensors().iter().zip(primitives).enumerate();
    let bound = |error: Option<&f64>| error.copied().filter(|error| error.is_finite()).map(rounded_up);
    let certified = tensors.map(|(index, (tensor, primitive))| CertifiedNode {
        name: tensor.name.clone(),
        primitive: primitive.to_owned(),
        shape: tensor.shape.dims().to_vec(),
        scale: tensor.scale,
        columns: tensor.columns.clone(),
        range: tensor.range,
        real_range: {
            let Span { lo, hi } = Span::of(tensor.range, tensor.scale);
            (significant(lo), significant(hi))
        },
        error_bound: bound(always.get(&index)),
        seen: seen.map(|seen| seen.of(index)),
        error_bound_as_seen: bound(as_seen.get(&index)),
        error_bound_on_samples: bound(on_samples.get(&index)),
    });
    (certified.collect(), granularity)
}

/// Networks of more elements, in all tensors together, have one cell for each tensor.
const MOST_ELEMENTS: usize = 1 << 20;
/// So have networks with more multiply-accumulates.
const MOST_PRODUCTS: u64 = 1 << 23;

/// Networks of more multiply-accumulates keep no links, and softmaxes and normalisations in them have no rules of their own.
const MOST_LINKS: u64 = 1 << 22;
/// So it is for networks of more elements.
const MOST_LINKED: usize = 1 << 18;
/// The most terms that are followed back from outputs, and as many again from other elements. Where all inputs count, saturation outweighs
/// what could cancel.
fn most_terms(runs: Runs<'_>) -> u64 {
    match runs {
        Runs::All => 1 << 22,
        Runs::Seen(_) => 1 << 23,
        Runs::One(_) => 1 << 24,
    }
}

fn granularity(float: &FloatModel, mapped: &Mapped) -> Granularity {
    let small = elements(float) <= MOST_ELEMENTS && mapped.model.macs() <= MOST_PRODUCTS;
    if small { Granularity::Elements } else { Granularity::Tensors }
}

/// The elements of all tensors together.
fn elements(float: &FloatModel) -> usize {
    let inputs = float.inputs.iter().map(|input| input.shape.iter().product::<usize>());
    let nodes = float.nodes.iter().map(|node| node.shape.iter().product::<usize>());
    inputs.chain(nodes).fold(0, usize::saturating_add)
}

/// Four significant digits, not below the value. Short numbers survive a report's text exactly.
fn rounded_up(value: f64) -> f64 {
    let rounded = significant(value);
    if rounded >= value { rounded } else { significant(value * 1.001) }
}

struct Bounder<'a> {
    float: &'a FloatModel,
    model: &'a Model,
    nodes: HashMap<TensorId, &'a Node>,
    tensors: &'a HashMap<ValueId, TensorId>,
    producers: HashMap<ValueId, &'a FloatNode>,
    known: HashMap<ValueId, Known>,
    tables: Tables<'a>,
    runs: Runs<'a>,
    /// Softmaxes whose rows lie side by side, and the rows' length.
    distributions: HashMap<ValueId, (usize, Vec<Row>)>,
    /// The errors of elements by those of operands, by the node's position.
    linked: Vec<Vec<Link>>,
    positions: HashMap<ValueId, usize>,
    /// Whether these are kept.
    links: bool,
    /// How many terms may still be followed back: from outputs, and from other elements.
    budgets: [std::cell::Cell<u64>; 2],
    /// Whether all elements of a tensor share a cell.
    one: bool,
}

/// 64-bit floats of a network with a few thousand terms are more exact than this share of a bound, or of a tensor's unit.
const SLACK: f64 = 1e-7;

impl<'a> Bounder<'a> {
    fn run(
        float: &'a FloatModel,
        mapped: &'a Mapped,
        runs: Runs<'a>,
        (granularity, links): (Granularity, bool),
    ) -> HashMap<ValueId, Known> {
        let nodes = mapped.model.nodes().map(|(node, id)| (id, node)).collect();
        let producers = float.nodes.iter().map(|node| (node.output, node)).collect();
        let mut bounder = Self {
            float,
            model: &mapped.model,
            nodes,
            tensors: &mapped.tensors,
            producers,
            known: HashMap::new(),
            tables: Tables::default(),
            runs,
            distributions: HashMap::new(),
            linked: Vec::with_capacity(float.nodes.len()),
            positions: float.nodes.iter().enumerate().map(|(position, node)| (node.output, position)).collect(),
            links,
            budgets: [most_terms(runs); 2].map(std::cell::Cell::new),
            one: granularity == Granularity::Tensors,
        };
        for input in &float.inputs {
            let tensor = bounder.tensor(input.value);
            let declared = Span::of(tensor.range, tensor.scale);
            // Within the range nothing saturates, and half a unit beyond it is rounding.
            let error = if input.kind == Kind::Real { Span::around(half(tensor)) } else { Span::ZERO };
            let cell = |element: usize| {
                let found = bounder.seen_of(input.value, element).map_or(declared, |seen| seen.meet(declared));
                Cell { real: found.minus(error), found, error, hole: false }
            };
            let count = if bounder.one { 1 } else { tensor.shape.elements() };
            let cells = (0..count).map(cell).collect();
            bounder.known.insert(input.value, Known::new(cells, count, bounder.one));
        }
        for node in &float.nodes {
            let (known, links) = bounder.node(node);
            bounder.known.insert(node.output, known);
            bounder.linked.push(links);
        }
        bounder.known
    }

    fn tensor(&self, value: ValueId) -> &'a Tensor {
        self.model.tensor(self.tensors[&value])
    }

    /// What an element's integers are in, in real units, if the runs are not all.
    fn seen_of(&self, value: ValueId, element: usize) -> Option<Span> {
        let id = self.tensors[&value];
        Some(Span::of(self.runs.of(id.index(), element)?, self.model.tensor(id).scale))
    }

    fn node(&mut self, node: &'a FloatNode) -> (Known, Vec<Link>) {
        let keeps_holes = matches!(node.op, FloatOp::Move { .. } | FloatOp::Max { .. });
        let known = |input| if keeps_holes { self.known[input].clone() } else { self.known[input].filled() };
        let inputs: Vec<Known> = node.inputs.iter().map(known).collect();
        let used = used(node, |value| self.tensor(value).shape.elements());
        let by_rule = self.rule(node, &inputs, &used);
        let elements = by_rule.unwrap_or_else(|| {
            // Only the ranges are known.
            let real: Vec<(f64, f64)> = inputs.iter().map(|known| known.filled().hull().real).map(|real| (real.lo, real.hi)).collect();
            let (lo, hi) = node_range(node, &real, &used);
            vec![Cell { real: Span::new(lo, hi), found: Span::ALL, error: Span::ALL, hole: false }.into()]
        });
        let tensor = self.tensor(node.output);
        let declared = Span::of(tensor.range, tensor.scale);
        let bounds = node.kind.within(Bounds::NONE);
        let finish = |(index, Element { cell, mut link }): (usize, Element)| {
            let range = self.seen_of(node.output, index).map_or(declared, |seen| declared.meet(seen));
            let (real, found) = (cell.real.clamped(bounds), cell.found.meet(range));
            // Both values lie in their ranges, so they are at most as far apart as the far ends.
            let error = cell.error.meet(found.minus(real));
            let more = |size: f64| size * SLACK + SLACK * 2.0 * half(tensor);
            let error = match node.kind {
                _ if error.is_zero() => error,
                Kind::Real => Span::new(error.lo - more(error.lo.abs()), error.hi + more(error.hi.abs())),
                // The distance of two integers is an integer.
                Kind::Integer(_) => Span::new((error.lo - more(error.lo.abs())).ceil(), (error.hi + more(error.hi.abs())).floor()),
            };
            if link.terms.is_empty() {
                link.rest = link.rest.meet(error);
            } else if node.kind == Kind::Real {
                link.rest = link.rest.plus(Span::around(more(error.size() + link.rest.size())));
            } else {
                link = Link::of(error);
            }
            (Cell { real: real.meet(found.minus(error)), found: found.meet(real.plus(error)), error, hole: cell.hole }, link)
        };
        let count = tensor.shape.elements();
        if self.one || elements.len() == count {
            let (cells, links) = elements.into_iter().enumerate().map(finish).unzip();
            return (Known::new(cells, count, self.one), links);
        }
        // One element stands for all; its links would be to the wrong operands.
        let all = elements.iter().map(|element| Element::from(element.cell)).cycle().take(count);
        let (cells, links) = all.enumerate().map(finish).unzip();
        (Known::new(cells, count, self.one), links)
    }

    /// The node of the quantised model that computes a node's tensor.
    fn quantised(&self, node: &FloatNode) -> Option<&'a Node> {
        self.nodes.get(&self.tensors[&node.output]).copied()
    }

    /// The cells of a node's elements by the rule of its primitive, or one for all; nothing where there is no rule.
    fn rule(&mut self, node: &'a FloatNode, inputs: &[Known], used: &Used) -> Option<Vec<Element>> {
        let quantised = self.quantised(node)?;
        match (&node.op, &quantised.primitive) {
            (FloatOp::Affine { groups, weights, bias, bounds }, Primitive::Affine(affine)) => {
                Some(self.affine(node, (*groups, weights, bias, *bounds), affine, &inputs[0]))
            }
            (FloatOp::Sum(sum), Primitive::Sum(integers)) => Some(self.sum(node, sum, integers, inputs)),
            (FloatOp::Product { rows, columns, inner }, Primitive::Product(product)) => {
                Some(self.product(node, (*rows, *columns, *inner), product, inputs))
            }
            (FloatOp::Table(functions), Primitive::Table(_)) if node.kind == Kind::Real => {
                Some(self.table(node, functions, &quantised.primitive, &inputs[0]))
            }
            (FloatOp::Divide, primitive) if node.kind == Kind::Real => self.divide(node, primitive, inputs),
            (FloatOp::Divide, _) => divide::of_integers(node, inputs),
            (FloatOp::Max { axis, .. }, Primitive::Max(_)) => Some(self.max(node, *axis, &inputs[0])),
            (FloatOp::ArgMax { .. }, _) => arg_max::cells(node, &inputs[0]),
            (FloatOp::Greater, Primitive::Sum(sum)) => self.greater(node, sum, inputs),
            (FloatOp::Select, _) => self.select(node, inputs),
            (FloatOp::Move { indices, .. }, Primitive::Move(integers)) => self.r#move(node, indices, integers, inputs, used),
            _ => None,
        }
    }

    /// How a node's sums are rounded and saturated.
    fn ending(&self, node: &FloatNode, bounds: Bounds, requantise: &Requantise, (element, channel): (usize, usize)) -> Ending {
        let tensor = self.tensor(node.output);
        let rounding = if requantise.shift_of(channel) > 0 && !is_whole(node) { half(tensor) } else { 0.0 };
        let integer = limits(requantise, tensor.scale);
        // An integer result that is rounded first says less about its sum.
        let seen = self.seen_of(node.output, element).filter(|_| !is_whole(node));
        Ending { real: node.kind.within(bounds), integer, rounding, seen }
    }

    /// Rounds and saturates the sum of an element, of a channel.
    fn end(&self, node: &FloatNode, bounds: Bounds, requantise: &Requantise, place: (usize, usize), mut pre: Pre) -> Element {
        self.traced(node, &mut pre);
        let element = self.ending(node, bounds, requantise, place).of(pre);
        if is_whole(node) { whole(element.cell, node, requantise.shift_of(place.1) > 0).into() } else { element }
    }

    /// An element that a move or a selection passes on, perhaps at another scale: rounded to a coarser unit, and saturated where the new
    /// range ends before the old one.
    fn aligned(&self, node: &FloatNode, cell: Cell, (position, element): (usize, usize)) -> Option<Element> {
        let from = self.tensor(node.inputs[position]);
        let to = self.model.tensor(*self.quantised(node)?.inputs.get(position)?);
        let Span { lo, hi } = Span::of(to.range, to.scale);
        let rounding = if from.scale > to.scale { half(to) } else { 0.0 };
        let ending = Ending { real: Bounds::NONE, integer: Bounds { lo, hi }, rounding, seen: None };
        let mut link = Link::of(Span::ZERO);
        link.add(position, element, Span::point(1.0), cell.error);
        let moved = ending.of(Pre { real: cell.real, found: cell.found, error: cell.error, link });
        let moved = Element { cell: Cell { hole: cell.hole, ..moved.cell }, ..moved };
        Some(if cell.hole { moved.cell.into() } else { moved })
    }

    /// The node that computes a value, unless it is an input.
    fn producer(&self, value: ValueId) -> Option<&'a FloatNode> {
        self.producers.get(&value).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use maat_package::{ImportOptions, Options, quantise_sample, samples};
    use maat_runtime::{Executor, dequantise};

    use super::*;
    use crate::calibrate::Ranges;
    use crate::quantise::quantise;
    use crate::{float, fuse, lowering, onnx};

    /// Networks are small enough for the finest way here, so the coarser ones are asked for.
    #[test]
    fn each_granularity_bounds_what_runs_show() {
        for name in ["rockybot", "transformer", "digits"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
            let imported = onnx::import(&folder.join(format!("{name}.onnx")), &ImportOptions::default()).unwrap();
            let (mut network, _) = lowering::lower(&imported.graph).unwrap();
            fuse::fuse(&mut network);
            let inputs: Vec<_> = network.inputs.iter().map(|input| (input.name.clone(), input.shape.clone())).collect();
            let all = samples::read(&folder.join("calibration.json"), &inputs).unwrap();
            let ranges = Ranges::measure(&network, &all[..32], 8.0).unwrap();
            let mapped = quantise(&network, name, &ranges, &Options::default()).unwrap();
            for mode in [(Granularity::Elements, true), (Granularity::Elements, false), (Granularity::Tensors, false)] {
                let known = Bounder::run(&network, &mapped, Runs::All, mode);
                for sample in &all[..4] {
                    let values = float::run(&network, sample);
                    let mut executor = Executor::new(&mapped.model);
                    executor.run(&quantise_sample(&mapped.model, sample).unwrap()).unwrap();
                    for node in &network.nodes {
                        let id = mapped.tensors[&node.output];
                        let (scale, integers) = (mapped.model.tensor(id).scale, executor.value(id));
                        for (element, (q, x)) in integers.iter().zip(&values[&node.output]).enumerate().filter(|(_, (_, x))| x.is_finite())
                        {
                            let (cell, q) = (known[&node.output].at(element), dequantise(*q, scale));
                            let within = |span: Span, value: f64| value >= span.lo - 1e-9 && value <= span.hi + 1e-9;
                            let holds = within(cell.error, q - x) && within(cell.real, *x) && within(cell.found, q);
                            assert!(holds, "{name}, `{}`, element {element}, {mode:?}: {q} and {x}, but {cell:?}", node.name);
                        }
                    }
                }
            }
        }
    }
}
