//! `Affine`: a scale for each output channel's weights, and biases that correct for rounding them.

use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, Primitive, Requantise, Tensor, TensorId};

use super::scale::{bias_exponent, round, saturation};
use super::{Quantiser, exactly, small};
use crate::calibrate::largest_exponent;
use crate::error::TranspileError;
use crate::float::{Bounds, FloatNode, Kind, linear_range};

/// Bits that a channel's weights keep beyond the point where their rounding moves the result by half a unit in the last place. More would
/// widen accumulators and gain nothing.
const GUARD_BITS: i32 = 3;

/// Real weights, biases and bounds.
type Rule<'a> = (&'a [f64], &'a [f64], Bounds);

impl Quantiser<'_> {
    pub(super) fn affine(&mut self, node: &FloatNode, input: TensorId, groups: usize, rule: Rule<'_>) -> Result<TensorId, TranspileError> {
        let (weights, bias, bounds) = rule;
        // A bound may hide what an infinite weight gives.
        if let Some(value) = weights.iter().chain(bias).find(|value| !value.is_finite()) {
            let reason = format!("node `{}` has a weight of {value}: every weight must be finite", node.name);
            return Err(TranspileError::Onnx { reason });
        }
        if let Kind::Integer(range) = node.kind {
            let x = self.reach(input);
            for (row, bias) in weights.chunks_exact(weights.len() / bias.len()).zip(bias) {
                self.check_fits(node, bounded(range, bounds), linear_range(row, *bias, std::iter::repeat(x)))?;
            }
            let affine =
                exact(weights, bias, groups, bounded(range, bounds)).ok_or_else(|| TranspileError::Weights { node: node.name.clone() })?;
            return self.push(&node.name, Primitive::Affine(affine), &[input], 0);
        }
        let (bits, scale) = self.precision(node.output);
        let mut affine = affine((weights, bias, bounds), groups, self.tensor(input), (scale, bits), self.options.widths.weights);
        // The steps of a recurrent network have the same weights and must keep the same biases.
        let means = self.ranges.of(node.inputs[0]).map_or(&[][..], |observed| &observed.means);
        if self.options.correct_bias && node.family.is_none() && means.len() * bias.len() == weights.len() * groups {
            correct_bias(&mut affine, weights, means, self.tensor(input).scale, scale);
        }
        self.push(&node.name, Primitive::Affine(affine), &[input], scale)
    }
}

fn bounded(range: Interval, bounds: Bounds) -> Interval {
    let bound = |value: i64| bounds.apply(value as f64) as i64;
    Interval::new(bound(range.lo), bound(range.hi))
}

/// Whole weights unchanged; nothing if one does not fit into 16 bits.
fn exact(weights: &[f64], bias: &[f64], groups: usize, range: Interval) -> Option<Affine> {
    let whole = |weight: &f64| (weight.fract() == 0.0 && weight.abs() <= f64::from(i16::MAX)).then_some(*weight as i16);
    let inputs = small(weights.len() / bias.len());
    let weights = weights.iter().map(whole).collect::<Option<Vec<i16>>>()?;
    Some(Affine {
        groups: small(groups),
        inputs,
        weights,
        bias: bias.iter().map(|bias| *bias as i64).collect(),
        requantise: exactly(range),
    })
}

fn affine((weights, bias, bounds): Rule<'_>, groups: usize, input: &Tensor, (scale, bits): (i32, u32), weight_bits: u32) -> Affine {
    let n = weights.len() / bias.len();
    let greatest = f64::from((1i32 << (weight_bits - 1)) - 1);
    let input_magnitude = input.range.lo.unsigned_abs().max(input.range.hi.unsigned_abs()).max(1) as f64;
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
    Affine { groups: small(groups), inputs: small(n), weights: integers, bias: offsets, requantise: Requantise { shift: shifts, lo, hi } }
}

/// Adds to each bias what rounding the weights takes away on average (Nagel et al., "Data-free quantization through weight equalization and
/// bias correction", 2019, section 4.2): `sum_j (w_j - w'_j) * mean x_j`, with the means of the calibration samples.
fn correct_bias(affine: &mut Affine, weights: &[f64], means: &[f64], input_scale: i32, scale: i32) {
    let n = affine.inputs as usize;
    let per_group = affine.bias.len() / affine.groups as usize;
    for channel in 0..affine.bias.len() {
        let exponent = i32::from(affine.requantise.shift_of(channel)) + scale - input_scale;
        let row = affine.weights[channel * n..][..n].iter().zip(&weights[channel * n..][..n]);
        let means = &means[channel / per_group * n..][..n];
        let lost: f64 = row.zip(means).map(|((integer, weight), mean)| (weight - f64::from(*integer) * 2f64.powi(-exponent)) * mean).sum();
        affine.bias[channel] += round(lost * 2f64.powi(input_scale + exponent)) as i64;
    }
}

#[cfg(test)]
mod tests {
    use maat_runtime::Shape;

    use super::*;

    fn input(scale: i32) -> Tensor {
        Tensor { name: "x".to_owned(), shape: Shape::new(&[1, 2]).unwrap(), scale, columns: Vec::new(), range: Interval::of_bits(8) }
    }

    fn quantised(weights: &[f64], bias: &[f64]) -> Affine {
        affine((weights, bias, Bounds::NONE), 1, &input(4), (2, 8), 8)
    }

    #[test]
    fn channels_get_scales_of_their_own() {
        // x at 2^-4, y at 2^-2; channel 0 has weights up to 1, channel 1 up to 100.
        let affine = quantised(&[1.0, 0.25, 100.0, -50.0], &[0.5, 0.0]);
        assert_eq!(affine.weights, [64, 16, 100, -50]);
        assert_eq!(affine.requantise.shift, [8, 2]);
        assert_eq!(affine.bias, [512, 0]);
        assert_eq!((affine.requantise.lo, affine.requantise.hi), (-128, 127));
    }

    #[test]
    fn a_channel_with_tiny_weights_keeps_no_useless_bits() {
        let affine = quantised(&[1e-9, 0.0], &[1.0]);
        assert_eq!(affine.requantise.shift, [11], "8 bits for the input's size and the number of inputs, 3 to guard");
        assert_eq!((affine.weights.as_slice(), affine.bias.as_slice()), (&[0, 0][..], &[1 << 13][..]));
    }

    #[test]
    fn a_channel_without_weights_is_its_bias() {
        let affine = quantised(&[0.0, 0.0], &[3.25]);
        assert_eq!((affine.bias[0], affine.requantise.shift[0]), (13, 0));
    }

    #[test]
    fn whole_weights_on_integers_stay_what_they_are() {
        let affine = exact(&[3.0, -200.0], &[7.0], 1, Interval::of_bits(32)).unwrap();
        assert_eq!(
            (affine.weights.as_slice(), affine.bias.as_slice(), affine.requantise.shift.as_slice()),
            (&[3, -200][..], &[7][..], &[0][..])
        );
        assert!(exact(&[0.5], &[0.0], 1, Interval::of_bits(32)).is_none());
        assert!(exact(&[40_000.0], &[0.0], 1, Interval::of_bits(32)).is_none());
    }

    #[test]
    fn biases_make_up_for_rounded_weights() {
        let mut affine = quantised(&[1.0, 0.004], &[0.0]);
        assert_eq!((affine.weights[1], affine.requantise.shift[0]), (0, 8));
        correct_bias(&mut affine, &[1.0, 0.004], &[0.0, 5.0], 4, 2);
        assert_eq!(affine.bias[0], 20, "0.02 at 2^-10");
    }
}
