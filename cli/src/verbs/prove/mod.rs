//! `maat prove`: a proof of inferences, made from the model or from an execution of its Cairo program.

mod arguments;
mod cairo;
mod model;
mod stages;

use anyhow::bail;
use maat_package::execute_program;

use self::arguments::ProofKind;
pub use self::arguments::{Arguments, model_preset, presets};
pub use self::cairo::prove_execution;
pub use self::stages::{ms, peak_memory, wrote};
use crate::files::{self, Destination, InputFiles, OutputKind};
use crate::inferences::Inferences;
use crate::progress::Progress;
use crate::response::Response;

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
            // Whether it can be written is found out before the work is done.
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
