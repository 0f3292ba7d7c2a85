use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Rules, exactly};
use crate::dot::Dot;
use crate::error::Fault;
use crate::interval::Interval;
use crate::requantise::Requantise;
use crate::shape::Shape;

/// A dense layer over the last axis: `y[.., i] = requantise_i(bias[i] + sum_j weights[i][j] * x[.., j])`.
///
/// The sum is exact. `x` has shape `[.., n]`, `y` has shape `[.., m]` with `m = bias.len()`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affine {
    /// Length `n` of the input's last axis.
    pub inputs: u32,
    /// Row-major `[m, n]`; -32768 does not occur, so that a sum of two products with 16-bit inputs stays below 2^31.
    pub weights: Vec<i16>,
    /// `[m]`, at the accumulator's scale.
    pub bias: Vec<i64>,
    /// One shift an output channel, or one for all.
    pub requantise: Requantise,
}

/// From this many multiply-accumulates on, rows are shared out among threads; below, starting them costs more than it saves.
const PARALLEL_MACS: usize = 1 << 20;

/// Output channels that a thread takes at a time.
const PARALLEL_CHANNELS: usize = 64;

impl Affine {
    /// Number of output channels `m`.
    pub fn outputs(&self) -> usize {
        self.bias.len()
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
        let n = self.inputs as usize;
        if n == 0 || x.last() != n {
            return Err(Fault::InputShape { found: x.clone(), reason: format!("the last axis must have length {n}") });
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
        let dot = Dot::new();
        for (x, y) in x.chunks_exact(self.inputs as usize).zip(output.chunks_exact_mut(self.outputs())) {
            let narrow: Option<Vec<i16>> = x.iter().map(|x| i16::try_from(*x).ok()).collect();
            let part = |first: usize, y: &mut [i32]| {
                let rows = (first..first + y.len()).map(|channel| self.row(channel));
                let mut results = (first..).zip(y);
                let take = |product: i64| {
                    if let Some((channel, y)) = results.next() {
                        *y = self.requantise.apply(channel, self.bias[channel] + product);
                    }
                };
                match &narrow {
                    Some(x) => dot.products(rows, x, take),
                    None => rows.map(|row| row.iter().zip(x).map(|(w, x)| i64::from(*w) * i64::from(*x)).sum()).for_each(take),
                }
            };
            if self.weights.len() >= PARALLEL_MACS {
                y.par_chunks_mut(PARALLEL_CHANNELS).enumerate().for_each(|(index, y)| part(index * PARALLEL_CHANNELS, y));
            } else {
                part(0, y);
            }
        }
    }

    fn macs(&self, inputs: &[&Shape]) -> u64 {
        let positions = inputs[0].elements() / self.inputs as usize;
        positions as u64 * self.weights.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affine(inputs: u32, weights: &[i16], bias: &[i64], shift: &[i8]) -> Affine {
        let requantise = Requantise { shift: shift.to_vec(), lo: -32768, hi: 32767 };
        Affine { inputs, weights: weights.to_vec(), bias: bias.to_vec(), requantise }
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
    }
}
