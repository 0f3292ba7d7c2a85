//! How far the quantised model is from the float network.

use maat_runtime::{Executor, TensorId, dequantise};
use serde::{Deserialize, Serialize};

use crate::error::TranspileError;
use crate::float::{FloatModel, FloatOp, Kind, run};
use crate::onnx::Reference;
use crate::quantise::{Mapped, quantise_sample};
use crate::samples::Sample;

/// The error of one tensor over a set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TensorError {
    /// The node that gives it, or the output's name.
    pub name: String,
    /// Mean of `|quantised - float|` over all elements and samples.
    pub mean: f64,
    /// Greatest `|quantised - float|`.
    pub max: f64,
    /// Greatest size of a float element: what the errors compare with.
    pub magnitude: f64,
    /// Share of samples in which the last axis has its first maximum in the same place; absent for a last axis of length 1. For positions
    /// and truth values, the share of equal ones; they have no error beside it.
    pub argmax_agreement: Option<f64>,
}

/// What the outputs of the quantised model are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// The ONNX file run by tract, which shares nothing with the lowering.
    Tract,
    /// The lowered network in 64-bit floats, where tract does not take the file.
    Lowered,
    /// The lowered network too, because it and tract disagree by more than floats do: one of them is wrong, and a user should know.
    Disputed,
}

/// Two float networks agree if no output differs by more than this share of its greatest value.
const AGREEMENT: f64 = 1e-2;

/// The errors over one set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Number of samples.
    pub samples: usize,
    /// What the outputs are compared with.
    pub witness: Witness,
    /// One for each output.
    pub outputs: Vec<TensorError>,
    /// One for each node of the lowered network, compared with that network.
    pub nodes: Vec<TensorError>,
}

struct Measure {
    name: String,
    /// Whether the elements are equal or not, but never close.
    discrete: bool,
    total: f64,
    elements: usize,
    max: f64,
    magnitude: f64,
    agreements: usize,
    rows: usize,
}

impl Measure {
    fn new(name: &str, discrete: bool) -> Self {
        Self { name: name.to_owned(), discrete, total: 0.0, elements: 0, max: 0.0, magnitude: 0.0, agreements: 0, rows: 0 }
    }

    fn include(&mut self, expected: &[f64], found: &[i32], scale: i32, last: usize) {
        if self.discrete {
            self.rows += found.len();
            self.agreements += expected.iter().zip(found).filter(|(expected, found)| **expected == f64::from(**found)).count();
            return;
        }
        for (expected, found) in expected.iter().zip(found).filter(|(expected, _)| expected.is_finite()) {
            let error = (dequantise(*found, scale) - expected).abs();
            self.total += error;
            self.max = self.max.max(error);
            self.magnitude = self.magnitude.max(expected.abs());
        }
        self.elements += expected.len();
        for (expected, found) in expected.chunks(last).zip(found.chunks(last)) {
            self.rows += 1;
            self.agreements += usize::from(first_maximum(expected) == first_maximum(found));
        }
    }

    fn finish(self, last: usize) -> TensorError {
        TensorError {
            name: self.name,
            mean: significant(self.total / self.elements.max(1) as f64),
            max: significant(self.max),
            magnitude: significant(self.magnitude),
            argmax_agreement: (last > 1 || self.discrete).then(|| self.agreements as f64 / self.rows.max(1) as f64),
        }
    }
}

/// Four significant digits: as many as the float network gives alike on every processor, whose sums differ in the last bits.
pub(crate) fn significant(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("a formatted number parses")
}

fn first_maximum<T: PartialOrd>(values: &[T]) -> usize {
    (1..values.len()).fold(0, |best, candidate| if values[candidate] > values[best] { candidate } else { best })
}

/// Whether the elements of a tensor are positions or truth values.
fn is_discrete(float: &FloatModel, value: crate::float::ValueId) -> bool {
    let (_, kind) = float.tensor(value);
    kind == Kind::BOOL || float.nodes.iter().any(|node| node.output == value && matches!(node.op, FloatOp::ArgMax { .. }))
}

/// Runs both networks on the samples and compares every tensor that both have.
///
/// # Errors
/// A sample does not fit.
pub(crate) fn measure(
    mapped: &Mapped,
    float: &FloatModel,
    reference: Option<&Reference>,
    samples: &[Sample],
) -> Result<Accuracy, TranspileError> {
    let model = &mapped.model;
    let shape = |id: TensorId| (model.tensor(id).scale, model.tensor(id).shape.last());
    let witness = witness(float, reference, samples);
    let mut outputs: Vec<Measure> = float.outputs.iter().map(|(name, value)| Measure::new(name, is_discrete(float, *value))).collect();
    let mut nodes: Vec<Measure> = float.nodes.iter().map(|node| Measure::new(&node.name, is_discrete(float, node.output))).collect();
    let mut executor = Executor::new(model);
    for sample in samples {
        let values = run(float, sample);
        let inputs = quantise_sample(model, sample)?;
        executor.run(&inputs).expect("quantised samples are within the inputs' ranges");
        let expected = reference.filter(|_| witness == Witness::Tract).and_then(|reference| reference.run(sample));
        for (measure, (name, value)) in outputs.iter_mut().zip(&float.outputs) {
            let (scale, last) = shape(mapped.tensors[value]);
            let expected = expected.as_ref().and_then(|expected| expected.get(name)).unwrap_or(&values[value]);
            measure.include(expected, executor.value(mapped.tensors[value]), scale, last);
        }
        for (measure, node) in nodes.iter_mut().zip(&float.nodes) {
            let (scale, last) = shape(mapped.tensors[&node.output]);
            measure.include(&values[&node.output], executor.value(mapped.tensors[&node.output]), scale, last);
        }
    }
    let finish = |measures: Vec<Measure>, values: Vec<crate::float::ValueId>| {
        let finished = measures.into_iter().zip(values).map(|(measure, value)| measure.finish(shape(mapped.tensors[&value]).1));
        finished.collect()
    };
    Ok(Accuracy {
        samples: samples.len(),
        witness,
        outputs: finish(outputs, float.outputs.iter().map(|(_, value)| *value).collect()),
        nodes: finish(nodes, float.nodes.iter().map(|node| node.output).collect()),
    })
}

/// Who is to be believed on these samples.
fn witness(float: &FloatModel, reference: Option<&Reference>, samples: &[Sample]) -> Witness {
    /// Samples on which the two are compared.
    const COMPARED: usize = 16;
    let Some(reference) = reference else { return Witness::Lowered };
    let mut agree = true;
    for sample in samples.iter().take(COMPARED) {
        let Some(by_tract) = reference.run(sample) else { return Witness::Lowered };
        let lowered = run(float, sample);
        agree &= float.outputs.iter().all(|(name, value)| {
            let (ours, theirs) = (&lowered[value], by_tract.get(name).map_or(&[][..], Vec::as_slice));
            let magnitude = ours.iter().chain(theirs).filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
            // Positions and roundings may differ where floats are close to a tie; most do not.
            let apart = ours.iter().zip(theirs).filter(|(a, b)| (*a - *b).abs() > AGREEMENT * magnitude).count();
            ours.len() == theirs.len() && apart * 10 <= ours.len()
        });
    }
    if agree { Witness::Tract } else { Witness::Disputed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_in_real_units() {
        let mut measure = Measure::new("y", false);
        measure.include(&[1.0, -2.0], &[3, -4], 1, 2);
        measure.include(&[0.0, 1.0], &[2, 2], 1, 2);
        let error = measure.finish(2);
        assert_eq!((error.mean, error.max, error.magnitude), (0.375, 1.0, 2.0));
        assert_eq!(error.argmax_agreement, Some(0.5), "the tie of the second sample goes to the first element");
    }

    #[test]
    fn positions_are_equal_or_not() {
        let mut measure = Measure::new("y", true);
        measure.include(&[3.0, 7.0], &[3, 6], 0, 1);
        let error = measure.finish(1);
        assert_eq!((error.argmax_agreement, error.mean, error.max), (Some(0.5), 0.0, 0.0));
    }

    #[test]
    fn errors_have_four_significant_digits() {
        assert_eq!([0.0, 1.23456, 98765.4, 0.000123449].map(significant), [0.0, 1.235, 98770.0, 0.0001234]);
    }

    #[test]
    fn a_scalar_has_no_argmax() {
        let mut measure = Measure::new("y", false);
        measure.include(&[1.0], &[1], 0, 1);
        assert_eq!(measure.finish(1).argmax_agreement, None);
    }
}
