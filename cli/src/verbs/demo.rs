use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use maat_prover::{ProvingKey, Visibility};
use maat_runtime::{Executor, dequantise};
use maat_transpiler::{Network, Package, Proving, Report, quantise_sample, run_program, samples};
use maat_verifier::{ModelCommitment, Preset, Security, verify};
use serde_json::{Value, json};

use super::inspect;
use super::transpile::{CompilerChoice, Quantisation};
use crate::progress::Progress;
use crate::response::{NOT_ZERO_KNOWLEDGE, Response, grouped, real, security, table};

/// Transpile an example network, run it on real data in both executors, and prove an inference
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
    proof: Proof,
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

/// A proof of the first test sample, or why there is none.
enum Proof {
    Verified { commitment: ModelCommitment, bytes: usize, proving: Duration, verifying: Duration, security: Security },
    Unprovable { reason: String },
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
    progress.step("proving the first test sample");
    let proof = prove(&package, &inputs[0], &outputs[0])?;
    Ok(Demonstrated {
        proof,
        name,
        example: arguments.example,
        first: (port.name.clone(), float[0][0].iter().copied().zip(quantised(0)).collect()),
        test: TestRun { samples: test.len(), same_argmax, cairo_samples, steps },
        report: package.report,
        output: arguments.output,
    })
}

/// Proves an inference, and verifies the proof against what the runtime gave.
fn prove(package: &Package, inputs: &[Vec<i32>], outputs: &[Vec<i32>]) -> anyhow::Result<Proof> {
    let (commitment, entries) = match &package.manifest.proving {
        Proving::Committed { commitment, entries } => (*commitment, entries.clone()),
        Proving::Unprovable { reason } => return Ok(Proof::Unprovable { reason: reason.clone() }),
    };
    let started = Instant::now();
    let key = ProvingKey::new(&package.model, entries, Preset::Fast, 1)?;
    let proved = key.prove(&[inputs.to_vec()], (Visibility::Public, Visibility::Public), None, &|_| ())?;
    let bytes = proved.file.to_bytes();
    let (proving, started) = (started.elapsed(), Instant::now());
    let statement = verify(&bytes, &commitment)?;
    let verifying = started.elapsed();
    if statement.outputs.as_public() != Some(&outputs.concat()) {
        bail!("the proof and the runtime disagree on the first test sample");
    }
    Ok(Proof::Verified { commitment, bytes: bytes.len(), proving, verifying, security: statement.security })
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

impl Proof {
    fn text(&self) -> String {
        match self {
            Self::Verified { commitment, bytes, proving, verifying, security: bits } => format!(
                "Proof of the first test sample for model {commitment}: {} bytes, proven in {proving:.1?}, verified in {verifying:.1?}, {}.\n{NOT_ZERO_KNOWLEDGE}",
                grouped(*bytes as u64),
                security(bits)
            ),
            Self::Unprovable { reason } => format!("No proof: {reason}"),
        }
    }

    fn json(&self) -> Value {
        let ms = |duration: &Duration| duration.as_secs_f64() * 1000.0;
        match self {
            Self::Verified { commitment, bytes, proving, verifying, security } => json!({
                "commitment": commitment.to_string(),
                "proof_bytes": bytes,
                "prove_ms": ms(proving),
                "verify_ms": ms(verifying),
                "security": { "conjectured": security.conjectured, "proven": security.proven },
                "zero_knowledge": false,
            }),
            Self::Unprovable { reason } => json!({ "unprovable": reason }),
        }
    }
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
            self.proof.text(),
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
            "proof": self.proof.json(),
            "report": self.report,
            "output": self.output,
        })
    }
}
