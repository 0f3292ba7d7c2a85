use std::path::PathBuf;

use anyhow::{Context, bail};
use maat_cairo::Program;
use maat_verifier::Preset;

use super::prove;
use crate::arguments;
use crate::progress::Progress;
use crate::response::Response;

/// Prove that a Cairo program ran to its end and gave its output
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat cairo-prove executable.json -o proof.bin\n  \
    maat cairo-prove executable.json --args args.json --preset onchain -o proof.bin\n\n\
    The executable is what `scarb build` makes of a function with `#[executable]` (target/<profile>/<name>.executable.json), without gas,\n\
    and what `maat transpile` writes to target/executable.json. It may use the builtins output and range_check, and no other.\n\
    The arguments are a JSON list of felts in the order in which the function deserialises them: integers, or strings in decimal or 0x hex.\n\
    They do not stand in the proof: a program that is to answer for them outputs them.\n\n\
    Proofs are succinct and NOT zero-knowledge: a Cairo proof holds the whole program and its output.")]
pub struct Arguments {
    /// The compiled program
    executable: PathBuf,
    /// The program's arguments; none by default
    #[arg(long, value_name = "FILE")]
    args: Option<PathBuf>,
    /// File to write the proof to; an older one is replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Parameters of the proof, with their bits of security
    #[arg(long, default_value_t = Preset::Fast, value_parser = prove::presets(preset))]
    preset: Preset,
}

pub fn run(arguments: Arguments) -> anyhow::Result<impl Response> {
    let progress = Progress::start("reading the program");
    let path = &arguments.executable;
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let program = match Program::from_json(&bytes) {
        Ok(program) => program,
        Err(error) => bail!("{}: {error}; it must be an executable, as `scarb build` makes it of an #[executable]", path.display()),
    };
    let felts = arguments.args.as_deref().map(arguments::read).transpose()?.unwrap_or_default();
    progress.step("running the program");
    let execution = program.execute(&felts)?;
    prove::prove_execution(&execution, arguments.preset, &arguments.output, &progress)
}

fn preset(preset: Preset) -> &'static str {
    match preset {
        Preset::Fast => "The least time: 97 bits conjectured, 57 proven",
        Preset::Balanced => "Security that rests on no conjecture: 125 bits conjectured, 100 proven",
        Preset::Onchain => "The smallest proof, hashed with Blake2s: 99 bits conjectured, 59 proven",
    }
}
