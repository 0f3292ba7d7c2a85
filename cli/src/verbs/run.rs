//! `maat run`: a package's outputs from the runtime or the Cairo VM; and outputs as text and JSON, which `maat execute` shows too.

use std::path::PathBuf;
use std::time::Instant;

use maat_package::run_program;
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

/// Outputs: name, shape with the batch axis if there is a batch, scale, integers.
pub struct Tensors(Vec<(String, Vec<usize>, i32, Vec<i32>)>);

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
    Ok(caveats.on(Outputs { outputs: collect(&model, &results), executor, steps, ms: ms.as_secs_f64() * 1000.0 }))
}

/// The results of a batch, output by output. A batch of more than one gets a leading axis, instead of one of length 1 if there is one.
pub fn collect(model: &Model, results: &[Vec<Vec<i32>>]) -> Tensors {
    let output = |(position, port): (usize, &maat_runtime::Port)| {
        let tensor = model.tensor(port.tensor);
        let dims = tensor.shape.dims();
        let shape = match results.len() {
            1 => dims.to_vec(),
            batch => [&[batch], dims.strip_prefix(&[1]).unwrap_or(dims)].concat(),
        };
        let integers = results.iter().flat_map(|result| result[position].iter().copied()).collect();
        (port.name.clone(), shape, tensor.scale, integers)
    };
    Tensors(model.outputs().iter().enumerate().map(output).collect())
}

impl Tensors {
    /// For people: values row by row, labels and other whole numbers as such.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for (name, shape, scale, integers) in &self.0 {
            let unit = if *scale == 0 { "whole numbers".to_owned() } else { format!("unit 2^{}", -scale) };
            let value = |q: &i32| if *scale == 0 { q.to_string() } else { real(dequantise(*q, *scale)) };
            lines.push(format!("{name} {shape:?}, {unit}"));
            for row in integers.chunks(shape.last().copied().unwrap_or(1)) {
                lines.push(format!("  {}", row.iter().map(value).collect::<Vec<_>>().join(" ")));
            }
        }
        lines.join("\n")
    }

    /// For machines: an object by name.
    pub fn json(&self) -> Map<String, Value> {
        let output = |(name, shape, scale, integers): &(String, Vec<usize>, i32, Vec<i32>)| {
            let values: Vec<f64> = integers.iter().map(|q| dequantise(*q, *scale)).collect();
            (name.clone(), json!({ "shape": shape, "scale": scale, "integers": integers, "values": values }))
        };
        self.0.iter().map(output).collect()
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
