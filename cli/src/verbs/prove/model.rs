//! Proofs of a package's model, for a batch of inferences, with what opens its digests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use maat_package::PackageFolder;
use maat_prover::{PrivateFolder, ProvingKey, Visibility};
use maat_runtime::Model;
use maat_verifier::air::trace_info;
use maat_verifier::layout::Layout;
use maat_verifier::{Mode, Opening, Preset, SideOpening, Statement, ValueDigest, verify};
use serde_json::{Value, json};

use super::arguments::{Arguments, Side};
use super::stages::{milliseconds, ms, peak_memory, stage_table, wrote};
use crate::cache;
use crate::files::{self, Destination, InputFiles, OutputKind, Readers};
use crate::inferences::{Caveated, Inferences};
use crate::opening;
use crate::progress::Progress;
use crate::response::{Response, fields, grouped, path_json};
use crate::security::{Privacy, model_security, model_security_json, weakness};

/// The written proof.
pub struct Proof {
    output: PathBuf,
    output_is_taken: bool,
    wrote: String,
    bytes: usize,
    statement: Statement,
    rows: u32,
    layout: &'static Layout,
    columns: [usize; 2],
    cached: bool,
    kept: Option<Opening>,
    opening: Option<PathBuf>,
    stages: Vec<(&'static str, Duration)>,
    total: Duration,
    peak: Option<u64>,
    warnings: Vec<String>,
}

/// How the statement names a side.
fn visibility(side: Side, arguments: &Arguments, chained: Option<SideOpening>) -> anyhow::Result<Visibility> {
    let [hidden, committed] = [&arguments.hide, &arguments.commit].map(|sides| sides.contains(&side));
    Ok(match (chained, hidden, committed) {
        (_, true, true) => {
            let side = if side == Side::Inputs { "inputs" } else { "outputs" };
            bail!("--hide {side} and --commit {side} exclude each other: a committed side is hidden, too");
        }
        (Some(_), _, false) => bail!("--chain binds the inputs by their digest: add `--commit inputs`"),
        (Some(opening), false, true) => Visibility::Opened(opening),
        (None, true, false) => Visibility::Hidden,
        (None, false, true) => Visibility::Committed,
        (None, false, false) => Visibility::Public,
    })
}

/// Proves a batch of inferences of the package's model.
pub fn run(arguments: Arguments, progress: &Progress) -> anyhow::Result<Caveated<Proof>> {
    let mut warnings = Vec::new();
    let (read, chained) = match (&arguments.input, &arguments.chain) {
        (_, Some(path)) => {
            let (opening, of_outputs) = opening::read_with_scales(path)?;
            let Some(outputs) = opening.outputs else {
                bail!("{} opens no outputs, which the inputs are to be", files::called(path).display());
            };
            let read = Inferences::chained(&arguments.package, path, &outputs)?;
            warnings.extend(other_units(&of_outputs, &scales(&read.model)[0]));
            (read, Some(outputs))
        }
        (Some(input), None) => (Inferences::read(&arguments.package, input, arguments.strictness)?, None),
        (None, None) => bail!("there are no inputs: give --input or --chain"),
    };
    let Inferences { package, model, inferences, caveats } = read;
    let source = arguments.chain.as_ref().or(arguments.input.as_ref()).expect("there is one of them");
    let listed: BTreeSet<u32> = package.all_entries()?.iter().flat_map(|entries| entries.as_slice()).map(|entry| entry.batch).collect();
    let Some(batch) = listed.iter().copied().find(|batch| *batch as usize == inferences.len()) else {
        let found = inferences.len();
        let listed = listed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let add = if package.is_private() {
            format!("list the size with `maat transpile .. --batch {found}`")
        } else {
            format!("add the size with `maat commitment {} --batch {found}`", package.folder.display())
        };
        bail!("{} has a batch of {found}, but the package's commitment is for batches of {listed}: {add}", files::called(source).display());
    };
    // Whether they can be written is found out before the work is done.
    let sources = InputFiles::default().and(source, "the input").and_package(&package);
    let of_user = |path: &Path, content| Destination::of_user(path, content, &sources, arguments.force);
    let destination = of_user(&arguments.output, OutputKind::Proof)?;
    let opening_destination = arguments.opening.as_deref().map(|path| of_user(path, OutputKind::Opening)).transpose()?;
    if opening_destination.as_ref().is_some_and(|opening| opening.is(&destination)) {
        bail!("{} cannot be both the proof and what opens its digests", destination.name().display());
    }

    let started = Instant::now();
    let preset = arguments.preset;
    let inputs = visibility(Side::Inputs, &arguments, chained)?;
    let outputs = visibility(Side::Outputs, &arguments, None)?;
    let private = package.is_private();
    let mode = if private || inputs != Visibility::Public || outputs != Visibility::Public { Mode::Hiding } else { Mode::Plain };
    let entries = package.entries_for(preset.tree(mode), batch)?.clone();
    let commitment = entries.commitment();
    if arguments.next_root.is_some() && !private {
        bail!("--next-root is for private models, and this one is public");
    }
    progress.step("fixed columns");
    let (cache, warning) = if arguments.no_cache || private { (None, None) } else { cache::usable()? };
    let key = match cache {
        _ if private => one_time_key(&package, &model, (preset, batch), arguments.next_root)?,
        Some(cache) => ProvingKey::with_cache(&model, entries, (preset, mode), batch, &cache)?,
        None => ProvingKey::new(&model, entries, (preset, mode), batch)?,
    };
    warnings.extend(warning);
    let mut stages = vec![("fixed columns", started.elapsed())];
    let proved = key.prove(&inferences, (inputs, outputs), &|stage| progress.step(stage))?;
    stages.extend(proved.stages);
    let bytes = proved.file.to_bytes();

    // A bug of the prover must show here, and not at a verifier's.
    progress.step("verification");
    let verifying = Instant::now();
    let statement = verify(&bytes, &commitment).context("the proof that was made does not hold, which is a bug of the prover")?;
    warnings.extend(weakness(&statement.security));
    stages.push(("verification", verifying.elapsed()));
    let total = started.elapsed();

    // The opening goes first: a proof whose salt is lost is of little use. An opening without its proof is of none, and is withdrawn.
    let staged = destination.stage(&bytes, Readers::Usual)?;
    if let (Some(destination), Some(opening)) = (&opening_destination, &proved.opening) {
        destination.stage(&opening::to_bytes(opening, scales(&model))?, Readers::Owner)?.persist()?;
    }
    staged.persist().inspect_err(|_| opening_destination.iter().for_each(Destination::withdraw))?;
    let output_is_taken = destination.is_output() || opening_destination.as_ref().is_some_and(Destination::is_output);
    let entry = proved.file.header.entry();
    let info = trace_info(entry.rows as usize, &proved.file.header.public_inputs());
    Ok(caveats.on(Proof {
        output: destination.name(),
        output_is_taken,
        wrote: wrote(&destination),
        bytes: bytes.len(),
        rows: entry.rows,
        layout: entry.layout,
        columns: [info.main_trace_width(), info.aux_segment_width()],
        statement,
        cached: key.cached(),
        kept: proved.opening,
        opening: opening_destination.as_ref().map(Destination::name),
        stages,
        total,
        peak: peak_memory(),
        warnings,
    }))
}

/// The scales of a model's inputs and outputs.
fn scales(model: &Model) -> [opening::Scales; 2] {
    let inputs = model.inputs().iter().map(|tensor| tensor.scale).collect();
    [inputs, model.outputs().iter().map(|port| model.tensor(port.tensor).scale).collect()]
}

/// What is to be said where one model's outputs have other units than the next one's inputs: the same integers then mean other numbers.
fn other_units(outputs: &[i32], inputs: &[i32]) -> Option<String> {
    let units = |scales: &[i32]| scales.iter().map(|scale| format!("2^{}", -*scale)).collect::<Vec<_>>().join(", ");
    (outputs != inputs).then(|| {
        let of_outputs = if outputs.is_empty() { "unknown units".to_owned() } else { format!("the unit {}", units(outputs)) };
        let of_inputs = units(inputs);
        format!(
            "the chained outputs have {of_outputs}, and this model's inputs have {of_inputs}: the same integers then mean other numbers"
        )
    })
}

/// The key of the one proof that spends the next one-time root of a private model. The root is spent, on the disk, before anything is computed
/// with it.
fn one_time_key<'m>(
    package: &PackageFolder,
    model: &'m Model,
    (preset, batch): (Preset, u32),
    next_root: Option<u32>,
) -> anyhow::Result<ProvingKey<'m>> {
    let entries = package.entries()?;
    let of_entry = preset.tree(Mode::Hiding);
    let Some(entry) = entries.find(of_entry, batch) else {
        bail!("a private model has no entry for the preset {preset}: prove with `--preset fast` or `--preset balanced`");
    };
    let folder = PrivateFolder::of_package(&package.folder);
    let seed = folder
        .seed()
        .with_context(|| format!("this model is private, and its secrets in {} are needed to prove", folder.path().display()))?;
    if let Some(from) = next_root {
        folder.adopt(&seed, entry.one_time_roots, from)?;
    }
    let root = folder.take(&seed, entry)?;
    Ok(ProvingKey::one_time(model, entries.clone(), preset, batch, (&seed, root))?)
}

impl Proof {
    /// Columns over the base field: an auxiliary column counts as many times as the extension's degree.
    fn base_columns(&self) -> [usize; 2] {
        let Statement { preset, mode, .. } = &self.statement;
        let [main, auxiliary] = self.columns;
        [main, auxiliary * preset.options(*mode).field_extension().degree() as usize]
    }

    fn privacy(&self) -> Privacy<'_> {
        let Statement { mode, inputs, outputs, one_time, .. } = &self.statement;
        Privacy { mode: *mode, inputs, outputs, one_time: *one_time }
    }

    /// The digests of the committed sides.
    fn digests(&self) -> impl Iterator<Item = (&'static str, &ValueDigest)> {
        let sides = [("inputs' digest", &self.statement.inputs), ("outputs' digest", &self.statement.outputs)];
        sides.into_iter().filter_map(|(name, values)| Some((name, values.as_committed()?)))
    }

    /// The salts that open the digests, if no file has them.
    fn salts(&self) -> impl Iterator<Item = (&'static str, &SideOpening)> {
        let kept = self.kept.as_ref().filter(|_| self.opening.is_none());
        let sides = kept.map(|opening| [("inputs' salt", &opening.inputs), ("outputs' salt", &opening.outputs)]);
        sides.into_iter().flatten().filter_map(|(name, side)| Some((name, side.as_ref()?)))
    }
}

impl Response for Proof {
    fn text(&self) -> String {
        let Statement { commitment, preset, mode, batch, security, .. } = &self.statement;
        let [main, auxiliary] = self.base_columns();
        let columns = format!("{} ({main} main, {auxiliary} auxiliary over the base field), layout {}", main + auxiliary, self.layout.name);
        let mut facts = vec![
            ("commitment", commitment.to_string()),
            ("preset", if mode.is_hiding() { format!("{preset}, hiding") } else { preset.to_string() }),
            ("batch", grouped(*batch)),
            ("rows", grouped(self.rows)),
            ("columns", columns),
            ("peak memory", self.peak.map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6))),
            ("proof", format!("{} bytes", grouped(self.bytes as u64))),
            ("security", model_security(security, *preset, *mode, self.statement.one_time.is_some())),
        ];
        facts.extend(self.digests().map(|(name, digest)| (name, digest.to_string())));
        facts
            .extend(self.opening.iter().map(|opening| ("opening", format!("{} (keep it secret: it opens the digest)", opening.display()))));
        facts.extend(
            self.salts().map(|(name, side)| (name, format!("{} (keep it secret: with the values, it opens the digest)", side.salt))),
        );
        let cached = |stage: &str| if self.cached && stage == "fixed columns" { " (cached)" } else { "" };
        let stages = stage_table(&self.stages, self.total, cached);
        let wrote = format!("{}\n{}", self.wrote, self.privacy().text());
        [fields(facts), stages, wrote].join("\n\n")
    }

    fn json(&self) -> Value {
        let Statement { commitment, preset, mode, batch, inputs, outputs, security, .. } = &self.statement;
        let [main, auxiliary] = self.base_columns();
        let salt = |side: fn(&Opening) -> &Option<SideOpening>| {
            let kept = self.kept.as_ref().filter(|_| self.opening.is_none());
            kept.and_then(|opening| side(opening).as_ref()).map(|side| side.salt.to_string())
        };
        json!({
            "kind": "model",
            "commitment": commitment.to_string(),
            "preset": preset.name(),
            "mode": if mode.is_hiding() { "hiding" } else { "plain" },
            "batch": batch,
            "rows": self.rows,
            "layout": self.layout.name,
            "columns": main + auxiliary,
            "prove_ms": ms(self.total),
            "stages": milliseconds(&self.stages),
            "cached": self.cached,
            "peak_rss_bytes": self.peak,
            "proof_bytes": self.bytes,
            "security": model_security_json(security, *preset, *mode, self.statement.one_time.is_some()),
            "zero_knowledge": mode.is_hiding(),
            "privacy": self.privacy().json(),
            "digests": {
                "inputs": inputs.as_committed().map(ToString::to_string),
                "outputs": outputs.as_committed().map(ToString::to_string),
            },
            "salts": { "inputs": salt(|opening| &opening.inputs), "outputs": salt(|opening| &opening.outputs) },
            "opening": self.opening.as_deref().map(path_json),
            "output": path_json(&self.output),
        })
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    fn output_is_taken(&self) -> bool {
        self.output_is_taken
    }
}
