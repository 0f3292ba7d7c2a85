//! What the lowering of a node sees: its attributes and inputs, the tensors around it, and the network that it adds to. All checks of a
//! node's form are here.

use std::collections::HashMap;
use std::rc::Rc;

use super::texts::Vocabularies;
use crate::error::TranspileError;
use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, FloatSum, Function, Kind, ValueId, evaluate};
use crate::onnx::{Body, Constant, Element, OnnxNode, Scalar};

/// An ONNX tensor while its graph is lowered: either known, or computed by the network.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    /// Axis lengths.
    pub(super) shape: Vec<usize>,
    /// What its elements are.
    pub(super) element: Element,
    /// Where its values come from.
    pub(super) source: Source,
}

#[derive(Debug, Clone)]
pub(super) enum Source {
    Constant(Rc<[f64]>),
    Computed(ValueId),
}

impl Operand {
    /// A known tensor.
    pub(super) fn constant(shape: Vec<usize>, element: Element, values: Vec<f64>) -> Self {
        Self { shape, element, source: Source::Constant(values.into()) }
    }

    /// A known number.
    pub(super) fn scalar(value: f64) -> Self {
        Self::constant(Vec::new(), Element::Float, vec![value])
    }

    /// Its values, if they are known.
    pub(super) fn values(&self) -> Option<&[f64]> {
        if let Source::Constant(values) = &self.source { Some(values) } else { None }
    }

    /// Its only value, if it is known and there is just one.
    pub(super) fn single(&self) -> Option<f64> {
        if let Some([value]) = self.values() { Some(*value) } else { None }
    }

    /// Whether its values are known.
    pub(super) fn is_constant(&self) -> bool {
        self.values().is_some()
    }

    /// Number of elements.
    pub(super) fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Number of axes.
    pub(super) fn axes(&self) -> usize {
        self.shape.len()
    }
}

impl From<Constant> for Operand {
    fn from(constant: Constant) -> Self {
        Self { shape: constant.shape, element: constant.element, source: Source::Constant(constant.values) }
    }
}

/// The tensors that a node can take, by name: those of its graph, and of the graphs around it.
pub(super) struct Tensors(Vec<HashMap<String, Operand>>);

impl Default for Tensors {
    fn default() -> Self {
        Self(vec![HashMap::new()])
    }
}

impl Tensors {
    /// The tensor of that name in the innermost graph that has one.
    pub(super) fn get(&self, name: &str) -> Option<&Operand> {
        self.0.iter().rev().find_map(|graph| graph.get(name))
    }

    /// Adds a tensor to the innermost graph.
    pub(super) fn insert(&mut self, name: String, operand: Operand) {
        if let Some(graph) = self.0.last_mut() {
            graph.insert(name, operand);
        }
    }
}

/// Lowers the nodes of a graph within a node. The table of operators is behind it, which operators cannot see.
pub(super) type LowerBody = fn(i64, &Body, &mut Lowered) -> Result<(), TranspileError>;

/// What is known about the graph's tensors so far, and the network that they become.
pub(super) struct Lowered {
    pub(super) model: FloatModel,
    pub(super) tensors: Tensors,
    pub(super) texts: Vocabularies,
    next: u32,
    lower_body: LowerBody,
    /// What the names of nodes begin with: the nodes around them.
    prefix: String,
    /// How many nodes within others may still be lowered, and how many elements they may give.
    budget: (usize, usize),
}

/// The most nodes that branches and bodies of loops may become, and the most elements of what they give. A short file could ask for any
/// number.
const MAX_UNROLLED: (usize, usize) = (1 << 14, 1 << 26);

impl Lowered {
    pub(super) fn new(lower_body: LowerBody) -> Self {
        let (model, tensors, texts) = Default::default();
        Self { model, tensors, texts, next: 0, lower_body, prefix: String::new(), budget: MAX_UNROLLED }
    }

    /// An identity for a new tensor.
    pub(super) fn fresh(&mut self) -> ValueId {
        self.next += 1;
        ValueId(self.next - 1)
    }

    /// Counts what a node gave that lies within another.
    pub(super) fn spend(&mut self, node: &OnnxNode) -> Result<(), String> {
        if self.tensors.0.len() == 1 {
            return Ok(());
        }
        self.spend_elements(node.outputs().iter().filter_map(|name| self.tensors.get(name)).map(Operand::elements).sum())
    }

    fn spend_elements(&mut self, given: usize) -> Result<(), String> {
        let left = (self.budget.0.checked_sub(1), self.budget.1.checked_sub(given));
        let (Some(nodes), Some(elements)) = left else {
            let (nodes, elements) = MAX_UNROLLED;
            return Err(format!("loops and branches become more than {nodes} nodes or {elements} elements: unroll fewer steps"));
        };
        self.budget = (nodes, elements);
        Ok(())
    }
}

/// What a lowering sees: its node, the tensors around it, and the network that it adds to. Errors are reasons; the caller adds the node.
///
/// Operations on tensors are in `arithmetic.rs` and `moves.rs`. Each gives a constant if all its inputs are constant, so there is no other
/// constant folding.
pub(super) struct Scope<'a> {
    opset: i64,
    body: &'a Body,
    node: &'a OnnxNode,
    /// The node's name, with those of the nodes around it.
    name: String,
    lowered: &'a mut Lowered,
    /// How many nodes the network had before this ONNX node.
    first: usize,
    /// How many nodes do the same, by their suffix.
    named: HashMap<String, usize>,
    family: Option<String>,
}

/// The most elements that a tensor may have.
const MAX_ELEMENTS: usize = maat_runtime::Shape::MAX_ELEMENTS;
/// How many moves in a row are followed back to constants.
const MAX_MOVES: usize = 16;

impl<'a> Scope<'a> {
    pub(super) fn new(opset: i64, body: &'a Body, node: &'a OnnxNode, lowered: &'a mut Lowered) -> Self {
        let (first, name) = (lowered.model.nodes.len(), format!("{}{}", lowered.prefix, node.name));
        Self { opset, body, node, name, lowered, first, named: HashMap::new(), family: None }
    }

    /// Version of the default operator set.
    pub(super) fn opset(&self) -> i64 {
        self.opset
    }

    /// Checks the number of inputs. Optional ones may be missing at the end.
    pub(super) fn arity(&self, least: usize, most: usize) -> Result<(), String> {
        let found = self.node.inputs().len();
        if (least..=most).contains(&found) {
            return Ok(());
        }
        Err(match (least, most) {
            (1, 1) => format!("takes 1 input, got {found}"),
            (_, usize::MAX) => format!("takes at least {least} inputs, got {found}"),
            _ if least == most => format!("takes {least} inputs, got {found}"),
            _ => format!("takes {least} to {most} inputs, got {found}"),
        })
    }

    /// Number of inputs, including those that are left out.
    pub(super) fn inputs(&self) -> usize {
        self.node.inputs().len()
    }

    /// Number of outputs, including those that are left out.
    pub(super) fn outputs(&self) -> usize {
        self.node.outputs().len()
    }

    /// Whether an output is wanted.
    pub(super) fn wants(&self, position: usize) -> bool {
        self.node.outputs().get(position).is_some_and(|name| !name.is_empty())
    }

    /// Whether the graph gives an output, or another node takes it.
    pub(super) fn uses(&self, position: usize) -> bool {
        let Some(name) = self.node.outputs().get(position).filter(|name| !name.is_empty()) else { return false };
        self.body.outputs.contains(name) || self.body.nodes.iter().any(|node| node.takes(name))
    }

    /// An input, if it is given.
    pub(super) fn optional(&self, position: usize) -> Result<Option<Operand>, String> {
        let Some(name) = self.node.inputs().get(position).filter(|name| !name.is_empty()) else { return Ok(None) };
        let found = self.lowered.tensors.get(name).cloned();
        found.map(Some).ok_or_else(|| format!("input {position} (`{name}`) is an output that its node does not give here"))
    }

    /// An input that must be given.
    pub(super) fn input(&self, position: usize) -> Result<Operand, String> {
        self.optional(position)?.ok_or_else(|| format!("input {position} is missing"))
    }

    /// An input that must be given and hold floats.
    pub(super) fn floats(&self, position: usize) -> Result<Operand, String> {
        let operand = self.input(position)?;
        if operand.element == Element::Float { Ok(operand) } else { Err(format!("takes floats, not {}", operand.element)) }
    }

    /// A constant input, if it is given.
    pub(super) fn constant(&self, position: usize) -> Result<Option<Operand>, String> {
        match self.optional(position)? {
            Some(operand) if !operand.is_constant() => {
                Err(format!("input {position} (`{}`) must be a constant", self.node.inputs()[position]))
            }
            operand => Ok(operand),
        }
    }

    /// A constant input that must be given, with finite values.
    pub(super) fn weights(&self, position: usize) -> Result<Operand, String> {
        let operand = self.constant(position)?.ok_or_else(|| format!("input {position} is missing"))?;
        self.finite(&operand, position)?;
        Ok(operand)
    }

    fn finite(&self, operand: &Operand, position: usize) -> Result<(), String> {
        let values = operand.values().unwrap_or_default();
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => {
                let name = &self.node.inputs()[position];
                Err(format!("`{name}` holds {} at position {index}: every weight must be finite", values[index]))
            }
            None => Ok(()),
        }
    }

    /// A constant list of whole numbers, if it is given.
    pub(super) fn integers(&self, position: usize) -> Result<Option<Vec<i64>>, String> {
        let operand = self.constant(position)?;
        // `as` saturates, as the ends of slices need it to.
        Ok(operand.map(|operand| operand.values().unwrap_or_default().iter().map(|value| *value as i64).collect()))
    }

    /// The ONNX node, for attributes that are lists or tensors.
    pub(super) fn node(&self) -> &'a OnnxNode {
        self.node
    }

    /// An attribute, or its default.
    pub(super) fn attribute<T: Scalar>(&self, name: &str, default: T) -> Result<T, String> {
        Ok(self.optional_attribute(name)?.unwrap_or(default))
    }

    /// An attribute, if it is given.
    pub(super) fn optional_attribute<T: Scalar>(&self, name: &str) -> Result<Option<T>, String> {
        self.node.attribute(name)
    }

    /// A text attribute, or its default.
    pub(super) fn text(&self, name: &str, default: &str) -> Result<String, String> {
        Ok(self.node.text(name)?.unwrap_or_else(|| default.to_owned()))
    }

    /// A list of whole numbers, if it is given.
    pub(super) fn list(&self, name: &str) -> Option<Vec<i64>> {
        self.node.integers(name).map(<[i64]>::to_vec)
    }

    /// An axis, counted from the front or (negative) from the back.
    pub(super) fn axis(&self, axis: i64, axes: usize) -> Result<usize, String> {
        let from_front = if axis < 0 { axis.checked_add(axes as i64).unwrap_or(-1) } else { axis };
        let found = usize::try_from(from_front).ok().filter(|position| *position < axes.max(1));
        found.ok_or_else(|| format!("attribute `axis` is {axis}, but there are {axes} axes"))
    }

    /// An axis of a tensor that must have one.
    pub(super) fn axis_of(&self, x: &Operand, axis: i64) -> Result<usize, String> {
        if x.axes() == 0 { Err("a scalar has no axes".to_owned()) } else { self.axis(axis, x.axes()) }
    }

    /// Several axes, each once, in ascending order.
    pub(super) fn axes(&self, list: &[i64], axes: usize) -> Result<Vec<usize>, String> {
        let mut found = list.iter().map(|axis| self.axis(*axis, axes)).collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable();
        match found.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("axis {} is named twice", pair[0])),
            None => Ok(found),
        }
    }

    /// Puts the tensors that are computed from now on into a family, whose members get one scale.
    pub(super) fn family(&mut self, name: Option<&str>) {
        self.family = name.map(|name| format!("{}.{name}", self.name));
    }

    /// The integers or real numbers that a computed tensor holds; real for constants of floats.
    pub(super) fn kind(&self, operand: &Operand) -> Kind {
        match &operand.source {
            Source::Computed(value) => self.lowered.model.tensor(*value).1,
            Source::Constant(values) if operand.element != Element::Float => {
                let (lo, hi) = values.iter().fold((f64::MAX, f64::MIN), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
                Kind::Integer(maat_runtime::Interval::new(lo as i64, hi as i64))
            }
            Source::Constant(_) => Kind::Real,
        }
    }

    /// Which elements of a computed tensor are known to be minus infinity, if some are: only moves bring such constants.
    pub(super) fn holes(&self, x: &Operand) -> Option<Vec<bool>> {
        let Source::Computed(value) = x.source else { return None };
        self.holes_of(value, MAX_MOVES)
    }

    fn holes_of(&self, value: ValueId, moves: usize) -> Option<Vec<bool>> {
        let node = &self.lowered.model.nodes[self.lowered.model.producer(value)?];
        let FloatOp::Move { indices, constants } = &node.op else { return None };
        let moves = moves.checked_sub(1)?;
        if indices.is_empty() {
            return self.holes_of(node.inputs[0], moves);
        }
        let mut all: Vec<bool> = Vec::new();
        for input in &node.inputs {
            let elements = self.lowered.model.elements(*input);
            all.extend(self.holes_of(*input, moves).unwrap_or_else(|| vec![false; elements]));
        }
        all.extend(constants.iter().map(|constant| *constant == f64::NEG_INFINITY));
        let holes: Vec<bool> = indices.iter().map(|index| all[*index as usize]).collect();
        holes.contains(&true).then_some(holes)
    }

    /// The constants in a computed tensor: those that its elements are, or that are added to them; 0 for the others.
    pub(super) fn constants_in(&self, x: &Operand) -> Option<Vec<f64>> {
        let Source::Computed(value) = x.source else { return None };
        let model = &self.lowered.model;
        match &model.nodes[model.producer(value)?] {
            FloatNode { op: FloatOp::Sum(sum), .. } if sum.bounds == Bounds::NONE => {
                Some((0..x.elements()).map(|element| sum.bias[sum.channel(element)]).collect())
            }
            FloatNode { op: FloatOp::Move { indices, constants }, inputs, .. } if !constants.is_empty() => {
                let moved: usize = inputs.iter().map(|input| model.elements(*input)).sum();
                let constant = |index: &u32| (*index as usize).checked_sub(moved).map_or(0.0, |place| constants[place]);
                Some(indices.iter().map(constant).collect())
            }
            _ => None,
        }
    }

    /// The same with minus infinity in some places, instead of constants that are added or chosen there.
    pub(super) fn masked(&mut self, x: &Operand, places: &[bool]) -> Result<Operand, String> {
        let Source::Computed(value) = x.source else { return Ok(x.clone()) };
        let model = &self.lowered.model;
        let Some(node) = model.producer(value).map(|position| &model.nodes[position]) else { return Ok(x.clone()) };
        let FloatOp::Sum(sum) = &node.op else { return self.fill(x, |element| places[element], f64::NEG_INFINITY) };
        // Without the large constants the sum has a scale of its own.
        let operand = |input: &ValueId| {
            let shape = model.tensor(*input).0.to_vec();
            Operand { shape, element: x.element, source: Source::Computed(*input) }
        };
        let inputs: Vec<Operand> = node.inputs.iter().map(operand).collect();
        let all = |values: &[f64]| (0..x.elements()).map(|element| values[sum.channel(element)]).collect::<Vec<f64>>();
        let bias = all(&sum.bias).into_iter().zip(places).map(|(bias, place)| if *place { 0.0 } else { bias }).collect();
        let coefficients = sum.coefficients.iter().map(|row| all(row)).collect();
        let near = FloatSum { coefficients, bias, inner: 1, bounds: sum.bounds, rounding: sum.rounding }.compact(x.elements());
        let near = self.emit(FloatOp::Sum(near), &inputs.iter().collect::<Vec<_>>(), x.shape.clone(), (x.element, Kind::Real))?;
        self.fill(&near, |element| places[element], f64::NEG_INFINITY)
    }

    /// The tensor `[.., n]` whose exponentials a computed tensor adds up along the last axis, if it is such a sum.
    pub(super) fn sum_of_exponentials(&mut self, x: &Operand) -> Result<Option<Operand>, String> {
        let Source::Computed(value) = x.source else { return Ok(None) };
        let model = &self.lowered.model;
        let node = |value: ValueId| model.producer(value).map(|position| &model.nodes[position]);
        let follow = |mut value: ValueId, only: fn(&[u32]) -> bool| {
            let mut passed = Vec::new();
            for _ in 0..MAX_MOVES {
                match node(value).map(|node| (&node.op, &node.inputs[..], &node.shape)) {
                    Some((FloatOp::Move { indices, constants }, [input], shape)) if constants.is_empty() && only(indices) => {
                        passed.push((indices.clone(), shape.clone()));
                        value = *input;
                    }
                    _ => break,
                }
            }
            (value, passed)
        };
        // Only reshapes may lie between the sum and its result, but any moves between the exponentials and the sum.
        let (sum, _) = follow(value, <[u32]>::is_empty);
        let Some(FloatNode { op: FloatOp::Affine { groups: 1, weights, bias, .. }, inputs, .. }) = node(sum) else { return Ok(None) };
        if bias != &[0.0] || weights.iter().any(|weight| *weight != 1.0) {
            return Ok(None);
        }
        let (exponentials, passed) = follow(inputs[0], |_| true);
        let Some(FloatNode { op: FloatOp::Table(functions), inputs, .. }) = node(exponentials) else { return Ok(None) };
        let ([Function::Exp], operand) = (&functions[..], inputs[0]) else { return Ok(None) };
        let (shape, kind) = model.tensor(operand);
        if kind != Kind::Real {
            return Ok(None);
        }
        let mut rows = Operand { shape: shape.to_vec(), element: x.element, source: Source::Computed(operand) };
        for (indices, shape) in passed.into_iter().rev() {
            let op = FloatOp::Move { indices, constants: Vec::new() };
            rows = self.emit(op, &[&rows], shape, (x.element, Kind::Real))?;
        }
        Ok(Some(rows))
    }

    /// Gives an output of the ONNX node.
    pub(super) fn give(&mut self, position: usize, operand: Operand) {
        if let Some(name) = self.node.outputs().get(position).filter(|name| !name.is_empty()) {
            self.lowered.tensors.insert(name.clone(), operand);
        }
    }

    /// Gives the only output.
    pub(super) fn finish(&mut self, operand: Operand) -> Result<(), String> {
        self.give(0, operand);
        Ok(())
    }

    /// Adds a primitive. Constants among its inputs become tensors; if all of them are constants, the result is one too.
    pub(super) fn emit(
        &mut self,
        op: FloatOp,
        inputs: &[&Operand],
        shape: Vec<usize>,
        (element, kind): (Element, Kind),
    ) -> Result<Operand, String> {
        let elements = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
        if elements.is_none_or(|elements| elements > MAX_ELEMENTS) {
            return Err(format!("a tensor of shape {shape:?} is too large: at most {MAX_ELEMENTS} elements are supported"));
        }
        if shape.contains(&0) {
            return Err(format!("a tensor of shape {shape:?} has no elements"));
        }
        if inputs.iter().all(|input| input.is_constant()) {
            let known: Vec<(&[usize], &[f64])> =
                inputs.iter().map(|input| (input.shape.as_slice(), input.values().unwrap_or_default())).collect();
            let values = evaluate(&op, kind, &shape, &known);
            return Ok(Operand::constant(shape, element, values));
        }
        if matches!(op, FloatOp::Move { .. } | FloatOp::Select | FloatOp::Max { .. }) {
            inputs.iter().try_for_each(|input| narrow_enough(input))?;
        }
        let witness = inputs.iter().find_map(|input| if let Source::Computed(value) = input.source { Some(value) } else { None });
        let witness = witness.expect("some input is computed");
        let mut ids = Vec::new();
        for input in inputs {
            ids.push(match &input.source {
                Source::Computed(value) => *value,
                Source::Constant(values) => self.materialise(input, values, witness)?,
            });
        }
        let output = self.push(op, ids, shape.clone(), kind);
        Ok(Operand { shape, element, source: Source::Computed(output) })
    }

    /// A tensor that holds constants. A primitive must take something, so it takes the witness and never reads it.
    fn materialise(&mut self, operand: &Operand, values: &[f64], witness: ValueId) -> Result<ValueId, String> {
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(format!("a constant holds {value}: every constant must be finite"));
        }
        let taken = self.lowered.model.elements(witness);
        let mut constants: Vec<f64> = Vec::new();
        let mut positions: HashMap<u64, u32> = HashMap::new();
        let indices = values.iter().map(|value| {
            *positions.entry(value.to_bits()).or_insert_with(|| {
                constants.push(*value);
                u32::try_from(taken + constants.len() - 1).expect("tensors are small")
            })
        });
        let indices = indices.collect();
        let kind = self.kind(operand);
        Ok(self.push(FloatOp::Move { indices, constants }, vec![witness], operand.shape.clone(), kind))
    }

    fn push(&mut self, op: FloatOp, inputs: Vec<ValueId>, shape: Vec<usize>, kind: Kind) -> ValueId {
        let output = self.lowered.fresh();
        let suffix = suffix(&op);
        let count = self.named.entry(suffix.clone()).or_insert(0);
        *count += 1;
        let base = format!("{}.{suffix}", self.name);
        let name = if *count == 1 { base } else { format!("{base}_{count}") };
        let family = self.family.clone();
        self.lowered.model.nodes.push(FloatNode { name, op, inputs, output, shape, kind, family });
        output
    }

    /// Gives the ONNX node's name to the last of its nodes, which computes its result.
    pub(super) fn name_last(self) {
        let nodes = &mut self.lowered.model.nodes;
        if nodes.len() > self.first
            && let Some(last) = nodes.last_mut()
        {
            last.name = self.name;
        }
    }

    /// Lowers a graph within this node, such as a branch, for given inputs; gives its outputs. The names of its nodes begin with this
    /// node's and `place`.
    pub(super) fn inline(&mut self, body: &Body, inputs: Vec<Operand>, place: &str) -> Result<Vec<Operand>, String> {
        if inputs.len() != body.inputs.len() {
            return Err(format!("the graph within it has {} inputs, but gets {}", body.inputs.len(), inputs.len()));
        }
        // Even a graph without nodes counts.
        self.lowered.spend_elements(0)?;
        let prefix = format!("{}.{place}.", self.name);
        let outer = std::mem::replace(&mut self.lowered.prefix, prefix);
        self.lowered.tensors.0.push(body.inputs.iter().cloned().zip(inputs).collect());
        let result =
            (self.lowered.lower_body)(self.opset, body, self.lowered).map_err(|error| format!("in {place}: {error}")).and_then(|()| {
                let found = body
                    .outputs
                    .iter()
                    .map(|name| self.lowered.tensors.get(name).cloned().ok_or_else(|| format!("nothing gives `{name}`")));
                found.collect()
            });
        self.lowered.tensors.0.pop();
        self.lowered.prefix = outer;
        result
    }

    /// The lists of texts.
    pub(super) fn texts(&mut self) -> &mut Vocabularies {
        &mut self.lowered.texts
    }

    /// Notes that the network gives a map where an output of this node is a row of values: the keys, as texts.
    pub(super) fn note_keys(&mut self, position: usize, keys: Vec<String>) {
        if let Some(name) = self.node.outputs().get(position) {
            self.lowered.texts.note_keys(name, keys);
        }
    }
}

/// Refuses known integers that a model cannot hold. Comparisons with such integers are decided before.
fn narrow_enough(operand: &Operand) -> Result<(), String> {
    let all = maat_runtime::Interval::of_bits(32);
    let values = if operand.element == Element::Float { &[] } else { operand.values().unwrap_or_default() };
    match values.iter().find(|value| !(all.lo as f64..=all.hi as f64).contains(*value)) {
        Some(value) => Err(format!("a constant holds {value}, but computed integers have at most 32 bits")),
        None => Ok(()),
    }
}

/// What a node does, in one word.
fn suffix(op: &FloatOp) -> String {
    match op {
        FloatOp::Affine { .. } => "affine".to_owned(),
        FloatOp::Sum(_) => "sum".to_owned(),
        FloatOp::Product { .. } => "product".to_owned(),
        FloatOp::Table(functions) => {
            let named = functions.iter().rev().find(|function| !matches!(function, Function::Linear { .. } | Function::Clamp { .. }));
            let text = format!("{:?}", named.unwrap_or(&functions[0])).to_lowercase();
            text.chars().take_while(char::is_ascii_alphanumeric).collect()
        }
        FloatOp::Divide => "divide".to_owned(),
        FloatOp::Max { .. } => "max".to_owned(),
        FloatOp::ArgMax { .. } => "arg_max".to_owned(),
        FloatOp::Greater => "greater".to_owned(),
        FloatOp::Select => "select".to_owned(),
        FloatOp::Move { .. } => "move".to_owned(),
    }
}
