//! `maat demo`: everything from an ONNX file to a verified proof, and to a local chain if asked, on an example with real data.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use maat_package::samples::Sample;
use maat_package::{Cairo, PackageFolder, Proving, Report, quantise_sample, run_program, samples};
use maat_prover::{ProvingKey, Visibility};
use maat_runtime::{Executor, dequantise};
use maat_starknet::deploy::{DeployOptions, deploy};
use maat_starknet::devnet::{DEFAULT_SEED, Devnet};
use maat_starknet::{Account, Client, ExecutionTarget, Receipt, Registry, key};
use maat_transpiler::{BuildOptions, CairoChoice, Network, Package};
use maat_verifier::{Mode, ModelCommitment, Preset, Security, verify};
use serde_json::{Value, json};

use super::demo_vault::{self, DemoVault};
use super::deploy::Deployed;
use super::inspect;
use super::operators::explained;
use super::transpile::{CompilerChoice, Quantisation};
use crate::files::{self, InputFiles};
use crate::network::{receipt, receipt_json};
use crate::progress::Progress;
use crate::response::{Response, grouped, path_json, real, table};
use crate::security::{NOT_ZERO_KNOWLEDGE, model_security, model_security_json};
use crate::{advice, cache};

/// The default example, which travels with the binary.
const ROCKYBOT: &str = "rockybot";
/// Its files.
const ROCKYBOT_FILES: &[(&str, &[u8])] = &[
    ("rockybot.onnx", include_bytes!("../../../examples/rockybot/rockybot.onnx")),
    ("calibration.json", include_bytes!("../../../examples/rockybot/calibration.json")),
    ("test.json", include_bytes!("../../../examples/rockybot/test.json")),
    ("input.json", include_bytes!("../../../examples/rockybot/input.json")),
];

/// Transpile an example network, run it on real data, and prove an inference; with --starknet, run it on a local chain too
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat demo\n  maat demo examples/lenet\n  maat demo --starknet\n  \
    maat demo --save-example rockybot\n\n\
    With --starknet, the demo starts a local chain of its own and stops it at the end. RockyBot's vault trades there for 48 hours of real \
    prices, everybody redeems, and the record of these hours is proven and held against the chain. The first time it builds the chain, which takes \
    minutes: see `maat devnet --help`.")]
pub struct Arguments {
    /// The example: a folder with NAME.onnx, calibration.json and test.json, where NAME is the folder's name; by default RockyBot, which
    /// comes with this program
    example: Option<PathBuf>,
    /// Write RockyBot's files to this new folder, to try the other verbs on
    #[arg(long, value_name = "DIR", conflicts_with = "example")]
    save_example: Option<PathBuf>,
    /// How many test samples to run in the Cairo VM too
    #[arg(long, default_value_t = 16, value_name = "N")]
    cairo_samples: usize,
    /// Keep the package in this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// With --output: replace files of an older package that were edited
    #[arg(long, requires = "output")]
    force: bool,
    /// Declare, register, deploy and execute the model on a local chain too
    #[arg(long)]
    starknet: bool,
    #[command(flatten)]
    quantisation: Quantisation,
    #[command(flatten)]
    compiler: CompilerChoice,
}

/// What the demo found.
pub struct Demonstrated {
    name: String,
    /// The example's folder, if there is one.
    example: Option<PathBuf>,
    macs: u64,
    cairo: Cairo,
    report: Report,
    /// The first output on the first test sample: float and quantised.
    first: (String, Vec<(f64, f64)>),
    test: TestRun,
    proof: DemoProof,
    starknet: Option<DemoOnChain>,
    output: Option<PathBuf>,
}

/// The model on a local chain.
struct DemoOnChain {
    deployment: Deployed,
    /// Test samples that were executed by calls.
    samples: usize,
    /// The first of them in a transaction.
    receipt: Receipt,
    /// RockyBot's vault there.
    vault: Option<DemoVault>,
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
enum DemoProof {
    Verified { commitment: ModelCommitment, bytes: usize, proving: Duration, verifying: Duration, security: Security },
    Unprovable { reason: String },
}

pub fn run(arguments: Arguments) -> anyhow::Result<Demonstrated> {
    let progress = Progress::start("reading the example");
    // Whether it can be written is found out before the work is done.
    let destination = arguments
        .output
        .as_deref()
        .map(|folder| files::package_destination(folder, arguments.force, &InputFiles::default()))
        .transpose()?;
    let compiler = arguments.compiler.compiler()?;
    let quantisation = arguments.quantisation.options()?;
    let Example { name, network, calibration, test } = match (&arguments.example, &arguments.save_example) {
        (Some(folder), _) => Example::read(folder, &folder_name(folder)?)?,
        (None, Some(folder)) => Example::rockybot(folder)?,
        (None, None) => Example::rockybot(&tempfile::tempdir()?.path().join(ROCKYBOT))?,
    };

    progress.step("calibrating and quantising");
    let quantised = network.quantise(&calibration, &quantisation)?;
    // RockyBot comes with a strategy, whose decisions are proven in the end.
    let trades = arguments.starknet && arguments.example.is_none();
    let batches = if trades { vec![demo_vault::BATCH] } else { Vec::new() };
    let options = BuildOptions { batches, cairo: CairoChoice::Always, ..BuildOptions::default() };
    let package = Package::build_with(quantised, &options, &compiler, &mut |step| progress.step(step))?;
    if let Some(destination) = &destination {
        package.write_to(destination)?;
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
    let program = &package.cairo.as_ref().context("a bug of Maat: the package was to have Cairo")?.program;
    let mut steps = 0;
    for sample in 0..cairo_samples {
        let (by_cairo, taken) = run_program(model, program, &inputs[sample])?;
        if by_cairo != outputs[sample] {
            bail!("the Cairo VM and the runtime disagree on test sample {sample}: {by_cairo:?} and {:?}", outputs[sample]);
        }
        steps = taken;
    }
    progress.step("proving the first test sample");
    let proof = prove(&package, &inputs[0], &outputs[0])?;
    let on_chain = || run_on_chain(&package, &inputs[..cairo_samples], &outputs[..cairo_samples], trades, &mut |step| progress.step(step));
    let starknet = arguments.starknet.then(on_chain).transpose()?;
    Ok(Demonstrated {
        proof,
        starknet,
        name,
        example: arguments.example.or(arguments.save_example),
        first: (port.name.clone(), float[0][0].iter().copied().zip(quantised(0)).collect()),
        test: TestRun { samples: test.len(), same_argmax, cairo_samples, steps },
        macs: package.model.macs(),
        cairo: package.manifest.cairo,
        report: package.report,
        output: arguments.output,
    })
}

/// A network with its samples.
struct Example {
    name: String,
    network: Network,
    calibration: Vec<Sample>,
    test: Vec<Sample>,
}

impl Example {
    /// RockyBot, whose files are written to a folder that is not there yet.
    fn rockybot(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir(folder).with_context(|| {
            let there = if folder.exists() { "; name a folder that does not exist yet, or remove that one" } else { "" };
            format!("cannot create the folder {}{there}", folder.display())
        })?;
        for (name, bytes) in ROCKYBOT_FILES {
            let path = folder.join(name);
            std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Self::read(folder, ROCKYBOT)
    }

    fn read(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let file = folder.join(format!("{name}.onnx"));
        let network = Network::import(&file).map_err(|error| explained(error, &file))?;
        let calibration = samples::read(&folder.join("calibration.json"), network.inputs())?;
        let test = samples::read(&folder.join("test.json"), network.inputs())?;
        Ok(Self { name: name.to_owned(), network, calibration, test })
    }
}

/// The name of a folder, also of `.` or `..`.
fn folder_name(folder: &Path) -> anyhow::Result<String> {
    let whole = folder.canonicalize().with_context(|| format!("example {}", folder.display()))?;
    Ok(whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
}

/// Proves an inference, and verifies the proof against what the runtime gave.
fn prove(package: &Package, inputs: &[Vec<i32>], outputs: &[Vec<i32>]) -> anyhow::Result<DemoProof> {
    let (commitment, entries) = match &package.manifest.proving {
        Proving::Committed { commitment, entries } => (*commitment, entries.clone()),
        Proving::Unprovable { reason } => return Ok(DemoProof::Unprovable { reason: reason.clone() }),
    };
    let started = Instant::now();
    let key = ProvingKey::new(&package.model, entries, (Preset::Fast, Mode::Plain), 1)?;
    let proved = key.prove(&[inputs.to_vec()], (Visibility::Public, Visibility::Public), &|_| ())?;
    let bytes = proved.file.to_bytes();
    let (proving, started) = (started.elapsed(), Instant::now());
    let statement = verify(&bytes, &commitment)?;
    let verifying = started.elapsed();
    if statement.outputs.as_public() != Some(&outputs.concat()) {
        bail!("the proof and the runtime disagree on the first test sample");
    }
    Ok(DemoProof::Verified { commitment, bytes: bytes.len(), proving, verifying, security: statement.security })
}

/// Deploys the model on a local chain, and compares what it gives there with what the runtime gave.
fn run_on_chain(
    package: &Package,
    inputs: &[Vec<Vec<i32>>],
    outputs: &[Vec<Vec<i32>>],
    trades: bool,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<DemoOnChain> {
    let devnet = Devnet::start(&cache::devnet()?, DEFAULT_SEED, progress)?;
    let client = Client::connect(&devnet.network())?;
    let no_password = |_: &str| Err(std::io::Error::other("the local chain's accounts have none"));
    let account = Account::new(&client, key::read(client.network(), &no_password)?, None)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("package");
    package.write(&path)?;
    let opened = PackageFolder::open(&path)?;
    let deployment = deploy(&account, &opened, &DeployOptions::default(), progress)?;
    progress("executing on the local chain");
    let registry = Registry::at(&client, deployment.registry);
    let target = ExecutionTarget::Version { model: deployment.model, version: deployment.version };
    let flat = |values: &[Vec<Vec<i32>>]| values.iter().map(|values| values.concat()).collect::<Vec<_>>();
    let (inputs, expected) = (flat(inputs), flat(outputs));
    let called = registry.call(target, &inputs, package.report.cost.as_ref().map(|cost| cost.contract.steps))?;
    let invoked = registry.invoke(&account, target, &inputs[..1], None)?;
    if called != expected || invoked.outputs != expected[..1] {
        bail!("the local chain and the runtime disagree");
    }
    let receipt = *invoked.receipts.first().context("a transaction has a receipt")?;
    let vault = if trades { Some(demo_vault::trade(&devnet, &client, &account, &opened, progress)?) } else { None };
    // A local chain that ends with the demo needs no timelock, and so no warning.
    Ok(DemoOnChain { deployment: Deployed { deployment, timelock_given: true }, samples: inputs.len(), receipt, vault })
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

impl DemoProof {
    fn text(&self) -> String {
        match self {
            Self::Verified { commitment, bytes, proving, verifying, security: bits } => format!(
                "Proof of the first test sample for model {commitment}: {} bytes, proven in {proving:.1?}, verified in {verifying:.1?}, {}.\n{NOT_ZERO_KNOWLEDGE}",
                grouped(*bytes as u64),
                model_security(bits, Preset::Fast, Mode::Plain, false)
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
                "security": model_security_json(security, Preset::Fast, Mode::Plain, false),
                "zero_knowledge": false,
            }),
            Self::Unprovable { reason } => json!({ "unprovable": reason }),
        }
    }
}

impl DemoOnChain {
    fn text(&self) -> String {
        let vault = self.vault.as_ref().map_or_else(String::new, |vault| format!("\n\n{}", vault.text()));
        format!(
            "On a local Starknet chain:\n{}\n\n{} test samples called there: every integer equal to the runtime's. The first in a transaction:\n{}{vault}",
            self.deployment.text(),
            grouped(self.samples as u64),
            receipt(&self.receipt)
        )
    }

    fn json(&self) -> Value {
        json!({ "deployment": self.deployment.json(), "samples": self.samples, "transaction": receipt_json(&self.receipt), "vault": self.vault.as_ref().map(DemoVault::json) })
    }
}

impl Demonstrated {
    /// What to try next: commands that work as they stand.
    fn next(&self) -> String {
        let name = &self.name;
        let example = self.example.as_ref().map_or(ROCKYBOT.to_owned(), |folder| folder.display().to_string());
        let package = self.output.as_ref().map_or_else(|| format!("{name}-package"), |output| output.display().to_string());
        let mut commands = Vec::new();
        if self.example.is_none() {
            commands.push(format!("maat demo --save-example {example}"));
        }
        if self.output.is_none() {
            commands.push(format!("maat transpile {example}/{name}.onnx --calibration {example}/calibration.json -o {package}"));
        }
        commands.push(format!("maat inspect {package}"));
        commands.push(format!("maat run {package} --input {example}/test.json"));
        let written = self.output.as_ref().map_or_else(String::new, |output| format!("Wrote {}. ", output.display()));
        format!("{written}Try it yourself:\n  {}", commands.join("\n  "))
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
        let mut parts = vec![
            format!("{}: an ONNX network as a Cairo program", self.name),
            first.to_string(),
            agreement,
            self.proof.text(),
            inspect::cost(self.report.cost.as_ref(), self.macs, &self.cairo),
        ];
        parts.extend(self.starknet.as_ref().map(DemoOnChain::text));
        parts.push(self.next());
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
            "starknet": self.starknet.as_ref().map(DemoOnChain::json),
            "report": self.report,
            "output": self.output.as_deref().map(path_json),
        })
    }

    fn warnings(&self) -> Vec<String> {
        advice::caution(&self.report.verdict).into_iter().collect()
    }
}
