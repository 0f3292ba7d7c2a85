//! `maat prove`: a proof of inferences, made from the model or from an execution of its Cairo program.

mod arguments;
mod cairo;
mod model;
mod stages;

use anyhow::bail;
use maat_package::execute_program;

use self::arguments::ProofKind;
pub use self::arguments::{Arguments, MODEL_PRESETS, presets};
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
            if let Some(flag) = arguments.hiding_flag() {
                bail!("a Cairo proof publishes inputs and outputs, so {flag} needs a model proof");
            }
            let input = arguments.input.as_deref().expect("without --chain there is an input");
            let Inferences { package, inferences, caveats, .. } = Inferences::read(&arguments.package, input, arguments.strictness)?;
            if package.is_private() {
                bail!("a Cairo proof holds the whole program with all weights, which are to stay secret: this model is private");
            }
            // Whether it can be written is found out before the work is done.
            let sources = InputFiles::default().and(input, "the input").and_package(&package);
            let destination = Destination::of_user(&arguments.output, OutputKind::Proof, &sources, arguments.force)?;
            let [inputs] = &inferences[..] else {
                let input = files::called(input);
                bail!("{} has a batch of {}, and a Cairo proof is for one inference", input.display(), inferences.len());
            };
            progress.step("running the program");
            let execution = execute_program(&package.program()?, inputs)?;
            let proof = prove_execution(&execution, arguments.preset, &destination, &progress)?;
            Ok(Box::new(caveats.on(proof)))
        }
    }
}
