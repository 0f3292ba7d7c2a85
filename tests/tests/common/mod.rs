//! Helpers of several test files.
#![allow(dead_code, reason = "each test file uses some of these")]

use maat_cairo::{Compiler, Program};
use maat_runtime::{Executor, Model};
use maat_tests::networks::Random;
use maat_tests::onnx::Onnx;
use maat_transpiler::{Network, codegen, run_program};

/// Imports a network made in memory.
pub fn import(onnx: Onnx) -> Network {
    let file = tempfile::Builder::new().prefix("network").suffix(".onnx").tempfile().unwrap();
    onnx.write(file.path());
    Network::import(file.path()).unwrap()
}

/// The Cairo program of a model.
pub fn compile(model: &Model) -> Program {
    let generated = codegen::generate(model).unwrap();
    Compiler::default().executable(&generated.package).unwrap_or_else(|error| panic!("{error}"))
}

/// Random inputs for a model, with both ends of the range among them.
pub fn random_inputs(model: &Model, random: &mut Random) -> Vec<Vec<i32>> {
    let style = random.below(4);
    let inputs = model.inputs().iter().map(|input| {
        let (lo, hi) = (input.range.lo as i32, input.range.hi as i32);
        let value = |random: &mut Random| match style {
            0 => [lo, hi][random.below(2)],
            1 => [lo, hi, 0, 1, -1][random.below(5)].clamp(lo, hi),
            _ => random.within(input.range),
        };
        (0..input.shape.elements()).map(|_| value(random)).collect()
    });
    inputs.collect()
}

/// Asserts that the runtime and the Cairo VM give the same integers.
pub fn assert_equal(model: &Model, program: &Program, inputs: &[Vec<i32>], what: &str) {
    let expected = Executor::new(model).run(inputs).unwrap();
    let (found, _) = run_program(model, program, inputs).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(found, expected, "{what}: inputs {inputs:?}");
}
