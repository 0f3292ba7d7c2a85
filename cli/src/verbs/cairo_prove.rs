//! `maat cairo-prove`: a proof of any executable's run, without a package.

use std::path::{Path, PathBuf};

use anyhow::bail;
use maat_cairo::Executable;
use maat_verifier::Preset;

use super::prove;
use crate::felts;
use crate::files::{self, Destination, InputFiles, OutputKind};
use crate::progress::Progress;
use crate::response::Response;

/// Prove that a Cairo program ran to its end and gave its output
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat cairo-prove executable.json -o proof.bin\n  \
    maat cairo-prove executable.json --args args.json -o proof.bin\n\n\
    The executable is what `scarb build` makes of a function with `#[executable]` (target/<profile>/<name>.executable.json), without gas, \
    and what `maat transpile` writes to target/executable.json. It may use the builtins output and range_check, and no other. \
    The arguments are a JSON list of felts in the order in which the function deserialises them: integers, or strings in decimal or 0x hex. \
    The program of a package takes the integers of its inputs, one after the other, without a length in front: 36 for RockyBot. \
    `maat prove --kind cairo` makes them from real inputs. \
    Arguments are not part of the proof: a program has to output those that the proof is to state.\n\n\
    Proofs are succinct and NOT zero-knowledge: a Cairo proof holds the whole program and its output.")]
pub struct Arguments {
    /// The compiled program; `-` for the standard input
    executable: PathBuf,
    /// The program's arguments, or `-` for the standard input; none by default
    #[arg(long, value_name = "FILE")]
    args: Option<PathBuf>,
    /// File to write the proof to, or `-` for the standard output; an older proof is replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace a file that is not a proof
    #[arg(long)]
    force: bool,
    /// Parameters of the proof, with their bits of security
    #[arg(long, default_value_t = Preset::Fast, value_parser = prove::presets(PRESETS))]
    preset: Preset,
}

impl Arguments {
    /// The files that are written.
    pub fn outputs(&self) -> Vec<&Path> {
        vec![&self.output]
    }
}

pub fn run(arguments: Arguments) -> anyhow::Result<impl Response> {
    let progress = Progress::start("reading the program");
    let path = &arguments.executable;
    let mut sources = InputFiles::default().and(path, "the program");
    if let Some(args) = &arguments.args {
        sources = sources.and(args, "the arguments");
    }
    // Whether it can be written is found out before the work is done.
    let destination = Destination::of_user(&arguments.output, OutputKind::Proof, &sources, arguments.force)?;
    let bytes = files::read_all(path)?;
    let program = match Executable::from_json(&bytes) {
        Ok(program) => program,
        Err(error) => {
            bail!("{}: {error}; it must be an executable, as `scarb build` makes it of an #[executable]", files::called(path).display())
        }
    };
    let felts = arguments.args.as_deref().map(felts::read).transpose()?.unwrap_or_default();
    progress.step("running the program");
    let execution = program.execute(&felts)?;
    prove::prove_execution(&execution, arguments.preset, &destination, &progress)
}

/// What each preset means for Cairo proofs.
const PRESETS: [(Preset, &str); Preset::OF_CAIRO.len()] = [
    (Preset::Fast, "The least time: 97 bits conjectured, 57 proven"),
    (Preset::Balanced, "Security that rests on no conjecture: 125 bits conjectured, 100 proven"),
    (Preset::Onchain, "The smallest proof, hashed with Blake2s: 99 bits conjectured, 59 proven"),
];
