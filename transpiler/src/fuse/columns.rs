//! Scales of an input's columns: what brings the columns to one unit is folded into whatever takes the input.
//!
//! An input whose columns have their own scales enters the network as integers of different units. At first a sum with one factor for each
//! column follows it and brings them to one unit. To avoid rounding them there, the sum is folded into layers, sums and comparisons.

use std::collections::{HashMap, HashSet};

use super::Consumers;
use crate::float::{Bounds, Columns, FloatInput, FloatModel, FloatNode, FloatOp, FloatSum, Kind, ValueId, run};

/// Gives inputs the scales of their columns; `columns` has one entry for each input.
pub fn separate(model: &mut FloatModel, columns: &[Option<Columns>]) {
    for (input, columns) in columns.iter().enumerate() {
        let Some(columns) = columns else { continue };
        let uses = Consumers::of(model);
        let input = &mut model.inputs[input];
        input.columns = Some(columns.clone());
        let (value, together) = (input.value, uses.fresh());
        let units = columns.units();
        let sum = FloatSum { coefficients: vec![units.clone()], bias: vec![0.0; units.len()], ..FloatSum::uniform(&[1.0], 0.0) };
        let node = FloatNode {
            name: format!("{}.columns", input.name),
            op: FloatOp::Sum(sum.compact(input.shape.iter().product())),
            inputs: vec![value],
            output: together,
            shape: input.shape.clone(),
            kind: Kind::Real,
            family: None,
        };
        super::redirect(model, value, together);
        model.nodes.insert(0, node);
    }
}

/// Whether an input of the network has columns.
fn has_columns(model: &FloatModel, value: ValueId) -> bool {
    model.inputs.iter().any(|input| input.value == value && input.columns.is_some())
}

/// Whether a tensor is an input with columns, or holds elements that moves, one after the other, took from one. Moves that others take from,
/// too, are not joined, so there may be several: if only the first counted, [`sink`] and the pass that lets sums pass moves would undo each
/// other's work for ever.
pub(super) fn is_in_columns(model: &FloatModel, uses: &Consumers, value: ValueId) -> bool {
    let (mut open, mut seen) = (vec![value], HashSet::new());
    while let Some(value) = open.pop() {
        if has_columns(model, value) {
            return true;
        }
        let producer = uses.producer(value).map(|position| &model.nodes[position]);
        if let Some(node) = producer.filter(|node| matches!(node.op, FloatOp::Move { .. }) && seen.insert(node.output)) {
            open.extend(&node.inputs);
        }
    }
    false
}

/// The sum after an input with columns, or after a move of one, that brings them to one unit.
pub(super) fn joins_columns<'m>(model: &'m FloatModel, uses: &Consumers, value: ValueId) -> Option<(&'m FloatNode, &'m FloatSum)> {
    let node = &model.nodes[uses.producer(value)?];
    let sum = only_factors(node)?;
    is_in_columns(model, uses, node.inputs[0]).then_some((node, sum))
}

/// The sum, if a node only multiplies elements by factors.
fn only_factors(node: &FloatNode) -> Option<&FloatSum> {
    let ([_], FloatOp::Sum(sum), Kind::Real) = (&node.inputs[..], &node.op, node.kind) else { return None };
    (sum.bounds == Bounds::NONE && sum.bias.iter().all(|bias| *bias == 0.0)).then_some(sum)
}

/// What the network computes if all its real inputs are 1. In their own units the columns are then different from 1, so the result shows
/// where their factors went.
fn of_ones(model: &FloatModel) -> HashMap<ValueId, Vec<f64>> {
    let ones: Vec<Vec<f64>> = model.inputs.iter().map(|input| vec![1.0; input.shape.iter().product()]).collect();
    run(model, &ones)
}

/// The inputs whose columns are all brought to one unit, and rounded there, before anything is computed from them: their own scales are
/// worth nothing.
pub fn wasted(model: &FloatModel) -> Vec<bool> {
    let of_ones = of_ones(model);
    let is_wasted = |input: &FloatInput| {
        let mut in_columns = vec![input.value];
        let mut takers = Vec::new();
        for node in model.nodes.iter().filter(|node| model.constants(node.output).is_none()) {
            match &node.op {
                _ if !node.inputs.iter().any(|value| in_columns.contains(value)) => {}
                FloatOp::Move { .. } => in_columns.push(node.output),
                _ => takers.push(node),
            }
        }
        takers.iter().all(|node| {
            let mut values = of_ones[&node.output].iter().filter(|value| **value != 0.0);
            let first = values.next();
            only_factors(node).is_some() && values.all(|value| Some(value) == first)
        })
    };
    model.inputs.iter().map(|input| input.columns.is_some() && is_wasted(input)).collect()
}

/// Makes a move take elements of inputs with columns directly; the factors come after it. A move that adds minus infinity is for a maximum,
/// which needs one unit. So do several tensors joined together, unless they differ by nothing but the factors.
pub(super) fn sink(model: &mut FloatModel, uses: &Consumers) -> bool {
    for position in 0..model.nodes.len() {
        let node = &model.nodes[position];
        let FloatOp::Move { indices, constants } = &node.op else { continue };
        let joined: Vec<_> = node.inputs.iter().map(|input| joins_columns(model, uses, *input)).collect();
        if node.kind != Kind::Real || joined.iter().all(Option::is_none) || constants.iter().any(|value| value.is_infinite()) {
            continue;
        }
        let is_constant = model.constants(node.output).is_some();
        if node.inputs.len() > 1 && !is_constant {
            let of_ones = of_ones(model);
            let is_real = |value: &ValueId| of_ones[value].iter().all(|value| *value == 1.0);
            if joined.iter().zip(&node.inputs).any(|(joined, value)| joined.is_some() && !is_real(value)) {
                continue;
            }
        }
        let sources: Vec<ValueId> =
            joined.iter().zip(&node.inputs).map(|(joined, input)| joined.map_or(*input, |(node, _)| node.inputs[0])).collect();
        if is_constant {
            // Its input is never read.
            model.nodes[position].inputs = sources;
            return true;
        }
        let factors = joined.iter().zip(&node.inputs).flat_map(|(joined, input)| {
            let factor = move |element| joined.map_or(1.0, |(_, sum)| sum.coefficients[0][sum.channel(element)]);
            (0..model.elements(*input)).map(factor)
        });
        // Constants have the coarsest column's unit.
        let coefficients = joined.iter().flatten().flat_map(|(_, sum)| &sum.coefficients[0]);
        let coarsest = coefficients.fold(0.0, |most: f64, factor| most.max(factor.abs()));
        let constants = constants.iter().map(|value| value / coarsest).collect::<Vec<f64>>();
        let factors: Vec<f64> = factors.chain(constants.iter().map(|_| coarsest)).collect();
        let taken = if indices.is_empty() { factors } else { indices.iter().map(|index| factors[*index as usize]).collect() };
        let count = taken.len();
        let sum = FloatSum { bias: vec![0.0; count], coefficients: vec![taken], ..FloatSum::uniform(&[1.0], 0.0) };
        let op = FloatOp::Move { indices: indices.clone(), constants };
        let moved = FloatNode { op, inputs: sources, output: uses.fresh(), family: None, ..node.clone() };
        let node = &mut model.nodes[position];
        node.name = format!("{}.columns", node.name);
        (node.op, node.inputs) = (FloatOp::Sum(sum.compact(count)), vec![moved.output]);
        model.nodes.insert(position, moved);
        return true;
    }
    false
}

/// Compares columns with constants in the columns' own units: `factor * x > c` if and only if `x > c / factor`, which is exact for powers
/// of two.
pub(super) fn compare(model: &mut FloatModel, uses: &Consumers) -> bool {
    for position in 0..model.nodes.len() {
        let node = &model.nodes[position];
        if !matches!(node.op, FloatOp::Greater) {
            continue;
        }
        for side in [0, 1] {
            let Some((joins, sum)) = joins_columns(model, uses, node.inputs[side]) else { continue };
            let other = node.inputs[1 - side];
            let Some(constants) = model.constants(other) else { continue };
            let constants =
                constants.iter().enumerate().map(|(element, value)| value / sum.coefficients[0][sum.channel(element)]).collect();
            let source = joins.inputs[0];
            // A node must take something; the input of a constant is never read.
            let first = u32::try_from(model.elements(source)).expect("tensors are small");
            let indices = (first..).take(node.shape.iter().product()).collect();
            let constant = FloatNode {
                name: format!("{}.units", node.name),
                op: FloatOp::Move { indices, constants },
                inputs: vec![source],
                output: uses.fresh(),
                shape: node.shape.clone(),
                kind: Kind::Real,
                family: None,
            };
            let node = &mut model.nodes[position];
            (node.inputs[side], node.inputs[1 - side]) = (source, constant.output);
            model.nodes.insert(position, constant);
            return true;
        }
    }
    false
}
