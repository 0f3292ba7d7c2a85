use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use maat_prover::{Cache, ProvingKey, Salt, Visibility};
use maat_transpiler::{PackageFolder, quantise_sample, samples};
use maat_verifier::layout::{AUXILIARY_WIDTH, MAIN_WIDTH};
use maat_verifier::{ModelCommitment, Preset, Security, verify};
use serde_json::{Map, Value, json};

use crate::files::{Destination, Readers};
use crate::opening;
use crate::progress::Progress;
use crate::response::{NOT_ZERO_KNOWLEDGE, Response, fields, grouped, security, table};

/// Prove that the committed model, on these inputs, gives these outputs
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("committed").args(["commit_inputs", "commit_outputs"]).multiple(true),
    after_help = "Examples:\n  maat prove package --input in.json -o proof.bin\n  \
    maat prove package --input batch.npz --preset onchain -o proof.bin\n  \
    maat prove package --input in.json --commit-inputs --opening opening.json -o proof.bin\n\n\
    The input file is as for `maat run`. A batch of inputs along a leading axis gets one proof; its size must have been given to\n\
    `maat transpile --batch N`. Inputs and outputs stand in the proof, unless they are committed to; `maat verify --opening` opens the\n\
    commitment. The time in all (`prove_ms`) is that from the fixed columns to the verified proof: without reading the package and the\n\
    inputs, and without writing.\n\n\
    Proofs are succinct and NOT zero-knowledge: they leak some of the weights, and of what is committed to."
)]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
    /// The inputs
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// File to write the proof to; an older one is replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Parameters of the proof, with their bits of security; the longer the trace, the fewer are proven
    #[arg(long, default_value_t = Preset::Fast, value_parser = preset())]
    preset: Preset,
    /// Bind the inputs by a salted commitment in place of publishing them
    #[arg(long)]
    commit_inputs: bool,
    /// Bind the outputs by a salted commitment in place of publishing them
    #[arg(long)]
    commit_outputs: bool,
    /// The salt of the commitment, 32 bytes that nobody can guess; a random one by default
    #[arg(long, value_name = "0x..", requires = "committed", value_parser = opening::parse_salt)]
    salt: Option<Salt>,
    /// File to write what opens the commitment to, as JSON: salt, inputs and outputs. Keep it, and keep it secret
    #[arg(long, value_name = "FILE", requires = "committed")]
    opening: Option<PathBuf>,
    /// Compute what all proofs of the model share anew, in place of keeping it in $MAAT_CACHE or in the user's cache folder
    #[arg(long)]
    no_cache: bool,
}

fn preset() -> impl TypedValueParser<Value = Preset> {
    let value = |preset: Preset| {
        PossibleValue::new(preset.name()).help(match preset {
            Preset::Fast => "The least time: 99 bits conjectured, 51 to 56 proven",
            Preset::Balanced => "Security that rests on no conjecture: 128 bits conjectured, 100 proven",
            Preset::Onchain => "The smallest proof, hashed with Blake2s: 99 bits conjectured, 48 to 58 proven",
        })
    };
    PossibleValuesParser::new(Preset::ALL.map(value)).try_map(|name| name.parse::<Preset>())
}

/// The written proof.
pub struct Proof {
    output: PathBuf,
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
}

pub fn run(arguments: Arguments) -> anyhow::Result<Proof> {
    let progress = Progress::start("reading the package");
    let package = PackageFolder::open(&arguments.package)?;
    let entries = package.entries()?.clone();
    let model = package.model()?;
    let inputs: Vec<samples::InputSpec> = model.inputs().iter().map(|input| (input.name.clone(), input.shape.dims().to_vec())).collect();
    let samples = samples::read(&arguments.input, &inputs)?;
    let inferences = samples.iter().map(|sample| quantise_sample(&model, sample)).collect::<Result<Vec<_>, _>>()?;
    let listed = package.manifest.proving.batches();
    let Some(batch) = listed.iter().copied().find(|batch| *batch as usize == inferences.len()) else {
        let found = inferences.len();
        let listed = listed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        bail!(
            "{} has a batch of {found}, but the package's commitment is for batches of {listed}: list the size with `maat transpile .. --batch {found}`",
            arguments.input.display()
        );
    };
    // Found out before the work is done, if they cannot be written.
    let destination = Destination::new(&arguments.output)?;
    let opening_destination = arguments.opening.as_deref().map(Destination::new).transpose()?;
    if arguments.opening.as_deref().is_some_and(|opening| same(opening, &arguments.output)) {
        bail!("{} cannot be both the proof and what opens its commitment", arguments.output.display());
    }

    let started = Instant::now();
    let commitment = entries.commitment();
    let preset = arguments.preset;
    let visibility = |committed| if committed { Visibility::Committed } else { Visibility::Public };
    let visibilities = (visibility(arguments.commit_inputs), visibility(arguments.commit_outputs));
    progress.step("fixed columns");
    let key = match Cache::of_user().filter(|_| !arguments.no_cache) {
        Some(cache) => ProvingKey::with_cache(&model, entries, preset, batch, &cache),
        None => ProvingKey::new(&model, entries, preset, batch),
    }?;
    let mut stages = vec![("fixed columns", started.elapsed())];
    let proved = key.prove(&inferences, visibilities, arguments.salt, &|stage| progress.step(stage))?;
    stages.extend(proved.stages);
    let bytes = proved.file.to_bytes();

    // A proof that does not hold is our bug, or somebody's who wrote to the cache; nobody should have to find it out from a verifier.
    progress.step("verification");
    let verifying = Instant::now();
    verify(&bytes, &commitment).context(match key.cached() {
        true => "the proof that was made does not hold: somebody may have changed the cache, so try again with --no-cache",
        false => "the proof that was made does not hold, which is a bug of the prover",
    })?;
    stages.push(("verification", verifying.elapsed()));
    let total = started.elapsed();

    // The opening goes first: a proof whose salt is lost would be of little use.
    let staged = destination.stage(&bytes, Readers::Usual)?;
    if let (Some(destination), Some(opening)) = (&opening_destination, &proved.opening) {
        destination.stage(&opening::to_bytes(opening)?, Readers::Owner)?.persist()?;
    }
    staged.persist()?;
    Ok(Proof {
        output: arguments.output,
        bytes: bytes.len(),
        commitment,
        preset,
        batch,
        rows: key.program().rows,
        cached: key.cached(),
        salt: proved.opening.map(|opening| opening.salt),
        opening: arguments.opening,
        stages,
        total,
        peak: peak_memory(),
        security: proved.security,
    })
}

/// Whether two paths name one file, as far as their spelling tells.
fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((std::path::absolute(a), std::path::absolute(b)), (Ok(a), Ok(b)) if a == b)
}

/// The most memory that this process has held so far, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim();
    Some(kilobytes.parse::<u64>().ok()? * 1024)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
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
            ("security", security(&self.security)),
        ];
        match (&self.opening, &self.salt) {
            (Some(opening), _) => facts.push(("opening", format!("{} (keep it: it opens the commitment)", opening.display()))),
            (None, Some(salt)) => facts.push(("salt", format!("{salt} (keep it: with the values, it opens the commitment)"))),
            (None, None) => {}
        }
        let cached = |stage: &str| if self.cached && stage == "fixed columns" { " (cached)" } else { "" };
        let stages = self.stages.iter().map(|(stage, taken)| [format!("{stage}{}", cached(stage)), format!("{:.1}", ms(*taken))]);
        let stages = table(["stage", "ms"], stages.chain([["in all".to_owned(), format!("{:.1}", ms(self.total))]]));
        let wrote = format!("wrote {}\n{NOT_ZERO_KNOWLEDGE}", self.output.display());
        [fields(facts), stages.to_string(), wrote].join("\n\n")
    }

    fn json(&self) -> Value {
        let stages: Map<String, Value> = self.stages.iter().map(|(stage, taken)| ((*stage).to_owned(), ms(*taken).into())).collect();
        json!({
            "kind": "model",
            "commitment": self.commitment.to_string(),
            "preset": self.preset.name(),
            "batch": self.batch,
            "rows": self.rows,
            "columns": self.columns(),
            "prove_ms": ms(self.total),
            "stages": stages,
            "cached": self.cached,
            "peak_rss_bytes": self.peak,
            "proof_bytes": self.bytes,
            "security": { "conjectured": self.security.conjectured, "proven": self.security.proven },
            "zero_knowledge": false,
            "salt": self.salt.as_ref().map(ToString::to_string),
            "opening": self.opening,
            "output": self.output,
        })
    }
}
