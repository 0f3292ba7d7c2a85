use serde::{Deserialize, Serialize};

use super::Rules;
use crate::error::Fault;
use crate::interval::Interval;
use crate::requantise::Requantise;
use crate::shape::Shape;

/// A weighted elementwise sum of tensors of one shape: `y[i] = requantise_c(bias[c] + sum_t coefficients[t][c] * x_t[i])`.
///
/// `c = (i / inner) mod m` is the channel, with `m` the number of channels: 1 for one rule for all elements; the length of the last axis
/// for a rule a channel, channels last; with `inner` elements behind the channel axis, for a rule a channel there. A saturation alone
/// (ReLU, Clip) is one term with coefficient 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// One list of `m` coefficients for each input.
    pub coefficients: Vec<Vec<i32>>,
    /// `[m]`, at the accumulator's scale.
    pub bias: Vec<i64>,
    /// How many elements in a row share a channel.
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
        let Some((first, rest)) = inputs.split_first().filter(|_| inputs.len() == self.coefficients.len()) else {
            return Err(Fault::Arity { expected: self.coefficients.len().max(1), found: inputs.len() });
        };
        if let Some(other) = rest.iter().find(|shape| *shape != first) {
            return Err(Fault::InputShape { found: (*other).clone(), reason: format!("the first input has shape {first}") });
        }
        let (m, inner) = (self.channels(), self.inner as usize);
        if m == 0 || inner == 0 || !m.checked_mul(inner).is_some_and(|period| first.elements().is_multiple_of(period)) {
            let reason = format!("{m} values for {inner} elements each do not divide {} elements", first.elements());
            return Err(Fault::Attribute { attribute: "bias", reason });
        }
        if let Some(row) = self.coefficients.iter().find(|row| row.len() != m) {
            let reason = format!("{} values for {m} channels", row.len());
            return Err(Fault::Attribute { attribute: "coefficients", reason });
        }
        self.requantise.check(m)?;
        Ok((*first).clone())
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        (0..self.channels())
            .map(|channel| self.requantise.range(channel, self.accumulator(channel, inputs)?))
            .reduce(|a, b| a.and_then(|a| b.map(|b| Interval::new(a.lo.min(b.lo), a.hi.max(b.hi)))))
            .unwrap_or(Ok(Interval::point(0)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let (m, inner) = (self.channels(), self.inner as usize);
        for (block, y) in output.chunks_exact_mut(inner).enumerate() {
            let channel = block % m;
            for (position, y) in (block * inner..).zip(y) {
                let terms = self.coefficients.iter().zip(inputs);
                let acc = terms.map(|(row, (_, x))| i64::from(row[channel]) * i64::from(x[position])).sum::<i64>();
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
    fn elements_in_a_row_share_a_channel() {
        let sum = Sum { inner: 2, ..sum(&[&[1, -1]], &[0, 10], 0) };
        let shape = shape(&[8]);
        let mut y = [0; 8];
        sum.evaluate(&[(&shape, &[1, 2, 3, 4, 5, 6, 7, 8])], &mut y);
        assert_eq!(y, [1, 2, 7, 6, 5, 6, 3, 2]);
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
        assert!(matches!(fault(sum(&[&[1, 1]], &[0, 0], 0), &[&three]), Fault::Attribute { attribute: "bias", .. }));
        assert!(matches!(fault(sum(&[&[1]], &[], 0), &[&two]), Fault::Attribute { attribute: "bias", .. }));
        assert!(matches!(fault(sum(&[&[1, 2]], &[0], 0), &[&two]), Fault::Attribute { attribute: "coefficients", .. }));
    }

    #[test]
    fn an_accumulator_that_could_reach_the_limit_is_refused() {
        let fault = sum(&[&[i32::MAX]], &[0], 40).output_range(&[(&shape(&[1]), Interval::new(0, 1 << 32))]);
        assert!(matches!(fault, Err(Fault::Accumulator { channel: 0, .. })));
    }
}
