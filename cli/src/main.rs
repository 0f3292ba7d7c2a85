//! The `maat` binary: parses, dispatches to a verb, prints its response and sets the exit code.

mod arguments;
mod cache;
mod files;
mod inferences;
mod named;
mod network;
mod opening;
mod progress;
mod response;
mod verbs;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use response::Response;

/// ONNX networks as Cairo programs with a deterministic integer runtime, proofs of their inferences, and execution on Starknet.
#[derive(Parser)]
#[command(
    name = "maat",
    version,
    arg_required_else_help = true,
    after_help = "From a network to a verified proof:\n  \
    maat transpile model.onnx --calibration samples.json -o package\n  \
    maat prove package --input in.json -o proof.bin\n  \
    maat verify proof.bin --model package\n\n\
    On Starknet:\n  \
    maat devnet start\n  \
    maat deploy package\n  \
    maat execute package --input in.json\n\n\
    A verifier needs no more of the package than the commitment that `transpile` prints: maat verify proof.bin --commitment 0x00..\n\
    `maat demo --starknet` does all of it with an example. `maat VERB --help` has more."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// Print the result as JSON, and errors too
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Verb {
    Demo(verbs::demo::Arguments),
    Transpile(verbs::transpile::Arguments),
    Run(verbs::run::Arguments),
    Inspect(verbs::inspect::Arguments),
    Prove(verbs::prove::Arguments),
    CairoProve(verbs::cairo_prove::Arguments),
    Verify(verbs::verify::Arguments),
    Commitment(verbs::commitment::Arguments),
    Check(verbs::check::Arguments),
    Cache(verbs::cache::Arguments),
    Devnet(verbs::devnet::Arguments),
    Deploy(verbs::deploy::Arguments),
    Execute(verbs::execute::Arguments),
    Registry(verbs::registry::Arguments),
}

/// Exit code: what was to be checked was checked, and does not hold.
const DOES_NOT_HOLD: u8 = 1;
/// Exit code: it could not be checked or done, or the command line was wrong.
const NOT_CHECKED: u8 = 2;

fn main() -> ExitCode {
    silence_importer_panics();
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let result: anyhow::Result<Box<dyn Response>> = match arguments.verb {
        Verb::Demo(arguments) => verbs::demo::run(arguments).map(boxed),
        Verb::Transpile(arguments) => verbs::transpile::run(arguments).map(boxed),
        Verb::Run(arguments) => verbs::run::run(arguments).map(boxed),
        Verb::Inspect(arguments) => verbs::inspect::run(arguments).map(boxed),
        Verb::Prove(arguments) => verbs::prove::run(arguments),
        Verb::CairoProve(arguments) => verbs::cairo_prove::run(arguments).map(boxed),
        Verb::Verify(arguments) => verbs::verify::run(arguments),
        Verb::Commitment(arguments) => verbs::commitment::run(arguments).map(boxed),
        Verb::Check(arguments) => verbs::check::run(arguments).map(boxed),
        Verb::Cache(arguments) => verbs::cache::run(arguments).map(boxed),
        Verb::Devnet(arguments) => verbs::devnet::run(arguments).map(boxed),
        Verb::Deploy(arguments) => verbs::deploy::run(arguments).map(boxed),
        Verb::Execute(arguments) => verbs::execute::run(arguments).map(boxed),
        Verb::Registry(arguments) => verbs::registry::run(arguments),
    };
    match result {
        Ok(response) => {
            if let Err(error) = response::print(response.as_ref(), arguments.json) {
                eprintln!("error: cannot write to the standard output: {error}");
                return ExitCode::from(NOT_CHECKED);
            }
            if response.succeeded() { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) }
        }
        Err(error) => {
            if arguments.json {
                eprintln!("{}", serde_json::json!({ "error": format!("{error:#}") }));
            } else {
                eprintln!("error: {error:#}");
            }
            ExitCode::from(NOT_CHECKED)
        }
    }
}

fn boxed(response: impl Response + 'static) -> Box<dyn Response> {
    Box::new(response)
}

/// Panics of the foreign code that reads ONNX files come back as errors; their messages would only confuse.
fn silence_importer_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(maat_transpiler::IMPORT_THREAD) {
            default(info);
        }
    }));
}
