//! `maat run`: a package's outputs from the runtime or the Cairo VM; and outputs as text and JSON, which `maat execute` shows too.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use maat_package::{OutputTexts, run_program};
use maat_runtime::{Executor, Model, dequantise};
use serde_json::{Map, Value, json};

use crate::inferences::{Caveated, Inferences, Strictness};
use crate::progress::Progress;
use crate::response::{Response, grouped, real};

/// Run a model package on inputs, in the integer runtime or in the Cairo VM
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat run package --input in.json\n  maat run package --input in.json --executor cairo --json\n\n\
    The input file is JSON (an object from input name to nested arrays, or a bare array for a single input), .npy or .npz. \
    A batch of inputs along a leading axis is run one by one. `maat inspect` shows the range of each input; values beyond it are clamped \
    with a warning, and --strict refuses them.")]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
    /// The inputs; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// What runs the model: both give the same integers
    #[arg(long, value_enum, default_value_t = ExecutorChoice::Runtime)]
    executor: ExecutorChoice,
    #[command(flatten)]
    strictness: Strictness,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ExecutorChoice {
    /// The deterministic runtime in Rust
    Runtime,
    /// The compiled Cairo program in the Cairo VM
    Cairo,
}

/// Outputs.
pub struct Tensors(Vec<Output>);

struct Output {
    name: String,
    /// With the batch axis if there is a batch.
    shape: Vec<usize>,
    scale: i32,
    integers: Vec<i32>,
    /// What is text in the network.
    texts: Option<OutputTexts>,
}

/// The outputs of a run.
pub struct Outputs {
    outputs: Tensors,
    executor: &'static str,
    steps: Option<usize>,
    ms: f64,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Caveated<Outputs>> {
    let progress = Progress::start("reading the package");
    let Inferences { package, model, inferences: batch, caveats } =
        Inferences::read(&arguments.package, &arguments.input, arguments.strictness)?;
    progress.step("running the model");
    let (results, executor, steps, ms) = match arguments.executor {
        ExecutorChoice::Runtime => {
            let started = Instant::now();
            let results = Executor::run_batch(&model, &batch)?;
            (results, "runtime", None, started.elapsed())
        }
        ExecutorChoice::Cairo => {
            let program = package.program()?;
            let (started, mut results, mut total) = (Instant::now(), Vec::new(), 0);
            for inputs in &batch {
                let (outputs, steps) = run_program(&model, &program, inputs)?;
                results.push(outputs);
                total += steps;
            }
            (results, "cairo", Some(total), started.elapsed())
        }
    };
    Ok(caveats.on(Outputs {
        outputs: collect(&model, &results, &package.manifest.provenance.texts),
        executor,
        steps,
        ms: ms.as_secs_f64() * 1000.0,
    }))
}

/// The results of a batch, output by output. A batch of more than one gets a leading axis, instead of one of length 1 if there is one.
pub fn collect(model: &Model, results: &[Vec<Vec<i32>>], texts: &BTreeMap<String, OutputTexts>) -> Tensors {
    let output = |(position, port): (usize, &maat_runtime::Port)| {
        let tensor = model.tensor(port.tensor);
        let dims = tensor.shape.dims();
        let shape = match results.len() {
            1 => dims.to_vec(),
            batch => [&[batch], dims.strip_prefix(&[1]).unwrap_or(dims)].concat(),
        };
        let integers = results.iter().flat_map(|result| result[position].iter().copied()).collect();
        Output { name: port.name.clone(), shape, scale: tensor.scale, integers, texts: texts.get(&port.name).cloned() }
    };
    Tensors(model.outputs().iter().enumerate().map(output).collect())
}

impl Output {
    /// The texts that the integers are positions of; nothing for other outputs. The list is the package's word.
    fn labels(&self) -> Option<Vec<String>> {
        let Some(OutputTexts::Values(list)) = &self.texts else { return None };
        let text = |q: &i32| usize::try_from(*q).ok().and_then(|q| list.get(q)).map_or_else(|| q.to_string(), String::clone);
        Some(self.integers.iter().map(text).collect())
    }

    fn keys(&self) -> Option<Vec<String>> {
        let Some(OutputTexts::Keys(list)) = &self.texts else { return None };
        Some(list.clone())
    }
}

impl Tensors {
    /// For people: values row by row, labels and other whole numbers as such.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for output in &self.0 {
            let Output { name, shape, scale, integers, .. } = output;
            let (labels, keys) = (output.labels(), output.keys());
            let unit = match (&labels, scale) {
                (Some(_), _) => "texts".to_owned(),
                (None, 0) => "whole numbers".to_owned(),
                (None, scale) => format!("unit 2^{}", -scale),
            };
            let unit = match keys {
                Some(keys) => format!("{unit}, for {}", keys.join(" ")),
                None => unit,
            };
            let value = |q: &i32| if *scale == 0 { q.to_string() } else { real(dequantise(*q, *scale)) };
            let values = labels.unwrap_or_else(|| integers.iter().map(value).collect());
            lines.push(format!("{name} {shape:?}, {unit}"));
            lines.extend(values.chunks(shape.last().copied().unwrap_or(1)).map(|row| format!("  {}", row.join(" "))));
        }
        lines.join("\n")
    }

    /// For machines: an object by name.
    pub fn json(&self) -> Map<String, Value> {
        let one = |output: &Output| {
            let Output { name, shape, scale, integers, .. } = output;
            let values: Vec<f64> = integers.iter().map(|q| dequantise(*q, *scale)).collect();
            let mut value = json!({ "shape": shape, "scale": scale, "integers": integers, "values": values });
            if let Some(labels) = output.labels() {
                value["texts"] = labels.into();
            }
            if let Some(keys) = output.keys() {
                value["keys"] = keys.into();
            }
            (name.clone(), value)
        };
        self.0.iter().map(one).collect()
    }
}

impl Response for Outputs {
    fn text(&self) -> String {
        let steps = self.steps.map_or_else(String::new, |steps| format!(", {} Cairo steps", grouped(steps as u64)));
        format!("{}\n{} in {:.3} ms{steps}", self.outputs.text(), self.executor, self.ms)
    }

    fn json(&self) -> Value {
        json!({ "outputs": self.outputs.json(), "executor": self.executor, "steps": self.steps, "ms": self.ms })
    }
}
