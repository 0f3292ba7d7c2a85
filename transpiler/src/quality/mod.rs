//! The quality of a quantised model: how far it is from its float network, why, and whether it is handed out.

mod accuracy;
mod baseline;
mod blame;
mod certificate;
mod verdict;

pub use accuracy::{Measured, measure};
pub use blame::blame;
pub use certificate::{certify, run_on, seen_on};
pub use verdict::judge;

use maat_package::{Provenance, Quality, Verdict};
use maat_runtime::Model;

/// A quantised network with what is known about its accuracy.
pub struct Quantised {
    /// The quantised model.
    pub model: Model,
    /// Where it comes from and how it was made.
    pub provenance: Provenance,
    /// Whether it still computes the float network.
    pub verdict: Verdict,
    /// Its accuracy and its proven ranges.
    pub quality: Quality,
}
