//! The ranges of the options, which are checked before any work is done.

use maat_package::{Options, RangeMethod, Widths};

use crate::error::{Setting, TranspileError};

/// Refuses options that are out of their range.
///
/// # Errors
/// [`TranspileError::Option`] names the option.
pub fn validate_options(options: &Options) -> Result<(), TranspileError> {
    for (setting, bits) in [(Setting::ActivationBits, options.widths.activations), (Setting::WeightBits, options.widths.weights)] {
        if !Widths::RANGE.contains(&bits) {
            return Err(TranspileError::Option { setting, value: bits.to_string(), expected: "from 4 to 16".to_owned() });
        }
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
