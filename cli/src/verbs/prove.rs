mod cairo;
mod model;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use maat_prover::Salt;
use maat_transpiler::execute_program;
use maat_verifier::Preset;
use serde_json::{Map, Value};

pub use self::cairo::prove_execution;
use crate::files::{self, Destination, InputFiles, OutputKind};
use crate::inferences::{Inferences, Strictness};
use crate::opening;
use crate::progress::Progress;
use crate::response::{Response, table};

/// Prove that the model, on these inputs, gives these outputs
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("committed").args(["commit_inputs", "commit_outputs"]).multiple(true),
    after_help = "Examples:\n  maat prove package --input in.json -o proof.bin\n  \
    maat prove package --input batch.npz --preset onchain -o proof.bin\n  \
    maat prove package --input in.json --commit-inputs \\\n      --opening opening.json -o proof.bin\n  \
    maat prove package --input in.json --kind cairo -o proof.bin\n\n\
    A model proof is made from the model and is for its commitment. A Cairo proof is made from an execution of the package's Cairo program \
    and is for its program hash; it takes many times as long, and proves what runs on Starknet. \
    The input file is as for `maat run`. A batch of inputs along a leading axis gets one proof; its size must have been given to \
    `maat transpile --batch N`. Inputs and outputs are part of the proof unless they are committed to; `maat verify --opening` opens the \
    commitment. The total time (`prove_ms`) runs from the fixed columns to the verified proof: reading the package and the inputs, and \
    writing the proof, do not count.\n\n\
    Proofs are succinct and NOT zero-knowledge: they leak some of the weights, and of what is committed to. A Cairo proof holds the whole \
    program, and so all weights."
)]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
    /// The inputs; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// File to write the proof to, or `-` for the standard output; an older proof is replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace files that are not proofs, and an older opening: its proof can never be opened then
    #[arg(long)]
    force: bool,
    /// What is proven
    #[arg(long, value_enum, default_value_t = ProofKind::Model)]
    kind: ProofKind,
    /// Parameters of the proof, with the bits of security of a model proof: the longer the trace, the fewer. `maat cairo-prove
    /// --help` has those of a Cairo proof
    #[arg(long, default_value_t = Preset::Fast, value_parser = presets(model_preset))]
    preset: Preset,
    /// Bind the inputs by a salted commitment instead of publishing them
    #[arg(long)]
    commit_inputs: bool,
    /// Bind the outputs by a salted commitment instead of publishing them
    #[arg(long)]
    commit_outputs: bool,
    /// The salt of the commitment, 32 bytes that nobody can guess; a random one by default
    #[arg(long, value_name = "0x..", requires = "committed", value_parser = opening::parse_salt)]
    salt: Option<Salt>,
    /// File to write what opens the commitment to, as JSON: salt, inputs and outputs. Keep it, and keep it secret. An existing file is
    /// not replaced
    #[arg(long, value_name = "FILE", requires = "committed")]
    opening: Option<PathBuf>,
    /// Compute what all proofs of the model share anew instead of keeping it in the cache folder: see `maat cache --help`
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    strictness: Strictness,
}

impl Arguments {
    /// The files that are written.
    pub fn outputs(&self) -> Vec<&Path> {
        [Some(&self.output), self.opening.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect()
    }
}

/// A preset by its name, with what each is said to be good for.
pub fn presets(help: fn(Preset) -> &'static str) -> impl TypedValueParser<Value = Preset> {
    let value = |preset: Preset| PossibleValue::new(preset.name()).help(help(preset));
    PossibleValuesParser::new(Preset::ALL.map(value)).try_map(|name| name.parse::<Preset>())
}

fn model_preset(preset: Preset) -> &'static str {
    match preset {
        Preset::Fast => "The least time: 97 to 99 bits conjectured, 51 to 56 proven",
        Preset::Balanced => "Security that rests on no conjecture: 124 bits conjectured, 100 to 101 proven",
        Preset::Onchain => "The smallest proof, hashed with Blake2s: 93 to 99 bits conjectured, 48 to 58 proven",
    }
}

/// What a proof is made from.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ProofKind {
    /// The model: fast, and for any number of inferences
    Model,
    /// The execution of the package's Cairo program on one inference
    Cairo,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Box<dyn Response>> {
    let progress = Progress::start("reading the package");
    match arguments.kind {
        ProofKind::Model => Ok(Box::new(model::run(arguments, &progress)?)),
        ProofKind::Cairo => {
            if arguments.commit_inputs || arguments.commit_outputs {
                bail!("a Cairo proof publishes inputs and outputs: only model proofs commit to them");
            }
            let Inferences { package, inferences, caveats, .. } =
                Inferences::read(&arguments.package, &arguments.input, arguments.strictness)?;
            // Found out before the work is done, if it cannot be written.
            let sources = InputFiles::default().and(&arguments.input, "the input").and_package(&package);
            let destination = Destination::of_user(&arguments.output, OutputKind::Proof, &sources, arguments.force)?;
            let [inputs] = &inferences[..] else {
                let input = files::called(&arguments.input);
                bail!("{} has a batch of {}, and a Cairo proof is for one inference", input.display(), inferences.len());
            };
            progress.step("running the program");
            let execution = execute_program(&package.program()?, inputs)?;
            let proof = prove_execution(&execution, arguments.preset, &destination, &progress)?;
            Ok(Box::new(caveats.on(proof)))
        }
    }
}

/// Where a proof went.
fn wrote(destination: &Destination) -> String {
    if destination.is_output() { "wrote to standard output".to_owned() } else { format!("wrote {}", destination.name().display()) }
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

/// The time that each stage took and all together, with a note behind a stage's name.
fn stage_table(stages: &[(&'static str, Duration)], total: Duration, note: impl Fn(&str) -> &'static str) -> String {
    let stages = stages.iter().map(|(stage, taken)| [format!("{stage}{}", note(stage)), format!("{:.1}", ms(*taken))]);
    table(["stage", "ms"], stages.chain([["total".to_owned(), format!("{:.1}", ms(total))]])).to_string()
}

/// The time that each stage took, for machines.
fn milliseconds(stages: &[(&'static str, Duration)]) -> Map<String, Value> {
    stages.iter().map(|(stage, taken)| ((*stage).to_owned(), ms(*taken).into())).collect()
}
