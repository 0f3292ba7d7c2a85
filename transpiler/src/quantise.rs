//! From a real-valued network to integers: a scale for each tensor and for each output channel's weights (DESIGN section 3).

use std::collections::HashMap;

use maat_runtime::primitives::{Affine, ArgMax, Move, Sum};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape, Tensor, TensorId};
use serde::{Deserialize, Serialize};

use crate::error::TranspileError;
use crate::float::{Bounds, FloatModel, FloatNode, FloatOp};
use crate::ranges::Magnitudes;

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

/// Extra bits that a channel's weights keep below the point where their rounding moves the result by half a unit of its last place. More
/// would widen accumulators and gain nothing.
const GUARD_BITS: i32 = 3;

/// Results that nothing multiplies again keep more bits than activations: the lanes of an accumulator are as wide anyway, so that this
/// costs nothing, and close calls between classes come out right. Of these bits, [`HEADROOM_BITS`] are for values beyond all samples.
const RESULT_BITS: u32 = 6;
const HEADROOM_BITS: u32 = 2;

/// Scale exponents stay within this range whatever the magnitudes are.
const MAX_SCALE: i32 = 120;

/// Quantises a network whose tensors have the given magnitudes.
///
/// # Errors
/// [`TranspileError::Model`] names the node whose range cannot be proven.
pub fn quantise(float: &FloatModel, name: &str, magnitudes: &Magnitudes, widths: Widths) -> Result<Model, TranspileError> {
    let activations = Interval::of_bits(widths.activations);
    let mut builder = ModelBuilder::new(name);
    let mut tensors: HashMap<&str, TensorId> = HashMap::new();
    for (input, dims) in &float.inputs {
        let scale = scale_for(magnitudes.of(input), widths.activations);
        tensors.insert(input, builder.input(input, shape(input, dims)?, scale, activations)?);
    }
    for node in &float.nodes {
        let ids: Vec<TensorId> = node.inputs.iter().map(|input| tensors[input.as_str()]).collect();
        let inputs: Vec<&Tensor> = ids.iter().map(|id| builder.tensor(*id)).collect();
        let result = is_result(float, &node.output);
        let bits = widths.activations + if result { RESULT_BITS } else { 0 };
        let scale = scale_for(magnitudes.of(&node.output), bits - if result { HEADROOM_BITS } else { 0 });
        let (primitive, scale) = match &node.op {
            FloatOp::Affine { weights, bias, bounds } => {
                (Primitive::Affine(affine(weights, bias, *bounds, inputs[0], (scale, bits), widths.weights)), scale)
            }
            FloatOp::Sum { coefficients, bias, bounds } => {
                (Primitive::Sum(sum(coefficients, bias, *bounds, &inputs, (scale, bits), widths.weights)), scale)
            }
            FloatOp::ArgMax { axis, keep_axis } => {
                let axis = u32::try_from(*axis).expect("a shape has few axes");
                (Primitive::ArgMax(ArgMax { axis, keep_axis: *keep_axis }), 0)
            }
            FloatOp::Move => (Primitive::Move(Move::reshape(shape(&node.name, &node.shape)?)), inputs[0].scale),
        };
        tensors.insert(&node.output, builder.node(&node.name, primitive, &ids, scale)?);
    }
    let outputs: Vec<(&str, TensorId)> = float.outputs.iter().map(|output| (output.as_str(), tensors[output.as_str()])).collect();
    Ok(builder.finish(&outputs)?)
}

/// Whether a tensor is an output that at most the position of its maximum is taken of.
fn is_result(float: &FloatModel, tensor: &str) -> bool {
    let multiplied = |node: &FloatNode| matches!(node.op, FloatOp::Affine { .. } | FloatOp::Sum { .. });
    let mut users = float.nodes.iter().filter(|node| node.inputs.iter().any(|input| input == tensor));
    users.all(|node| !multiplied(node) && (!matches!(node.op, FloatOp::Move) || is_result(float, &node.output)))
}

fn shape(owner: &str, dims: &[usize]) -> Result<Shape, TranspileError> {
    Shape::new(dims).map_err(|fault| maat_runtime::ModelError::Input { input: owner.to_owned(), fault }.into())
}

/// The largest scale exponent at which `magnitude` fits into `bits`, sign included.
fn scale_for(magnitude: f64, bits: u32) -> i32 {
    let greatest = f64::from((1u32 << (bits - 1)) - 1);
    if magnitude > 0.0 { largest_exponent(magnitude, greatest).clamp(-MAX_SCALE, MAX_SCALE) } else { 0 }
}

/// The largest `s` with `round(value * 2^s) <= greatest`, for positive values.
fn largest_exponent(value: f64, greatest: f64) -> i32 {
    // A difference of logarithms, because the quotient may overflow. It is rounded; decide on the exact product.
    let mut exponent = (greatest.log2() - value.log2()).floor() as i32;
    while (value * 2f64.powi(exponent + 1)).round() <= greatest {
        exponent += 1;
    }
    while (value * 2f64.powi(exponent)).round() > greatest {
        exponent -= 1;
    }
    exponent
}

/// Rounds half up, as everywhere.
fn round(value: f64) -> f64 {
    (value + 0.5).floor()
}

fn saturation(bounds: Bounds, scale: i32, bits: u32) -> (i32, i32) {
    let range = Interval::of_bits(bits);
    let bound = |value: f64| round(value * 2f64.powi(scale)).clamp(range.lo as f64, range.hi as f64) as i32;
    (bound(bounds.lo), bound(bounds.hi))
}

fn affine(weights: &[f64], bias: &[f64], bounds: Bounds, input: &Tensor, (scale, bits): (i32, u32), weight_bits: u32) -> Affine {
    let n = weights.len() / bias.len();
    let greatest = f64::from((1i32 << (weight_bits - 1)) - 1);
    let input_magnitude = input.range.lo.unsigned_abs().max(input.range.hi.unsigned_abs()) as f64;
    let enough = (input_magnitude * n as f64).log2().ceil() as i32 + GUARD_BITS;
    let (mut integers, mut offsets, mut shifts) = (Vec::with_capacity(weights.len()), Vec::new(), Vec::new());
    for (row, bias) in weights.chunks_exact(n).zip(bias) {
        let largest = row.iter().fold(0.0, |largest: f64, weight| largest.max(weight.abs()));
        // Weights at exponent `e` give an accumulator at `input.scale + e`, to be shifted by `input.scale + e - scale`.
        let by_weights = if largest > 0.0 { largest_exponent(largest, greatest) } else { scale - input.scale };
        let exponent = by_weights.min(enough + scale - input.scale).min(bias_exponent(*bias) - input.scale);
        let shift = (input.scale + exponent - scale).clamp(-i32::from(Requantise::MAX_SHIFT), i32::from(Requantise::MAX_SHIFT));
        let exponent = shift + scale - input.scale;
        integers.extend(row.iter().map(|weight| round(weight * 2f64.powi(exponent)).clamp(-greatest, greatest) as i16));
        offsets.push(round(bias * 2f64.powi(input.scale + exponent)) as i64);
        shifts.push(shift as i8);
    }
    let (lo, hi) = saturation(bounds, scale, bits);
    let inputs = u32::try_from(n).expect("a layer has fewer than 2^32 inputs");
    Affine { groups: 1, inputs, weights: integers, bias: offsets, requantise: Requantise { shift: shifts, lo, hi } }
}

/// The largest exponent at which a bias leaves the accumulator room below 2^62.
fn bias_exponent(bias: f64) -> i32 {
    if bias == 0.0 { i32::MAX / 2 } else { largest_exponent(bias.abs(), 2f64.powi(60)) }
}

fn sum(coefficients: &[Vec<f64>], bias: &[f64], bounds: Bounds, inputs: &[&Tensor], (scale, bits): (i32, u32), weight_bits: u32) -> Sum {
    let greatest = f64::from((1i32 << (weight_bits - 1)) - 1);
    let mut integers: Vec<Vec<i32>> = vec![Vec::new(); coefficients.len()];
    let (mut offsets, mut shifts) = (Vec::new(), Vec::new());
    for (channel, bias) in bias.iter().enumerate() {
        let terms = || coefficients.iter().zip(inputs).map(|(row, input)| (row[channel], input.scale)).filter(|(factor, _)| *factor != 0.0);
        // The accumulator's exponent. A power of two as the only factor becomes an exact 1; anything else gets all the bits there are.
        let by_terms = match terms().collect::<Vec<_>>()[..] {
            [] => scale,
            [(factor, input)] if *bias == 0.0 && is_power_of_two(factor) => input - factor.abs().log2() as i32,
            [..] => terms().map(|(factor, input)| largest_exponent(factor.abs(), greatest) + input).min().unwrap_or(scale),
        };
        let exponent = by_terms.min(bias_exponent(*bias));
        let shift = (exponent - scale).clamp(-i32::from(Requantise::MAX_SHIFT), i32::from(Requantise::MAX_SHIFT));
        let exponent = shift + scale;
        for ((row, input), integers) in coefficients.iter().zip(inputs).zip(&mut integers) {
            let factor = round(row[channel] * 2f64.powi(exponent - input.scale));
            integers.push(factor.clamp(-greatest, greatest) as i32);
        }
        offsets.push(round(bias * 2f64.powi(exponent)) as i64);
        shifts.push(shift as i8);
    }
    let (lo, hi) = saturation(bounds, scale, bits);
    Sum { coefficients: integers, bias: offsets, inner: 1, requantise: Requantise { shift: shifts, lo, hi } }
}

fn is_power_of_two(factor: f64) -> bool {
    factor.abs().log2().fract() == 0.0 && 2f64.powi(factor.abs().log2() as i32) == factor.abs()
}

/// Runs a real sample through the quantisation of a model's inputs.
///
/// # Errors
/// [`TranspileError::Samples`] for values that are not finite.
pub fn quantise_sample(model: &Model, sample: &[Vec<f64>]) -> Result<Vec<Vec<i32>>, crate::error::SampleError> {
    let inputs = model.inputs().iter().zip(sample).map(|(input, values)| {
        let quantised = values.iter().map(|value| {
            maat_runtime::quantise(*value, input.scale, input.range)
                .ok_or_else(|| crate::error::SampleError::NotANumber { input: input.name.clone(), value: value.to_string() })
        });
        quantised.collect()
    });
    inputs.collect()
}

/// The node of a float network that gives each of the quantised model's nodes: they are in the same order.
pub(crate) fn counterparts<'a>(float: &'a FloatModel, model: &'a Model) -> impl Iterator<Item = (&'a FloatNode, TensorId)> {
    float.nodes.iter().zip(model.nodes().map(|(_, tensor)| tensor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(scale: i32) -> Tensor {
        Tensor { name: "x".to_owned(), shape: Shape::new(&[1, 2]).unwrap(), scale, range: Interval::of_bits(8) }
    }

    #[test]
    fn a_scale_uses_all_bits_and_no_more() {
        assert_eq!(scale_for(127.0, 8), 0);
        assert_eq!(scale_for(127.4, 8), 0);
        assert_eq!(scale_for(127.6, 8), -1);
        assert_eq!(scale_for(1.0, 8), 6);
        assert_eq!(scale_for(0.0, 8), 0);
        assert_eq!(scale_for(f64::MIN_POSITIVE, 8), MAX_SCALE);
        assert_eq!(scale_for(f64::MAX, 8), -MAX_SCALE);
    }

    #[test]
    fn channels_get_scales_of_their_own() {
        // x at 2^-4, y at 2^-2; channel 0 has weights up to 1, channel 1 up to 100.
        let affine = affine(&[1.0, 0.25, 100.0, -50.0], &[0.5, 0.0], Bounds::NONE, &input(4), (2, 8), 8);
        assert_eq!(affine.weights, [64, 16, 100, -50]);
        assert_eq!(affine.requantise.shift, [8, 2]);
        assert_eq!(affine.bias, [512, 0]);
        assert_eq!((affine.requantise.lo, affine.requantise.hi), (-128, 127));
    }

    #[test]
    fn a_channel_with_tiny_weights_keeps_no_useless_bits() {
        let affine = affine(&[1e-9, 0.0], &[1.0], Bounds::NONE, &input(4), (2, 8), 8);
        assert_eq!(affine.requantise.shift, [11], "8 bits for the input's size and the number of inputs, 3 to guard");
        assert_eq!((affine.weights.as_slice(), affine.bias.as_slice()), (&[0, 0][..], &[1 << 13][..]));
    }

    #[test]
    fn a_channel_without_weights_is_its_bias() {
        let affine = affine(&[0.0, 0.0], &[3.25], Bounds::NONE, &input(4), (2, 8), 8);
        assert_eq!((affine.bias[0], affine.requantise.shift[0]), (13, 0));
    }

    #[test]
    fn bounds_become_saturation() {
        let relu6 = Bounds { lo: 0.0, hi: 6.0 };
        assert_eq!(saturation(relu6, 3, 8), (0, 48));
        assert_eq!(saturation(relu6, 6, 8), (0, 127));
    }

    #[test]
    fn an_activation_alone_is_an_exact_shift() {
        let sum = sum(&[vec![1.0]], &[0.0], Bounds { lo: 0.0, ..Bounds::NONE }, &[&input(4)], (5, 8), 8);
        assert_eq!((&sum.coefficients[0][..], &sum.bias[..], &sum.requantise.shift[..]), (&[1][..], &[0][..], &[-1][..]));
        assert_eq!((sum.requantise.lo, sum.requantise.hi), (0, 127));
    }

    #[test]
    fn a_constant_is_added_at_the_finest_scale_that_fits() {
        let sum = sum(&[vec![1.0]], &[0.3], Bounds::NONE, &[&input(4)], (4, 8), 8);
        assert_eq!((sum.coefficients[0][0], sum.requantise.shift[0]), (64, 6));
        assert_eq!(sum.bias[0], 307, "0.3 * 2^10");
    }
}
