//! `report.json`: everything that is known about a model. A file for each of its parts, as plain data; the transpiler computes it.

mod accuracy;
mod blame;
mod certificate;
mod cost;
mod verdict;

pub use accuracy::{Accuracy, Agreement, Baseline, Deviation, Distance, TensorError};
pub use blame::Blame;
pub use certificate::{CertifiedNode, Coverage, Granularity};
pub use cost::{ClassSize, ContractCost, Cost, LayerPlan, Plan};
pub use verdict::{Advice, Basis, Fidelity, Loss, LossKind, Verdict};

use serde::{Deserialize, Serialize};

use crate::json::{json_of, shown};
use blame::DOMINATES;

/// `report.json`: verdict, accuracy, proven ranges and cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether the model still computes its float network.
    pub verdict: Verdict,
    /// Accuracy and proven ranges.
    pub quality: Quality,
    /// Cost of an inference in Cairo; absent in a package that holds none.
    pub cost: Option<Cost>,
}

impl Report {
    /// Reads a report's text. Its numbers become floats first: in a build whose JSON keeps all digits, serde does not find floats in
    /// objects that it tells apart by a tag.
    ///
    /// # Errors
    /// The bytes are not a report.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_value(json_of(bytes)?).map_err(shown)
    }
}

/// What is known about a quantised model's results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Error on the samples that the scales were chosen from; absent without samples.
    pub calibration: Option<Accuracy>,
    /// Error on samples that were kept back; absent with fewer than eight samples.
    pub held_out: Option<Accuracy>,
    /// What the rounding of each node and input adds to the error of the outputs, the worst first; empty without samples.
    pub blame: Vec<Blame>,
    /// The range that each tensor provably stays in, and the bound of its error.
    pub certificate: Vec<CertifiedNode>,
    /// How finely the bounds were followed.
    #[serde(default)]
    pub granularity: Granularity,
    /// How many held-out samples stay in what the others showed; absent if none were kept back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// Nodes that were 0 on all samples. Their scales come from what their operands allow.
    pub unseen: Vec<String>,
}

impl Quality {
    /// The accuracy on held-out samples, or on the calibration samples where none were kept back.
    pub fn best_estimate(&self) -> Option<&Accuracy> {
        self.held_out.as_ref().or(self.calibration.as_ref())
    }

    /// The node or input that dominates the error of the outputs, if one does.
    pub fn dominant(&self) -> Option<&Blame> {
        self.blame.first().filter(|blame| blame.share >= DOMINATES)
    }
}
