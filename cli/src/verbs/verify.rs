mod cairo;
mod model;

use std::path::PathBuf;

use anyhow::bail;
use maat_transpiler::PackageFolder;
use maat_verifier::cairo::ProgramHash;
use maat_verifier::{FileError, Hash, Kind, MAX_FILE_BYTES, ModelCommitment, Preset};

use crate::progress::Progress;
use crate::response::Response;
use crate::{files, opening};

/// Verify a proof: that the model, on these inputs, gives these outputs, or that a Cairo program gave its output
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat verify proof.bin --model package\n  maat verify proof.bin --commitment 0x00..\n  \
    maat verify proof.bin --model package --opening opening.json\n  \
    maat verify proof.bin --program-hash 0x..\n\n\
    Exits with 0 only when the proof holds, and prints the statement that it proves. Inputs, outputs, preset and batch size are the \
    prover's choice: look whether they are what you asked for. Values are the integers that `maat run --json` shows. \
    The commitment is like a verifying key: it stands for a model only if somebody recomputed it, with `maat commitment`. Likewise a \
    salted commitment names one batch only once it is opened: before that, equal ones may stand for different values. \
    A Cairo proof is for a program, which stands in the proof and is hashed: the bytecode's hash is kept in the cache, as it takes longer than \
    all else. The output of a package's program is its inputs and then its outputs.\n\n\
    Proofs are succinct and NOT zero-knowledge: they leak some of the weights, and of what is committed to.")]
pub struct Arguments {
    /// The proof, as `maat prove` writes it; `-` for the standard input
    proof: PathBuf,
    #[command(flatten)]
    expected: Expected,
    /// Check that this opens the proof's salted commitment too, and show the values: the file that `maat prove --opening` writes, or
    /// `-` for the standard input
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// Hash the program of a Cairo proof anew, in place of looking its hash up in $MAAT_CACHE or in the user's cache folder
    #[arg(long)]
    no_cache: bool,
}

/// The model or program that the proof must be for.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Expected {
    /// The package folder of the model; for a model proof nothing but its manifest.json is read
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The commitment of the model, as `maat transpile` and `maat commitment` print it
    #[arg(long, value_name = "0x..")]
    commitment: Option<ModelCommitment>,
    /// The hash of the Cairo program, as StarkWare's bootloader computes it and `maat transpile` and `maat cairo-prove` print it
    #[arg(long, value_name = "0x..")]
    program_hash: Option<ProgramHash>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Box<dyn Response>> {
    let _progress = Progress::start("verifying");
    let Expected { model, commitment, program_hash } = arguments.expected;
    let package = model.as_deref().map(PackageFolder::open).transpose()?;
    let opening = arguments.opening.as_deref().map(opening::read).transpose()?;
    let proof = files::read(&arguments.proof, MAX_FILE_BYTES)?.map_err(|found| FileError::TooLong { found });
    // What is no proof at all is refused as the kind of proof that was asked for.
    let asked = if program_hash.is_some() { Kind::Cairo } else { Kind::Model };
    match proof.as_deref().ok().and_then(|proof| Kind::of(proof).ok()).unwrap_or(asked) {
        Kind::Model => {
            let expected = match (commitment, package) {
                (Some(commitment), _) => commitment,
                (None, Some(package)) => package.entries()?.commitment(),
                (None, None) => bail!("the file holds a model proof, which has no program hash: give --commitment or --model"),
            };
            Ok(Box::new(model::run(proof, expected, opening)?))
        }
        Kind::Cairo => {
            if opening.is_some() {
                bail!("the file holds a Cairo proof, which has no salted commitment that --opening could open");
            }
            let expected = match (program_hash, &package) {
                (Some(hash), _) => hash,
                (None, Some(package)) => package.program_hash()?,
                (None, None) => bail!("the file holds a Cairo proof, which has no commitment to a model: give --program-hash or --model"),
            };
            let model = package.map(|package| package.model()).transpose()?;
            Ok(Box::new(cairo::run(proof, expected, model, !arguments.no_cache)))
        }
    }
}

fn hash(preset: Preset) -> &'static str {
    match preset.hash() {
        Hash::Blake3 => "Blake3",
        Hash::Blake2s => "Blake2s",
    }
}
