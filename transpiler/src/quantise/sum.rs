//! `Sum`: factors that bring terms of several scales to that of the result, and sums whose results are integers.

use maat_runtime::primitives::Sum;
use maat_runtime::{Interval, Primitive, Requantise, Tensor, TensorId};

use super::scale::{bias_exponent, exact_exponent, round, saturation};
use super::{Quantiser, exactly, small};
use crate::calibrate::largest_exponent;
use crate::error::TranspileError;
use crate::float::{FloatNode, FloatSum, Kind, Rounding, linear_range};

/// Width of the factors that turn one quantisation into another; products with accumulators of 32 bits stay below 2^62.
const MULTIPLIER_BITS: u32 = 30;

impl Quantiser<'_> {
    pub(super) fn sum(&mut self, node: &FloatNode, sum: &FloatSum, ids: &[TensorId]) -> Result<TensorId, TranspileError> {
        if let Kind::Integer(range) = node.kind {
            return self.sum_to_integers(node, sum, ids, range);
        }
        let (bits, scale) = self.precision(node.output);
        let inputs: Vec<&Tensor> = ids.iter().map(|id| self.tensor(*id)).collect();
        let sum = to_reals(sum, &inputs, (scale, bits), self.options.widths.weights);
        self.push(&node.name, Primitive::Sum(sum), ids, scale)
    }

    /// A sum that is rounded to whole numbers.
    fn sum_to_integers(&mut self, node: &FloatNode, sum: &FloatSum, ids: &[TensorId], range: Interval) -> Result<TensorId, TranspileError> {
        let scales: Vec<i32> = ids.iter().map(|id| self.tensor(*id).scale).collect();
        let bound = |value: i64| sum.rounding.apply(sum.bounds.apply(value as f64)) as i64;
        let range = Interval::new(bound(range.lo), bound(range.hi));
        let reach = |channel: usize| {
            let row: Vec<f64> = sum.coefficients.iter().map(|row| row[channel]).collect();
            linear_range(&row, sum.bias[channel], ids.iter().map(|id| self.reach(*id)))
        };
        for channel in 0..sum.channels() {
            self.check_fits(node, range, reach(channel))?;
        }
        let sizes = ids.iter().map(|id| self.tensor(*id).range).map(|range| range.lo.unsigned_abs().max(range.hi.unsigned_abs()) as f64);
        let parts = whole_parts(sum, &scales, &sizes.collect::<Vec<f64>>());
        let Whole { coefficients, bias, shift, exact } = parts;
        let with = |coefficients: Vec<Vec<i32>>, bias: Vec<i64>, shift: i32, range: Interval| {
            let requantise = Requantise { shift: vec![shift as i8], ..exactly(range) };
            Primitive::Sum(Sum { coefficients, bias, inner: small(sum.inner), requantise })
        };
        let half = if shift > 0 { 1i64 << (shift - 1) } else { 0 };
        let floor = |more: i32| -> Vec<i64> {
            bias.iter().map(|bias| bias - if shift + more > 0 { 1i64 << (shift + more - 1) } else { 0 }).collect()
        };
        match sum.rounding {
            Rounding::Down => self.push(&node.name, with(coefficients, floor(0), shift, range), ids, 0),
            // Ties happen only where the real sum is represented exactly.
            Rounding::HalfEven if exact && half > 0 => {
                // With u = floor(v) and w = floor(v / 2), u - 2 w tells whether u is odd: floor(v + 1/2 - epsilon) if not, with
                // epsilon the unit of the sum, is then round half to even.
                let all = Interval::of_bits(32);
                let u = self.push(&format!("{}.floor", node.name), with(coefficients.clone(), floor(0), shift, all), ids, 0)?;
                let w = self.push(&format!("{}.floor_of_half", node.name), with(coefficients.clone(), floor(1), shift + 1, all), ids, 0)?;
                let channels = bias.len();
                let even = [coefficients, vec![vec![1; channels], vec![-2; channels]]].concat();
                let bias = bias.iter().map(|bias| bias - 1).collect();
                self.push(&node.name, with(even, bias, shift, range), &[ids, &[u, w]].concat(), 0)
            }
            Rounding::HalfEven | Rounding::HalfUp => self.push(&node.name, with(coefficients, bias, shift, range), ids, 0),
        }
    }
}

/// A sum in whole numbers: `(coefficients * q + bias) / 2^shift`.
struct Whole {
    coefficients: Vec<Vec<i32>>,
    bias: Vec<i64>,
    shift: i32,
    /// Whether it equals the real sum.
    exact: bool,
}

fn whole_parts(sum: &FloatSum, scales: &[i32], sizes: &[f64]) -> Whole {
    // A coefficient `a` for a tensor at scale `s` is `a * 2^(shift - s)` of the accumulator's units.
    let real = || sum.coefficients.iter().zip(scales).flat_map(|(row, scale)| row.iter().map(move |factor| factor * 2f64.powi(-scale)));
    let largest = real().fold(0.0, |largest: f64, factor| largest.max(factor.abs()));
    let by_width = if largest > 0.0 { largest_exponent(largest, 2f64.powi(MULTIPLIER_BITS as i32)) } else { 0 };
    // The accumulator must stay clear of 2^62, wherever the operands' ranges let it go.
    let channel_reach = |channel: usize| {
        let terms =
            sum.coefficients.iter().zip(scales).zip(sizes).map(|((row, scale), size)| (row[channel] * 2f64.powi(-scale)).abs() * size);
        terms.sum::<f64>() + sum.bias[channel].abs() + 1.0
    };
    let reach = (0..sum.channels()).map(channel_reach).fold(1.0, f64::max);
    let most = by_width.min(largest_exponent(reach, 2f64.powi(60))).min(i32::from(Requantise::MAX_SHIFT) - 1);
    let needed = real().chain(sum.bias.iter().copied()).map(|value| exact_exponent(value, most)).collect::<Option<Vec<i32>>>();
    let exact = needed.and_then(|needed| needed.into_iter().max()).map(|exponent| exponent.max(0)).filter(|exponent| *exponent <= most);
    let shift = exact.unwrap_or(most);
    let whole = |value: f64| round(value * 2f64.powi(shift));
    let coefficients = sum.coefficients.iter().zip(scales);
    let coefficients =
        coefficients.map(|(row, scale)| row.iter().map(|factor| whole(factor * 2f64.powi(-scale)) as i32).collect()).collect();
    Whole { coefficients, bias: sum.bias.iter().map(|bias| whole(*bias) as i64).collect(), shift, exact: exact.is_some() }
}

fn to_reals(sum: &FloatSum, inputs: &[&Tensor], (scale, bits): (i32, u32), weight_bits: u32) -> Sum {
    // A few factors need not be as narrow as the many weights of a layer.
    let greatest = f64::from((1i32 << (weight_bits.max(12) - 1)) - 1);
    let mut integers: Vec<Vec<i32>> = vec![Vec::new(); inputs.len()];
    let (mut offsets, mut shifts) = (Vec::new(), Vec::new());
    for (channel, bias) in sum.bias.iter().enumerate() {
        // What is always 0 has no size, so its scale says nothing about how fine the others' factors can be.
        let counts = |row: &[f64], input: &Tensor| row[channel] != 0.0 && input.range != Interval::point(0);
        let terms = || {
            let rows = sum.coefficients.iter().zip(inputs).filter(|(row, input)| counts(row, input));
            rows.map(|(row, input)| (row[channel], input.scale))
        };
        // The accumulator's exponent: the least exact one, or as fine as the factors' width allows.
        let by_width = terms().map(|(factor, input)| largest_exponent(factor.abs(), greatest) + input).min().unwrap_or(scale);
        let exact = terms().map(|(factor, input)| exact_exponent(factor, by_width - input).map(|exponent| exponent + input));
        let exact = exact.collect::<Option<Vec<i32>>>().and_then(|exponents| exponents.into_iter().max()).filter(|_| *bias == 0.0);
        let exponent = exact.unwrap_or(by_width).min(by_width).min(bias_exponent(*bias));
        let shift = (exponent - scale).clamp(-i32::from(Requantise::MAX_SHIFT), i32::from(Requantise::MAX_SHIFT));
        let exponent = shift + scale;
        for ((row, input), integers) in sum.coefficients.iter().zip(inputs).zip(&mut integers) {
            let factor = if counts(row, input) { round(row[channel] * 2f64.powi(exponent - input.scale)) } else { 0.0 };
            integers.push(factor.clamp(-f64::from(i32::MAX), f64::from(i32::MAX)) as i32);
        }
        offsets.push(round(bias * 2f64.powi(exponent)) as i64);
        shifts.push(shift as i8);
    }
    let (lo, hi) = saturation(sum.bounds, scale, bits);
    Sum { coefficients: integers, bias: offsets, inner: small(sum.inner), requantise: Requantise { shift: shifts, lo, hi } }
}

#[cfg(test)]
mod tests {
    use maat_runtime::Shape;

    use super::*;
    use crate::float::Bounds;

    fn input(scale: i32) -> Tensor {
        Tensor { name: "x".to_owned(), shape: Shape::new(&[1, 2]).unwrap(), scale, columns: Vec::new(), range: Interval::of_bits(8) }
    }

    #[test]
    fn an_activation_alone_is_an_exact_shift() {
        let relu = FloatSum::uniform(&[1.0], 0.0).clamped(Bounds { lo: 0.0, ..Bounds::NONE });
        let sum = to_reals(&relu, &[&input(4)], (5, 8), 8);
        assert_eq!((&sum.coefficients[0][..], &sum.bias[..], &sum.requantise.shift[..]), (&[1][..], &[0][..], &[-1][..]));
        assert_eq!((sum.requantise.lo, sum.requantise.hi), (0, 127));
    }

    #[test]
    fn a_tensor_that_is_always_0_does_not_coarsen_the_others() {
        let nothing = Tensor { range: Interval::point(0), ..input(0) };
        let sum = to_reals(&FloatSum::uniform(&[0.3, -1.0], 0.0), &[&input(16), &nothing], (17, 16), 16);
        assert!(sum.coefficients[0][0] > 1 << 12 && sum.coefficients[1] == [0], "{sum:?}");
    }

    #[test]
    fn tensors_of_two_scales_are_added_exactly() {
        let sum = to_reals(&FloatSum::uniform(&[1.0, -1.0], 0.0), &[&input(4), &input(7)], (5, 8), 8);
        assert_eq!((&sum.coefficients[..], &sum.requantise.shift[..]), (&[vec![8], vec![-1]][..], &[2][..]));
    }

    #[test]
    fn a_constant_is_added_at_the_finest_scale_that_fits() {
        let sum = to_reals(&FloatSum::uniform(&[1.0], 0.3), &[&input(4)], (4, 8), 12);
        assert_eq!((sum.coefficients[0][0], sum.requantise.shift[0]), (1024, 10));
        assert_eq!(sum.bias[0], 4915, "0.3 * 2^14");
    }

    #[test]
    fn whole_numbers_stay_whole_and_dyadic_ones_exact() {
        let parts = whole_parts(&FloatSum::uniform(&[3.0], -5.0), &[0], &[255.0]);
        assert_eq!((parts.coefficients[0][0], parts.bias[0], parts.shift, parts.exact), (3, -5, 0, true));
        let parts = whole_parts(&FloatSum::uniform(&[0.375], 0.0), &[1], &[255.0]);
        assert_eq!((parts.coefficients[0][0], parts.shift, parts.exact), (3, 4, true));
        let parts = whole_parts(&FloatSum::uniform(&[0.1], 0.0), &[0], &[1000.0]);
        assert!(!parts.exact && parts.shift == 33 && parts.coefficients[0][0] == 858_993_459, "{}", parts.coefficients[0][0]);
    }
}
