//! `maat commitment`: the model commitment recomputed, and compared with the manifest.

use std::path::PathBuf;

use anyhow::bail;
use maat_package::{PackageError, PackageFolder, Proving, differences};
use maat_prover::recomputed;
use maat_verifier::ModelCommitment;
use serde_json::{Value, json};

use crate::progress::Progress;
use crate::response::Response;
use crate::security::NOT_ZERO_KNOWLEDGE;

/// Recompute a package's model commitment from the model, and compare it with the manifest
#[derive(clap::Args)]
#[command(after_help = "Example:\n  maat commitment package\n\n\
    Exits with 0 only if they match. A model commitment is like a verifying key: proofs are about whatever it commits to. You, or somebody \
    you trust, must have recomputed it from the model. A dishonest owner could commit to columns that are not low-degree polynomials, and \
    then prove answers of two models under one commitment, with far less work than the bits of security say. A verifier who does not see \
    the weights has to trust that somebody recomputed it.\n\n\
    The commitment of a private model is recomputed with its seed: `maat audit`.")]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
}

/// The commitment of the manifest beside the model's.
pub struct CommitmentComparison {
    manifest: ModelCommitment,
    recomputed: ModelCommitment,
    entries: usize,
    differences: Vec<String>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<CommitmentComparison> {
    let progress = Progress::start("reading the package");
    let package = PackageFolder::open(&arguments.package)?;
    let model = package.model()?;
    let (manifest, listed) = match &package.manifest.proving {
        Proving::Committed { commitment, entries } => (*commitment, entries),
        Proving::Unprovable { reason } => return Err(PackageError::Unprovable { reason: reason.clone() }.into()),
    };
    if listed.are_private() {
        bail!("the model is private: `maat audit` recomputes its commitment, with the seed");
    }
    progress.step("committing to the model");
    let recomputed = recomputed(&model, listed)?;
    let mut differences = differences(listed, &recomputed);
    if listed.commitment() != manifest {
        differences.insert(0, format!("the manifest's commitment is not that of its entries, which make {}", listed.commitment()));
    }
    Ok(CommitmentComparison { manifest, recomputed: recomputed.commitment(), entries: listed.as_slice().len(), differences })
}

impl Response for CommitmentComparison {
    fn text(&self) -> String {
        if self.succeeded() {
            let matches = format!("matches: recomputed from the model, all {} entries", self.entries);
            return format!("{}\n{matches}\n{NOT_ZERO_KNOWLEDGE}", self.manifest);
        }
        let lines = [format!("manifest    {}", self.manifest), format!("recomputed  {}", self.recomputed)];
        format!("the commitment does NOT match the model\n{}\n\n{}", lines.join("\n"), self.differences.join("\n"))
    }

    fn json(&self) -> Value {
        json!({
            "matches": self.succeeded(),
            "commitment": self.manifest.to_string(),
            "recomputed": self.recomputed.to_string(),
            "entries": self.entries,
            "differences": self.differences,
            "zero_knowledge": false,
        })
    }

    fn succeeded(&self) -> bool {
        self.manifest == self.recomputed && self.differences.is_empty()
    }
}
