use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::dot::Dot;
use crate::error::Fault;
use crate::interval::Interval;
use crate::requantise::Requantise;
use crate::shape::Shape;

/// A dense layer over the last axis, block-diagonal by group: with `n` inputs and `m` outputs a group,
/// `y[.., g*m + i] = requantise_{g*m + i}(bias[g*m + i] + sum_j weights[g*m + i][j] * x[.., g*n + j])`.
///
/// The sum is exact. `x` has shape `[.., groups * n]`, `y` has shape `[.., groups * m]`. A convolution is a dense layer over gathered
/// windows; a depthwise one has a group for each channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affine {
    /// Number of groups.
    pub groups: u32,
    /// Inputs `n` of a group.
    pub inputs: u32,
    /// Row-major `[groups * m, n]`; -32768 does not occur, so that a sum of two products with 16-bit inputs stays below 2^31.
    pub weights: Vec<i16>,
    /// `[groups * m]`, at the accumulator's scale.
    pub bias: Vec<i64>,
    /// One shift an output channel, or one for all.
    pub requantise: Requantise,
}

/// From this many multiply-accumulates on, rows are shared out among threads; below, starting them costs more than it saves.
const PARALLEL_MACS: usize = 1 << 20;

/// Output channels that a thread takes at a time.
const PARALLEL_CHANNELS: usize = 64;

impl Affine {
    /// Number of output channels, of all groups together.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// The weights of an output channel.
    pub fn row(&self, channel: usize) -> &[i16] {
        let inputs = self.inputs as usize;
        &self.weights[channel * inputs..][..inputs]
    }

    /// The group of an output channel.
    pub fn group_of(&self, channel: usize) -> usize {
        channel / (self.outputs() / self.groups as usize)
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

impl Affine {
    /// The output channels from `first` on, as many as there is room for, of one position.
    fn narrow_block(&self, x: &[i16], first: usize, y: &mut [i32]) {
        let (n, per_group) = (self.inputs as usize, self.outputs() / self.groups as usize);
        let dot = Dot::new();
        let (mut channel, mut rest) = (first, y);
        while !rest.is_empty() {
            // Channels of one group see the same inputs.
            let group = channel / per_group;
            let count = rest.len().min((group + 1) * per_group - channel);
            let (part, behind) = rest.split_at_mut(count);
            let rows = (channel..channel + count).map(|channel| self.row(channel));
            let mut results = (channel..).zip(part);
            dot.products(rows, &x[group * n..][..n], |product| {
                if let Some((channel, y)) = results.next() {
                    *y = self.requantise.apply(channel, self.bias[channel] + product);
                }
            });
            (channel, rest) = (channel + count, behind);
        }
    }

    /// The same for inputs of any width.
    fn wide_block(&self, x: &[i32], first: usize, y: &mut [i32]) {
        let n = self.inputs as usize;
        for (channel, y) in (first..).zip(y) {
            let x = &x[self.group_of(channel) * n..][..n];
            let product = self.row(channel).iter().zip(x).map(|(w, x)| i64::from(*w) * i64::from(*x)).sum::<i64>();
            *y = self.requantise.apply(channel, self.bias[channel] + product);
        }
    }
}

impl Rules for Affine {
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let [x] = exactly(inputs)?;
        let (n, groups) = (self.inputs as usize, self.groups as usize);
        if groups == 0 || self.outputs() == 0 || !self.outputs().is_multiple_of(groups) {
            let reason = format!("{} outputs cannot be shared out among {groups} groups", self.outputs());
            return Err(Fault::Attribute { attribute: "groups", reason });
        }
        if n == 0 || Some(x.last()) != n.checked_mul(groups) {
            let reason = format!("the last axis must have length {n} for each of {groups} group(s)");
            return Err(Fault::InputShape { found: x.clone(), reason });
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
            .reduce(|a, b| a.and_then(|a| b.map(|b| Interval::new(a.lo.min(b.lo), a.hi.max(b.hi)))))
            .unwrap_or(Ok(Interval::point(0)))
    }

    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]) {
        let x = inputs[0].1;
        // Narrowed once for all positions; a value beyond 16 bits sends everything the long way.
        let narrow: Option<Vec<i16>> = x.iter().map(|x| i16::try_from(*x).ok()).collect();
        let (width, outputs) = (self.groups as usize * self.inputs as usize, self.outputs());
        let positions = x.len() / width;
        let block = |position: usize, first: usize, y: &mut [i32]| {
            let from = position * width;
            match &narrow {
                Some(x) => self.narrow_block(&x[from..][..width], first, y),
                None => self.wide_block(&x[from..][..width], first, y),
            }
        };
        if positions.saturating_mul(self.weights.len()) < PARALLEL_MACS {
            output.chunks_exact_mut(outputs).enumerate().for_each(|(position, y)| block(position, 0, y));
        } else if positions == 1 {
            let parts = output.par_chunks_mut(PARALLEL_CHANNELS).enumerate();
            parts.for_each(|(index, y)| block(0, index * PARALLEL_CHANNELS, y));
        } else {
            output.par_chunks_exact_mut(outputs).enumerate().for_each(|(position, y)| block(position, 0, y));
        }
    }

    fn macs(&self, inputs: &[&Shape]) -> u64 {
        let positions = inputs[0].elements() / (self.inputs as usize * self.groups as usize);
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
    fn groups_see_their_own_inputs() {
        let affine = Affine { groups: 2, ..affine(2, &[1, 1, 1, -1, 2, 0, 0, 2], &[0; 4], &[0]) };
        assert_eq!(
            evaluate(&affine, &[1, 2, 3, 4, 5, 6, 7, 100_000], &[2, 4]),
            [3, -1, 6, 8, 11, -1, 14, 200_000].map(|y: i32| y.clamp(-32768, 32767))
        );
        assert!(Affine { groups: 3, ..affine }.output_shape(&[&shape(&[6])]).is_err());
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
        assert!(matches!(reason(affine(1, &[], &[], &[0]), &[1]), Fault::Attribute { attribute: "groups", .. }));
        assert!(matches!(reason(affine(0, &[], &[0], &[0]), &[1]), Fault::InputShape { .. }));
    }
}
