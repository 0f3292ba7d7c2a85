//! `maat commitment`: the model commitment recomputed, and compared with the manifest; and further ones, for other presets and batch sizes.

use std::path::PathBuf;

use anyhow::bail;
use maat_package::{PackageError, PackageFolder, Proving, differences};
use maat_prover::{LayoutChoice, further_entries, recomputed};
use maat_verifier::{Entries, ModelCommitment, Preset};
use serde_json::{Value, json};

use super::prove::{MODEL_PRESETS, presets};
use crate::progress::Progress;
use crate::response::{Response, path_json};
use crate::security::NOT_ZERO_KNOWLEDGE;

/// Recompute a package's model commitment from the model, and compare it with the manifest; or add one for other presets or batch sizes
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat commitment package\n  maat commitment package --preset onchain\n  \
    maat commitment package --preset fast --batch 100\n\n\
    Exits with 0 only if they match. A model commitment is like a verifying key: proofs are about whatever it commits to. You, or somebody \
    you trust, must have recomputed it from the model. A dishonest owner could commit to columns that are not low-degree polynomials, and \
    then prove answers of two models under one commitment, with far less work than the bits of security say. A verifier who does not see \
    the weights has to trust that somebody recomputed it.\n\n\
    With --preset or --batch, the model gets a further commitment, of its own, for what the package has no entries for yet. The others stay \
    what they are, and so do all proofs under them. `maat prove` takes the one that has an entry for what is asked. Contracts, strategies and \
    records know the first one alone.\n\n\
    The commitment of a private model is recomputed with its seed: `maat audit`.")]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
    /// Add a commitment for proofs with this preset; may be repeated. With --batch alone, the presets that the package has
    #[arg(long, value_name = "PRESET", value_parser = presets(MODEL_PRESETS))]
    preset: Vec<Preset>,
    /// Add a commitment for batches of this size; may be repeated. With --preset alone, the sizes that the package has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Vec<u32>,
}

/// What was asked for.
pub enum Outcome {
    /// Each commitment of the manifest beside the model's.
    Compared(Vec<Comparison>),
    /// A further commitment.
    Added { package: PathBuf, entries: Entries },
}

/// A commitment of the manifest beside the model's.
pub struct Comparison {
    manifest: ModelCommitment,
    recomputed: ModelCommitment,
    entries: usize,
    differences: Vec<String>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    let progress = Progress::start("reading the package");
    let mut package = PackageFolder::open(&arguments.package)?;
    let model = package.model()?;
    if package.is_private() {
        bail!("the model is private: `maat audit` recomputes its commitment, with the seed");
    }
    if arguments.preset.is_empty() && arguments.batch.is_empty() {
        let mut compared = Vec::new();
        for proving in package.manifest.commitments() {
            let (manifest, listed) = match proving {
                Proving::Committed { commitment, entries } => (*commitment, entries),
                Proving::Unprovable { reason } => return Err(PackageError::Unprovable { reason: reason.clone() }.into()),
            };
            progress.step("committing to the model");
            let recomputed = recomputed(&model, listed)?;
            let mut differences = differences(listed, &recomputed);
            if listed.commitment() != manifest {
                differences.insert(0, format!("the manifest's commitment is not that of its entries, which make {}", listed.commitment()));
            }
            let entries = listed.as_slice().len();
            compared.push(Comparison { manifest, recomputed: recomputed.commitment(), entries, differences });
        }
        return Ok(Outcome::Compared(compared));
    }
    let entries = {
        let earlier = package.all_entries()?;
        let listed = || earlier.iter().flat_map(|entries| entries.as_slice());
        let presets = match &arguments.preset[..] {
            // Those for contracts belong to the first commitment alone.
            [] => listed().map(|entry| entry.preset).filter(|preset| *preset != Preset::Starknet).collect(),
            named => named.to_vec(),
        };
        let batches = if arguments.batch.is_empty() { listed().map(|entry| entry.batch).collect() } else { arguments.batch };
        let mut tell = |presets: &[Preset], batch| {
            let presets: Vec<String> = presets.iter().map(Preset::to_string).collect();
            progress.step(&format!("committing to the model: presets {}, batches of {batch}", presets.join(", ")));
        };
        further_entries(&model, &earlier, (&presets, &batches), LayoutChoice::default(), &mut tell)?
    };
    progress.step("writing the manifest");
    package.add_commitment(entries.clone())?;
    Ok(Outcome::Added { package: arguments.package, entries })
}

impl Comparison {
    fn matches(&self) -> bool {
        self.manifest == self.recomputed && self.differences.is_empty()
    }

    fn text(&self) -> String {
        if self.matches() {
            return format!("{}\nmatches: recomputed from the model, all {} entries", self.manifest, self.entries);
        }
        let lines = [format!("manifest    {}", self.manifest), format!("recomputed  {}", self.recomputed)];
        format!("the commitment does NOT match the model\n{}\n\n{}", lines.join("\n"), self.differences.join("\n"))
    }

    fn json(&self) -> Value {
        json!({
            "matches": self.matches(),
            "commitment": self.manifest.to_string(),
            "recomputed": self.recomputed.to_string(),
            "entries": self.entries,
            "differences": self.differences,
        })
    }
}

impl Response for Outcome {
    fn text(&self) -> String {
        match self {
            Self::Compared(all) => {
                let mut texts: Vec<String> = all.iter().map(Comparison::text).collect();
                if self.succeeded() {
                    texts.push(NOT_ZERO_KNOWLEDGE.to_owned());
                }
                texts.join("\n")
            }
            Self::Added { package, entries } => {
                let lines = entries.as_slice().iter().map(|entry| format!("  preset {}, batches of {}", entry.preset, entry.batch));
                format!(
                    "{}\nadded to {}, for\n{}\nThe other commitments of the package are what they were.",
                    entries.commitment(),
                    package.display(),
                    lines.collect::<Vec<_>>().join("\n")
                )
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Compared(all) => {
                // The first is the one that everybody knows.
                let mut value = all.first().map_or(Value::Null, Comparison::json);
                value["matches"] = self.succeeded().into();
                value["further"] = all.iter().skip(1).map(Comparison::json).collect();
                value["zero_knowledge"] = false.into();
                value
            }
            Self::Added { package, entries } => json!({
                "package": path_json(package),
                "commitment": entries.commitment().to_string(),
                "added": entries.as_slice().iter().map(|entry| json!({ "preset": entry.preset.name(), "batch": entry.batch })).collect::<Vec<_>>(),
            }),
        }
    }

    fn succeeded(&self) -> bool {
        match self {
            Self::Compared(all) => all.iter().all(Comparison::matches),
            Self::Added { .. } => true,
        }
    }
}
