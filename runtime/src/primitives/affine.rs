//! `Affine`: dense layers and convolutions, as products of a constant matrix with groups of a tensor's last axis.

use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::fault::Fault;
use crate::interval::Interval;
use crate::linear::{multiply, narrow};
use crate::requantise::Requantise;
use crate::shape::Shape;

/// A dense layer over the last axis, apart for each of `groups` equal parts of it:
/// `y[.., g*m + i] = requantise_{g*m + i}(bias[g*m + i] + sum_j weights[g*m + i][j] * x[.., g*n + j])`.
///
/// `x` has shape `[.., groups * n]` and `y` has shape `[.., groups * m]`, with `groups * m = bias.len()`. One group is an ordinary dense
/// layer; the positions of a convolution are rows of a gathered `x`. The sum is exact, then rounded half up and saturated once
/// ([`Requantise`]).
///
/// ```
/// # use maat_runtime::{Requantise, Shape, primitives::{Affine, Rules}};
/// // Two groups, from two inputs to one output each: (x0 + 2 * x1) / 4 and (3 * x2 - x3 + 1) / 4.
/// let requantise = Requantise { shift: vec![2], lo: -128, hi: 127 };
/// let op = Affine { groups: 2, inputs: 2, weights: vec![1, 2, 3, -1], bias: vec![0, 1], requantise };
/// let (x, mut y) = (Shape::new(&[1, 4])?, [0; 2]);
/// op.evaluate(&[(&x, &[2, 4, -3, 2])], &mut y);
/// assert_eq!(y, [3, -2]);
/// # Ok::<(), maat_runtime::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affine {
    /// Number of equal parts of the last axis that do not meet.
    pub groups: u32,
    /// Number of inputs `n` of a group.
    pub inputs: u32,
    /// Row-major `[groups * m, n]`; -32768 does not occur, so that a sum of two products with 16-bit inputs stays below 2^31.
    pub weights: Vec<i16>,
    /// `[groups * m]`, at the accumulator's scale.
    pub bias: Vec<i64>,
    /// One shift an output channel, or one for all.
    pub requantise: Requantise,
}

impl Affine {
    /// Number of output channels of all groups.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Number of output channels `m` of a group.
    fn group_outputs(&self) -> usize {
        self.outputs() / self.groups as usize
    }

    /// The group of an output channel: its inputs are `group * n` up to `(group + 1) * n`.
    pub fn group_of(&self, channel: usize) -> usize {
        channel / self.group_outputs()
    }

    /// The weights of an output channel.
    pub fn row(&self, channel: usize) -> &[i16] {
        let inputs = self.inputs as usize;
        &self.weights[channel * inputs..][..inputs]
    }

    /// The range of an output channel's accumulator, bias included.
    ///
    /// # Errors
    /// [`Fault::Accumulator`] when it could reach 2^62.
    pub fn accumulator(&self, channel: usize, input: Interval) -> Result<Interval, Fault> {
        let terms = self.row(channel).iter().map(|weight| (i64::from(*weight), input));
        Interval::of_linear_form(self.bias[channel], terms)
            .ok_or_else(|| Fault::Accumulator { channel, range: Interval::new(i64::MIN, i64::MAX) })
    }
}

impl Rules for Affine {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [x] = exactly(inputs)?;
        let (n, groups) = (self.inputs as usize, self.groups as usize);
        if n == 0 || n.checked_mul(groups) != Some(x.last()) {
            let reason = format!("the last axis must hold {groups} group(s) of {n}, at least one of each");
            return Err(Fault::InputShape { found: x.to_string(), reason });
        }
        if !self.outputs().is_multiple_of(groups) {
            let reason = format!("{groups} groups do not divide {} output channels", self.outputs());
            return Err(Fault::Attribute { attribute: "groups", reason });
        }
        if self.weights.len() != n.saturating_mul(self.outputs()) {
            let reason = format!("{} values for {} x {n}", self.weights.len(), self.outputs());
            return Err(Fault::Attribute { attribute: "weights", reason });
        }
        if self.weights.contains(&i16::MIN) {
            return Err(Fault::Attribute { attribute: "weights", reason: "-32768 is not allowed".to_owned() });
        }
        self.requantise.check(self.outputs())?;
        x.with_last(self.outputs())
    }

    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault> {
        let [(_, x)] = exactly(inputs)?;
        (0..self.outputs())
            .map(|channel| self.requantise.range(channel, self.accumulator(channel, x)?))
            .reduce(|a, b| Ok(a?.hull(b?)))
            .unwrap_or(Ok(Interval::point(0)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let (n, m) = (self.inputs as usize, self.group_outputs());
        let (x, groups) = (inputs[0].1, self.groups as usize);
        // A block is one group at one position.
        let matrix = |block: usize| {
            let channel = block % groups * m;
            (&self.weights[channel * n..][..m * n], channel)
        };
        let finish = |channel: usize, sum: i64| self.requantise.apply(channel, self.bias[channel] + sum);
        match narrow(x, i16::MIN) {
            Some(x) => multiply((&x, n), (output, m), matrix, finish),
            None => multiply((x, n), (output, m), matrix, finish),
        }
    }

    fn macs(&self, inputs: &[&Shape]) -> u64 {
        let positions = inputs[0].elements() / inputs[0].last();
        positions as u64 * self.weights.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affine(inputs: u32, weights: &[i16], bias: &[i64], shift: &[i8]) -> Affine {
        let requantise = Requantise { shift: shift.to_vec(), lo: -32768, hi: 32767 };
        Affine { groups: 1, inputs, weights: weights.to_vec(), bias: bias.to_vec(), requantise }
    }

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).unwrap()
    }

    fn evaluate(affine: &Affine, x: &[i32], dims: &[usize]) -> Vec<i32> {
        let shape = shape(dims);
        let mut y = vec![0; affine.output_shape(&[&shape]).unwrap().elements()];
        affine.evaluate(&[(&shape, x)], &mut y);
        y
    }

    #[test]
    fn each_position_is_a_matrix_vector_product() {
        let affine = affine(2, &[1, 2, -3, 4, 0, 5], &[0, 10, -1], &[0]);
        assert_eq!(evaluate(&affine, &[1, 1, 2, -1], &[2, 2]), [3, 11, 4, 0, 0, -6]);
    }

    #[test]
    fn groups_do_not_meet() {
        let affine = Affine { groups: 2, ..affine(2, &[1, 2, 3, 4, 10, 20, 30, 40], &[0, 1, 2, 3], &[0]) };
        assert_eq!((0..4).map(|channel| affine.group_of(channel)).collect::<Vec<_>>(), [0, 0, 1, 1]);
        let narrow = [1, 1, 1, 1, 1, 0, 0, -1];
        assert_eq!(evaluate(&affine, &narrow, &[2, 4]), [3, 8, 32, 73, 1, 4, -18, -37]);
        // Inputs wider than 16 bits take the other path.
        assert_eq!(evaluate(&affine, &[40_000, -20_001, 0, 0], &[4]), [-2, 32767, 2, 3]);
    }

    #[test]
    fn one_group_a_channel_is_a_depthwise_layer() {
        let affine = Affine { groups: 3, ..affine(1, &[2, -3, 5], &[0, 0, 1], &[1]) };
        assert_eq!(evaluate(&affine, &[1, 1, 1, 2, -2, 4], &[2, 3]), [1, -1, 3, 2, 3, 11]);
    }

    #[test]
    fn channels_have_their_own_shifts() {
        let affine = affine(1, &[1, 1, 1], &[0, 0, 0], &[1, -1, 0]);
        assert_eq!(evaluate(&affine, &[5], &[1]), [3, 10, 5]);
    }

    #[test]
    fn extreme_products_are_exact() {
        // Three products at the extremes: one pair and a rest, together above 2^31.
        let affine = affine(3, &[-32767; 3], &[0], &[17]);
        assert_eq!(evaluate(&affine, &[-32768; 3], &[3]), [24575]);
        // Inputs wider than 16 bits take the other path.
        let wide = super::Affine { requantise: Requantise { shift: vec![32], lo: -32768, hi: 32767 }, ..affine };
        assert_eq!(evaluate(&wide, &[i32::MIN, 0, 0], &[3]), [16384]);
    }

    #[test]
    fn results_saturate_at_both_ends() {
        let affine = affine(1, &[30000, -30000], &[0, 0], &[0]);
        assert_eq!(evaluate(&affine, &[2], &[1]), [32767, -32768]);
        let range = affine.output_range(&[(&shape(&[1]), Interval::new(0, 2))]).unwrap();
        assert_eq!(range, Interval::new(-32768, 32767));
    }

    #[test]
    fn the_range_covers_every_channel() {
        let affine = affine(2, &[1, 1, -1, 0], &[0, 7], &[0]);
        assert_eq!(affine.output_range(&[(&shape(&[2]), Interval::new(-2, 3))]).unwrap(), Interval::new(-4, 9));
    }

    #[test]
    fn an_accumulator_that_could_reach_the_limit_is_refused_with_its_channel() {
        let affine = affine(1, &[1, 32767], &[0, 0], &[0]);
        let fault = affine.output_range(&[(&shape(&[1]), Interval::new(0, 1 << 50))]).unwrap_err();
        assert!(matches!(fault, Fault::Accumulator { channel: 1, .. }), "{fault}");
    }

    #[test]
    fn contradicting_attributes_are_refused() {
        let reason = |affine: Affine, dims: &[usize]| affine.output_shape(&[&shape(dims)]).unwrap_err();
        assert!(matches!(reason(affine(2, &[1, 2], &[0], &[0]), &[3]), Fault::InputShape { .. }));
        assert!(matches!(reason(affine(2, &[1, 2, 3], &[0], &[0]), &[2]), Fault::Attribute { attribute: "weights", .. }));
        assert!(matches!(reason(affine(1, &[i16::MIN], &[0], &[0]), &[1]), Fault::Attribute { attribute: "weights", .. }));
        assert!(matches!(reason(affine(1, &[1], &[0], &[1, 2]), &[1]), Fault::Attribute { attribute: "shift", .. }));
        assert!(matches!(reason(affine(1, &[], &[], &[0]), &[1]), Fault::Attribute { attribute: "shape", .. }));
        assert!(matches!(reason(affine(0, &[], &[0], &[0]), &[1]), Fault::InputShape { .. }));
        let grouped = |groups, inputs| Affine { groups, ..affine(inputs, &[1, 2, 3], &[0, 0, 0], &[0]) };
        assert!(matches!(reason(grouped(2, 1), &[2]), Fault::Attribute { attribute: "groups", .. }));
        for (groups, inputs) in [(0, 1), (0, 0), (2, 2), (u32::MAX, u32::MAX), (1 << 31, 2)] {
            assert!(matches!(reason(grouped(groups, inputs), &[3]), Fault::InputShape { .. }), "{groups} x {inputs}");
        }
    }
}
