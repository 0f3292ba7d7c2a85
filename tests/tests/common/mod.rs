//! From a network in memory to a model and its Cairo program, and the assertion that both give the same integers.

pub mod chain;

use maat_cairo::{Compiler, Contract, Executable, Form, limits};
use maat_package::{Cost, run_contract, run_program, signed};
use maat_runtime::{Executor, Model, Tensor};
use maat_tests::networks::Random;
use maat_tests::onnx::Onnx;
use maat_transpiler::{Compiled, Network, Package, codegen};

/// Imports a network made in memory.
pub fn import(onnx: Onnx) -> Network {
    let file = tempfile::Builder::new().prefix("network").suffix(".onnx").tempfile().unwrap();
    onnx.write(file.path());
    Network::import(file.path()).unwrap()
}

/// The program and the classes of a package that has them.
pub fn cairo(package: &Package) -> &Compiled {
    package.cairo.as_ref().unwrap_or_else(|| panic!("{:?}", package.manifest.cairo))
}

/// What an inference costs in them.
pub fn cost(package: &Package) -> &Cost {
    package.report.cost.as_ref().unwrap_or_else(|| panic!("{:?}", package.manifest.cairo))
}

/// A compiler that takes the short form of every package, and does not hide that one does not compile.
fn compiler() -> Compiler {
    Compiler::default().in_form(Form::Short)
}

/// The Cairo program of a model.
pub fn compile(model: &Model) -> Executable {
    compile_program(model, 0)
}

/// The same where `parts` of the model are classes of their own.
pub fn compile_program(model: &Model, parts: usize) -> Executable {
    let generated = codegen::generate(model, None, parts).unwrap();
    compiler().executable(&generated.package).unwrap_or_else(|error| panic!("{error}"))
}

/// A model's program and contract, and the classes that the contract calls.
pub struct InParts {
    pub program: Executable,
    pub contract: Contract,
    pub layer_classes: Vec<Contract>,
}

/// Compiles a model with `parts` of it as classes of their own, or none.
pub fn compile_in_parts(model: &Model, parts: usize) -> InParts {
    let mut generated = codegen::generate(model, None, parts).unwrap();
    let compiler = compiler();
    let program = compiler.executable(&generated.package).unwrap_or_else(|error| panic!("{error}"));
    let layer_classes = compiler.contracts(&generated.package, &generated.part_paths()).unwrap_or_else(|error| panic!("{error}"));
    generated.set_class_hashes(&layer_classes.iter().map(Contract::class_hash).collect::<Vec<_>>());
    let contract = compiler.contracts(&generated.package, &[generated.contract_path()]).unwrap_or_else(|error| panic!("{error}")).remove(0);
    InParts { program, contract, layer_classes }
}

/// Asserts that the runtime, the program and the contract give the same integers.
pub fn assert_equal_in_parts(model: &Model, compiled: &InParts, inputs: &[Vec<i32>], what: &str) {
    assert_equal(model, &compiled.program, inputs, what);
    let expected = Executor::new(model).run(inputs).unwrap();
    let (found, call) =
        run_contract(model, &compiled.contract, &compiled.layer_classes, inputs).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(found, expected, "{what}: inputs {inputs:?}");
    assert_eq!(call.library_calls, compiled.layer_classes.len() as u64, "{what}");
}

/// Asserts that the contract says of its inputs and outputs what the model does: shapes, scales and ranges.
pub fn assert_ports(model: &Model, contract: &Contract, what: &str) {
    let port = |tensor: &Tensor| {
        let dims: Vec<i64> = tensor.shape.dims().iter().map(|length| *length as i64).collect();
        let scales: Vec<i64> = tensor.scales().iter().map(|scale| i64::from(*scale)).collect();
        let range = [tensor.range.lo, tensor.range.hi];
        [&[dims.len() as i64][..], &dims, &[scales.len() as i64], &scales, &range].concat()
    };
    let outputs: Vec<&Tensor> = model.outputs().iter().map(|output| model.tensor(output.tensor)).collect();
    for (function, tensors) in [("inputs", model.inputs().iter().collect()), ("outputs", outputs)] {
        let expected = [vec![tensors.len() as i64], tensors.into_iter().flat_map(port).collect()].concat();
        let found = contract.call(function, &[]).unwrap().output;
        let found: Vec<i64> = found.into_iter().map(|felt| signed(felt).unwrap().into()).collect();
        assert_eq!(found, expected, "{what}: {function}");
    }
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

/// Inputs of zeros, or of what is nearest to 0 in the range of an input.
pub fn zeros(model: &Model) -> Vec<Vec<i32>> {
    let inputs = model.inputs().iter();
    inputs.map(|input| vec![0i64.clamp(input.range.lo, input.range.hi) as i32; input.shape.elements()]).collect()
}

/// Asserts that the runtime and the Cairo VM give the same integers.
pub fn assert_equal(model: &Model, program: &Executable, inputs: &[Vec<i32>], what: &str) {
    let expected = Executor::new(model).run(inputs).unwrap();
    let (found, _) = run_program(model, program, inputs).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(found, expected, "{what}: inputs {inputs:?}");
}

/// Asserts that a class takes at most 80 % of what Starknet accepts. Compiling has refused what is not audited.
pub fn assert_fits(what: &str, contract: &Contract) {
    let sizes = [
        ("Sierra felts", contract.sierra_felts(), limits::SIERRA_FELTS),
        ("CASM felts", contract.casm_felts(), limits::CASM_FELTS),
        ("bytes", contract.sierra_json().len(), limits::SIERRA_BYTES),
    ];
    for (unit, size, limit) in sizes {
        println!("{what}: {size} {unit}");
        assert!(size * 5 <= limit * 4, "{what}: {size} {unit}");
    }
}
