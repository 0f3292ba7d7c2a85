//! Every trained model of the list: near its float network, equal in runtime, Cairo VM and proofs, and as right on held-out samples as before.

use maat_cairo::{Compiler, Executable};
use maat_package::samples::Sample;
use maat_package::{Options, PackageFolder, Widths, execute_program, quantise_sample, run_program};
use maat_prover::{LayoutChoice, ProvingKey, Visibility, entries_for};
use maat_runtime::{Executor, Model, dequantise};
use maat_tests::figures::{HeldOut, Nearness, assert_committed, committed};
use maat_tests::models::{Closeness, MODELS, RealModel};
use maat_transpiler::{Network, Package};
use maat_verifier::cairo::Value;
use maat_verifier::cairo::columns::MAX_ROWS;
use maat_verifier::cairo::{Builtin, ProgramHash};
use maat_verifier::{Felt252, Mode, Preset, verify};
use rayon::prelude::*;

use crate::common;

/// The greatest share of held-out samples that quantisation may cost a classifier of the digits, by the bits of activations and weights.
const LOSSES: &[(u32, f64)] = &[(16, 0.005), (8, 0.015)];
const DIGITS: &str = "digits";
/// The longest trace of a Cairo proof that is made: 2^18 rows take 3.3 GB and eleven seconds, 2^20 rows four times as much.
const MOST_CAIRO_ROWS: u32 = if cfg!(feature = "slow") { MAX_ROWS as u32 } else { 1 << 16 };

fn quantised_inputs(model: &Model, samples: &[Sample]) -> Vec<Vec<Vec<i32>>> {
    samples.iter().map(|sample| quantise_sample(model, sample).unwrap()).collect()
}

fn first_maximum(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, candidate| if values[candidate] > values[best] { candidate } else { best })
}

/// The outputs of the integers as real numbers.
fn run_integers(model: &Model, samples: &[Sample]) -> Vec<Vec<Vec<f64>>> {
    let outputs = Executor::run_batch(model, &quantised_inputs(model, samples)).unwrap();
    let scales: Vec<i32> = model.outputs().iter().map(|output| model.tensor(output.tensor).scale).collect();
    let real = |outputs: Vec<Vec<i32>>| {
        let real = |(values, scale): (Vec<i32>, &i32)| values.into_iter().map(|value| dequantise(value, *scale)).collect();
        outputs.into_iter().zip(&scales).map(real).collect()
    };
    outputs.into_iter().map(real).collect()
}

/// How near a model's integers come to the float network on the held-out samples.
pub fn nearness(row: &RealModel, network: &Network, model: &Model) -> Nearness {
    let samples = row.test_samples(network);
    let found = run_integers(model, &samples);
    let expected: Vec<Vec<Vec<f64>>> = samples.iter().map(|sample| network.run_float(sample)).collect();
    match row.closeness {
        Closeness::SameChoice(_) => {
            let choice = |outputs: &[Vec<f64>]| if outputs[0].len() > 1 { first_maximum(&outputs[0]) as f64 } else { outputs[0][0] };
            let same = expected.iter().zip(&found).filter(|(expected, found)| choice(expected) == choice(found)).count();
            Nearness::SameChoice(same, samples.len())
        }
        Closeness::Error(_) => {
            let pairs = || expected.iter().flatten().flatten().zip(found.iter().flatten().flatten());
            let magnitude = pairs().fold(0f64, |most, (expected, _)| most.max(expected.abs()));
            let error = pairs().fold(0f64, |most, (expected, found)| most.max((expected - found).abs())) / magnitude;
            Nearness::Error((10_000.0 * error).ceil() / 100.0)
        }
    }
}

#[test]
fn every_model_is_near_its_float_network() {
    assert!(!MODELS.is_empty());
    MODELS.par_iter().for_each(|row| {
        let network = row.network();
        let model = row.quantise(&network, &Options::default()).unwrap().model;
        let nearness = nearness(row, &network, &model);
        println!("{}: {nearness:?}", row.name);
        match (&row.closeness, &nearness) {
            (Closeness::SameChoice(least), Nearness::SameChoice(same, of)) => {
                let share = *same as f64 / *of as f64;
                assert!(share >= *least, "{}: the same choice in only {share} of the samples", row.name);
            }
            (Closeness::Error(most), Nearness::Error(error)) => {
                assert!(*error <= 100.0 * most, "{}: off by {error} % of the greatest value", row.name);
            }
            (_, nearness) => panic!("{}: {nearness:?}", row.name),
        }
        assert_committed(row.name, "how near its integers are", &nearness, |example| example.nearness.clone());
    });
}

/// The most steps that a model's program takes for the first held-out samples.
pub fn sample_steps(row: &RealModel, model: &Model, program: &Executable, samples: &[Vec<Vec<i32>>]) -> usize {
    let steps = samples[..row.cairo_runs].iter().map(|inputs| run_program(model, program, inputs).unwrap().1);
    steps.max().unwrap_or_default()
}

/// A model with its program, and what its first held-out sample gives.
struct Compiled {
    row: &'static RealModel,
    model: Model,
    program: Executable,
    inputs: Vec<Vec<i32>>,
    outputs: Vec<Vec<i32>>,
}

/// Compiles a model, and compares the Cairo VM with the runtime on its held-out samples.
fn run_in_cairo(row: &'static RealModel) -> Compiled {
    let network = row.network();
    let model = row.quantise(&network, &Options::default()).unwrap().model;
    let samples = row.test_samples(&network);
    let runs = if cfg!(feature = "slow") { samples.len() } else { row.cairo_runs };
    assert!(runs > 0, "{}: no runs", row.name);
    let mut inputs = quantised_inputs(&model, &samples[..runs]);
    let mut expected = Executor::run_batch(&model, &inputs).unwrap();
    // As its package has it: the model's class and those of its parts.
    let classes = committed().examples[row.name].cost.classes.len();
    let program = common::compile_program(&model, classes - 1);
    let steps = inputs.iter().zip(&expected).enumerate().map(|(index, (inputs, expected))| {
        let (found, steps) = run_program(&model, &program, inputs).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(&found, expected, "{}: sample {index}", row.name);
        steps
    });
    let steps: Vec<usize> = steps.collect();
    let most = steps.iter().copied().max().unwrap_or_default();
    println!("{}: {} multiply-accumulates, {most} steps", row.name, model.macs());
    assert!(most < row.steps, "{}: {most} steps", row.name);
    let of_first = steps[..row.cairo_runs].iter().copied().max().unwrap_or_default();
    assert_committed(row.name, "steps for test samples", &of_first, |example| example.sample_steps);
    let (_, for_zeros) = run_program(&model, &program, &common::zeros(&model)).unwrap();
    assert_committed(row.name, "multiply-accumulates, steps for zeros", &(model.macs(), for_zeros), |example| {
        (example.cost.macs, example.cost.steps)
    });
    Compiled { row, model, program, inputs: inputs.swap_remove(0), outputs: expected.swap_remove(0) }
}

/// The inputs and outputs that a model proof states.
fn stated_by_model_proof(compiled: &Compiled) -> (Vec<i32>, Vec<i32>) {
    let entries = entries_for(&compiled.model, &[1], &[Preset::Fast], LayoutChoice::Cheapest).unwrap();
    let commitment = entries.commitment();
    let key = ProvingKey::new(&compiled.model, entries, (Preset::Fast, Mode::Plain), 1).unwrap();
    let public = (Visibility::Public, Visibility::Public);
    let proved = key.prove(std::slice::from_ref(&compiled.inputs), public, &|_| ()).unwrap();
    println!("{}: {} of {} rows", compiled.row.name, key.program().used_rows, key.program().rows);
    let statement = verify(&proved.file.to_bytes(), &commitment).unwrap();
    (statement.inputs.as_public().unwrap().to_vec(), statement.outputs.as_public().unwrap().to_vec())
}

/// The output that a Cairo proof states; or, where the proof would take long, the output of the execution to be proven.
fn stated_by_cairo_proof(compiled: &Compiled) -> Vec<Felt252> {
    let Compiled { row, program, inputs, .. } = compiled;
    let execution = execute_program(program, inputs).unwrap();
    if row.cairo_rows > MOST_CAIRO_ROWS {
        let builtins = execution.program.builtins();
        let output = builtins.iter().position(|builtin| *builtin == Builtin::Output).unwrap();
        let cells = &execution.segments[execution.builtin_segments[output] as usize];
        let value = |cell: &Option<Value>| match cell {
            Some(Value::Felt(felt)) => *felt,
            other => panic!("{}: {other:?} in the output", row.name),
        };
        return cells.iter().map(value).collect();
    }
    let proof = maat_prover::cairo::prove(&execution, Preset::Fast, &|_| ()).unwrap().file.to_bytes();
    let hash: ProgramHash = program.hash().unwrap().to_fixed_hex_string().parse().unwrap();
    let statement = maat_verifier::cairo::verify(&proof, &hash).unwrap_or_else(|error| panic!("{}: {error}", row.name));
    println!("{}: a Cairo proof of {} steps in {} rows, {} bytes", row.name, statement.steps, statement.rows, proof.len());
    assert_eq!(statement.rows, row.cairo_rows, "{}", row.name);
    statement.output
}

#[test]
fn every_model_is_equal_in_runtime_cairo_and_proofs() {
    assert!(!MODELS.is_empty());
    let compiled: Vec<Compiled> = MODELS.par_iter().map(run_in_cairo).collect();
    // One after the other, because the largest ones take gigabytes.
    for compiled in &compiled {
        let (name, inputs, outputs) = (compiled.row.name, compiled.inputs.concat(), compiled.outputs.concat());
        assert_eq!(stated_by_model_proof(compiled), (inputs.clone(), outputs.clone()), "{name}");
        // The program gives back its inputs in front of its outputs.
        let felt = |value: i32| if value < 0 { -Felt252::from(value.unsigned_abs()) } else { Felt252::from(value.unsigned_abs()) };
        let expected: Vec<Felt252> = inputs.into_iter().chain(outputs).map(felt).collect();
        assert_eq!(stated_by_cairo_proof(compiled), expected, "{name}");
    }
}

/// How many classes equal their labels.
fn count_right(classes: impl Iterator<Item = f64>, labels: &[i32]) -> usize {
    classes.zip(labels).filter(|(class, label)| *class == f64::from(**label)).count()
}

/// How many held-out samples a classifier gets right, and how many there are; nothing for another model.
pub fn held_out(row: &RealModel, network: &Network) -> Option<HeldOut> {
    let class = row.class?;
    let (samples, labels) = (row.test_samples(network), row.labels());
    assert_eq!(samples.len(), labels.len(), "{}", row.name);
    let float = samples.iter().map(|sample| network.run_float(sample)[class][0]);
    let float = count_right(float, &labels);
    let by_bits = LOSSES.iter().map(|(bits, _)| {
        let widths = Widths { activations: *bits, weights: *bits };
        let model = row.quantise(network, &Options { widths, ..Options::default() }).unwrap().model;
        (*bits, count_right(run_integers(&model, &samples).iter().map(|outputs| outputs[class][0]), &labels))
    });
    Some(HeldOut { samples: samples.len(), float, by_bits: by_bits.collect() })
}

#[test]
fn classifiers_stay_as_right_on_held_out_samples() {
    let mut digits = 0;
    for row in MODELS {
        let held_out = held_out(row, &row.network());
        assert_committed(row.name, "held-out samples that are right", &held_out, |example| example.held_out.clone());
        let Some(HeldOut { samples, float, by_bits }) = held_out else { continue };
        let share = |right: usize| right as f64 / samples as f64;
        for (bits, most) in LOSSES {
            let (after, before) = (share(by_bits[bits]), share(float));
            println!("{} at {bits} bits: {:.2} % right, of {:.2} % in floats", row.name, 100.0 * after, 100.0 * before);
            assert!(before - after <= *most || !row.name.starts_with(DIGITS), "{} at {bits} bits: {after} right, of {before}", row.name);
        }
        digits += usize::from(row.name.starts_with(DIGITS));
    }
    assert_eq!(digits, 3, "the list has lost classifiers of the digits");
}

#[test]
fn a_package_comes_back_from_its_folder() {
    let row = MODELS.iter().find(|row| row.name == "digits mlp").unwrap();
    let network = row.network();
    let quantised = row.quantise(&network, &Options::default()).unwrap();
    let package = Package::build(quantised, &Compiler::default(), &mut |_| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package");
    package.write(&path).unwrap();
    let opened = PackageFolder::open(&path).unwrap();
    let model = opened.model().unwrap();
    assert_eq!((&model, &opened.report().unwrap()), (&package.model, &package.report));
    let inputs = quantise_sample(&model, &row.test_samples(&network)[0]).unwrap();
    let (found, _) = run_program(&model, &opened.program().unwrap(), &inputs).unwrap();
    assert_eq!(found, Executor::new(&package.model).run(&inputs).unwrap());
}
