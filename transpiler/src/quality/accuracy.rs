//! Measures how far a quantised model is from its float network, by running both on samples.

use std::collections::HashSet;

use maat_package::samples::{Sample, quantise_sample};
use maat_package::{Accuracy, Agreement, Baseline, Deviation, Distance, TensorError, significant};
use maat_runtime::{Executor, TensorId, dequantise};

use super::baseline::baseline;
use crate::calibrate::check_finite;
use crate::error::TranspileError;
use crate::float::{FloatModel, FloatNode, FloatOp, Kind, ValueId, run};
use crate::onnx::Reference;
use crate::quantise::Mapped;

/// The errors over one set of samples, and what else the verdict needs to know about the outputs.
pub struct Measured {
    pub accuracy: Accuracy,
    pub outputs: Vec<OutputMeasure>,
    /// The output that tract and the lowered network disagree about, if the baseline is disputed.
    pub disputed: Option<String>,
}

/// How a tensor's elements are to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    Real,
    /// Integers that real numbers were rounded to.
    Rounded,
    /// All other integers.
    Label,
}

impl Nature {
    fn of(float: &FloatModel, value: ValueId) -> Self {
        match float.tensor(value).1 {
            Kind::Real => Self::Real,
            Kind::Integer(_) if is_rounded(float, value) => Self::Rounded,
            Kind::Integer(_) => Self::Label,
        }
    }
}

/// Whether integers are rounded real numbers, or computed from such.
fn is_rounded(float: &FloatModel, value: ValueId) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        let Some(node) = float.producer(value).map(|position| &float.nodes[position]).filter(|_| seen.insert(value)) else { continue };
        let integers = node.inputs.iter().filter(|input| float.tensor(**input).1 != Kind::Real);
        match &node.op {
            FloatOp::ArgMax { .. } | FloatOp::Greater => {}
            FloatOp::Sum(sum) if integers.clone().count() < node.inputs.len() || !sum.is_whole() => return true,
            _ => open.extend(integers),
        }
    }
    false
}

/// Rounded integers that span this many steps are numbers: one step more or less is within the verdict's tolerance. If they span fewer,
/// each is a label.
const STEPS_OF_A_NUMBER: f64 = 100.0;

/// The deviation of a tensor, while samples are added.
pub struct Measure {
    name: String,
    nature: Nature,
    last: usize,
    total: f64,
    elements: usize,
    max: f64,
    lo: f64,
    hi: f64,
    equal: usize,
    labels: usize,
    same_argmax: usize,
    rows: usize,
}

impl Measure {
    fn new(name: &str, nature: Nature, last: usize) -> Self {
        Self {
            name: name.to_owned(),
            nature,
            last,
            total: 0.0,
            elements: 0,
            max: 0.0,
            lo: f64::INFINITY,
            hi: f64::NEG_INFINITY,
            equal: 0,
            labels: 0,
            same_argmax: 0,
            rows: 0,
        }
    }

    fn include(&mut self, expected: &[f64], found: &[i32], scale: i32) {
        if self.nature != Nature::Real {
            self.labels += found.len();
            self.equal += expected.iter().zip(found).filter(|(expected, found)| **expected == f64::from(**found)).count();
        }
        for (expected, found) in finite(expected, found) {
            let error = (dequantise(*found, scale) - expected).abs();
            self.total += error;
            self.elements += 1;
            self.max = self.max.max(error);
            (self.lo, self.hi) = (self.lo.min(*expected), self.hi.max(*expected));
        }
        for (expected, found) in expected.chunks(self.last).zip(found.chunks(self.last)) {
            self.rows += 1;
            self.same_argmax += usize::from(first_maximum(expected) == first_maximum(found));
        }
    }

    /// Whether the elements are equal or not, but never close.
    pub fn is_label(&self) -> bool {
        match self.nature {
            Nature::Real => false,
            Nature::Rounded => self.hi - self.lo < STEPS_OF_A_NUMBER,
            Nature::Label => true,
        }
    }

    /// The least and the greatest float element; zeros if there is no finite one.
    pub fn range(&self) -> (f64, f64) {
        if self.lo > self.hi { (0.0, 0.0) } else { (self.lo, self.hi) }
    }

    pub fn mean(&self) -> f64 {
        self.total / self.elements.max(1) as f64
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn deviation(&self) -> Deviation {
        if self.is_label() {
            return Deviation::Labels(Agreement::new(self.equal, self.labels));
        }
        let (lo, hi) = self.range();
        Deviation::Numbers(Distance {
            mean: significant(self.mean()),
            max: significant(self.max),
            magnitude: significant(lo.abs().max(hi.abs())),
            range: (significant(lo), significant(hi)),
            same_argmax: (self.last > 1).then(|| Agreement::new(self.same_argmax, self.rows)),
        })
    }

    fn finish(&self) -> TensorError {
        TensorError { name: self.name.clone(), deviation: self.deviation() }
    }
}

/// Pairs whose float element is finite.
fn finite<'a>(expected: &'a [f64], found: &'a [i32]) -> impl Iterator<Item = (&'a f64, &'a i32)> {
    expected.iter().zip(found).filter(|(expected, _)| expected.is_finite())
}

/// The most leads that are kept of an output's rows.
const MAX_LEADS: usize = 1 << 16;
/// Rows of probabilities add up to 1 within this.
const PROBABILITIES: f64 = 1e-3;

/// The deviation of an output, with what the verdict needs beyond it, sample by sample.
pub struct OutputMeasure {
    pub measure: Measure,
    /// The mean error of each sample.
    pub samples: Vec<f64>,
    /// By how much the greatest float element of a row leads the second.
    pub leads: Vec<f64>,
    /// The positions along the last axis.
    pub columns: Vec<Column>,
    /// Whether the network itself takes the position of the greatest element of a row.
    pub is_chosen_from: bool,
    /// Whether every row is a distribution: not negative, with the sum 1.
    pub is_distribution: bool,
}

/// One position along the last axis of an output, in all rows.
#[derive(Debug, Clone, Default)]
pub struct Column {
    count: usize,
    /// The sum of all errors.
    total: f64,
    least: Extremes,
    greatest: Extremes,
    errors: Extremes,
}

/// A column without its rarest values: its mean error and its range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    pub mean: f64,
    pub lo: f64,
    pub hi: f64,
}

impl Column {
    /// One value in this many is rare, on each side; at least one is, and at most [`Extremes::KEPT`] are.
    const RARE: usize = 100;

    fn include(&mut self, expected: f64, error: f64) {
        self.count += 1;
        self.total += error;
        self.least.include(-expected);
        self.greatest.include(expected);
        self.errors.include(error);
    }

    /// Nothing where there are too few values to leave any out.
    pub fn usual(&self) -> Option<Usual> {
        let rare = (self.count / Self::RARE).clamp(1, Extremes::KEPT);
        if self.count <= 2 * rare {
            return None;
        }
        let (lo, hi) = (-self.least.0[rare], self.greatest.0[rare]);
        let mean = (self.total - self.errors.0[..rare].iter().sum::<f64>()) / (self.count - rare) as f64;
        Some(Usual { mean, lo, hi })
    }
}

/// The greatest of some numbers, in descending order: [`Self::KEPT`] of them and one more.
#[derive(Debug, Clone, Default)]
struct Extremes(Vec<f64>);

impl Extremes {
    const KEPT: usize = 8;

    fn include(&mut self, value: f64) {
        let place = self.0.partition_point(|kept| *kept >= value);
        if place <= Self::KEPT {
            self.0.insert(place, value);
            self.0.truncate(Self::KEPT + 1);
        }
    }
}

impl OutputMeasure {
    fn new(name: &str, nature: Nature, shape: &[usize], is_chosen_from: bool) -> Self {
        let last = shape.last().copied().unwrap_or(1);
        Self {
            measure: Measure::new(name, nature, last),
            samples: Vec::new(),
            leads: Vec::new(),
            columns: vec![Column::default(); last],
            is_chosen_from,
            is_distribution: last > 1,
        }
    }

    fn include(&mut self, expected: &[f64], found: &[i32], scale: i32) {
        let (total, elements) = (self.measure.total, self.measure.elements);
        self.measure.include(expected, found, scale);
        self.samples.push((self.measure.total - total) / (self.measure.elements - elements).max(1) as f64);
        let last = self.measure.last;
        for (expected, found) in expected.chunks(last).zip(found.chunks(last)) {
            for (column, (expected, found)) in self.columns.iter_mut().zip(expected.iter().zip(found)).filter(|(_, (x, _))| x.is_finite()) {
                column.include(*expected, (dequantise(*found, scale) - expected).abs());
            }
        }
        if self.measure.last == 1 {
            return;
        }
        for row in expected.chunks(self.measure.last) {
            let sum: f64 = row.iter().sum();
            self.is_distribution &= row.iter().all(|value| *value >= 0.0) && (sum - 1.0).abs() <= PROBABILITIES;
            if self.leads.len() < MAX_LEADS {
                self.leads.push(lead(row));
            }
        }
    }
}

/// The greatest element minus the second.
fn lead(row: &[f64]) -> f64 {
    let (first, second) =
        row.iter().fold(
            (f64::NEG_INFINITY, f64::NEG_INFINITY),
            |(first, second), value| {
                if *value > first { (*value, first) } else { (first, second.max(*value)) }
            },
        );
    first - second
}

fn first_maximum<T: PartialOrd>(values: &[T]) -> usize {
    (1..values.len()).fold(0, |best, candidate| if values[candidate] > values[best] { candidate } else { best })
}

/// Whether the network takes the position of the greatest element of a tensor's rows.
fn is_chosen_from(float: &FloatModel, value: ValueId) -> bool {
    let rank = float.tensor(value).0.len();
    let over_rows = |node: &FloatNode| matches!(node.op, FloatOp::ArgMax { axis, .. } if axis + 1 == rank);
    float.nodes.iter().any(|node| node.inputs.contains(&value) && over_rows(node))
}

/// How many samples tract runs in one thread.
const AT_ONCE: usize = 64;

/// Runs both networks on the samples and compares every tensor that both have.
///
/// # Errors
/// A sample does not fit, or the float network gives something other than a finite number for it.
pub fn measure(mapped: &Mapped, float: &FloatModel, reference: Option<&Reference>, samples: &[Sample]) -> Result<Measured, TranspileError> {
    let model = &mapped.model;
    let scale = |id: TensorId| model.tensor(id).scale;
    let (baseline, disputed) = baseline(float, reference, samples);
    let output = |(name, value): &(String, ValueId)| {
        OutputMeasure::new(name, Nature::of(float, *value), float.tensor(*value).0, is_chosen_from(float, *value))
    };
    let mut outputs: Vec<OutputMeasure> = float.outputs.iter().map(output).collect();
    let last = |shape: &[usize]| shape.last().copied().unwrap_or(1);
    let mut nodes: Vec<Measure> =
        float.nodes.iter().map(|node| Measure::new(&node.name, Nature::of(float, node.output), last(&node.shape))).collect();
    let mut executor = Executor::new(model);
    let witness = reference.filter(|_| baseline == Baseline::Tract);
    let expected = samples.chunks(AT_ONCE).flat_map(|samples| match witness {
        Some(reference) => reference.run_all(samples),
        None => vec![None; samples.len()],
    });
    for (index, (sample, expected)) in samples.iter().zip(expected).enumerate() {
        let values = run(float, sample);
        check_finite(float, &values, index)?;
        let inputs = quantise_sample(model, sample)?;
        executor.run(&inputs).expect("quantised samples are within the inputs' ranges");
        for (measure, (name, value)) in outputs.iter_mut().zip(&float.outputs) {
            let id = mapped.tensors[value];
            let expected = expected.as_ref().and_then(|expected| expected.get(name)).unwrap_or(&values[value]);
            measure.include(expected, executor.value(id), scale(id));
        }
        for (measure, node) in nodes.iter_mut().zip(&float.nodes) {
            let id = mapped.tensors[&node.output];
            measure.include(&values[&node.output], executor.value(id), scale(id));
        }
    }
    let accuracy = Accuracy {
        samples: samples.len(),
        baseline,
        outputs: outputs.iter().map(|output| output.measure.finish()).collect(),
        nodes: nodes.iter().map(Measure::finish).collect(),
    };
    Ok(Measured { accuracy, outputs, disputed })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An output with real elements, after some samples of float and quantised values at scale exponent 10.
    pub fn output(shape: &[usize], is_chosen_from: bool, samples: &[(&[f64], &[f64])]) -> OutputMeasure {
        let mut output = OutputMeasure::new("y", Nature::Real, shape, is_chosen_from);
        for (expected, found) in samples {
            let found: Vec<i32> = found.iter().map(|value| (value * 1024.0).round() as i32).collect();
            output.include(expected, &found, 10);
        }
        output
    }

    /// An output with whole numbers, after some samples.
    pub fn whole(nature: Nature, samples: &[(&[f64], &[i32])]) -> OutputMeasure {
        let mut output = OutputMeasure::new("y", nature, &[samples[0].0.len()], false);
        samples.iter().for_each(|(expected, found)| output.include(expected, found, 0));
        output
    }

    #[test]
    fn errors_are_in_real_units() {
        let mut measure = Measure::new("y", Nature::Real, 2);
        measure.include(&[1.0, -2.0], &[3, -4], 1);
        measure.include(&[0.0, 1.0], &[2, 2], 1);
        let error = measure.finish();
        let distance = error.distance().unwrap();
        assert_eq!((distance.mean, distance.max, distance.magnitude, distance.range), (0.375, 1.0, 2.0, (-2.0, 1.0)));
        assert_eq!(error.agreement().unwrap().share, 0.5, "the tie of the second sample goes to the first element");
    }

    #[test]
    fn labels_are_equal_or_not() {
        let mut measure = Measure::new("y", Nature::Label, 1);
        measure.include(&[3.0, 7.0], &[3, 6], 0);
        assert_eq!(measure.deviation(), Deviation::Labels(Agreement { same: 1, of: 2, share: 0.5 }));
        let json = serde_json::to_value(measure.finish()).unwrap();
        assert_eq!(json, serde_json::json!({ "name": "y", "elements": "labels", "same": 1, "of": 2, "share": 0.5 }));
        assert_eq!(serde_json::from_value::<TensorError>(json).unwrap(), measure.finish());
    }

    #[test]
    fn rounded_numbers_of_many_steps_are_numbers_and_of_few_steps_labels() {
        let numbers = whole(Nature::Rounded, &[(&[0.0, 100.0], &[1, 100])]);
        assert_eq!(numbers.measure.finish().distance().unwrap().mean, 0.5);
        let labels = whole(Nature::Rounded, &[(&[0.0, 99.0], &[1, 99])]);
        assert_eq!(labels.measure.finish().agreement().unwrap().same, 1);
        let classes = whole(Nature::Label, &[(&[0.0, 999.0], &[1, 999])]);
        assert!(classes.measure.finish().distance().is_none(), "the class 999 is no more than a name");
    }

    #[test]
    fn a_scalar_has_no_argmax() {
        let mut measure = Measure::new("y", Nature::Real, 1);
        measure.include(&[1.0], &[1], 0);
        assert_eq!(measure.finish().agreement(), None);
    }

    #[test]
    fn the_usual_of_a_column_leaves_the_rarest_out() {
        let mut column = Column::default();
        (0..2).for_each(|value| column.include(f64::from(value), 0.5));
        assert_eq!(column.usual(), None);
        (2..20).for_each(|value| column.include(f64::from(value), 0.5));
        [(1e6, 1e3), (-1e6, 0.5)].into_iter().for_each(|(value, error)| column.include(value, error));
        assert_eq!(column.usual(), Some(Usual { mean: 0.5, lo: 0.0, hi: 19.0 }));
        // One in a hundred on each side.
        let mut column = Column::default();
        (0..300).for_each(|value| column.include(f64::from(value), 0.0));
        assert_eq!(column.usual(), Some(Usual { mean: 0.0, lo: 3.0, hi: 296.0 }));
    }

    #[test]
    fn what_is_not_finite_shifts_no_column() {
        let row: (&[f64], &[f64]) = (&[f64::INFINITY, 2.0, 3.0], &[0.0, 2.0, 3.0]);
        let output = output(&[2, 3], false, &[row; 5]);
        let usual = |column: usize| output.columns[column].usual();
        assert_eq!((usual(0), usual(1)), (None, Some(Usual { mean: 0.0, lo: 2.0, hi: 2.0 })));
        assert_eq!(usual(2), Some(Usual { mean: 0.0, lo: 3.0, hi: 3.0 }));
    }

    #[test]
    fn the_greatest_leads_the_second() {
        assert_eq!([lead(&[1.0, 4.0, 2.5]), lead(&[3.0, 3.0]), lead(&[-1.0, -5.0])], [1.5, 0.0, 4.0]);
    }
}
