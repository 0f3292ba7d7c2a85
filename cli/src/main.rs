//! The `maat` binary: parses, dispatches to a verb, prints its response and sets the exit code.

mod advice;
mod cache;
mod chain_proof;
mod felts;
mod files;
mod inferences;
mod named;
mod network;
mod opening;
mod progress;
mod response;
mod security;
mod usage;
mod verbs;

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Parser, Subcommand};
use response::{Response, report};

/// ONNX networks as Cairo programs with a deterministic integer runtime, proofs of their inferences, and execution on Starknet.
#[derive(Parser)]
#[command(
    name = "maat",
    // Usage would name the executable's file, whatever that is called.
    bin_name = "maat",
    version,
    arg_required_else_help = true,
    // Longer lines are hard to read, however wide the terminal is.
    max_term_width = 120,
    after_help = "From a network to a verified proof:\n  \
    maat transpile model.onnx --calibration samples.json -o package\n  \
    maat prove package --input in.json -o proof.bin\n  \
    maat verify proof.bin --model package\n\n\
    On Starknet:\n  \
    maat devnet start\n  \
    maat deploy package\n  \
    maat execute package --input in.json\n\n\
    A verifier needs nothing but the commitment that `transpile` prints:\n  maat verify proof.bin --commitment 0x00..\n\n\
    `maat demo --starknet` shows all of it on an example. `maat VERB --help` describes a verb.\n\n\
    Exit codes: 0 if the verb did its work, and what it checked holds; 1 if it checked something that does not hold; 2 if it could not do \
    or check what was asked, or the command line was wrong."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// Print the result as one JSON object, and errors too
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Verb {
    #[cfg(feature = "transpile")]
    Demo(verbs::demo::Arguments),
    #[cfg(feature = "transpile")]
    Transpile(verbs::transpile::Arguments),
    Run(verbs::run::Arguments),
    Inspect(verbs::inspect::Arguments),
    #[cfg(feature = "transpile")]
    Operators(verbs::operators::Arguments),
    Prove(verbs::prove::Arguments),
    CairoProve(verbs::cairo_prove::Arguments),
    Verify(verbs::verify::Arguments),
    Commitment(verbs::commitment::Arguments),
    Audit(verbs::audit::Arguments),
    #[cfg(feature = "transpile")]
    Check(verbs::check::Arguments),
    Cache(verbs::cache::Arguments),
    Devnet(verbs::devnet::Arguments),
    Deploy(verbs::deploy::Arguments),
    Execute(verbs::execute::Arguments),
    Registry(verbs::registry::Arguments),
    Submit(verbs::submit::Arguments),
    Strategy(verbs::strategy::Arguments),
    Vault(verbs::vault::Arguments),
}

fn main() -> ExitCode {
    #[cfg(feature = "transpile")]
    silence_importer_panics();
    let arguments = match Arguments::try_parse_from(usage::command_line(std::env::args_os())) {
        Ok(arguments) => arguments,
        Err(answer) => return usage::answer(answer).into(),
    };
    report(&run(arguments.verb, arguments.json), arguments.json).into()
}

fn run(verb: Verb, json: bool) -> anyhow::Result<Box<dyn Response>> {
    if json && verb.outputs().into_iter().any(files::is_standard_output) {
        bail!("the file and the JSON object cannot both go to the standard output: name a file, or omit --json");
    }
    match verb {
        #[cfg(feature = "transpile")]
        Verb::Demo(arguments) => verbs::demo::run(arguments).map(boxed),
        #[cfg(feature = "transpile")]
        Verb::Transpile(arguments) => verbs::transpile::run(arguments).map(boxed),
        Verb::Run(arguments) => verbs::run::run(arguments).map(boxed),
        Verb::Inspect(arguments) => verbs::inspect::run(arguments).map(boxed),
        #[cfg(feature = "transpile")]
        Verb::Operators(arguments) => Ok(boxed(verbs::operators::run(arguments))),
        Verb::Prove(arguments) => verbs::prove::run(arguments),
        Verb::CairoProve(arguments) => verbs::cairo_prove::run(arguments).map(boxed),
        Verb::Verify(arguments) => verbs::verify::run(arguments),
        Verb::Commitment(arguments) => verbs::commitment::run(arguments).map(boxed),
        Verb::Audit(arguments) => verbs::audit::run(arguments).map(boxed),
        #[cfg(feature = "transpile")]
        Verb::Check(arguments) => verbs::check::run(arguments).map(boxed),
        Verb::Cache(arguments) => verbs::cache::run(arguments).map(boxed),
        Verb::Devnet(arguments) => verbs::devnet::run(arguments).map(boxed),
        Verb::Deploy(arguments) => verbs::deploy::run(arguments).map(boxed),
        Verb::Execute(arguments) => verbs::execute::run(arguments).map(boxed),
        Verb::Registry(arguments) => verbs::registry::run(arguments),
        Verb::Submit(arguments) => verbs::submit::run(arguments).map(boxed),
        Verb::Strategy(arguments) => verbs::strategy::run(arguments),
        Verb::Vault(arguments) => verbs::vault::run(arguments),
    }
}

impl Verb {
    /// The files that it writes, as the user names them.
    fn outputs(&self) -> Vec<&Path> {
        match self {
            Self::Prove(arguments) => arguments.outputs(),
            Self::CairoProve(arguments) => arguments.outputs(),
            Self::Strategy(arguments) => arguments.outputs(),
            _ => Vec::new(),
        }
    }
}

fn boxed(response: impl Response + 'static) -> Box<dyn Response> {
    Box::new(response)
}

/// Panics of the foreign code that reads ONNX files come back as errors; their messages would only confuse.
#[cfg(feature = "transpile")]
fn silence_importer_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(maat_transpiler::IMPORT_THREAD) {
            default(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Every verb and those below it, each with its full name and with the end of its help.
    fn helps() -> Vec<(String, String)> {
        let mut open = vec![("maat".to_owned(), Arguments::command())];
        let mut helps = Vec::new();
        while let Some((name, command)) = open.pop() {
            let below = command.get_subcommands().filter(|below| below.get_name() != "help");
            open.extend(below.map(|below| (format!("{name} {}", below.get_name()), below.clone())));
            helps.push((name, command.get_after_help().map(ToString::to_string).unwrap_or_default()));
        }
        helps
    }

    /// Help is wrapped at the width of a terminal; a line that is to be copied must not be.
    #[test]
    fn examples_fit_into_eighty_columns() {
        for (name, help) in helps() {
            for line in help.lines().filter(|line| line.starts_with("  ")) {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
        }
    }

    #[test]
    fn every_verb_has_an_example() {
        for (name, help) in helps() {
            assert!(help.lines().any(|line| line.starts_with(&format!("  {name} ")) || line == format!("  {name}")), "{name}: {help}");
        }
    }
}
