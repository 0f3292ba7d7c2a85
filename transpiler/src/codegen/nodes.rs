use std::collections::{BTreeSet, HashMap};

use maat_runtime::primitives::{ArgMax, Divide, Max, Move, Product, Sum, Table};
use maat_runtime::{Interval, Model, Node, Primitive, Tensor};

use super::code::{CONSTANT, Function, Functions};
use super::layer::{self, Layer, WINDOW_GAP};
use super::moves::{self, Movement};
use super::names::Names;
use super::plan::{LOOPED_FELTS, MAX_ARRAY};
use super::rescale::{Rescale, Rescales};
use super::weights::{array, doc};
use super::windows::{Origin, Place, Placed, Windows};
use super::{channels, pools, products};
use crate::error::TranspileError;

/// What a model's nodes come to in Cairo.
pub struct Nodes {
    /// The inputs' names and the nodes' calls.
    pub calls: Calls,
    /// The linear layers, of which equal ones are kept once.
    pub layers: Vec<Layer>,
    /// What else computes.
    pub functions: Functions,
    /// What re-indexes.
    pub moves: Functions,
    /// The lengths of the runs that are copied by a function of their own.
    pub copies: BTreeSet<usize>,
}

/// What `predict` consists of.
pub struct Calls {
    /// The variable of each tensor.
    pub variables: Vec<String>,
    /// For each node what its variable is bound to.
    pub calls: Vec<Call>,
}

/// A line of `predict`.
pub enum Call {
    /// The expression, and the tensors that it takes.
    Expression(String, Vec<usize>),
    /// A re-indexing that may yet turn out to be taken by another node.
    Move,
    /// Nothing: the tensor is another one under another shape.
    Same,
    /// Nothing: the node of this name takes the elements from where they are.
    TakenBy(String),
}

/// Runs that are further apart in windows than [`WINDOW_GAP`], but not further than these, are joined where this saves more than it costs.
const WIDER_GAPS: [usize; 3] = [WINDOW_GAP, 64, 512];
/// A sum with fewer products is straight code, whatever its channels.
const SHORT_SUM: usize = 1_500;
/// Fewer positions than this are a call each.
const FEW_POSITIONS: usize = 4;

/// Generates what the nodes need, except for the layers, of which it is yet to be planned how they hold their weights.
pub fn collect(model: &Model, rescales: &mut Rescales) -> Result<Nodes, TranspileError> {
    let mut collector = Collector::new(model);
    for (node, output) in model.nodes() {
        let call = collector.node(node, output.index(), rescales)?;
        collector.calls.push(call);
    }
    // Only now is it known which re-indexings are left to do.
    for (position, (node, output)) in model.nodes().enumerate() {
        if let (Call::Move, Primitive::Move(op)) = (&collector.calls[position], &node.primitive) {
            let name = collector.names[output.index()].clone();
            collector.calls[position] = collector.move_(&name, op, node, output.index());
        }
    }
    let Collector { variables, calls, layers, functions, moves, copies, .. } = collector;
    Ok(Nodes { calls: Calls { variables, calls }, layers, functions, moves, copies })
}

/// See [`super::products`].
pub fn count_products(model: &Model) -> Result<usize, TranspileError> {
    let mut total = 0;
    let nodes = collect(model, &mut Rescales::default())?;
    let layers: HashMap<&str, &Layer> = nodes.layers.iter().map(|layer| (layer.name.as_str(), layer)).collect();
    for ((node, output), call) in model.nodes().zip(&nodes.calls.calls) {
        let elements = model.tensor(output).shape.elements();
        let called = match call {
            Call::Expression(expression, _) => expression.strip_prefix("layers::").and_then(|call| call.split('(').next()),
            _ => None,
        };
        total += match (called.and_then(|name| layers.get(name)), &node.primitive) {
            (Some(layer), _) => layer.products() * layer.windows.blocks,
            (None, Primitive::Sum(sum)) => elements * sum.coefficients.len(),
            (None, Primitive::Product(product)) => elements * product.inner as usize,
            _ => 0,
        };
    }
    Ok(total)
}

struct Collector<'a> {
    model: &'a Model,
    names: Vec<String>,
    /// For each tensor the one whose elements it has.
    roots: Vec<usize>,
    /// How often each tensor is taken, outputs included.
    uses: Vec<usize>,
    variables: Vec<String>,
    calls: Vec<Call>,
    layers: Vec<Layer>,
    functions: Functions,
    moves: Functions,
    copies: BTreeSet<usize>,
}

impl<'a> Collector<'a> {
    fn new(model: &'a Model) -> Self {
        let mut identifiers = Names::default();
        let inputs: Vec<String> = (0..model.inputs().len()).map(|index| identifiers.identifier(&format!("input {index}"))).collect();
        let names: Vec<String> = inputs.into_iter().chain(model.nodes().map(|(node, _)| identifiers.identifier(&node.name))).collect();
        let mut collector = Self {
            model,
            variables: names.clone(),
            names,
            roots: (0..model.tensors().len()).collect(),
            uses: vec![0; model.tensors().len()],
            calls: Vec::new(),
            layers: Vec::new(),
            functions: Functions::default(),
            moves: Functions::default(),
            copies: BTreeSet::new(),
        };
        for (node, output) in model.nodes() {
            if let Some(same) = collector.same(node) {
                collector.roots[output.index()] = same;
            } else {
                for input in &node.inputs {
                    collector.uses[collector.roots[input.index()]] += 1;
                }
            }
        }
        for output in model.outputs() {
            collector.uses[collector.roots[output.tensor.index()]] += 1;
        }
        collector
    }

    /// The tensor whose elements a node gives, in the same order.
    fn same(&self, node: &Node) -> Option<usize> {
        let root = |input: usize| self.roots[node.inputs[input].index()];
        match &node.primitive {
            Primitive::Move(op) => {
                let (origins, sources) = self.origins(op, node);
                match (sources.as_slice(), moves::consecutive(&origins)) {
                    ([source], Some((0, length))) if length == self.tensor(*source).shape.elements() => Some(*source),
                    _ => None,
                }
            }
            Primitive::Max(op) if op.extents(&self.model.tensor(node.inputs[0]).shape).0 == 1 => Some(root(0)),
            _ => None,
        }
    }

    /// Where a re-indexing takes its elements from, and the tensors that are its sources.
    fn origins(&self, op: &Move, node: &Node) -> (Vec<Origin>, Vec<usize>) {
        let roots: Vec<usize> = node.inputs.iter().map(|input| self.roots[input.index()]).collect();
        let mut origins = moves::origins(op, &self.lengths(&roots));
        let sources = moves::merge_sources(&mut origins, &roots);
        (origins, sources)
    }

    fn tensor(&self, tensor: usize) -> &'a Tensor {
        &self.model.tensors()[tensor]
    }

    fn lengths(&self, tensors: &[usize]) -> Vec<usize> {
        tensors.iter().map(|tensor| self.tensor(*tensor).shape.elements()).collect()
    }

    fn node(&mut self, node: &Node, output: usize, rescales: &mut Rescales) -> Result<Call, TranspileError> {
        let root = self.roots[output];
        if root != output {
            self.variables[output] = self.variables[root].clone();
            return Ok(Call::Same);
        }
        let name = self.names[output].clone();
        let inputs: Vec<usize> = node.inputs.iter().map(|input| self.roots[input.index()]).collect();
        match &node.primitive {
            Primitive::Affine(affine) => {
                let gathered = self.gathered(inputs[0], affine.groups as usize * affine.inputs as usize);
                let (taken, gathered) = gathered.map_or((inputs, None), |(taken, windows)| (taken, Some(windows)));
                let layer = layer::affine(&name, affine, node, gathered, self.model)?;
                Ok(self.layer(layer, taken))
            }
            Primitive::Sum(sum) => self.sum(&name, sum, node, inputs, rescales),
            Primitive::Product(product) => self.product(&name, product, node, output, inputs, rescales),
            Primitive::Move(_) => Ok(Call::Move),
            Primitive::Table(table) => self.table(&name, table, node, inputs),
            Primitive::Divide(divide) => Ok(self.divide(divide, inputs)),
            Primitive::Max(op) => Ok(self.max(&name, op, node, inputs)),
            Primitive::ArgMax(op) => Ok(self.arg_max(op, node, inputs)),
            Primitive::Select(_) => Ok(self.call("select::select", &inputs, "")),
            other => Err(TranspileError::Codegen { node: node.name.clone(), reason: format!("{} has no Cairo generator", other.name()) }),
        }
    }

    /// A call with the tensors as arguments, and others behind them.
    fn call(&self, function: &str, tensors: &[usize], others: &str) -> Call {
        let arguments = tensors.iter().map(|tensor| self.variables[*tensor].as_str()).collect::<Vec<_>>().join(", ");
        Call::Expression(format!("{function}({arguments}{others})"), tensors.to_vec())
    }

    fn layer(&mut self, layer: Layer, inputs: Vec<usize>) -> Call {
        let known = self.layers.iter().find(|other| other.computes_the_same(&layer)).map(|other| other.name.clone());
        let name = known.unwrap_or_else(|| {
            let name = layer.name.clone();
            self.layers.push(layer);
            name
        });
        self.call(&format!("layers::{name}"), &inputs, "")
    }

    fn function(&mut self, name: &str, node: &Node, function: Function, inputs: &[usize]) -> Call {
        let name = self.functions.add(name, &format!("`{}`.", doc(&node.name)), function);
        self.call(&format!("layers::{name}"), inputs, "")
    }

    /// If a tensor only exists to be taken apart into blocks of this many elements: the tensors that its elements come from, and where
    /// the blocks lie in them. The node that gives the tensor then has nothing to do.
    fn gathered(&mut self, tensor: usize, block: usize) -> Option<(Vec<usize>, Placed)> {
        if self.uses[tensor] != 1 {
            return None;
        }
        let position = tensor.checked_sub(self.model.inputs().len())?;
        let (node, _) = self.model.nodes().nth(position)?;
        let Primitive::Move(op) = &node.primitive else { return None };
        let (origins, sources) = self.origins(op, node);
        let lengths = self.lengths(&sources);
        let found = WIDER_GAPS.into_iter().filter_map(|gap| Windows::find(&origins, &lengths, block, gap));
        // An element more is one felt more, and may be one step less for a place in a list that need not be passed on.
        let windows = found.min_by_key(|(windows, _)| windows.steps() + 4 * windows.width())?;
        let taker = self.calls.len() + self.model.inputs().len();
        self.calls[position] = Call::TakenBy(self.names[taker].clone());
        Some((sources, windows))
    }

    fn sum(&mut self, name: &str, sum: &Sum, node: &Node, inputs: Vec<usize>, rescales: &mut Rescales) -> Result<Call, TranspileError> {
        let period = if sum.channels() == 1 { 1 } else { sum.channels() * sum.inner as usize };
        if period > sum.channels()
            && period * inputs.len() > SHORT_SUM
            && let Some(rescale) = channels::channel_rescale(sum, node, self.model)?
        {
            let function = channels::channels(sum, &rescale, node, self.model, rescales);
            return Ok(self.function(name, node, function, &inputs));
        }
        let layer = layer::sum(name, sum, node, period, self.model)?;
        Ok(self.layer(layer, inputs))
    }

    fn product(
        &mut self,
        name: &str,
        product: &Product,
        node: &Node,
        output: usize,
        inputs: Vec<usize>,
        rescales: &mut Rescales,
    ) -> Result<Call, TranspileError> {
        let rescale: Rescale = products::product_rescale(product, node, self.model)?;
        let elements = self.tensor(output).shape.elements();
        let results = (product.rows * product.columns) as usize;
        let function = if results * product.inner as usize == 1 {
            products::elementwise(product, &rescale, elements, rescales)
        } else {
            products::matrix(product, &rescale, elements / results, rescales)
        };
        Ok(self.function(name, node, function, &inputs))
    }

    fn move_(&mut self, name: &str, op: &Move, node: &Node, output: usize) -> Call {
        let (origins, sources) = self.origins(op, node);
        match moves::movement(&origins, &self.lengths(&sources)) {
            Movement::Slice { source, start, length } => {
                Call::Expression(format!("{}.slice({start}, {length})", self.variables[sources[source]]), vec![sources[source]])
            }
            Movement::Function { function, lengths } => {
                self.copies.extend(lengths);
                let shape = &self.tensor(output).shape;
                let name = self.moves.add(name, &format!("`{}`: {shape}.", doc(&node.name)), function);
                self.call(&format!("moves::{name}"), &sources, "")
            }
        }
    }

    fn table(&mut self, name: &str, table: &Table, node: &Node, inputs: Vec<usize>) -> Result<Call, TranspileError> {
        let Table { lo, fraction, knots } = table;
        if knots.len() > MAX_ARRAY {
            let reason = format!("a table of {} knots, but a constant array in Cairo has at most {MAX_ARRAY}", knots.len());
            return Err(TranspileError::Codegen { node: node.name.clone(), reason });
        }
        let lo = i64::from(*lo);
        let top = table.top();
        let range = self.tensor(inputs[0]).range;
        let constants = array(&format!("{CONSTANT}__KNOTS"), "felt252", knots);
        let function = Function { text: String::new(), constants, felts: knots.len() * LOOPED_FELTS };
        let name = self.functions.add(name, &format!("Knots of `{}`.", doc(&node.name)), function);
        let knots_name = format!("weights::{}__KNOTS.span()", name.to_uppercase());
        let reach = if Interval::new(lo, top).includes(range) { String::new() } else { format!(", {}", top - lo) };
        let clamped = if reach.is_empty() { "" } else { "_clamped" };
        Ok(if *fraction == 0 {
            self.call(&format!("table::look_up{clamped}"), &inputs, &format!(", {lo}{reach}, {knots_name}"))
        } else {
            let offset = knots.iter().map(|knot| -i64::from(*knot)).max().unwrap_or(0).max(0);
            let unit = 1i64 << fraction;
            let start = unit / 2 + offset * unit;
            let others = format!(", {lo}{reach}, {knots_name}, {unit}, {start}, {offset}");
            self.call(&format!("table::interpolate{clamped}::<{fraction}>"), &inputs, &others)
        })
    }

    fn divide(&self, divide: &Divide, inputs: Vec<usize>) -> Call {
        let [num, den] = [0, 1].map(|input| self.tensor(inputs[input]).range);
        let (lo, hi) = (i128::from(divide.lo), i128::from(divide.hi));
        // The least that makes every numerator non-negative, and enough for the comparison with `lo`.
        let least = (i128::from(-num.lo).max(0) << divide.shift) as u128;
        let offset = (least.div_ceil(den.lo.unsigned_abs().into()) as i128).max(-lo);
        let scale = 2i128 << divide.shift;
        self.call("divide::divide", &inputs, &format!(", {scale}, {offset}, {}, {}, {lo}, {hi}", offset + lo, hi - lo + 1))
    }

    fn max(&mut self, name: &str, op: &Max, node: &Node, inputs: Vec<usize>) -> Call {
        let shape = &self.model.tensor(node.inputs[0]).shape;
        let (length, inner) = op.extents(shape);
        let block = length * inner;
        if length > pools::MAX_LENGTH || block > pools::MAX_BLOCK {
            return self.call("max::max_over", &inputs, &format!(", {length}, {inner}"));
        }
        let gathered = self.gathered(inputs[0], block);
        let (taken, (windows, places)) = gathered.unwrap_or_else(|| {
            let places = (0..block).map(|element| Place::Run(0, element)).collect();
            (inputs, (Windows::consecutive(1, block, shape.elements() / block), places))
        });
        self.function(name, node, pools::max(&windows, &places, length), &taken)
    }

    fn arg_max(&self, op: &ArgMax, node: &Node, inputs: Vec<usize>) -> Call {
        let shape = &self.model.tensor(node.inputs[0]).shape;
        let (length, inner) = op.extents(shape);
        let positions = shape.elements() / length;
        if positions >= FEW_POSITIONS {
            return self.call("arg_max::arg_max_over", &inputs, &format!(", {length}, {inner}"));
        }
        let x = &self.variables[inputs[0]];
        let starts = (0..positions).map(|position| position / inner * length * inner + position % inner);
        let calls = starts.map(|start| format!("arg_max::arg_max({x}, {start}, {length}, {inner})")).collect::<Vec<_>>();
        Call::Expression(format!("array![{}].span()", calls.join(", ")), inputs)
    }
}
