//! Which samples scales are chosen from, and which are kept back for measuring; and the digest of them all.

use maat_package::samples::Sample;
use sha2::{Digest, Sha256};

use crate::error::TranspileError;

/// One sample in this many is kept back from calibration.
const HELD_OUT_PERIOD: usize = 4;
/// With fewer samples than this, all are used for calibration.
const LEAST_SAMPLES_TO_SPLIT: usize = 8;

/// Some of the samples, with their numbers among all of them.
#[derive(Default)]
pub struct Subset {
    /// The samples.
    pub samples: Vec<Sample>,
    numbers: Vec<usize>,
}

/// The samples for calibration, and those that are kept back: every fourth, if there are enough samples.
pub fn split(samples: &[Sample]) -> (Subset, Subset) {
    let (mut calibration, mut held_out) = (Subset::default(), Subset::default());
    for (number, sample) in samples.iter().enumerate() {
        let is_kept_back = samples.len() >= LEAST_SAMPLES_TO_SPLIT && number % HELD_OUT_PERIOD == HELD_OUT_PERIOD - 1;
        let part = if is_kept_back { &mut held_out } else { &mut calibration };
        part.samples.push(sample.clone());
        part.numbers.push(number);
    }
    (calibration, held_out)
}

impl Subset {
    /// The same error, with the number of its sample among all of them.
    pub fn numbered(&self, error: TranspileError) -> TranspileError {
        let number = |sample: Option<usize>| sample.and_then(|index| self.numbers.get(index).copied());
        match error {
            TranspileError::NotFinite { node, value, sample } => TranspileError::NotFinite { node, value, sample: number(sample) },
            TranspileError::Domain { node, function, domain, value, sample } => {
                TranspileError::Domain { node, function, domain, value, sample: number(sample) }
            }
            other => other,
        }
    }
}

/// sha256 of the samples' values.
pub fn samples_digest(samples: &[Sample]) -> String {
    let mut hasher = Sha256::new();
    for value in samples.iter().flatten().flatten() {
        hasher.update(value.to_le_bytes());
    }
    format!("{:x}", hasher.finalize())
}
