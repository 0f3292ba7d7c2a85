//! Calibration: what values each tensor takes on given samples.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::error::TranspileError;
use crate::float::{FloatModel, FloatOp, ValueId, run};
use crate::samples::Sample;

/// How a tensor's range is chosen from the values seen; what lies outside saturates.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeMethod {
    /// All values seen.
    Max,
    /// This share of the values, in percent.
    Percentile(f64),
    /// The range that makes the mean squared error of rounding and saturation together the least.
    #[default]
    Mse,
}

/// Values seen of one tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The least finite value.
    pub lo: f64,
    /// The greatest finite value.
    pub hi: f64,
    /// Sizes of some of the values, spread evenly.
    sizes: Vec<f64>,
    /// Mean of each element of the last axis.
    pub means: Vec<f64>,
    rows: usize,
}

/// No more sizes of a tensor are kept.
const MAX_SIZES: usize = 1 << 14;

impl Observed {
    fn new(last: usize) -> Self {
        Self { lo: f64::INFINITY, hi: f64::NEG_INFINITY, sizes: Vec::new(), means: vec![0.0; last], rows: 0 }
    }

    fn include(&mut self, values: &[f64], keep: usize) {
        for value in values.iter().filter(|value| value.is_finite()) {
            self.lo = self.lo.min(*value);
            self.hi = self.hi.max(*value);
        }
        let step = values.len().div_ceil(keep.max(1));
        // An odd step visits all residues, so that no axis is left out.
        let sizes = values.iter().step_by(step | 1).map(|value| value.abs()).filter(|size| size.is_finite());
        self.sizes.extend(sizes.take(MAX_SIZES.saturating_sub(self.sizes.len())));
        for row in values.chunks_exact(self.means.len()) {
            self.rows += 1;
            let share = 1.0 / self.rows as f64;
            self.means.iter_mut().zip(row).for_each(|(mean, value)| *mean += (value - *mean) * share);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.lo = self.lo.min(other.lo);
        self.hi = self.hi.max(other.hi);
        self.sizes.extend(&other.sizes);
    }

    /// The greatest size seen.
    pub fn magnitude(&self) -> f64 {
        if self.lo > self.hi { 0.0 } else { self.lo.abs().max(self.hi.abs()) }
    }
}

/// What was seen of each tensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranges {
    tensors: HashMap<ValueId, Observed>,
}

impl Ranges {
    /// Runs the float network on the samples.
    ///
    /// # Errors
    /// The float network gives something that is no finite number.
    pub fn measure(float: &FloatModel, samples: &[Sample]) -> Result<Self, TranspileError> {
        let keep = MAX_SIZES.div_ceil(samples.len().max(1));
        let last = |shape: &[usize]| shape.last().copied().unwrap_or(1);
        let mut tensors: HashMap<ValueId, Observed> = HashMap::new();
        for (index, sample) in samples.iter().enumerate() {
            let values = run(float, sample);
            for input in &float.inputs {
                tensors.entry(input.value).or_insert_with(|| Observed::new(last(&input.shape))).include(&values[&input.value], keep);
            }
            for node in &float.nodes {
                let found = &values[&node.output];
                // Infinite constants are what maxima are taken over beside the values.
                let constants = matches!(&node.op, FloatOp::Move { .. });
                if let Some(value) = found.iter().find(|value| !value.is_finite()).filter(|value| !constants || value.is_nan()) {
                    let reason = format!("the float network gives {value} in node `{}` for sample {index}", node.name);
                    return Err(TranspileError::Onnx { reason });
                }
                tensors.entry(node.output).or_insert_with(|| Observed::new(last(&node.shape))).include(found, keep);
            }
        }
        let mut ranges = Self { tensors };
        ranges.join_families(float);
        Ok(ranges)
    }

    /// Gives all tensors of a family the range of all of them.
    fn join_families(&mut self, float: &FloatModel) {
        let mut families: HashMap<&str, Observed> = HashMap::new();
        let members = || float.nodes.iter().filter_map(|node| Some((node.family.as_deref()?, node.output)));
        for (family, value) in members() {
            if let Some(observed) = self.tensors.get(&value) {
                families.entry(family).and_modify(|joined| joined.merge(observed)).or_insert_with(|| observed.clone());
            }
        }
        for (family, value) in members() {
            if let (Some(joined), Some(own)) = (families.get(family), self.tensors.get_mut(&value)) {
                // The means stay the member's own.
                *own = Observed { means: std::mem::take(&mut own.means), rows: own.rows, ..joined.clone() };
            }
        }
    }

    /// What was seen of a tensor.
    pub fn of(&self, value: ValueId) -> Option<&Observed> {
        self.tensors.get(&value)
    }

    /// The size up to which a tensor's values are kept at a width of `bits`, sign included.
    pub fn magnitude(&self, value: ValueId, bits: u32, method: RangeMethod) -> f64 {
        let Some(observed) = self.of(value) else { return 0.0 };
        let greatest = observed.magnitude();
        match method {
            RangeMethod::Max => greatest,
            RangeMethod::Percentile(percent) => {
                let mut sizes = observed.sizes.clone();
                sizes.sort_unstable_by(f64::total_cmp);
                let rank = (percent / 100.0 * sizes.len() as f64).ceil() as usize;
                sizes.get(rank.clamp(1, sizes.len().max(1)) - 1).copied().unwrap_or(greatest)
            }
            RangeMethod::Mse => {
                // Scales are powers of two, so there are few to choose from.
                let candidates = (0..6).map(|halvings| greatest / f64::from(1 << halvings));
                let errors = candidates.map(|clip| (squared_error(&observed.sizes, clip, bits), clip));
                errors.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(greatest, |(_, clip)| clip)
            }
        }
    }
}

/// Mean squared error of rounding to `bits` at a range of `clip`, saturation included.
fn squared_error(sizes: &[f64], clip: f64, bits: u32) -> f64 {
    let step = 2.0 * clip / f64::from(1u32 << bits.min(30));
    let error = |size: &f64| if *size > clip { (size - clip).powi(2) } else { step * step / 12.0 };
    sizes.iter().map(error).sum::<f64>() / sizes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(values: &[f64]) -> Ranges {
        let mut observed = Observed::new(1);
        observed.include(values, values.len());
        Ranges { tensors: HashMap::from([(ValueId(0), observed)]) }
    }

    #[test]
    fn a_single_outlier_is_clipped_where_bits_are_few_and_kept_where_they_are_many() {
        let mut values: Vec<f64> = (0..10_000).map(|k| f64::from(k % 100) / 100.0).collect();
        values.push(16.0);
        let ranges = ranges(&values);
        assert_eq!(ranges.magnitude(ValueId(0), 16, RangeMethod::Mse), 16.0);
        assert!(ranges.magnitude(ValueId(0), 4, RangeMethod::Mse) < 16.0);
        assert_eq!(ranges.magnitude(ValueId(0), 4, RangeMethod::Max), 16.0);
        assert_eq!(ranges.magnitude(ValueId(0), 4, RangeMethod::Percentile(50.0)), 0.5);
    }

    #[test]
    fn infinite_values_are_no_part_of_a_range() {
        let ranges = ranges(&[f64::NEG_INFINITY, -2.0, 1.0]);
        let observed = ranges.of(ValueId(0)).unwrap();
        assert_eq!((observed.lo, observed.hi, observed.magnitude()), (-2.0, 1.0, 2.0));
    }
}
