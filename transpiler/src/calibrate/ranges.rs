//! The values that each tensor takes on given samples, and those that it could take where the samples say nothing.

use std::collections::HashMap;

use maat_package::RangeMethod;
use maat_package::samples::Sample;

use crate::error::TranspileError;
use crate::float::{FloatModel, FloatNode, FloatOp, Function, Kind, ValueId, range_of, run};

/// Values seen of one tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The least finite value.
    pub lo: f64,
    /// The greatest finite value.
    pub hi: f64,
    /// Sizes of some of the values, spread evenly.
    sizes: Vec<f64>,
    /// The first value of the next sample whose size is kept.
    next: usize,
    /// Mean of each element of the last axis.
    pub means: Vec<f64>,
    rows: usize,
    /// The size that the operands allow, where the samples say nothing.
    reach: f64,
}

/// The most sizes that are kept of a tensor.
const MAX_SIZES: usize = 1 << 14;

impl Observed {
    fn new(last: usize) -> Self {
        Self { lo: f64::INFINITY, hi: f64::NEG_INFINITY, sizes: Vec::new(), next: 0, means: vec![0.0; last], rows: 0, reach: 0.0 }
    }

    fn include(&mut self, values: &[f64], keep: usize) {
        for value in values.iter().filter(|value| value.is_finite()) {
            self.lo = self.lo.min(*value);
            self.hi = self.hi.max(*value);
        }
        // The walk continues from sample to sample, with a step that shares no factor with their length, so it reaches each element.
        let step = (values.len().div_ceil(keep.max(1))..).find(|step| gcd(*step, values.len()) == 1).unwrap_or(1).max(1);
        let sizes = values.iter().skip(self.next).step_by(step).map(|value| value.abs()).filter(|size| size.is_finite());
        self.sizes.extend(sizes.take(MAX_SIZES.saturating_sub(self.sizes.len())));
        let taken = values.len().saturating_sub(self.next).div_ceil(step);
        self.next = self.next + taken * step - values.len();
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

    /// The size up to which values are kept at a width of `bits`, sign included.
    fn kept(&self, bits: u32, method: RangeMethod) -> f64 {
        let greatest = self.magnitude();
        match method {
            RangeMethod::Max => greatest,
            RangeMethod::Percentile(percent) => {
                let mut sizes = self.sizes.clone();
                sizes.sort_unstable_by(f64::total_cmp);
                let rank = (percent / 100.0 * sizes.len() as f64).ceil() as usize;
                sizes.get(rank.clamp(1, sizes.len().max(1)) - 1).copied().unwrap_or(greatest)
            }
            RangeMethod::Mse => {
                // Scales are powers of two, so there are few candidates.
                let candidates = (0..6).map(|halvings| greatest / f64::from(1 << halvings));
                let errors = candidates.map(|clip| (squared_error(&self.sizes, clip, bits), clip));
                errors.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(greatest, |(_, clip)| clip)
            }
        }
    }

    /// Whether only values of one sign were seen, or hardly any of the other.
    pub fn is_one_sided(&self) -> bool {
        const HARDLY: f64 = 1.0 / 16.0;
        let little = HARDLY * self.magnitude();
        self.lo >= -little || self.hi <= little
    }
}

/// The greatest common divisor.
fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A function is defined at an operand that is off by no more than this share of the greatest one: that much is rounding.
const ROUNDED_OFF: f64 = 1e-6;

/// Refuses operands for which a node's function is not defined: what it gives there is the limit at the edge, and not what ONNX gives.
fn check_domain(node: &FloatNode, values: &HashMap<ValueId, Vec<f64>>, index: usize) -> Result<(), TranspileError> {
    let refused = |function: &'static str, domain: &'static str, value: f64| {
        Err(TranspileError::Domain { node: node.name.clone(), function, domain, value, sample: Some(index) })
    };
    match &node.op {
        FloatOp::Table(functions) => {
            // Most functions are defined everywhere.
            let Some(last) = functions.iter().rposition(|function| function.domain().is_some()) else { return Ok(()) };
            let mut x = values[&node.inputs[0]].clone();
            for function in &functions[..=last] {
                if let Some((name, domain)) = function.domain() {
                    // Infinite constants, which pad windows, are no measure of rounding.
                    let finite = x.iter().filter(|x| x.is_finite());
                    let slack = ROUNDED_OFF * finite.fold(0.0, |greatest: f64, x| greatest.max(x.abs()));
                    if let Some(value) = x.iter().find(|x| !function.is_defined(**x, slack)) {
                        return refused(name, domain, *value);
                    }
                }
                x.iter_mut().for_each(|x| *x = function.apply(*x));
            }
            Ok(())
        }
        FloatOp::Divide if values[&node.inputs[1]].contains(&0.0) => refused("the quotient by a divisor", "for divisors other than 0", 0.0),
        _ => Ok(()),
    }
}

/// Refuses values of a float network that are not finite; `index` is the sample's number.
pub fn check_finite(float: &FloatModel, values: &HashMap<ValueId, Vec<f64>>, index: usize) -> Result<(), TranspileError> {
    for node in &float.nodes {
        check_domain(node, values, index)?;
        // Infinite constants pad the windows of maxima.
        let constants = matches!(&node.op, FloatOp::Move { .. });
        let is_wrong = |value: &&f64| !value.is_finite() && (!constants || value.is_nan());
        if let Some(value) = values[&node.output].iter().find(is_wrong) {
            return Err(TranspileError::NotFinite { node: node.name.clone(), value: *value, sample: Some(index) });
        }
    }
    Ok(())
}

/// The size up to which values are kept at a width of `bits`, sign included.
pub fn magnitude_of(values: impl Iterator<Item = f64>, bits: u32, method: RangeMethod) -> f64 {
    let values: Vec<f64> = values.collect();
    let mut observed = Observed::new(1);
    observed.include(&values, MAX_SIZES);
    observed.kept(bits, method)
}

/// What was seen of each tensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranges {
    tensors: HashMap<ValueId, Observed>,
}

impl Ranges {
    /// Runs the float network on the samples. An input that was always 0 is assumed to lie between minus and plus `assumed`.
    ///
    /// # Errors
    /// The float network gives something other than a finite number.
    pub fn measure(float: &FloatModel, samples: &[Sample], assumed: f64) -> Result<Self, TranspileError> {
        let keep = MAX_SIZES.div_ceil(samples.len().max(1));
        let last = |shape: &[usize]| shape.last().copied().unwrap_or(1);
        let mut tensors: HashMap<ValueId, Observed> = HashMap::new();
        for (index, sample) in samples.iter().enumerate() {
            let values = run(float, sample);
            check_finite(float, &values, index)?;
            for input in &float.inputs {
                tensors.entry(input.value).or_insert_with(|| Observed::new(last(&input.shape))).include(&values[&input.value], keep);
            }
            for node in &float.nodes {
                let found = &values[&node.output];
                tensors.entry(node.output).or_insert_with(|| Observed::new(last(&node.shape))).include(found, keep);
            }
        }
        let mut ranges = Self { tensors };
        ranges.join_families(float);
        ranges.reach_out(float, assumed);
        Ok(ranges)
    }

    /// Finds out how far values may reach where the samples say nothing: after what was 0 on all of them, and in a function's branch for
    /// the sign that its operand never had.
    ///
    /// A scale for such a reach costs no precision: its unit is no coarser than the operand's unit times the function's slope.
    fn reach_out(&mut self, float: &FloatModel, assumed: f64) {
        let mut sides: HashMap<ValueId, Sides> = HashMap::new();
        for input in &float.inputs {
            let Some(observed) = self.tensors.get_mut(&input.value) else { continue };
            if input.kind == Kind::Real && observed.magnitude() == 0.0 {
                observed.reach = assumed;
            }
            sides.insert(input.value, Sides::of(observed, input.kind, (f64::NEG_INFINITY, f64::INFINITY)));
        }
        for node in &float.nodes {
            let operands: Vec<Sides> = node.inputs.iter().filter_map(|input| sides.get(input).copied()).collect();
            let Some(observed) = self.tensors.get_mut(&node.output).filter(|_| operands.len() == node.inputs.len()) else { continue };
            let allowed = range_of(float, node, &operands.iter().map(|sides| sides.range).collect::<Vec<_>>());
            if node.kind == Kind::Real && says_nothing(node, observed, &operands) {
                let (lo, hi) = match &node.op {
                    // The constant branch of a selection does not count.
                    FloatOp::Select => {
                        let branches = node.inputs.iter().zip(&operands).skip(1).filter(|(input, _)| float.constants(**input).is_none());
                        branches.fold((0.0, 0.0), |(lo, hi): (f64, f64), (_, sides)| (lo.min(sides.range.0), hi.max(sides.range.1)))
                    }
                    _ => allowed,
                };
                let reach = lo.abs().max(hi.abs());
                observed.reach = if reach.is_finite() { reach } else { 0.0 };
            }
            sides.insert(node.output, Sides::of(observed, node.kind, allowed));
        }
        let mut families: HashMap<&str, f64> = HashMap::new();
        let members = || float.nodes.iter().filter_map(|node| Some((node.family.as_deref()?, node.output)));
        for (family, value) in members() {
            let reach = families.entry(family).or_default();
            *reach = reach.max(self.of(value).map_or(0.0, |observed| observed.reach));
        }
        for (family, value) in members() {
            if let Some(observed) = self.tensors.get_mut(&value) {
                observed.reach = families[family];
            }
        }
    }

    /// Gives each tensor of a family the range of them all.
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
        self.of(value).map_or(0.0, |observed| observed.kept(bits, method).max(observed.reach))
    }

    /// The nodes whose values were 0 on all samples: their scales come from what their operands allow.
    pub fn unseen<'f>(&self, float: &'f FloatModel) -> Vec<&'f str> {
        let is_unseen =
            |node: &&FloatNode| self.of(node.output).is_some_and(|observed| observed.magnitude() == 0.0 && observed.reach > 0.0);
        float.nodes.iter().filter(is_unseen).map(|node| node.name.as_str()).collect()
    }
}

/// The values that are considered possible for a tensor.
#[derive(Clone, Copy)]
struct Sides {
    /// The least and the greatest value seen.
    seen: (f64, f64),
    /// The least and the greatest value that are considered possible.
    range: (f64, f64),
    /// Whether the samples had only one sign.
    one_sided: bool,
    /// Whether all samples were 0.
    unseen: bool,
}

impl Sides {
    /// What was seen, and as much of the other sign as the operands allow; everything that they allow if nothing was seen.
    fn of(observed: &Observed, kind: Kind, allowed: (f64, f64)) -> Self {
        let seen = (observed.lo, observed.hi);
        if let Kind::Integer(range) = kind {
            return Self { seen, range: (range.lo as f64, range.hi as f64), one_sided: false, unseen: false };
        }
        let size = observed.magnitude().max(observed.reach);
        let one_sided = observed.is_one_sided();
        let (lo, hi) = if one_sided { (-size, size) } else { seen };
        let range = (lo.max(allowed.0), hi.min(allowed.1));
        Self { seen, range: if range.0 <= range.1 { range } else { seen }, one_sided, unseen: observed.magnitude() == 0.0 && size > 0.0 }
    }
}

/// Whether a node's values on the samples do not show what size they may have.
fn says_nothing(node: &FloatNode, observed: &Observed, operands: &[Sides]) -> bool {
    let unreached_branch = match &node.op {
        FloatOp::Sum(_) => operands.len() == 1 && operands[0].one_sided,
        // Not if the function is steeper there than at the samples: a scale for its size there would cost precision here.
        FloatOp::Table(functions) => {
            operands[0].one_sided
                && Function::chain_slope(functions, operands[0].range) <= 2.0 * Function::chain_slope(functions, operands[0].seen)
        }
        // The condition was the same on all samples.
        FloatOp::Select => operands[0].seen.0 == operands[0].seen.1,
        _ => false,
    };
    observed.magnitude() == 0.0 || unreached_branch || operands.iter().any(|operand| operand.unseen)
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

    /// For any number of samples, although only some values of each are kept.
    #[test]
    fn every_element_is_seen_at_its_size() {
        for (length, samples) in [(12, 2000), (12, 1500), (30, 1000), (35, 5000), (784, 100), (1000, 40)] {
            for element in [0, 1, length / 3, length / 2, length - 1] {
                let mut observed = Observed::new(length);
                let mut values = vec![0.0; length];
                values[element] = 1.0;
                (0..samples).for_each(|_| observed.include(&values, MAX_SIZES.div_ceil(samples)));
                let share = observed.sizes.iter().sum::<f64>() / observed.sizes.len() as f64 * length as f64;
                assert!((0.7..1.3).contains(&share), "{samples} samples of {length}: element {element} is seen {share} times too often");
            }
        }
    }

    #[test]
    fn infinite_values_are_no_part_of_a_range() {
        let ranges = ranges(&[f64::NEG_INFINITY, -2.0, 1.0]);
        let observed = ranges.of(ValueId(0)).unwrap();
        assert_eq!((observed.lo, observed.hi, observed.magnitude()), (-2.0, 1.0, 2.0));
    }
}
