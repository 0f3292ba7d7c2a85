//! How far the quantised model is from the float network.

use maat_runtime::{Executor, Model, Node, Primitive, TensorId, dequantise};
use serde::{Deserialize, Serialize};

use crate::error::TranspileError;
use crate::float::FloatModel;
use crate::onnx::Reference;
use crate::quantise::{counterparts, quantise_sample};
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
    /// Share of samples in which the last axis has its first maximum in the same place; absent for a last axis of length 1. For the
    /// positions that ArgMax gives, the share of equal ones; they have no error beside it.
    pub argmax_agreement: Option<f64>,
}

/// The errors over one set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Number of samples.
    pub samples: usize,
    /// One for each output.
    pub outputs: Vec<TensorError>,
    /// One for each node.
    pub nodes: Vec<TensorError>,
}

struct Measure {
    name: String,
    float_name: String,
    tensor: TensorId,
    /// Whether the elements are positions, which are equal or not, but never close.
    positions: bool,
    total: f64,
    elements: usize,
    max: f64,
    magnitude: f64,
    agreements: usize,
    rows: usize,
}

impl Measure {
    fn of(model: &Model, name: &str, float_name: &str, tensor: TensorId) -> Self {
        let by_arg_max = |(node, output): (&Node, TensorId)| output == tensor && matches!(node.primitive, Primitive::ArgMax(_));
        Self::new(name, float_name, tensor, model.nodes().any(by_arg_max))
    }

    fn new(name: &str, float_name: &str, tensor: TensorId, positions: bool) -> Self {
        let (name, float_name) = (name.to_owned(), float_name.to_owned());
        Self { name, float_name, tensor, positions, total: 0.0, elements: 0, max: 0.0, magnitude: 0.0, agreements: 0, rows: 0 }
    }

    fn include(&mut self, expected: &[f64], found: &[i32], scale: i32, last: usize) {
        if self.positions {
            self.rows += found.len();
            self.agreements += expected.iter().zip(found).filter(|(expected, found)| **expected == f64::from(**found)).count();
            return;
        }
        for (expected, found) in expected.iter().zip(found) {
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
            argmax_agreement: (last > 1 || self.positions).then(|| self.agreements as f64 / self.rows.max(1) as f64),
        }
    }
}

/// Four significant digits: as many as the float network gives alike on every processor, whose sums differ in the last bits.
fn significant(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("a formatted number parses")
}

fn first_maximum<T: PartialOrd>(values: &[T]) -> usize {
    (1..values.len()).fold(0, |best, candidate| if values[candidate] > values[best] { candidate } else { best })
}

/// Runs both networks on the samples and compares every tensor that both have.
///
/// # Errors
/// The float network cannot be run, or a sample does not fit.
pub(crate) fn measure(model: &Model, float: &FloatModel, reference: &Reference, samples: &[Sample]) -> Result<Accuracy, TranspileError> {
    let mut outputs: Vec<Measure> =
        model.outputs().iter().map(|output| Measure::of(model, &output.name, &output.name, output.tensor)).collect();
    let mut nodes: Vec<Measure> =
        counterparts(float, model).map(|(node, tensor)| Measure::of(model, &node.name, &node.output, tensor)).collect();
    let mut executor = Executor::new(model);
    for sample in samples {
        let expected = reference.run(sample)?;
        let inputs = quantise_sample(model, sample)?;
        executor.run(&inputs).expect("quantised samples are within the inputs' ranges");
        for measure in outputs.iter_mut().chain(&mut nodes) {
            let tensor = model.tensor(measure.tensor);
            measure.include(&expected[&measure.float_name], executor.value(measure.tensor), tensor.scale, tensor.shape.last());
        }
    }
    let finish = |measures: Vec<Measure>| {
        let finished = measures.into_iter().map(|measure| {
            let last = model.tensor(measure.tensor).shape.last();
            measure.finish(last)
        });
        finished.collect()
    };
    Ok(Accuracy { samples: samples.len(), outputs: finish(outputs), nodes: finish(nodes) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use maat_runtime::{Interval, ModelBuilder, Shape};

    fn tensor() -> TensorId {
        let mut builder = ModelBuilder::new("any");
        builder.input("x", Shape::new(&[1]).unwrap(), 0, Interval::of_bits(8)).unwrap()
    }

    #[test]
    fn errors_are_in_real_units() {
        let mut measure = Measure::new("y", "y", tensor(), false);
        measure.include(&[1.0, -2.0], &[3, -4], 1, 2);
        measure.include(&[0.0, 1.0], &[2, 2], 1, 2);
        let error = measure.finish(2);
        assert_eq!((error.mean, error.max, error.magnitude), (0.375, 1.0, 2.0));
        assert_eq!(error.argmax_agreement, Some(0.5), "the tie of the second sample goes to the first element");
    }

    #[test]
    fn positions_are_equal_or_not() {
        let mut measure = Measure::new("y", "y", tensor(), true);
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
        let mut measure = Measure::new("y", "y", tensor(), false);
        measure.include(&[1.0], &[1], 0, 1);
        assert_eq!(measure.finish(1).argmax_agreement, None);
    }
}
