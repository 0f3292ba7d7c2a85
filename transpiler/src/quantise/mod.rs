//! From a real-valued network to integers: a scale for each tensor and for each output channel's weights (docs/numbers.md). Each
//! primitive's rule is in its own file, and so is that of comparisons, which become a sum.

mod affine;
mod arg_max;
mod divide;
mod greater;
mod max;
mod r#move;
mod product;
mod scale;
mod select;
mod sum;
mod table;

pub use scale::threshold;

use std::collections::HashMap;

use maat_package::{Options, TensorWidth};
use maat_runtime::primitives::Sum;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape, Tensor, TensorId};

use crate::calibrate::{HEADROOM_BITS, Ranges, input_width, scale_for};
use crate::error::TranspileError;
use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, FloatSum, Kind, ValueId, range_of};
use scale::saturation;

/// Computed tensors of at least this many bits have room for values [`MARGIN`] times as large as any that were seen, and those that are open
/// above and not below for [`HEADROOM`] times as large ones: what follows grows with them.
const WIDE_BITS: u32 = 12;
const MARGIN: f64 = 1.125;
const HEADROOM: f64 = 1.25;

/// Results that nothing multiplies again keep this many bits more than activations. The lanes of an accumulator are as wide anyway, so this
/// costs nothing, and close decisions between classes come out right. [`HEADROOM_BITS`] of these bits are for values beyond all samples.
const RESULT_BITS: u32 = 6;

/// A quantised network, and what each tensor of the float network became.
pub struct Mapped {
    /// The quantised model.
    pub model: Model,
    /// Its tensors, by the float network's.
    pub tensors: HashMap<ValueId, TensorId>,
}

/// Quantises a network whose tensors have the given ranges.
///
/// # Errors
/// [`TranspileError::Model`] names the node whose range cannot be proven.
pub fn quantise(float: &FloatModel, name: &str, ranges: &Ranges, options: &Options) -> Result<Mapped, TranspileError> {
    let mut builder = Quantiser {
        float,
        ranges,
        options,
        own: own_widths(float, options)?,
        builder: ModelBuilder::new(name),
        tensors: HashMap::new(),
        results: HashMap::new(),
    };
    for input in &float.inputs {
        let (scale, range) = match (input.kind, &input.columns) {
            (Kind::Real, None) => {
                let (bits, seen) = input_width(float, input.value, builder.bits(input.value));
                (builder.scale(input.value, seen), Interval::of_bits(bits))
            }
            (Kind::Real, Some(columns)) => (columns.scale, Interval::of_bits(columns.bits)),
            (Kind::Integer(range), _) => (0, builder.integers_seen(input.value, range)),
        };
        let columns = input.columns.as_ref().map_or(&[][..], |columns| &columns.exponents);
        let id = builder.builder.input_by_column(&input.name, shape(&input.name, &input.shape)?, scale, columns, range)?;
        builder.tensors.insert(input.value, id);
    }
    for node in &float.nodes {
        let id = builder.node(node)?;
        builder.tensors.insert(node.output, id);
    }
    let outputs: Vec<(&str, TensorId)> = float.outputs.iter().map(|(name, value)| (name.as_str(), builder.tensors[value])).collect();
    Ok(Mapped { model: builder.builder.finish(&outputs)?, tensors: builder.tensors })
}

/// The tensors with widths of their own, and those of their families.
fn own_widths(float: &FloatModel, options: &Options) -> Result<HashMap<ValueId, u32>, TranspileError> {
    let mut own = HashMap::new();
    for TensorWidth { tensor, bits } in &options.tensors {
        let refused = |reason| TranspileError::Width { tensor: tensor.clone(), reason };
        let is_real =
            |kind: Kind| if kind == Kind::Real { Ok(()) } else { Err(refused("it holds whole numbers, which stay what they are")) };
        if let Some(input) = float.inputs.iter().find(|input| input.name == *tensor) {
            if input.columns.is_some() {
                return Err(refused("its columns have scales of their own"));
            }
            is_real(input.kind)?;
            own.insert(input.value, *bits);
            continue;
        }
        let node = float.nodes.iter().find(|node| node.name == *tensor).ok_or_else(|| refused("there is no input or node of this name"))?;
        is_real(node.kind)?;
        let kin = float.nodes.iter().filter(|other| other.output == node.output || (node.family.is_some() && other.family == node.family));
        own.extend(kin.map(|node| (node.output, *bits)));
    }
    Ok(own)
}

fn shape(owner: &str, dims: &[usize]) -> Result<Shape, TranspileError> {
    Shape::new(dims).map_err(|fault| maat_runtime::ModelError::Input { input: owner.to_owned(), fault }.into())
}

struct Quantiser<'a> {
    float: &'a FloatModel,
    ranges: &'a Ranges,
    options: &'a Options,
    /// Widths of single tensors.
    own: HashMap<ValueId, u32>,
    builder: ModelBuilder,
    tensors: HashMap<ValueId, TensorId>,
    results: HashMap<ValueId, bool>,
}

impl Quantiser<'_> {
    /// The scale exponent at which a tensor's range fits into `bits`.
    fn scale(&self, value: ValueId, bits: u32) -> i32 {
        scale_for(self.ranges.magnitude(value, bits, self.options.ranges), bits)
    }

    /// Integers wider than activations can be are narrowed to what was seen of them.
    fn integers_seen(&self, value: ValueId, range: Interval) -> Interval {
        if Interval::of_bits(17).includes(range) {
            return range;
        }
        let seen = self.ranges.of(value).map_or(0.0, |observed| observed.magnitude());
        let bits = (8..32).find(|bits| Interval::of_bits(*bits).hi as f64 >= seen).unwrap_or(32);
        let narrow = Interval::of_bits(bits.max(if seen > 0.0 { 8 } else { 16 }));
        Interval::new(narrow.lo.max(range.lo), narrow.hi.min(range.hi))
    }

    /// The width of a tensor as an activation.
    fn bits(&self, value: ValueId) -> u32 {
        self.own.get(&value).copied().unwrap_or(self.options.widths.activations)
    }

    /// Width and scale exponent of a real tensor.
    fn precision(&mut self, value: ValueId) -> (u32, i32) {
        let bits = self.bits(value);
        if self.is_result(value) {
            (bits + RESULT_BITS, self.scale(value, bits + RESULT_BITS - HEADROOM_BITS))
        } else {
            let seen = self.ranges.magnitude(value, bits, self.options.ranges);
            (bits, scale_for(if bits >= WIDE_BITS { self.with_room(value, seen, bits) } else { seen }, bits))
        }
    }

    /// The size up to which a tensor is kept, for the greatest size that was seen.
    fn with_room(&self, value: ValueId, seen: f64, bits: u32) -> f64 {
        let Some(position) = self.float.producer(value) else { return seen };
        let node = &self.float.nodes[position];
        match &node.op {
            // What is an operand, or its negative, has the operand's room.
            FloatOp::Sum(sum) if sum.bounds == Bounds::NONE && sum.coefficients.len() == 1 && sum.bias.iter().all(|bias| *bias == 0.0) => {
                let Tensor { range, scale, .. } = self.tensor(self.tensors[&node.inputs[0]]);
                let is_operand = sum.coefficients[0].iter().all(|coefficient| coefficient.abs() == 1.0);
                let room = range.hi.abs() as f64 * 2f64.powi(-scale);
                if is_operand && Interval::of_bits(bits).includes(*range) { room.max(seen) } else { seen * MARGIN }
            }
            FloatOp::Affine { bounds, .. } | FloatOp::Sum(FloatSum { bounds, .. })
                if bounds.lo.is_finite() && bounds.hi == f64::INFINITY =>
            {
                seen * HEADROOM
            }
            FloatOp::Affine { .. } | FloatOp::Sum(_) | FloatOp::Product { .. } => seen * MARGIN,
            FloatOp::Table(_) => {
                let (lo, hi) = range_of(self.float, node, &[(f64::NEG_INFINITY, f64::INFINITY)]);
                (seen * MARGIN).min(lo.abs().max(hi.abs())).max(seen)
            }
            // Shares of a whole are at most 1.
            FloatOp::Divide if seen > 1.0 => seen * MARGIN,
            // What takes its elements from others has their room.
            _ => seen,
        }
    }

    /// Whether nothing multiplies a tensor: it is an output, or compared, or looked up in a table.
    fn is_result(&mut self, value: ValueId) -> bool {
        if let Some(known) = self.results.get(&value) {
            return *known;
        }
        let float = self.float;
        let mut users = float.nodes.iter().filter(|node| node.inputs.contains(&value));
        let result = users.all(|node| match node.op {
            FloatOp::Affine { .. } | FloatOp::Sum(_) | FloatOp::Product { .. } | FloatOp::Divide => false,
            FloatOp::Table(_) | FloatOp::ArgMax { .. } | FloatOp::Greater => true,
            FloatOp::Max { .. } | FloatOp::Select | FloatOp::Move { .. } => self.is_result(node.output),
        });
        self.results.insert(value, result);
        result
    }

    fn tensor(&self, id: TensorId) -> &Tensor {
        self.builder.tensor(id)
    }

    /// Refuses integers that are not meant to saturate, but could leave 32 bits: those whose type is wider. `reach` is what the ranges of
    /// the operands allow.
    fn check_fits(&self, node: &FloatNode, range: Interval, reach: (f64, f64)) -> Result<(), TranspileError> {
        let all = Interval::of_bits(32);
        let below = range.lo < all.lo && reach.0 < all.lo as f64;
        let above = range.hi > all.hi && reach.1 > all.hi as f64;
        if below || above { Err(TranspileError::Overflow { node: node.name.clone(), lo: reach.0, hi: reach.1 }) } else { Ok(()) }
    }

    /// What the real numbers of a tensor may be.
    fn reach(&self, id: TensorId) -> (f64, f64) {
        let Tensor { range, scale, .. } = self.tensor(id);
        (range.lo as f64 * 2f64.powi(-scale), range.hi as f64 * 2f64.powi(-scale))
    }

    fn push(&mut self, name: &str, primitive: Primitive, inputs: &[TensorId], scale: i32) -> Result<TensorId, TranspileError> {
        Ok(self.builder.node(name, primitive, inputs, scale)?)
    }

    fn node(&mut self, node: &FloatNode) -> Result<TensorId, TranspileError> {
        let ids: Vec<TensorId> = node.inputs.iter().map(|input| self.tensors[input]).collect();
        match &node.op {
            FloatOp::Affine { groups, weights, bias, bounds } => self.affine(node, ids[0], *groups, (weights, bias, *bounds)),
            FloatOp::Sum(sum) => self.sum(node, sum, &ids),
            FloatOp::Product { rows, columns, inner } => self.product(node, &ids, (*rows, *columns, *inner)),
            FloatOp::Table(functions) => self.table(node, functions, ids[0]),
            FloatOp::Divide => self.divide(node, ids[0], ids[1]),
            FloatOp::Max { axis, keep_axis } => self.max(node, ids[0], *axis, *keep_axis),
            FloatOp::ArgMax { axis, keep_axis } => self.arg_max(node, ids[0], *axis, *keep_axis),
            FloatOp::Greater => self.greater(node, &ids),
            FloatOp::Select => self.select(node, &ids),
            FloatOp::Move { indices, constants } => self.r#move(node, &ids, indices, constants),
        }
    }

    /// Brings tensors to one scale, at which constants of the given size fit as well.
    fn align(&mut self, node: &FloatNode, ids: &[TensorId], constants: Option<f64>) -> Result<Vec<TensorId>, TranspileError> {
        if node.kind != Kind::Real {
            return Ok(ids.to_vec());
        }
        let scales: Vec<i32> = ids.iter().map(|id| self.tensor(*id).scale).collect();
        // As fine as the finest, unless the result needs a larger range; at least as fine as the coarsest.
        let (bits, wanted) = self.precision(node.output);
        let coarsest = scales.iter().copied().chain(constants.map(|largest| scale_for(largest, bits))).min().unwrap_or_default();
        let finest = scales.iter().copied().max().unwrap_or_default();
        let common = wanted.min(finest).max(coarsest);
        let mut aligned = Vec::new();
        for (position, (id, scale)) in ids.iter().zip(scales).enumerate() {
            if scale == common {
                aligned.push(*id);
                continue;
            }
            let (lo, hi) = saturation(Bounds::NONE, common, bits.max(17));
            let shift = (scale - common).clamp(-30, i32::from(Requantise::MAX_SHIFT)) as i8;
            let sum = Sum { coefficients: vec![vec![1]], bias: vec![0], inner: 1, requantise: Requantise { shift: vec![shift], lo, hi } };
            let name = if ids.len() == 1 { format!("{}.rescale", node.name) } else { format!("{}.rescale_{position}", node.name) };
            aligned.push(self.push(&name, Primitive::Sum(sum), &[*id], common)?);
        }
        Ok(aligned)
    }
}

fn small(length: usize) -> u32 {
    u32::try_from(length).expect("lengths are bounded by the number of elements")
}

/// No rescaling; saturation to an interval.
fn exactly(range: Interval) -> Requantise {
    let all = Interval::of_bits(32);
    Requantise { shift: vec![0], lo: range.lo.clamp(all.lo, all.hi) as i32, hi: range.hi.clamp(all.lo, all.hi) as i32 }
}
