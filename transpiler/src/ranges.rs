//! Calibration: how large each tensor's values are on given samples.

use std::collections::HashMap;

use crate::error::TranspileError;
use crate::onnx::Reference;
use crate::samples::{InputSpec, Sample};

/// The greatest size of any element of each tensor, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Magnitudes(HashMap<String, f64>);

impl Magnitudes {
    /// Runs the float network on the samples and keeps the greatest size of each tensor, inputs included.
    ///
    /// # Errors
    /// The float network cannot be run, or gives something that is no finite number.
    pub fn measure(reference: &Reference, inputs: &[InputSpec], samples: &[Sample]) -> Result<Self, TranspileError> {
        let mut magnitudes = Self::default();
        for (index, sample) in samples.iter().enumerate() {
            for ((name, _), values) in inputs.iter().zip(sample) {
                magnitudes.include(name, values);
            }
            for (name, values) in reference.run(sample)? {
                if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                    let reason = format!("the float network gives {value} in tensor `{name}` for sample {index}");
                    return Err(TranspileError::Onnx { reason });
                }
                magnitudes.include(&name, &values);
            }
        }
        Ok(magnitudes)
    }

    fn include(&mut self, tensor: &str, values: &[f64]) {
        let greatest = values.iter().fold(0.0, |greatest: f64, value| greatest.max(value.abs()));
        let entry = self.0.entry(tensor.to_owned()).or_default();
        *entry = entry.max(greatest);
    }

    /// The greatest size of a tensor's elements; 0 for a tensor that was never seen.
    pub fn of(&self, tensor: &str) -> f64 {
        self.0.get(tensor).copied().unwrap_or_default()
    }
}
