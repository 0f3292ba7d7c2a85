//! `maat transpile`: an ONNX file to a package; and the flags of quantising and compiling, which other verbs have too.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use maat_cairo::Compiler;
use maat_package::{Cairo, Fidelity, Manifest, Options, Proving, RangeMethod, Report, Target, TensorWidth, Widths, samples};
use maat_prover::{LayoutChoice, ModelSeed, PrivateFolder};
use maat_transpiler::{BuildOptions, CairoChoice, Network, Package, Private};
use maat_verifier::layout::{LAYOUTS, Layout};
use maat_verifier::{MAX_ONE_TIME_ROOTS, Preset};
use serde_json::{Value, json};

use super::importing::Importing;
use super::inspect;
use super::operators::explained;
use super::prove::{MODEL_PRESETS, presets};
use super::provenance::texts_said;
use crate::advice;
use crate::files::{self, InputFiles};
use crate::progress::Progress;
use crate::response::{Response, path_json};

/// Turn an ONNX file into a model package: quantised model, Cairo sources, compiled classes, report
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat transpile model.onnx --calibration samples.json -o package\n  \
    maat transpile model.onnx --calibration samples.json --batch 100 -o package\n  \
    maat transpile model.onnx --calibration samples.json --cairo never \\\n      --presets fast -o package\n  \
    maat transpile model.onnx --calibration samples.json --contract-proofs \\\n      -o package\n  \
    maat transpile model.onnx --calibration samples.json --private \\\n      --one-time-roots 256 -o package\n  \
    maat transpile voice.onnx --shape input=1,512 --set sr=16000 \\\n      --calibration samples.json -o package\n\n\
    The report begins with a verdict, measured on samples that were held out. A model is faithful if it gives the float network's class in \
    99 % of them, and its outputs are off by at most 1 % of their range. Otherwise it is degraded; beyond ten times that, it is refused.")]
pub struct Arguments {
    /// The ONNX file; `-` for the standard input
    onnx: PathBuf,
    /// Folder to write the package to; an older package there is replaced, and your own files in it stay
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Replace files of an older package that were edited, and your own files in it whose names the new package uses
    #[arg(long)]
    force: bool,
    /// Samples to choose scales and measure accuracy with, as JSON, .npy or .npz, or `-` for the standard input; every fourth is held out
    /// for measuring
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Also commit to the model for batches of this size, so that one proof can cover a batch; may be repeated, for at most 21 sizes,
    /// including 1, or 16 with --contract-proofs. Each takes up to as long as an `onchain` proof of such a batch
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Vec<u32>,
    /// Also commit to the model for proofs that a Starknet contract verifies (`maat prove --preset starknet`). Takes several CPU-seconds for a
    /// small network and most of a minute for one of 60,000 weights, for each batch size, and as long again when somebody recomputes the
    /// commitment. Not with --private: a private model has no contract
    #[arg(long, conflicts_with = "private")]
    contract_proofs: bool,
    /// Keep the weights secret: proofs are then made from one-time roots, whose seed is written to the folder `private` of the package.
    /// Whoever has that folder can prove, and with proofs at hand can compute the weights. The package itself holds the weights, too:
    /// publish the commitment alone
    #[arg(long)]
    private: bool,
    /// With --private: as many proofs can be made, a power of two up to 65536. Each root takes as long as the key of a proof: 1024 of a
    /// small network take half a minute to a few minutes
    #[arg(long, value_name = "N", default_value_t = DEFAULT_ROOTS, requires = "private", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ONE_TIME_ROOTS)))]
    one_time_roots: u32,
    /// Columns of the traces that proofs are made of: `base` and `short` have room for digests (`maat prove --commit`), `wide` and `dense` for
    /// many weights, `images` and `narrow` for convolutions; `dense` cannot hide. By default, the one in which proofs take the least time
    #[arg(long, value_name = "NAME", value_parser = layouts())]
    layout: Option<&'static Layout>,
    /// Split the network over this many classes, which the contract calls one after the other; 0 keeps it in one class, whatever its size.
    /// By default it is split only if it does not fit into one class, over as few as possible
    #[arg(long, value_name = "N")]
    parts: Option<usize>,
    /// Write the network in Cairo, too, as a program and as contract classes: where it fits into a few classes and a transaction could run it
    /// (auto), whatever it takes (always), or not at all (never). Running, proving and verifying need no Cairo; deploying does. --parts asks
    /// for it
    #[arg(long, value_enum, default_value_t = CairoFlag::Auto, value_name = "WHEN")]
    cairo: CairoFlag,
    /// The presets that proofs can have, separated by commas. By default `fast`, and `balanced` and `onchain` where committing for them takes
    /// about a second; `maat commitment --preset` adds others later. Hiding proofs with `fast` need `balanced`
    #[arg(long, value_name = "PRESETS", value_delimiter = ',', conflicts_with = "private", value_parser = presets(MODEL_PRESETS))]
    presets: Vec<Preset>,
    #[command(flatten)]
    importing: Importing,
    #[command(flatten)]
    quantisation: Quantisation,
    #[command(flatten)]
    compiler: CompilerChoice,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum CairoFlag {
    Auto,
    Always,
    Never,
}

impl CairoFlag {
    fn choice(self) -> CairoChoice {
        match self {
            Self::Auto => CairoChoice::Auto,
            Self::Always => CairoChoice::Always,
            Self::Never => CairoChoice::Never,
        }
    }
}

/// How many proofs of a private model can be made, if the user does not say.
const DEFAULT_ROOTS: u32 = 1024;

/// A layout by its name.
fn layouts() -> impl TypedValueParser<Value = &'static Layout> {
    let names = LAYOUTS.iter().map(|layout| PossibleValue::new(layout.name));
    PossibleValuesParser::new(names).map(|name| Layout::named(&name).expect("the parser knows the names"))
}

/// The share of values within the range, in percent, where none is given.
const DEFAULT_PERCENTILE: f64 = 99.99;

/// How to quantise: the same flags wherever a network is transpiled.
#[derive(clap::Args)]
pub struct Quantisation {
    /// Width of inputs, activations and outputs in bits, 4 to 24
    #[arg(long, default_value_t = Options::default().widths.activations, value_name = "BITS")]
    bits: u32,
    /// Width of weights in bits, 4 to 16
    #[arg(long, default_value_t = Options::default().widths.weights, value_name = "BITS")]
    weight_bits: u32,
    /// Width of one tensor in bits, 4 to 24, by the name of the input or node as `maat inspect` shows it, such as softmax=20; can be
    /// repeated
    #[arg(long, value_name = "TENSOR=BITS", value_parser = tensor_width)]
    tensor_bits: Vec<TensorWidth>,
    /// With --target accuracy: give the tensors that most of the error comes from up to 24 bits, as long as the multiplications that the
    /// program computes grow by no more than this many per cent
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    raise: Option<f64>,
    /// Keep the widths (accuracy), or narrow them as long as results stay close to the float network (cost)
    #[arg(long, value_enum, default_value_t = TargetChoice::Accuracy)]
    target: TargetChoice,
    /// Choose ranges by the least mean squared error (mse), by all values seen (max), or by a share of them (percentile)
    #[arg(long, value_enum, default_value_t = RangeChoice::Mse)]
    ranges: RangeChoice,
    /// With --ranges percentile: the share of values within the range, in percent; 99.99 by default
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    percentile: Option<f64>,
    /// Do not correct biases for the error that rounding the weights adds on average
    #[arg(long)]
    no_bias_correction: bool,
    /// Without samples: assume that inputs lie between -X and X; X is positive
    #[arg(long, default_value_t = Options::default().assumed_magnitude, value_name = "X", allow_negative_numbers = true)]
    assumed_range: f64,
    /// Make the package even if the model does not compute its network: classes change in more than a tenth of the samples, or outputs are
    /// off by more than a tenth of their range. The package says so wherever it is used
    #[arg(long)]
    accept_loss: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TargetChoice {
    Accuracy,
    Cost,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum RangeChoice {
    Mse,
    Max,
    Percentile,
}

/// A tensor's name and its width.
fn tensor_width(text: &str) -> Result<TensorWidth, String> {
    let (tensor, bits) = text.rsplit_once('=').ok_or("must be TENSOR=BITS")?;
    let bits = bits.parse().map_err(|_| format!("`{bits}` is not a number of bits"))?;
    Ok(TensorWidth { tensor: tensor.to_owned(), bits })
}

impl Quantisation {
    /// # Errors
    /// A flag would do nothing.
    pub fn options(&self) -> anyhow::Result<Options> {
        if self.percentile.is_some() && !matches!(self.ranges, RangeChoice::Percentile) {
            bail!("--percentile needs --ranges percentile");
        }
        if self.raise.is_some() && !matches!(self.target, TargetChoice::Accuracy) {
            bail!("--raise needs --target accuracy");
        }
        Ok(Options {
            widths: Widths { activations: self.bits, weights: self.weight_bits },
            tensors: self.tensor_bits.clone(),
            raise: self.raise,
            target: match self.target {
                TargetChoice::Accuracy => Target::Accuracy,
                TargetChoice::Cost => Target::Cost,
            },
            ranges: match self.ranges {
                RangeChoice::Mse => RangeMethod::Mse,
                RangeChoice::Max => RangeMethod::Max,
                RangeChoice::Percentile => RangeMethod::Percentile(self.percentile.unwrap_or(DEFAULT_PERCENTILE)),
            },
            correct_bias: !self.no_bias_correction,
            assumed_magnitude: self.assumed_range,
            accept_loss: self.accept_loss,
        })
    }
}

/// Which Cairo core library to compile against.
#[derive(clap::Args)]
pub struct CompilerChoice {
    /// Cairo core library to use instead of the built-in one: its `src` folder
    #[arg(long, env = "MAAT_CORELIB", value_name = "DIR")]
    corelib: Option<PathBuf>,
}

impl CompilerChoice {
    pub fn compiler(&self) -> anyhow::Result<Compiler> {
        Ok(self.corelib.as_deref().map(Compiler::with_corelib).transpose()?.unwrap_or_default())
    }
}

/// The written package.
pub struct Transpiled {
    manifest: Manifest,
    report: Report,
    macs: u64,
    output: PathBuf,
    secrets: Option<PathBuf>,
    asked: CairoFlag,
    ms: u128,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Transpiled> {
    let started = Instant::now();
    if arguments.cairo == CairoFlag::Never && arguments.parts.is_some() {
        bail!("--parts asks for classes, and --cairo never for none");
    }
    let progress = Progress::start("reading the network");
    let compiler = arguments.compiler.compiler()?;
    let quantisation = arguments.quantisation.options()?;
    // Whether it can be written is found out before the work is done.
    let sources = InputFiles::default().and(&arguments.onnx, "the network");
    let sources = arguments.calibration.iter().fold(sources, |sources, path| sources.and(path, "the samples"));
    let destination = files::package_destination(&arguments.output, arguments.force, &sources)?;
    let import = arguments.importing.options()?;
    let network = files::with_path(&arguments.onnx, "model.onnx", |path| Network::import_with(path, &import))?;
    let network = network.map_err(|error| explained(error, &files::called(&arguments.onnx)))?;
    let samples = match &arguments.calibration {
        Some(path) => samples::from_bytes(&files::read_all(path)?, &files::called(path), network.inputs())?,
        None => Vec::new(),
    };
    progress.step("calibrating and quantising");
    let quantised = network.quantise(&samples, &quantisation)?;
    let secrets = PrivateFolder::of_package(&arguments.output);
    if secrets.path().exists() {
        bail!(
            "{} holds the secrets of a private model, which are not replaced: write the package to another folder, or move that one away",
            secrets.path().display()
        );
    }
    let layouts = arguments.layout.map_or(LayoutChoice::Cheapest, LayoutChoice::Only);
    let seed = if arguments.private { Some(ModelSeed::random()?) } else { None };
    let private = seed.clone().map(|seed| Private { seed, roots: arguments.one_time_roots });
    let (batches, contract_proofs) = (arguments.batch, arguments.contract_proofs);
    let presets = (!arguments.presets.is_empty()).then_some(arguments.presets);
    let cairo = arguments.cairo.choice();
    let options = BuildOptions { batches, presets, cairo, parts: arguments.parts, layouts, contract_proofs, private };
    let package = Package::build_with(quantised, &options, &compiler, &mut |step| progress.step(step))?;
    progress.step("writing the package");
    package.write_to(&destination)?;
    if let (Some(seed), Proving::Committed { entries, .. }) = (&seed, &package.manifest.proving) {
        only_for_the_user(&arguments.output)?;
        secrets.create(seed, entries, &package.one_time_trees)?;
    }
    let (manifest, report, macs) = (package.manifest, package.report, package.model.macs());
    let secrets = seed.map(|_| secrets.path().to_path_buf());
    Ok(Transpiled { manifest, report, macs, output: arguments.output, secrets, asked: arguments.cairo, ms: started.elapsed().as_millis() })
}

/// Closes a folder to all other users: the package of a private model holds its weights.
fn only_for_the_user(folder: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .with_context(|| format!("cannot close {} to other users", folder.display()))?;
    Ok(())
}

impl Response for Transpiled {
    fn text(&self) -> String {
        let verdict = inspect::verdict(&self.report.verdict);
        let accuracy = inspect::accuracy(&self.report.quality).map_or_else(String::new, |accuracy| format!("{accuracy}\n\n"));
        let cost = inspect::cost(self.report.cost.as_ref(), self.macs, &self.manifest.cairo);
        let commitment = inspect::commitment(&self.manifest.proving);
        let secrets = self.secrets.as_ref().map_or_else(String::new, |secrets| {
            format!(
                "\n\nThe model is private. {} has its secrets: keep that folder, never copy it, and never put a copy back.\n\
                 Publish the commitment, not the package, which holds the weights and cannot be deployed.\n\
                 Others have to trust an auditor that the commitment is this model's: `maat audit`.",
                secrets.display()
            )
        });
        format!(
            "{verdict}\n\n{accuracy}{cost}\n{:<21} {commitment}\n\nwrote {} in {:.1} s{secrets}",
            "model commitment",
            self.output.display(),
            self.ms as f64 / 1000.0
        )
    }

    fn json(&self) -> Value {
        json!({
            "output": path_json(&self.output),
            "secrets": self.secrets.as_deref().map(path_json),
            "manifest": self.manifest,
            "report": self.report,
            "ms": self.ms,
        })
    }

    fn warnings(&self) -> Vec<String> {
        let verdict = &self.report.verdict;
        let remedy = match verdict.fidelity {
            Fidelity::Unknown => "; give samples with --calibration".to_owned(),
            _ => advice::to_try(verdict).map_or_else(String::new, |remedy| format!(". Try {remedy}")),
        };
        let no_cairo = match &self.manifest.cairo {
            Cairo::Absent { reason } if self.asked == CairoFlag::Auto => {
                Some(format!("the package has no Cairo, so it cannot be deployed: {reason}. --cairo always tries it anyway"))
            }
            _ => None,
        };
        let caution = advice::caution(verdict).map(|caution| format!("{caution}{remedy}"));
        texts_said(&self.manifest.provenance.texts).into_iter().chain(caution).chain(no_cairo).collect()
    }
}
