//! `maat verify`: whether a proof holds, of whichever kind the file says that it is.

mod cairo;
mod least;
mod model;
mod names;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::bail;
use maat_package::{PackageError, PackageFolder};
use maat_verifier::cairo::ProgramHash;
use maat_verifier::{FileError, Kind, MAX_FILE_BYTES, ModelCommitment, ProofFile};

pub use self::least::Least;
use self::names::Names;
use crate::progress::Progress;
use crate::response::Response;
use crate::{files, opening};

/// Verify a proof: that the model, on these inputs, gives these outputs, or that a Cairo program gave its output
#[derive(clap::Args)]
#[command(
    override_usage = "maat verify [OPTIONS] --model <DIR> <PROOF>\n       maat verify [OPTIONS] --commitment <0x..> <PROOF>\n       \
        maat verify [OPTIONS] --program-hash <0x..> <PROOF>",
    after_help = "Examples:\n  maat verify proof.bin --model package\n  maat verify proof.bin --commitment 0x00..\n  \
    maat verify proof.bin --model package --opening opening.json\n  \
    maat verify proof.bin --program-hash 0x..\n  \
    maat verify proof.bin --model package --min-proven 100\n\n\
    Exits with 0 only if the proof holds, and prints the statement that it proves. The prover chose inputs, outputs, preset and batch size: \
    check that they are what you asked for, and ask for bits of security with --min-conjectured and --min-proven. With --model, values have \
    their names, and the real value follows each proven integer in brackets.\n\n\
    The commitment is like a verifying key: it stands for a model only if somebody recomputed it, with `maat commitment` or `maat check`. \
    The bits of security are for that case; otherwise it binds with far fewer. Of a private model, only an auditor can have recomputed it \
    (`maat audit`).\n\n\
    A Cairo proof is for a program, which the proof contains and `verify` hashes. A package's program outputs its inputs and then its \
    outputs.\n\n\
    The last lines say what the proof hides and what not."
)]
pub struct Arguments {
    /// The proof, as `maat prove` writes it; `-` for the standard input
    proof: PathBuf,
    #[command(flatten)]
    expected: Expected,
    /// Also check that this file opens the proof's digests, and show the values: `maat prove --opening` writes it; `-` for the standard
    /// input
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    #[command(flatten)]
    least: Least,
}

/// The model or program that the proof must be for.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Expected {
    /// The package folder of the model. For a model proof its manifest.json is enough; with its model.maat, values have their names
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
    // What is not a proof at all is refused as the kind of proof that was asked for.
    let asked = if program_hash.is_some() { Kind::Cairo } else { Kind::Model };
    match proof.as_deref().ok().and_then(|proof| Kind::of(proof).ok()).unwrap_or(asked) {
        Kind::Model => {
            let expected = match (commitment, &package) {
                (Some(commitment), _) => commitment,
                (None, Some(package)) => {
                    // A proof says under which commitment it was made; the package must have that one.
                    let named = proof.as_deref().ok().and_then(|proof| ProofFile::split(proof).ok());
                    match named {
                        Some((header, _)) => package.entries_under(&header.entries().commitment())?.commitment(),
                        None => package.entries()?.commitment(),
                    }
                }
                (None, None) => bail!("the file holds a model proof, which has no program hash: give --commitment or --model"),
            };
            proof_or_refuse(&arguments.proof, &proof)?;
            let (names, warning) = package.map_or((None, None), |package| names(&package));
            Ok(Box::new(model::run(proof, expected, opening, arguments.least, names, warning)?))
        }
        Kind::Cairo => {
            proof_or_refuse(&arguments.proof, &proof)?;
            if opening.is_some() {
                bail!("the file holds a Cairo proof, which has no digest that --opening could open");
            }
            let expected = match (program_hash, &package) {
                (Some(hash), _) => hash,
                (None, Some(package)) => package.program_hash()?,
                (None, None) => bail!("the file holds a Cairo proof, which has no commitment to a model: give --program-hash or --model"),
            };
            let model = package.map(|package| package.model()).transpose()?;
            let names = model.as_ref().map(Names::of);
            Ok(Box::new(cairo::run(proof, expected, names, arguments.least)))
        }
    }
}

/// Refuses a file that does not begin as proofs do, or is of another version: it says nothing that could be checked here. Any other may be
/// damaged.
fn proof_or_refuse(path: &Path, proof: &Result<Vec<u8>, FileError>) -> anyhow::Result<()> {
    if let Some(error @ FileError::Version { .. }) = proof.as_ref().ok().and_then(|proof| Kind::of(proof).err()) {
        bail!("{}: {error}", files::called(path).display());
    }
    let other = match proof {
        Ok(proof) => Kind::of(proof) == Err(FileError::Magic),
        Err(_) => beginning(path).is_some_and(|beginning| Kind::of(&beginning) == Err(FileError::Magic)),
    };
    if other {
        bail!("{}: {}; `maat prove` and `maat cairo-prove` write one", files::called(path).display(), FileError::Magic);
    }
    Ok(())
}

/// As much of a file that is too long for a proof as tells whether it begins as one. What was read from the standard input is gone.
fn beginning(path: &Path) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).ok().map(|()| bytes)
}

/// The names of a package's inputs and outputs. A verifier may have nothing of it but the manifest.
fn names(package: &PackageFolder) -> (Option<Names>, Option<String>) {
    match package.model() {
        Ok(model) => (Some(Names::of(&model)), None),
        Err(PackageError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => (None, None),
        Err(error) => (None, Some(format!("values have no names and units: {:#}", anyhow::Error::new(error)))),
    }
}
