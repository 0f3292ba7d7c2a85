//! Proofs of a package's model, for a batch of inferences, with what opens a salted commitment.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use maat_prover::{ProvingKey, Visibility};
use maat_verifier::layout::{AUXILIARY_WIDTH, MAIN_WIDTH};
use maat_verifier::{ModelCommitment, Preset, Salt, Security, verify};
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::stages::{milliseconds, ms, peak_memory, stage_table, wrote};
use crate::cache;
use crate::files::{self, Destination, InputFiles, OutputKind, Readers};
use crate::inferences::{Caveated, Inferences};
use crate::opening;
use crate::progress::Progress;
use crate::response::{Response, fields, grouped, path_json};
use crate::security::{NOT_ZERO_KNOWLEDGE, model_security, model_security_json};

/// The written proof.
pub struct Proof {
    output: PathBuf,
    output_is_taken: bool,
    wrote: String,
    bytes: usize,
    commitment: ModelCommitment,
    preset: Preset,
    batch: u32,
    rows: usize,
    cached: bool,
    salt: Option<Salt>,
    opening: Option<PathBuf>,
    stages: Vec<(&'static str, Duration)>,
    total: Duration,
    peak: Option<u64>,
    security: Security,
    warning: Option<String>,
}

/// Proves a batch of inferences of the package's model.
pub fn run(arguments: Arguments, progress: &Progress) -> anyhow::Result<Caveated<Proof>> {
    let Inferences { package, model, inferences, caveats } = Inferences::read(&arguments.package, &arguments.input, arguments.strictness)?;
    let entries = package.entries()?.clone();
    let listed = package.manifest.proving.batches();
    let Some(batch) = listed.iter().copied().find(|batch| *batch as usize == inferences.len()) else {
        let found = inferences.len();
        let listed = listed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        bail!(
            "{} has a batch of {found}, but the package's commitment is for batches of {listed}: list the size with `maat transpile .. --batch {found}`",
            files::called(&arguments.input).display()
        );
    };
    // Whether they can be written is found out before the work is done.
    let sources = InputFiles::default().and(&arguments.input, "the input").and_package(&package);
    let of_user = |path: &Path, content| Destination::of_user(path, content, &sources, arguments.force);
    let destination = of_user(&arguments.output, OutputKind::Proof)?;
    let opening_destination = arguments.opening.as_deref().map(|path| of_user(path, OutputKind::Opening)).transpose()?;
    if opening_destination.as_ref().is_some_and(|opening| opening.is(&destination)) {
        bail!("{} cannot be both the proof and what opens its commitment", destination.name().display());
    }

    let started = Instant::now();
    let commitment = entries.commitment();
    let preset = arguments.preset;
    let visibility = |committed| if committed { Visibility::Committed } else { Visibility::Public };
    let visibilities = (visibility(arguments.commit_inputs), visibility(arguments.commit_outputs));
    progress.step("fixed columns");
    let (cache, warning) = if arguments.no_cache { (None, None) } else { cache::usable()? };
    let key = match cache {
        Some(cache) => ProvingKey::with_cache(&model, entries, preset, batch, &cache),
        None => ProvingKey::new(&model, entries, preset, batch),
    }?;
    let mut stages = vec![("fixed columns", started.elapsed())];
    let proved = key.prove(&inferences, visibilities, arguments.salt, &|stage| progress.step(stage))?;
    stages.extend(proved.stages);
    let bytes = proved.file.to_bytes();

    // A bug of the prover must show here, and not at a verifier's.
    progress.step("verification");
    let verifying = Instant::now();
    verify(&bytes, &commitment).context("the proof that was made does not hold, which is a bug of the prover")?;
    stages.push(("verification", verifying.elapsed()));
    let total = started.elapsed();

    // The opening goes first: a proof whose salt is lost is of little use. An opening without its proof is of none, and is withdrawn.
    let staged = destination.stage(&bytes, Readers::Usual)?;
    if let (Some(destination), Some(opening)) = (&opening_destination, &proved.opening) {
        destination.stage(&opening::to_bytes(opening)?, Readers::Owner)?.persist()?;
    }
    staged.persist().inspect_err(|_| opening_destination.iter().for_each(Destination::withdraw))?;
    let output_is_taken = destination.is_output() || opening_destination.as_ref().is_some_and(Destination::is_output);
    Ok(caveats.on(Proof {
        output: destination.name(),
        output_is_taken,
        wrote: wrote(&destination),
        bytes: bytes.len(),
        commitment,
        preset,
        batch,
        rows: key.program().rows,
        cached: key.cached(),
        salt: proved.opening.map(|opening| opening.salt),
        opening: opening_destination.as_ref().map(Destination::name),
        stages,
        total,
        peak: peak_memory(),
        security: proved.security,
        warning,
    }))
}

impl Proof {
    /// Columns over the base field: an auxiliary column counts as many times as the extension's degree.
    fn columns(&self) -> usize {
        MAIN_WIDTH + AUXILIARY_WIDTH * self.preset.options().field_extension().degree() as usize
    }
}

impl Response for Proof {
    fn text(&self) -> String {
        let auxiliary = self.columns() - MAIN_WIDTH;
        let mut facts = vec![
            ("commitment", self.commitment.to_string()),
            ("preset", self.preset.to_string()),
            ("batch", grouped(self.batch)),
            ("rows", grouped(self.rows as u64)),
            ("columns", format!("{} ({MAIN_WIDTH} main, {auxiliary} auxiliary over the base field)", self.columns())),
            ("peak memory", self.peak.map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6))),
            ("proof", format!("{} bytes", grouped(self.bytes as u64))),
            ("security", model_security(&self.security, self.preset)),
        ];
        match (&self.opening, &self.salt) {
            (Some(opening), _) => facts.push(("opening", format!("{} (keep it: it opens the commitment)", opening.display()))),
            (None, Some(salt)) => facts.push(("salt", format!("{salt} (keep it: with the values, it opens the commitment)"))),
            (None, None) => {}
        }
        let cached = |stage: &str| if self.cached && stage == "fixed columns" { " (cached)" } else { "" };
        let stages = stage_table(&self.stages, self.total, cached);
        let wrote = format!("{}\n{NOT_ZERO_KNOWLEDGE}", self.wrote);
        [fields(facts), stages, wrote].join("\n\n")
    }

    fn json(&self) -> Value {
        json!({
            "kind": "model",
            "commitment": self.commitment.to_string(),
            "preset": self.preset.name(),
            "batch": self.batch,
            "rows": self.rows,
            "columns": self.columns(),
            "prove_ms": ms(self.total),
            "stages": milliseconds(&self.stages),
            "cached": self.cached,
            "peak_rss_bytes": self.peak,
            "proof_bytes": self.bytes,
            "security": model_security_json(&self.security, self.preset),
            "zero_knowledge": false,
            "salt": self.salt.as_ref().map(ToString::to_string),
            "opening": self.opening.as_deref().map(path_json),
            "output": path_json(&self.output),
        })
    }

    fn warnings(&self) -> Vec<String> {
        self.warning.clone().into_iter().collect()
    }

    fn output_is_taken(&self) -> bool {
        self.output_is_taken
    }
}
