use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use maat_prover::{Cache, ProvingKey, Salt, Visibility};
use maat_transpiler::{PackageFolder, parse_hex, quantise_sample, samples};
use maat_verifier::layout::{AUXILIARY_WIDTH, MAIN_WIDTH};
use maat_verifier::{ModelCommitment, Preset, Security, verify};
use serde_json::{Map, Value, json};

use crate::progress::Progress;
use crate::response::{NOT_ZERO_KNOWLEDGE, Response, fields, grouped, security, table};

/// Prove that the committed model, on these inputs, gives these outputs
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("committed").args(["commit_inputs", "commit_outputs"]).multiple(true),
    after_help = "Examples:\n  maat prove package --input in.json -o proof.bin\n  \
    maat prove package --input batch.npz --preset onchain -o proof.bin\n  \
    maat prove package --input in.json --commit-inputs -o proof.bin\n\n\
    The input file is as for `maat run`. A batch of inputs along a leading axis gets one proof; its size must have been given to\n\
    `maat transpile --batch N`. Inputs and outputs stand in the proof, unless they are committed to. Proofs are succinct and not\n\
    zero-knowledge: they leak some of the weights, and of what is committed to."
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
    /// Parameters: proves in the least time (fast), has 100 proven bits (balanced), or makes the smallest proof (onchain)
    #[arg(long, default_value_t = Preset::Fast, value_parser = preset())]
    preset: Preset,
    /// Bind the inputs by a salted commitment in place of publishing them
    #[arg(long)]
    commit_inputs: bool,
    /// Bind the outputs by a salted commitment in place of publishing them
    #[arg(long)]
    commit_outputs: bool,
    /// The salt of the commitment, 32 bytes that nobody can guess; a random one by default
    #[arg(long, value_name = "0x..", requires = "committed", value_parser = salt)]
    salt: Option<Salt>,
    /// Compute what all proofs of the model share anew, in place of keeping it in $MAAT_CACHE or in the user's cache folder
    #[arg(long)]
    no_cache: bool,
}

fn preset() -> impl TypedValueParser<Value = Preset> {
    PossibleValuesParser::new(Preset::ALL.map(Preset::name)).try_map(|name| name.parse::<Preset>())
}

fn salt(text: &str) -> Result<Salt, String> {
    parse_hex(text).map(Salt::new).ok_or_else(|| "a salt is 0x and 64 hexadecimal digits".to_owned())
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
    // Found out before the work is done, if it cannot be written.
    let destination = Destination::new(&arguments.output)?;

    let started = Instant::now();
    progress.step("fixed columns");
    let commitment = entries.commitment();
    let preset = arguments.preset;
    let key = match Cache::of_user().filter(|_| !arguments.no_cache) {
        Some(cache) => ProvingKey::with_cache(&model, entries, preset, batch, &cache),
        None => ProvingKey::new(&model, entries, preset, batch),
    }?;
    let mut stages = vec![("fixed columns", started.elapsed())];
    let visibility = |committed| if committed { Visibility::Committed } else { Visibility::Public };
    let visibilities = (visibility(arguments.commit_inputs), visibility(arguments.commit_outputs));
    let proved = key.prove(&inferences, visibilities, arguments.salt, &|stage| progress.step(stage))?;
    stages.extend(proved.stages);
    let bytes = proved.file.to_bytes();

    // A proof that does not hold is our bug; nobody should have to find it out from a verifier.
    progress.step("verification");
    let verifying = Instant::now();
    verify(&bytes, &commitment).context("the proof that was made does not hold, which is a bug of the prover")?;
    stages.push(("verification", verifying.elapsed()));
    let total = started.elapsed();
    destination.write(&bytes)?;
    Ok(Proof {
        output: arguments.output,
        bytes: bytes.len(),
        commitment,
        preset,
        batch,
        rows: key.program().rows,
        cached: key.cached(),
        salt: proved.salt,
        stages,
        total,
        peak: peak_memory(),
        security: proved.security,
    })
}

/// A file that is there as a whole or not at all: it is written beside its place, and then renamed.
struct Destination<'p> {
    path: &'p Path,
    staged: tempfile::TempDir,
}

impl<'p> Destination<'p> {
    fn new(path: &'p Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let staged = tempfile::Builder::new().prefix(".maat-").tempdir_in(folder);
        let staged = staged.with_context(|| format!("cannot write {}", path.display()))?;
        if path.is_dir() {
            bail!("cannot write {}: it is a folder", path.display());
        }
        Ok(Self { path, staged })
    }

    fn write(self, bytes: &[u8]) -> anyhow::Result<()> {
        let file = self.staged.path().join("proof");
        let written = std::fs::write(&file, bytes).and_then(|()| std::fs::rename(&file, self.path));
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
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
        if let Some(salt) = &self.salt {
            facts.push(("salt", format!("{salt} (keep it: with the values, it opens the commitment)")));
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
            "output": self.output,
        })
    }
}
