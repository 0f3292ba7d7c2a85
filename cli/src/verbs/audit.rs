//! `maat audit`: the commitment of a private model recomputed with its seed, by somebody whom others trust.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use maat_package::{MODEL, PackageFolder, differences, sha256};
use maat_prover::{LayoutChoice, ModelSeed, private_entries, random_salt};
use maat_runtime::Model;
use maat_verifier::{Entries, Entry, ModelCommitment, hex};
use serde_json::{Value, json};

use crate::files::{Destination, InputFiles, OutputKind, Readers};
use crate::progress::Progress;
use crate::response::{Response, fields, grouped, path_json};

/// Recompute the commitment of a private model with its seed, so that others need not trust its owner
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat audit package --seed package/private/seed\n  \
    maat audit package --seed seed --report audit.json\n\n\
    Exits with 0 only if every one-time root of every entry is that of the package's model. It takes as long as transpiling did. The auditor \
    sees the weights and the seed, and must keep both secret: with the seed, old proofs give the weights away.\n\n\
    Everybody else relies on the auditor's word alone that the commitment is of one model, and of which. The report says what was \
    recomputed, with a salted hash of the model; sign it with a tool of your own, such as `ssh-keygen -Y sign`, and publish it beside the \
    commitment. The salt proves later which model it was.")]
pub struct Arguments {
    /// The package folder, as `maat transpile --private` writes it
    package: PathBuf,
    /// The seed: the file `private/seed` of the package
    #[arg(long, value_name = "FILE")]
    seed: PathBuf,
    /// File to write what was recomputed to, as JSON, for the auditor to sign
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// What an audit has found.
pub struct Audited {
    commitment: ModelCommitment,
    recomputed: ModelCommitment,
    entries: Vec<Entry>,
    differences: Vec<String>,
    /// The model's hash with a salt, and the salt.
    model: [String; 2],
    report: Option<PathBuf>,
    ms: u128,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Audited> {
    let started = Instant::now();
    let progress = Progress::start("reading the package");
    let package = PackageFolder::open(&arguments.package)?;
    // Hashed is what is recomputed, whatever happens to the file meanwhile.
    let bytes = std::fs::read(package.folder.join(MODEL))?;
    if sha256(&bytes) != package.manifest.model_sha256 {
        bail!("{} is not the one that the manifest names: transpile again", package.folder.join(MODEL).display());
    }
    let model = Model::from_bytes(&bytes)?;
    let listed = package.entries()?;
    if !listed.are_private() {
        bail!("the model is public: `maat commitment` recomputes its commitment, without a seed");
    }
    let seed = ModelSeed::read(&arguments.seed).with_context(|| format!("the seed {}", arguments.seed.display()))?;
    let sources = InputFiles::default().and(&arguments.seed, "the seed").and_package(&package);
    let of_user = |path: &Path| Destination::of_user(path, OutputKind::Audit, &sources, arguments.force);
    let destination = arguments.report.as_deref().map(of_user).transpose()?;

    let mut recomputed = Vec::new();
    for entry in listed.as_slice() {
        let mut told = None;
        let mut tell = |done: u64, all: u64| {
            if told != Some(10 * done / all) {
                told = Some(10 * done / all);
                progress.step(&format!("preset {}, batches of {}: one-time roots, {done} of {all}", entry.preset, entry.batch));
            }
        };
        let secret = (&seed, entry.one_time_roots);
        let (entries, _) = private_entries(&model, &[entry.batch], &[entry.preset], LayoutChoice::Only(entry.layout), secret, &mut tell)?;
        recomputed.extend(entries.as_slice());
    }
    let recomputed = Entries::new(recomputed)?;
    let differences = differences(listed, &recomputed);

    let salt = random_salt()?.to_string();
    let mut audited = Audited {
        commitment: listed.commitment(),
        recomputed: recomputed.commitment(),
        entries: recomputed.as_slice().to_vec(),
        differences,
        model: [sha256(&[salt.as_bytes(), &bytes].concat()), salt],
        report: None,
        ms: started.elapsed().as_millis(),
    };
    if let Some(destination) = destination.filter(|_| audited.succeeded()) {
        let mut bytes = serde_json::to_vec_pretty(&audited.public())?;
        bytes.push(b'\n');
        destination.stage(&bytes, Readers::Owner)?.persist()?;
        audited.report = Some(destination.name());
    }
    Ok(audited)
}

impl Response for Audited {
    fn text(&self) -> String {
        if !self.succeeded() {
            let lines = [format!("manifest    {}", self.commitment), format!("recomputed  {}", self.recomputed)];
            return format!(
                "the commitment is NOT that of the package's model with this seed\n{}\n\n{}",
                lines.join("\n"),
                self.differences.join("\n")
            );
        }
        let roots: u64 = self.entries.iter().map(|entry| u64::from(entry.one_time_roots)).sum();
        let [hash, salt] = &self.model;
        let mut facts = vec![
            ("commitment", self.commitment.to_string()),
            ("recomputed", format!("{} one-time roots; entries: {}", grouped(roots), self.entries.len())),
            ("model", format!("{hash} (sha256 of the salt and model.maat)")),
            ("salt", format!("{salt} (write it down and keep it secret: it proves later which model it was)")),
        ];
        facts.extend(self.report.iter().map(|report| ("report", format!("{} (sign it)", report.display()))));
        let done = format!("audited in {:.1} s: every one-time root is that of the package's model", self.ms as f64 / 1000.0);
        format!("{done}\n\n{}", fields(facts))
    }

    fn json(&self) -> Value {
        let mut value = self.public();
        value["salt"] = self.model[1].clone().into();
        value["report"] = self.report.as_deref().map_or(Value::Null, path_json);
        value["ms"] = json!(self.ms);
        value
    }

    fn succeeded(&self) -> bool {
        self.commitment == self.recomputed && self.differences.is_empty()
    }
}

impl Audited {
    /// What everybody may see. The salt is not among it.
    fn public(&self) -> Value {
        let entry = |entry: &Entry| {
            json!({
                "preset": entry.preset.name(),
                "layout": entry.layout.name,
                "batch": entry.batch,
                "rows": entry.rows,
                "one_time_roots": entry.one_time_roots,
                "root": hex(&entry.fixed_root),
            })
        };
        json!({
            "matches": self.succeeded(),
            "commitment": self.commitment.to_string(),
            "recomputed": self.recomputed.to_string(),
            "entries": self.entries.iter().map(entry).collect::<Vec<_>>(),
            "differences": self.differences,
            "salted_model_sha256": self.model[0],
            "maat": env!("CARGO_PKG_VERSION"),
        })
    }
}
