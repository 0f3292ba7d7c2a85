//! `Sum`: weighted elementwise sums, and with them additions, scalings by channel and saturations.

use serde::{Deserialize, Serialize};

use super::{Rules, same_shape};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::requantise::Requantise;
use crate::shape::Shape;

/// A weighted elementwise sum of tensors of one shape: `y[i] = requantise_c(bias[c] + sum_t coefficients[t][c] * x_t[i])`.
///
/// `c = floor(i / inner) mod m` is the channel of element `i`, with `m` the number of channels: 1 for one rule for all elements, the
/// length of an axis with `inner` elements after it for a rule a channel, the number of elements for a rule an element. A saturation
/// alone (ReLU, Clip) is one term with coefficient 1. The sum is exact, then rounded half up and saturated once ([`Requantise`]).
///
/// ```
/// # use maat_runtime::{Requantise, Shape, primitives::{Rules, Sum}};
/// // Two channels of two elements: 3x + 1 and -x, halved.
/// let requantise = Requantise { shift: vec![1], lo: -128, hi: 127 };
/// let op = Sum { coefficients: vec![vec![3, -1]], bias: vec![1, 0], inner: 2, requantise };
/// let (x, mut y) = (Shape::new(&[1, 2, 2])?, [0; 4]);
/// op.evaluate(&[(&x, &[2, -5, 3, 1000])], &mut y);
/// assert_eq!(y, [4, -7, -1, -128]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// One list of `m` coefficients for each input.
    pub coefficients: Vec<Vec<i32>>,
    /// `[m]`, at the accumulator's scale.
    pub bias: Vec<i64>,
    /// Number of elements in a row that share a channel.
    pub inner: u32,
    /// One shift a channel, or one for all.
    pub requantise: Requantise,
}

impl Sum {
    /// Number of channels `m`.
    pub fn channels(&self) -> usize {
        self.bias.len()
    }

    /// The range of a channel's accumulator, bias included.
    ///
    /// # Errors
    /// [`Fault::Accumulator`] when it could reach 2^62.
    pub fn accumulator(&self, channel: usize, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let terms = self.coefficients.iter().zip(inputs).map(|(row, (_, input))| (i64::from(row[channel]), *input));
        Interval::of_linear_form(self.bias[channel], terms)
            .ok_or_else(|| Fault::Accumulator { channel, range: Interval::new(i64::MIN, i64::MAX) })
    }
}

impl Rules for Sum {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        if inputs.len() != self.coefficients.len() || inputs.is_empty() {
            return Err(Fault::Arity { expected: self.coefficients.len().max(1), found: inputs.len() });
        }
        let shape = same_shape(inputs)?;
        let m = self.channels();
        if m == 0 {
            return Err(Fault::Attribute { attribute: "bias", reason: "there are no values".to_owned() });
        }
        if !m.checked_mul(self.inner as usize).is_some_and(|block| block > 0 && shape.elements().is_multiple_of(block)) {
            let reason = format!("{m} channels of {} elements do not divide {} elements", self.inner, shape.elements());
            return Err(Fault::Attribute { attribute: "inner", reason });
        }
        if let Some(row) = self.coefficients.iter().find(|row| row.len() != m) {
            let reason = format!("{} values for {m} channels", row.len());
            return Err(Fault::Attribute { attribute: "coefficients", reason });
        }
        self.requantise.check(m)?;
        Ok(shape)
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        (0..self.channels())
            .map(|channel| self.requantise.range(channel, self.accumulator(channel, inputs)?))
            .reduce(|a, b| Ok(a?.hull(b?)))
            .unwrap_or(Ok(Interval::point(0)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let inner = self.inner as usize;
        let starts = (0..output.len()).step_by(inner);
        for ((start, channel), y) in starts.zip((0..self.channels()).cycle()).zip(output.chunks_exact_mut(inner)) {
            for (i, y) in (start..).zip(y) {
                let terms = self.coefficients.iter().zip(inputs);
                let acc = terms.map(|(row, (_, x))| i64::from(row[channel]) * i64::from(x[i])).sum::<i64>();
                *y = self.requantise.apply(channel, self.bias[channel] + acc);
            }
        }
    }

    fn macs(&self, inputs: &[&Shape]) -> u64 {
        inputs.iter().map(|shape| shape.elements() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(coefficients: &[&[i32]], bias: &[i64], shift: i8) -> Sum {
        let coefficients = coefficients.iter().map(|row| row.to_vec()).collect();
        Sum { coefficients, bias: bias.to_vec(), inner: 1, requantise: Requantise { shift: vec![shift], lo: -100, hi: 100 } }
    }

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).unwrap()
    }

    #[test]
    fn channels_repeat_along_the_leading_axes() {
        let sum = sum(&[&[1, 2], &[0, -1]], &[10, 0], 0);
        let shape = shape(&[2, 2]);
        let mut y = [0; 4];
        sum.evaluate(&[(&shape, &[1, 2, 3, 4]), (&shape, &[5, 6, 7, 8])], &mut y);
        assert_eq!(y, [11, -2, 13, 0]);
    }

    #[test]
    fn channels_of_an_inner_axis_cover_the_elements_behind_it() {
        let sum = Sum { inner: 2, ..sum(&[&[1, 10, -1]], &[0, 0, 5], 0) };
        let shape = shape(&[2, 3, 2]);
        let mut y = [0; 12];
        sum.evaluate(&[(&shape, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])], &mut y);
        assert_eq!(y, [1, 2, 30, 40, 0, -1, 7, 8, 90, 100, -6, -7]);
    }

    #[test]
    fn a_sum_rounds_half_up_and_saturates() {
        let sum = sum(&[&[1]], &[0], 1);
        let shape = shape(&[5]);
        let mut y = [0; 5];
        sum.evaluate(&[(&shape, &[-3, -1, 1, 1000, -1000])], &mut y);
        assert_eq!(y, [-1, 0, 1, 100, -100]);
        assert_eq!(sum.output_range(&[(&shape, Interval::new(-5, 9))]).unwrap(), Interval::new(-2, 5));
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let (two, three) = (shape(&[2]), shape(&[3]));
        let fault = |sum: Sum, inputs: &[&Shape]| sum.output_shape(inputs).unwrap_err();
        assert!(matches!(fault(sum(&[&[1]], &[0], 0), &[]), Fault::Arity { expected: 1, found: 0 }));
        assert!(matches!(fault(sum(&[&[1], &[1]], &[0], 0), &[&two, &three]), Fault::InputShape { .. }));
        assert!(matches!(fault(sum(&[&[1, 1]], &[0, 0], 0), &[&three]), Fault::Attribute { attribute: "inner", .. }));
        assert!(matches!(fault(sum(&[&[1]], &[], 0), &[&two]), Fault::Attribute { attribute: "bias", .. }));
        for inner in [0, 3, u32::MAX] {
            let sum = Sum { inner, ..sum(&[&[1]], &[0], 0) };
            assert!(matches!(fault(sum, &[&two]), Fault::Attribute { attribute: "inner", .. }));
        }
        assert!(matches!(fault(sum(&[&[1, 2]], &[0], 0), &[&two]), Fault::Attribute { attribute: "coefficients", .. }));
    }

    #[test]
    fn an_accumulator_that_could_reach_the_limit_is_refused() {
        let fault = sum(&[&[i32::MAX]], &[0], 40).output_range(&[(&shape(&[1]), Interval::new(0, 1 << 32))]);
        assert!(matches!(fault, Err(Fault::Accumulator { channel: 0, .. })));
    }
}
