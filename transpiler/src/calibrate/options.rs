//! The ranges of the options, which are checked before any work is done.

use maat_package::{Options, RangeMethod, Widths};

use crate::error::{Setting, TranspileError};

/// Refuses options that are out of their range.
///
/// # Errors
/// [`TranspileError::Option`] names the option.
pub fn validate_options(options: &Options) -> Result<(), TranspileError> {
    let single = options.tensors.iter().map(|tensor| (Setting::TensorBits, tensor.bits, Widths::ACTIVATIONS));
    let widths = [
        (Setting::ActivationBits, options.widths.activations, Widths::ACTIVATIONS),
        (Setting::WeightBits, options.widths.weights, Widths::WEIGHTS),
    ];
    for (setting, bits, allowed) in widths.into_iter().chain(single) {
        if !allowed.contains(&bits) {
            let expected = format!("from {} to {}", allowed.start(), allowed.end());
            return Err(TranspileError::Option { setting, value: bits.to_string(), expected });
        }
    }
    if let Some(percent) = options.raise
        && !(percent.is_finite() && percent >= 0.0)
    {
        let expected = "0 or more".to_owned();
        return Err(TranspileError::Option { setting: Setting::Raise, value: percent.to_string(), expected });
    }
    if let RangeMethod::Percentile(percent) = options.ranges
        && !(percent > 0.0 && percent <= 100.0)
    {
        let expected = "above 0 and at most 100".to_owned();
        return Err(TranspileError::Option { setting: Setting::Percentile, value: percent.to_string(), expected });
    }
    if !(options.assumed_magnitude.is_finite() && options.assumed_magnitude > 0.0) {
        let value = options.assumed_magnitude.to_string();
        return Err(TranspileError::Option { setting: Setting::AssumedRange, value, expected: "a positive number".to_owned() });
    }
    Ok(())
}
