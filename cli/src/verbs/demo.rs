use std::path::PathBuf;

use anyhow::{Context, bail};
use maat_runtime::{Executor, dequantise};
use maat_transpiler::{Network, Package, Report, quantise_sample, run_program, samples};
use serde_json::{Value, json};

use super::inspect;
use super::transpile::{CompilerChoice, Quantisation};
use crate::progress::Progress;
use crate::response::{Response, grouped, real, table};

/// Transpile an example network and run it on real data in both executors
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat demo\n  maat demo examples/lenet")]
pub struct Arguments {
    /// The example: a folder with NAME.onnx, calibration.json and test.json
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/rockybot"), hide_default_value = true)]
    example: PathBuf,
    /// How many test samples to run in the Cairo VM too
    #[arg(long, default_value_t = 16, value_name = "N")]
    cairo_samples: usize,
    /// Keep the package in this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    quantisation: Quantisation,
    #[command(flatten)]
    compiler: CompilerChoice,
}

/// What the demo found.
pub struct Demonstrated {
    name: String,
    example: PathBuf,
    report: Report,
    /// The first output on the first test sample: float and quantised.
    first: (String, Vec<(f64, f64)>),
    test: TestRun,
    output: Option<PathBuf>,
}

/// The test samples in all executors.
struct TestRun {
    samples: usize,
    /// Samples whose first output has its greatest value in the same place in float and quantised.
    same_argmax: usize,
    cairo_samples: usize,
    steps: usize,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Demonstrated> {
    let progress = Progress::start("reading the example");
    let example = std::path::absolute(&arguments.example)?;
    let name = example.components().next_back().map(|name| name.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
    let compiler = arguments.compiler.compiler()?;
    let network = Network::import(&example.join(format!("{name}.onnx"))).with_context(|| format!("example {}", example.display()))?;
    let calibration = samples::read(&example.join("calibration.json"), network.inputs())?;
    let test = samples::read(&example.join("test.json"), network.inputs())?;

    progress.step("calibrating and quantising");
    let quantised = network.quantise(&calibration, &arguments.quantisation.options())?;
    let package = Package::build(quantised, &compiler, &mut |step| progress.step(step))?;
    if let Some(output) = &arguments.output {
        package.write(output)?;
    }

    progress.step("running the test samples");
    let model = &package.model;
    let inputs = test.iter().map(|sample| quantise_sample(model, sample)).collect::<Result<Vec<_>, _>>()?;
    let outputs = Executor::run_batch(model, &inputs)?;
    let float: Vec<Vec<Vec<f64>>> = test.iter().map(|sample| network.run_float(sample)).collect();
    let port = &model.outputs()[0];
    let scale = model.tensor(port.tensor).scale;
    let quantised = |sample: usize| outputs[sample][0].iter().map(move |q| dequantise(*q, scale));
    let same = |sample: &usize| arg_max(float[*sample][0].iter().copied()) == arg_max(quantised(*sample));
    let same_argmax = (0..test.len()).filter(same).count();

    progress.step("running the Cairo program");
    let cairo_samples = arguments.cairo_samples.clamp(1, test.len());
    let mut steps = 0;
    for sample in 0..cairo_samples {
        let (by_cairo, taken) = run_program(model, &package.program, &inputs[sample])?;
        if by_cairo != outputs[sample] {
            bail!("the Cairo VM and the runtime disagree on test sample {sample}: {by_cairo:?} and {:?}", outputs[sample]);
        }
        steps = taken;
    }
    Ok(Demonstrated {
        name,
        example: arguments.example,
        first: (port.name.clone(), float[0][0].iter().copied().zip(quantised(0)).collect()),
        test: TestRun { samples: test.len(), same_argmax, cairo_samples, steps },
        report: package.report,
        output: arguments.output,
    })
}

/// Position of the first maximum.
fn arg_max(values: impl Iterator<Item = f64>) -> Option<usize> {
    values
        .enumerate()
        .fold(None, |best: Option<(usize, f64)>, (position, value)| match best {
            Some((_, greatest)) if value <= greatest => best,
            _ => Some((position, value)),
        })
        .map(|(position, _)| position)
}

impl Response for Demonstrated {
    fn text(&self) -> String {
        let (port, values) = &self.first;
        let rows = values.iter().enumerate().map(|(position, (float, quantised))| {
            [format!("{port}[{position}]"), real(*float), real(*quantised), real((quantised - float).abs())]
        });
        let first = table(["first test sample", "float", "quantised", "difference"], rows);
        let test = &self.test;
        let agreement = format!(
            "{} test samples: float and quantised have the same argmax on {}.\n{} of them in the Cairo VM: every integer equal to the runtime's; the last took {} steps.",
            grouped(test.samples as u64),
            grouped(test.same_argmax as u64),
            grouped(test.cairo_samples as u64),
            grouped(test.steps as u64)
        );
        let written = self.output.as_ref().map_or_else(
            || {
                let test = self.example.join("test.json");
                format!("Keep the package with `-o DIR`, then try `maat inspect DIR` and `maat run DIR --input {}`.", test.display())
            },
            |output| format!("wrote {}", output.display()),
        );
        let parts = [
            format!("{}: an ONNX network as a Cairo program", self.name),
            first.to_string(),
            agreement,
            inspect::cost(&self.report.cost),
            written,
        ];
        parts.join("\n\n")
    }

    fn json(&self) -> Value {
        let (port, values) = &self.first;
        let (float, quantised): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
        json!({
            "name": self.name,
            "first_sample": { "output": port, "float": float, "quantised": quantised },
            "test": {
                "samples": self.test.samples,
                "same_argmax": self.test.same_argmax,
                "cairo_samples": self.test.cairo_samples,
                "cairo_steps": self.test.steps,
            },
            "report": self.report,
            "output": self.output,
        })
    }
}
