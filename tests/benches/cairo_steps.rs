//! Cairo steps per multiply-accumulate. A count, not a time, so there is nothing to repeat.

use maat_cairo::Compiler;
use maat_package::{Options, quantise_sample, run_program};
use maat_tests::networks::{Random, dense};
use maat_tests::root;
use maat_transpiler::{Network, codegen};

/// Single dense layers of these sizes, at 16 bits.
const SIZES: &[usize] = &[64, 128, 512];

fn main() {
    println!("{:<10} {:>8} {:>8} {:>14}  weights", "network", "MACs", "steps", "steps per MAC");
    let folder = tempfile::tempdir().unwrap();
    row("rockybot", &root().join("examples/rockybot/rockybot.onnx"), 36);
    row("original", &root().join("tests/fixtures/rockybot/rockybot.onnx"), 36);
    for size in SIZES {
        let path = folder.path().join("dense.onnx");
        dense(&[*size, *size], 1).write(&path);
        row(&format!("{size}x{size}"), &path, *size);
    }
}

fn row(name: &str, path: &std::path::Path, inputs: usize) {
    let samples = Random::new(2).samples(64, &[inputs], 50.0);
    let model = Network::import(path).unwrap().quantise(&samples, &Options::default()).unwrap().model;
    let generated = codegen::generate(&model, None, 0).unwrap();
    let program = Compiler::default().executable(&generated.package).unwrap();
    let (_, steps) = run_program(&model, &program, &quantise_sample(&model, &samples[0]).unwrap()).unwrap();
    let plans: Vec<String> = generated.plans.iter().map(|(layer, plan)| format!("{layer} {plan:?}")).collect();
    println!("{name:<10} {:>8} {steps:>8} {:>14.3}  {}", model.macs(), steps as f64 / model.macs() as f64, plans.join(", "));
}
