//! From a real-valued network to integers: a scale for each tensor and for each output channel's weights (docs/numbers.md).

mod affine;
mod scale;
mod sum;
mod table;

use std::collections::HashMap;

use maat_runtime::primitives::{ArgMax, Divide, Max, Move, Product, Select, Sum};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape, Tensor, TensorId};
use serde::{Deserialize, Serialize};

use crate::error::{SampleError, TranspileError};
use crate::float::{Bounds, FloatModel, FloatNode, FloatOp, FloatSum, Kind, ValueId};
use crate::ranges::{RangeMethod, Ranges};
use scale::round;
pub use scale::{scale_for, threshold};

/// Widths in bits, sign included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widths {
    /// Of inputs, activations and outputs: 4 to 16.
    pub activations: u32,
    /// Of weights: 4 to 16.
    pub weights: u32,
}

impl Widths {
    /// The widths that can be chosen.
    pub const RANGE: std::ops::RangeInclusive<u32> = 4..=16;
}

/// Rectified tensors of at least so many bits have room for values that are [`HEADROOM`] times as large as all that were seen.
const WIDE_BITS: u32 = 12;
const HEADROOM: f64 = 1.25;

/// Results that nothing multiplies again keep more bits than activations: the lanes of an accumulator are as wide anyway, so that this
/// costs nothing, and close calls between classes come out right. Of these bits, [`HEADROOM_BITS`] are for values beyond all samples.
const RESULT_BITS: u32 = 6;
/// Inputs that are only compared have so many bits more than activations. Rows of tables lie next to thresholds, which trees put in the
/// middle of two others: with 28 bits, neighbouring 32-bit floats differ as integers from half of the greatest value on.
const COMPARED_BITS: u32 = 12;
const HEADROOM_BITS: u32 = 2;

/// A quantised network, and the tensor that each of the float network's became.
pub struct Mapped {
    /// The quantised model.
    pub model: Model,
    /// Its tensors, by the float network's.
    pub tensors: HashMap<ValueId, TensorId>,
}

/// How to quantise.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Widths in bits.
    pub widths: Widths,
    /// How ranges are chosen.
    pub ranges: RangeMethod,
    /// Whether biases make up for what rounding the weights adds on average.
    pub correct_bias: bool,
}

/// Quantises a network whose tensors have the given ranges.
///
/// # Errors
/// [`TranspileError::Model`] names the node whose range cannot be proven.
pub fn quantise(float: &FloatModel, name: &str, ranges: &Ranges, rules: Rules) -> Result<Mapped, TranspileError> {
    let mut builder =
        Quantiser { float, ranges, rules, builder: ModelBuilder::new(name), tensors: HashMap::new(), results: HashMap::new() };
    for input in &float.inputs {
        let (scale, range) = match (input.kind, &input.columns) {
            (Kind::Real, None) => {
                let (bits, seen) = input_width(float, input.value, rules.widths.activations);
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

/// The width of an input in bits, and how many of them what was seen takes.
pub fn input_width(float: &FloatModel, input: ValueId, bits: u32) -> (u32, u32) {
    if float.is_only_compared(input) { (bits + COMPARED_BITS, bits + COMPARED_BITS - HEADROOM_BITS) } else { (bits, bits) }
}

fn shape(owner: &str, dims: &[usize]) -> Result<Shape, TranspileError> {
    Shape::new(dims).map_err(|fault| maat_runtime::ModelError::Input { input: owner.to_owned(), fault }.into())
}

struct Quantiser<'a> {
    float: &'a FloatModel,
    ranges: &'a Ranges,
    rules: Rules,
    builder: ModelBuilder,
    tensors: HashMap<ValueId, TensorId>,
    results: HashMap<ValueId, bool>,
}

impl Quantiser<'_> {
    /// The scale exponent at which a tensor's range fits into `bits`.
    fn scale(&self, value: ValueId, bits: u32) -> i32 {
        scale_for(self.ranges.magnitude(value, bits, self.rules.ranges), bits)
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

    /// Width and scale exponent of a real tensor.
    fn precision(&mut self, value: ValueId) -> (u32, i32) {
        let bits = self.rules.widths.activations;
        if self.is_result(value) {
            (bits + RESULT_BITS, self.scale(value, bits + RESULT_BITS - HEADROOM_BITS))
        } else {
            let seen = self.ranges.magnitude(value, bits, self.rules.ranges);
            (bits, scale_for(if bits >= WIDE_BITS && self.is_rectified(value) { seen * HEADROOM } else { seen }, bits))
        }
    }

    /// Whether a tensor is cut off below and open above. What follows from such values grows with them, so that a sample with larger ones
    /// than all that were seen is far off if they saturate.
    fn is_rectified(&self, value: ValueId) -> bool {
        let node = self.float.producer(value).map(|position| &self.float.nodes[position]);
        let bounds = node.and_then(|node| match &node.op {
            FloatOp::Affine { bounds, .. } => Some(*bounds),
            FloatOp::Sum(sum) => Some(sum.bounds),
            _ => None,
        });
        bounds.is_some_and(|bounds| bounds.lo.is_finite() && bounds.hi == f64::INFINITY)
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
            FloatOp::Max { axis, keep_axis } => {
                let scale = self.tensor(ids[0]).scale;
                self.push(&node.name, Primitive::Max(Max { axis: small(*axis), keep_axis: *keep_axis }), &ids, scale)
            }
            FloatOp::ArgMax { axis, keep_axis } => {
                self.push(&node.name, Primitive::ArgMax(ArgMax { axis: small(*axis), keep_axis: *keep_axis }), &ids, 0)
            }
            FloatOp::Greater => self.greater(node, &ids),
            FloatOp::Select => {
                let aligned = self.align(node, &ids[1..], None)?;
                let scale = self.tensor(aligned[0]).scale;
                self.push(&node.name, Primitive::Select(Select {}), &[ids[0], aligned[0], aligned[1]], scale)
            }
            FloatOp::Move { indices, constants } => self.r#move(node, &ids, indices, constants),
        }
    }

    fn product(
        &mut self,
        node: &FloatNode,
        ids: &[TensorId],
        (rows, columns, inner): (usize, usize, usize),
    ) -> Result<TensorId, TranspileError> {
        let factors = self.tensor(ids[0]).scale + self.tensor(ids[1]).scale;
        let (requantise, scale) = match node.kind {
            Kind::Integer(range) => (exactly(range), 0),
            Kind::Real => {
                let (bits, scale) = self.precision(node.output);
                // A product of small factors can be no finer than they are together by more than a left shift may be.
                let shift = (factors - scale).clamp(-24, i32::from(Requantise::MAX_SHIFT));
                // Sums of squares are not negative: a table over them needs half the knots.
                let squares = ids[0] == ids[1] && rows == 1 && columns == 1;
                let (lo, hi) = scale::saturation(Bounds { lo: if squares { 0.0 } else { f64::NEG_INFINITY }, ..Bounds::NONE }, scale, bits);
                (Requantise { shift: vec![shift as i8], lo, hi }, factors - shift)
            }
        };
        let product =
            Product { rows: small(rows), columns: small(columns), inner: small(inner), shape: shape(&node.name, &node.shape)?, requantise };
        self.push(&node.name, Primitive::Product(product), ids, scale)
    }

    /// `num / den` at the scale that the quotients need. A divisor that may be negative is turned around with its dividend; one that may
    /// be 0 is taken for the least number above.
    fn divide(&mut self, node: &FloatNode, mut num: TensorId, mut den: TensorId) -> Result<TensorId, TranspileError> {
        let name = &node.name;
        let (num_scale, den_scale) = (self.tensor(num).scale, self.tensor(den).scale);
        let range = self.tensor(den).range;
        if range.lo < 0 {
            let unit = |factor: i32, requantise: Requantise| {
                Primitive::Sum(Sum { coefficients: vec![vec![factor]], bias: vec![0], inner: 1, requantise })
            };
            let negative = self.push(&format!("{name}.negative"), unit(-1, exactly(Interval::new(0, 1))), &[den], 0)?;
            let all = exactly(Interval::of_bits(32));
            let turned = self.push(&format!("{name}.dividend"), unit(-1, all.clone()), &[num], num_scale)?;
            num = self.push(&format!("{name}.signed_dividend"), Primitive::Select(Select {}), &[negative, turned, num], num_scale)?;
            let turned = self.push(&format!("{name}.divisor"), unit(-1, all), &[den], den_scale)?;
            den = self.push(&format!("{name}.unsigned_divisor"), Primitive::Select(Select {}), &[negative, turned, den], den_scale)?;
        }
        if self.tensor(den).range.lo < 1 {
            let positive = exactly(Interval::new(1, self.tensor(den).range.hi.max(1)));
            let sum = Sum { coefficients: vec![vec![1]], bias: vec![0], inner: 1, requantise: positive };
            den = self.push(&format!("{name}.positive_divisor"), Primitive::Sum(sum), &[den], den_scale)?;
        }
        let (bits, scale) = self.precision(node.output);
        let shift = scale - num_scale + den_scale;
        let (lo, hi) = scale::saturation(Bounds::NONE, scale, bits);
        if let Ok(shift) = u8::try_from(shift.min(40)) {
            let scale = i32::from(shift) + num_scale - den_scale;
            return self.push(name, Primitive::Divide(Divide { shift, lo, hi }), &[num, den], scale);
        }
        // The quotient is finer than asked for; it is rounded again.
        let fine = num_scale - den_scale;
        let all = Interval::of_bits(32);
        let quotient = Divide { shift: 0, lo: all.lo as i32, hi: all.hi as i32 };
        let quotient = self.push(&format!("{name}.quotient"), Primitive::Divide(quotient), &[num, den], fine)?;
        let requantise = Requantise { shift: vec![(-shift).min(i32::from(Requantise::MAX_SHIFT)) as i8], lo, hi };
        let sum = Sum { coefficients: vec![vec![1]], bias: vec![0], inner: 1, requantise };
        self.push(name, Primitive::Sum(sum), &[quotient], scale)
    }

    /// `[a > b]` as `clamp(a - b, 0, 1)` at one scale, where that is exact.
    fn greater(&mut self, node: &FloatNode, ids: &[TensorId]) -> Result<TensorId, TranspileError> {
        let constants: Vec<Option<Vec<f64>>> = node.inputs.iter().map(|input| self.float.constants(*input)).collect();
        let truth = exactly(Interval::new(0, 1));
        let scales = [self.tensor(ids[0]).scale, self.tensor(ids[1]).scale];
        let kinds = [0, 1].map(|position| self.float.tensor(node.inputs[position]).1);
        let limit = |value: f64| value.clamp(-(2f64.powi(40)), 2f64.powi(40)) as i64;
        let (operands, factors, bias) = match (&constants[0], &constants[1]) {
            (None, Some(c)) => {
                let limits = c.iter().map(|c| -limit(threshold(*c, scales[0], kinds[0], f64::floor)));
                (vec![ids[0]], vec![1], limits.collect())
            }
            (Some(c), None) => {
                let limits = c.iter().map(|c| limit(threshold(*c, scales[1], kinds[1], f64::ceil)));
                (vec![ids[1]], vec![-1], limits.collect())
            }
            _ => {
                let finest = scales[0].max(scales[1]);
                let factor = |scale: i32| 1i32 << (finest - scale).min(30);
                (ids.to_vec(), vec![factor(scales[0]), -factor(scales[1])], vec![0])
            }
        };
        let elements = node.shape.iter().product();
        let float = FloatSum {
            coefficients: factors.iter().map(|factor| vec![f64::from(*factor); bias.len()]).collect(),
            bias: bias.iter().map(|bias| *bias as f64).collect(),
            ..FloatSum::uniform(&[1.0], 0.0)
        };
        let compact = float.compact(elements);
        let coefficients = compact.coefficients.iter().map(|row| row.iter().map(|factor| *factor as i32).collect()).collect();
        let bias = compact.bias.iter().map(|bias| *bias as i64).collect();
        let sum = Sum { coefficients, bias, inner: small(compact.inner), requantise: truth };
        self.push(&node.name, Primitive::Sum(sum), &operands, 0)
    }

    fn r#move(&mut self, node: &FloatNode, ids: &[TensorId], indices: &[u32], constants: &[f64]) -> Result<TensorId, TranspileError> {
        let constants_only = self.float.constants(node.output).is_some();
        let finite = constants.iter().copied().filter(|value| value.is_finite());
        let largest = finite.fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let aligned = if constants_only { ids.to_vec() } else { self.align(node, ids, (largest > 0.0).then_some(largest))? };
        let scale = match node.kind {
            Kind::Integer(_) => 0,
            Kind::Real if constants_only => self.precision(node.output).1,
            Kind::Real => self.tensor(aligned[0]).scale,
        };
        let lowest = aligned.iter().map(|id| self.tensor(*id).range.lo).min().unwrap_or_default();
        let integer = |value: &f64| {
            let value = if value.is_finite() { round(value * 2f64.powi(scale)) } else { lowest as f64 };
            value.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32
        };
        let op =
            Move { shape: shape(&node.name, &node.shape)?, indices: indices.to_vec(), constants: constants.iter().map(integer).collect() };
        self.push(&node.name, Primitive::Move(op), &aligned, scale)
    }

    /// Tensors at one scale, at which constants of the given size fit in too.
    fn align(&mut self, node: &FloatNode, ids: &[TensorId], constants: Option<f64>) -> Result<Vec<TensorId>, TranspileError> {
        if node.kind != Kind::Real {
            return Ok(ids.to_vec());
        }
        let scales: Vec<i32> = ids.iter().map(|id| self.tensor(*id).scale).collect();
        // As fine as the finest, unless what comes out needs a larger range; at least as fine as the coarsest.
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
            let (lo, hi) = scale::saturation(Bounds::NONE, common, bits.max(17));
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

/// Runs a real sample through the quantisation of a model's inputs.
///
/// # Errors
/// [`SampleError::NotANumber`] for values that are not finite.
pub fn quantise_sample(model: &Model, sample: &[Vec<f64>]) -> Result<Vec<Vec<i32>>, SampleError> {
    let inputs = model.inputs().iter().zip(sample).map(|(input, values)| {
        let quantised = values.iter().zip(input.scales().iter().cycle()).map(|(value, scale)| {
            maat_runtime::quantise(*value, *scale, input.range)
                .ok_or_else(|| SampleError::NotANumber { input: input.name.clone(), value: value.to_string() })
        });
        quantised.collect()
    });
    inputs.collect()
}
