//! The arguments of `maat prove`, and the presets as help describes them.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use maat_verifier::Preset;

use crate::inferences::Strictness;

/// Prove that the model, on these inputs, gives these outputs
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat prove package --input in.json -o proof.bin\n  \
    maat prove package --input batch.npz --preset onchain -o proof.bin\n  \
    maat prove package --input in.json --hide inputs -o proof.bin\n  \
    maat prove package --input in.json --commit inputs \\\n      --opening opening.json -o proof.bin\n  \
    maat prove next --chain opening.json --commit inputs -o next.bin\n  \
    maat prove package --input in.json --kind cairo -o proof.bin\n\n\
    A model proof is made from the model and is for its commitment. A Cairo proof is made from an execution of the package's Cairo program \
    and is for its program hash; it takes many times as long, and proves what runs on Starknet. \
    The input file has the format of `maat run`. A batch of inputs along a leading axis gets one proof; its size must have been given to \
    `maat transpile --batch N`. The total time (`prove_ms`) runs from the fixed columns to the verified proof, without reading the package \
    and the inputs and without writing the proof.\n\n\
    Inputs and outputs are part of the proof unless they are hidden or committed to. Such a proof hides them, and all that is computed in \
    between; a digest can be opened later with `maat verify --opening`, and one model's outputs can be another one's inputs under the \
    same digest (--chain). Proofs of a private model (`maat transpile --private`) hide the weights, too, and each spends a one-time root. \
    docs/zero-knowledge.md says under which conditions, and what is never hidden.\n\n\
    All other proofs are succinct and NOT zero-knowledge: they leak some of the weights. A Cairo proof holds the whole program, and so all \
    weights.")]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    pub package: PathBuf,
    /// The inputs; `-` for the standard input
    #[arg(long, value_name = "FILE", required_unless_present = "chain", conflicts_with = "chain")]
    pub input: Option<PathBuf>,
    /// Take the inputs from this opening of another proof: they are its outputs, and have the same digest. Needs `--commit inputs`
    #[arg(long, value_name = "FILE", requires = "commit")]
    pub chain: Option<PathBuf>,
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
    #[arg(long, default_value_t = Preset::Fast, value_parser = presets(MODEL_PRESETS))]
    pub preset: Preset,
    /// Keep the inputs, the outputs or both out of the proof, which then hides them; may be repeated
    #[arg(long, value_name = "SIDE", value_enum, value_delimiter = ',')]
    pub hide: Vec<Side>,
    /// As --hide, but the proof has a salted digest of the side, which can be opened; may be repeated
    #[arg(long, value_name = "SIDE", value_enum, value_delimiter = ',')]
    pub commit: Vec<Side>,
    /// File to write what opens the digests to, as JSON: salts and values. Keep it, and keep it secret. An existing file is replaced
    /// only with --force
    #[arg(long, value_name = "FILE", requires = "commit")]
    pub opening: Option<PathBuf>,
    /// Of a private model whose folder was copied, moved or restored, or whose ledger is lost: go on with this one-time root. Its index
    /// must be higher than that of every proof that was ever made of the model, on any machine, and from then on nobody may prove with
    /// another copy of the folder: a root that is used twice gives the weights away
    #[arg(long, value_name = "INDEX")]
    pub next_root: Option<u32>,
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

    /// The first flag that only a hiding proof can follow.
    pub fn hiding_flag(&self) -> Option<&'static str> {
        let flags = [
            ("--hide", !self.hide.is_empty()),
            ("--commit", !self.commit.is_empty()),
            ("--chain", self.chain.is_some()),
            ("--next-root", self.next_root.is_some()),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}

/// What a proof can hide.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Side {
    /// What the model takes
    Inputs,
    /// What it gives
    Outputs,
}

/// What a proof is made from.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ProofKind {
    /// The model: fast, and for any number of inferences
    Model,
    /// The execution of the package's Cairo program on one inference
    Cairo,
}

/// One of some presets by its name, with the help that is given for each.
pub fn presets<const N: usize>(described: [(Preset, &'static str); N]) -> impl TypedValueParser<Value = Preset> {
    let values = described.map(|(preset, help)| PossibleValue::new(preset.name()).help(help));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Preset>())
}

/// What each preset means for model proofs.
pub const MODEL_PRESETS: [(Preset, &str); Preset::ALL.len()] = [
    (Preset::Fast, "The least time: 96 to 99 bits conjectured, 51 to 57 proven; if it hides, 95 to 99 and 52 to 57"),
    (Preset::Balanced, "Security that rests on no conjecture: 124 bits conjectured, 100 to 102 proven"),
    (Preset::Onchain, "The smallest proof, hashed with Blake2s: 92 to 99 bits conjectured, 47 to 59 proven"),
    (
        Preset::Starknet,
        "A proof that a Starknet contract verifies from 96 bits on, hashed with Poseidon: 92 to 99 bits conjectured, 47 to 58 proven; for packages of \
         `maat transpile --contract-proofs`",
    ),
];
