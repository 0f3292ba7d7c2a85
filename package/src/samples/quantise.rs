//! From a sample of real numbers to the integers that a model takes: the one place where inputs are rounded.

use maat_runtime::Model;

use super::error::SampleError;

/// Quantises a sample as the model's inputs are quantised.
///
/// # Errors
/// [`SampleError::NotANumber`] for values that are not finite.
pub fn quantise_sample(model: &Model, sample: &[Vec<f64>]) -> Result<Vec<Vec<i32>>, SampleError> {
    let inputs = model.inputs().iter().zip(sample).map(|(input, values)| {
        let quantised = values.iter().zip(input.scales().iter().cycle()).map(|(value, scale)| {
            maat_runtime::quantise(*value, *scale, input.range)
                .ok_or_else(|| SampleError::NotANumber { input: input.name.clone(), value: value.to_string() })
        });
        quantised.collect()
    });
    inputs.collect()
}
