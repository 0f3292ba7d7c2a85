//! The arguments of `maat prove`, and the presets as help describes them.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use maat_verifier::Preset;
use maat_verifier::Salt;

use crate::inferences::Strictness;
use crate::opening;

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
    The input file has the format of `maat run`. A batch of inputs along a leading axis gets one proof; its size must have been given to \
    `maat transpile --batch N`. Inputs and outputs are part of the proof unless they are committed to; `maat verify --opening` opens the \
    commitment. The total time (`prove_ms`) runs from the fixed columns to the verified proof, without reading the package and the \
    inputs and without writing the proof.\n\n\
    Proofs are succinct and NOT zero-knowledge: they leak some of the weights, and of what is committed to. A Cairo proof holds the whole \
    program, and so all weights."
)]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    pub package: PathBuf,
    /// The inputs; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// File to write the proof to, or `-` for the standard output; an older proof is replaced
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace files that are not proofs, and an older opening, whose proof can then never be opened
    #[arg(long)]
    pub force: bool,
    /// What to prove
    #[arg(long, value_enum, default_value_t = ProofKind::Model)]
    pub kind: ProofKind,
    /// Parameters of the proof, with the bits of security of a model proof: the longer the trace, the fewer. `maat cairo-prove
    /// --help` has those of a Cairo proof
    #[arg(long, default_value_t = Preset::Fast, value_parser = presets(model_preset))]
    pub preset: Preset,
    /// Bind the inputs by a salted commitment instead of publishing them
    #[arg(long)]
    pub commit_inputs: bool,
    /// Bind the outputs by a salted commitment instead of publishing them
    #[arg(long)]
    pub commit_outputs: bool,
    /// The salt of the commitment, 32 bytes that nobody can guess; a random one by default
    #[arg(long, value_name = "0x..", requires = "committed", value_parser = opening::parse_salt)]
    pub salt: Option<Salt>,
    /// File to write what opens the commitment to, as JSON: salt, inputs and outputs. Keep it, and keep it secret. An existing
    /// file is replaced only with --force
    #[arg(long, value_name = "FILE", requires = "committed")]
    pub opening: Option<PathBuf>,
    /// Recompute what all proofs of the model share, and do not use the cache folder: see `maat cache --help`
    #[arg(long)]
    pub no_cache: bool,
    #[command(flatten)]
    pub strictness: Strictness,
}

impl Arguments {
    /// The files that are written.
    pub fn outputs(&self) -> Vec<&Path> {
        [Some(&self.output), self.opening.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect()
    }
}

/// What a proof is made from.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ProofKind {
    /// The model: fast, and for any number of inferences
    Model,
    /// The execution of the package's Cairo program on one inference
    Cairo,
}

/// A preset by its name, with help for each.
pub fn presets(help: fn(Preset) -> &'static str) -> impl TypedValueParser<Value = Preset> {
    let value = |preset: Preset| PossibleValue::new(preset.name()).help(help(preset));
    PossibleValuesParser::new(Preset::ALL.map(value)).try_map(|name| name.parse::<Preset>())
}

/// What a preset means for model proofs.
pub fn model_preset(preset: Preset) -> &'static str {
    match preset {
        Preset::Fast => "The least time: 97 to 99 bits conjectured, 51 to 56 proven",
        Preset::Balanced => "Security that rests on no conjecture: 124 bits conjectured, 100 to 101 proven",
        Preset::Onchain => "The smallest proof, hashed with Blake2s: 93 to 99 bits conjectured, 48 to 58 proven",
    }
}
