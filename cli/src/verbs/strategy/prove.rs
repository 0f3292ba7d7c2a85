//! `maat strategy prove`: a record with proofs of every decision that a strategy would have made.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use maat_prover::{ProveError, ProvingKey, Visibility};
use maat_runtime::Model;
use maat_strategy::record::{DEFAULT_BATCH, Expectations, FeatureVisibility, Job, Made, MakeError, Parts, Proof, Verified, verify};
use maat_verifier::{Preset, hex};
use serde_json::{Value, json};

use super::hidden;
use super::jobs;
use super::opened::{Opened, observations};
use super::outcomes::{outcomes_json, outcomes_table};
use crate::cache;
use crate::files::{Destination, InputFiles, OutputKind, Readers};
use crate::inferences::{Caveated, split_inputs};
use crate::progress::Progress;
use crate::response::{Response, fields, grouped, path_json};
use crate::security::{NOT_ZERO_KNOWLEDGE, model_security, model_security_json, weakness};
use crate::verbs::prove::{MODEL_PRESETS, ms, peak_memory, presets, wrote};

/// Prove every decision that a strategy would have made on these prices, and what comes of them
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat strategy prove strategy.toml --prices prices.csv -o record.bin\n  \
    maat strategy prove strategy.toml --prices prices.csv --preset balanced \\\n      -o record.bin\n  \
    maat strategy prove strategy.toml --prices prices.csv --hide features \\\n      -o record.bin\n\n\
    The record holds the strategy, the prices, the network's outputs at every hour, proofs of them, and the results for each cost and fill. \
    `maat strategy verify` checks it against prices of the verifier's own.\n\n\
    With `--hide features` the record does not have the features, and its proofs do not show what the network saw: the decisions and results \
    are public, and that the network saw the strategy's features is your word. docs/zero-knowledge.md says under which conditions proofs \
    hide. With --preset fast, the package must list the preset balanced, as it does by default.\n\n\
    Finished proofs are kept in a hidden folder beside the record until it is written: after a run that was stopped, the same command goes \
    on from there. What is found there is verified before it is used.\n\n\
    Without --jobs, as many proofs are made at a time as there are cores, if they fit into 2 GB of memory and into half of what is free. \
    Each uses all cores where it can, so that more of them gain little time.\n\n\
    Without --hide, proofs are succinct and NOT zero-knowledge: they leak some of the weights.")]
pub struct Arguments {
    /// The strategy, as docs/strategy.md describes it; its package must be there
    strategy: PathBuf,
    /// The prices: CSV with the header `hour,price` or `hour,price,quote`; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    prices: PathBuf,
    /// File to write the record to, or `-` for the standard output; an older record is replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace a file that is not a record
    #[arg(long)]
    force: bool,
    /// Parameters of the proofs
    #[arg(long, default_value_t = Preset::Fast, value_parser = presets(MODEL_PRESETS))]
    preset: Preset,
    /// Decisions in a proof: a size that the package was made with (`maat transpile --batch N`)
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BATCH)]
    batch: u32,
    /// What the record does not tell
    #[arg(long, value_name = "WHAT")]
    hide: Option<Hide>,
    /// How many proofs are made at a time
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Recompute what all proofs of the network share, and do not use the cache folder: see `maat cache --help`
    #[arg(long)]
    no_cache: bool,
}

/// What a record can hide.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Hide {
    /// What the network saw: which features of the prices, and their values
    Features,
}

impl Arguments {
    /// Whether the record tells the features.
    fn features(&self) -> FeatureVisibility {
        match self.hide {
            Some(Hide::Features) => FeatureVisibility::Hidden,
            None => FeatureVisibility::Public,
        }
    }

    /// The file that is written.
    pub fn output(&self) -> &Path {
        &self.output
    }
}

/// A written record.
pub struct Written {
    output: PathBuf,
    output_is_taken: bool,
    wrote: String,
    bytes: usize,
    jobs: NonZeroUsize,
    found: usize,
    cached: bool,
    verified: Verified,
    total: Duration,
    peak: Option<u64>,
    warnings: Vec<String>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Caveated<Written>> {
    let progress = Progress::start("reading the strategy");
    let Opened { strategy, package, model, caveats, .. } = Opened::read(&arguments.strategy)?;
    let observations = observations(&arguments.prices)?;
    let entries = package.entries()?.clone();
    let (preset, batch, features) = (arguments.preset, arguments.batch, arguments.features());
    let choice = (preset, features.mode());
    let job = Job::new(&strategy, &entries, (preset, batch), features, &observations)?;
    // Whether it can be written is found out before the work is done.
    let sources = InputFiles::default().and(&arguments.strategy, "the strategy").and(&arguments.prices, "the prices").and_package(&package);
    let destination = Destination::of_user(&arguments.output, OutputKind::Record, &sources, arguments.force)?;

    let started = Instant::now();
    progress.step("fixed columns");
    let (cache, warning) = if arguments.no_cache { (None, None) } else { cache::usable()? };
    let key = match cache {
        Some(cache) => ProvingKey::with_cache(&model, entries.clone(), choice, batch, &cache),
        None => ProvingKey::new(&model, entries.clone(), choice, batch),
    }?;
    let entry = entries.find(preset.tree(features.mode()), batch).ok_or_else(|| anyhow!("a bug of Maat: the entry was there"))?;
    let jobs = arguments.jobs.unwrap_or_else(|| jobs::default(entry, choice));
    let prove = |batch: &[Vec<i32>]| prove(&key, &model, features, batch);
    let parts = destination.beside(".parts").map(|folder| job.parts(&folder)).transpose()?;
    let step = |made: maat_strategy::record::Progress| progress.step(&format!("proofs: {} of {}", made.done, made.total));
    let made = match job.make(parts.as_ref(), jobs, prove, step) {
        Ok(made) => made,
        Err(error) => {
            // What the network answered, and how long a proof is, will be the same the next time.
            let is_final = matches!(error, MakeError::Decisions(_) | MakeError::TooLong { .. });
            return Err(match parts {
                Some(parts) if !is_final && parts.kept() > 0 => {
                    let (kept, folder) = (parts.kept(), parts.folder().display().to_string());
                    anyhow!("{error}. {kept} finished proofs are kept in {folder}: the same command goes on from there")
                }
                parts => {
                    parts.into_iter().for_each(Parts::remove);
                    error.into()
                }
            });
        }
    };

    // Whoever gets the record will do the same.
    progress.step("verification");
    let Made { record, found, spoilt } = made;
    let bytes = record.to_bytes()?;
    let expected = Expectations { features: Some(features), ..Expectations::default() };
    let verified = verify(&bytes, &expected).context("the record that was made does not hold, which is a bug of Maat")?;
    let total = started.elapsed();
    destination.stage(&bytes, Readers::Usual)?.persist()?;

    let mut warnings: Vec<String> = warning.into_iter().chain(weakness(&verified.security)).collect();
    if let Some(parts) = parts {
        let folder = parts.folder().display().to_string();
        if spoilt > 0 {
            warnings.push(format!("{spoilt} of the proofs in {folder} did not hold, and were made anew"));
        }
        let others = parts.others();
        if others > 0 {
            warnings
                .push(format!("{folder} has {others} files that are not of this record: they were left alone, so remove them yourself"));
        }
        parts.remove();
    }
    Ok(caveats.on(Written {
        output: destination.name(),
        output_is_taken: destination.is_output(),
        wrote: wrote(&destination),
        bytes: bytes.len(),
        jobs,
        found,
        cached: key.cached(),
        verified,
        total,
        peak: peak_memory(),
        warnings,
    }))
}

/// A proof of a batch, each inference with the values of all inputs one after the other. The key is of the features' mode.
pub fn prove(key: &ProvingKey<'_>, model: &Model, features: FeatureVisibility, batch: &[Vec<i32>]) -> Result<Proof, ProveError> {
    let batch: Vec<_> = batch.iter().map(|values| split_inputs(model, values)).collect();
    let inputs = match features {
        FeatureVisibility::Public => Visibility::Public,
        FeatureVisibility::Hidden => Visibility::Hidden,
    };
    let proved = key.prove(&batch, (inputs, Visibility::Public), &|_| ())?;
    Ok(Proof { outputs: proved.outputs.concat().concat(), stark: proved.file.stark })
}

impl Response for Written {
    fn text(&self) -> String {
        let Verified { strategy, preset, batch, results, security, counts, .. } = &self.verified;
        let features = self.verified.features();
        let found = if self.found > 0 { format!(", {} of them from a run that was stopped", self.found) } else { String::new() };
        let facts = [
            ("strategy", strategy.name.clone()),
            ("digest", hex(&strategy.digest())),
            ("network", strategy.commitment.to_string()),
            ("features", features.to_string()),
            ("hours", grouped(counts.hours as u64)),
            ("decisions", grouped(counts.decisions as u64)),
            ("proofs", format!("{}, for {} decisions each, preset {preset}{found}", counts.proofs, grouped(*batch))),
            ("at a time", self.jobs.to_string()),
            ("time", format!("{:.1} s{}", self.total.as_secs_f64(), if self.cached { ", fixed columns cached" } else { "" })),
            ("peak memory", self.peak.map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6))),
            ("record", format!("{} bytes", grouped(self.bytes as u64))),
            ("security", model_security(security, *preset, features.mode(), false)),
        ];
        let said = match features {
            FeatureVisibility::Public => NOT_ZERO_KNOWLEDGE,
            FeatureVisibility::Hidden => hidden::MADE,
        };
        let wrote = format!("{}\n{said}", self.wrote);
        [fields(facts), outcomes_table(strategy, results), wrote].join("\n\n")
    }

    fn json(&self) -> Value {
        let Verified { strategy, preset, batch, results, security, counts, .. } = &self.verified;
        let features = self.verified.features();
        let mut object = json!({
            "strategy": strategy,
            "digest": hex(&strategy.digest()),
            "features": features.name(),
            "preset": preset.name(),
            "batch": batch,
            "hours": counts.hours,
            "decisions": counts.decisions,
            "proofs": counts.proofs,
            "proofs_found": self.found,
            "jobs": self.jobs,
            "prove_ms": ms(self.total),
            "cached": self.cached,
            "peak_rss_bytes": self.peak,
            "record_bytes": self.bytes,
            "results": outcomes_json(strategy, results),
            "security": model_security_json(security, *preset, features.mode(), false),
            "output": path_json(&self.output),
        });
        hidden::tell(&mut object, features);
        object
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    fn output_is_taken(&self) -> bool {
        self.output_is_taken
    }
}
