//! Contracts in the Cairo VM, as Starknet runs them: one class, or one that calls others for the parts of a large network.

use maat_cairo::limits::Figure;
use maat_cairo::{CairoRunError, Compiler, Contract, Libraries, gas};
use maat_package::{Cairo, ClassSize, Options, PackageFolder, Proving, quantise_sample, run_contract, run_program, signed};
use maat_runtime::primitives::{Affine, ArgMax, Move, Sum};
use maat_runtime::{Executor, Interval, Model, ModelBuilder, Primitive, Requantise, Shape, Tensor};
use maat_tests::figures::assert_committed;
use maat_tests::models::{MODELS, RealModel};
use maat_tests::networks::{Random, convolution, dense};
use maat_tests::onnx::Attribute;
use maat_transpiler::codegen::{self, Draft};
use maat_transpiler::{BuildOptions, CairoChoice, CodegenError, Compiled, Network, Package, Quantised, TranspileError};
use maat_verifier::Entries;
use starknet_types_core::felt::Felt;

use crate::{common, figures};

fn row(name: &str) -> &'static RealModel {
    MODELS.iter().find(|row| row.name == name).unwrap()
}

fn build(quantised: Quantised, parts: Option<usize>) -> Result<Package, TranspileError> {
    let options = BuildOptions { parts, ..BuildOptions::default() };
    Package::build_with(quantised, &options, &Compiler::default(), &mut |_| {})
}

/// A model's package, and its first held-out samples as integers.
fn example(name: &str, parts: Option<usize>, samples: usize) -> (Package, Vec<Vec<Vec<i32>>>) {
    let row = row(name);
    let network: Network = row.network();
    let package = build(row.quantise(&network, &Options::default()).unwrap(), parts).unwrap();
    let inputs = row.test_samples(&network)[..samples].iter().map(|sample| quantise_sample(&package.model, sample).unwrap()).collect();
    (package, inputs)
}

/// Asserts that the program and the contract give what the runtime gives; gives the steps of the two, and the contract's gas.
fn assert_same(package: &Package, inputs: &[Vec<i32>]) -> (u64, u64, u64) {
    let model = &package.model;
    let Compiled { program, contract, layer_classes, .. } = common::cairo(package);
    let expected = Executor::new(model).run(inputs).unwrap();
    let (by_program, steps) = run_program(model, program, inputs).unwrap();
    assert_eq!(by_program, expected);
    let (by_contract, call) = run_contract(model, contract, layer_classes, inputs).unwrap();
    assert_eq!(by_contract, expected);
    assert_eq!(call.library_calls, layer_classes.len() as u64);
    // Gas is counted before the code runs, so none is left out.
    let resources = gas::of_execution(call.steps, &call.builtins).unwrap() + gas::LIBRARY_CALL * call.library_calls;
    assert!(call.gas >= resources && call.gas < resources + resources / 10, "{call:?}: {resources}");
    (steps as u64, call.steps, call.gas)
}

/// Compares a package's report, and the steps of its contract for the first held-out sample, with the figures on our pages.
fn assert_figures(name: &str, package: &Package, steps: u64) {
    assert_committed(name, "the report", &figures::of_report(common::cost(package)), |example| example.cost.clone());
    assert_committed(name, "the contract's steps for the first test sample", &steps, |example| example.contract_steps);
}

#[test]
fn a_contract_gives_the_programs_integers_for_a_little_more() {
    for name in ["rockybot", "digits mlp", "transformer"] {
        let (package, samples) = example(name, None, 3);
        for (index, inputs) in samples.iter().enumerate() {
            let (steps, in_contract, gas) = assert_same(&package, inputs);
            if index == 0 {
                assert_figures(name, &package, in_contract);
            }
            assert!(in_contract > steps && in_contract < steps + steps / 4 + 3_000, "{name}: {in_contract} steps, not {steps}");
            println!("{name}: {steps} steps, {in_contract} in the contract, {gas} gas");
        }
        let cost = common::cost(&package);
        println!("{name}: {:?}", cost.contract);
        assert!(cost.excesses().is_empty() && common::cairo(&package).layer_classes.is_empty());
        for (file, text) in codegen::generate(&package.model, None, 0).unwrap().package.main.sources.iter() {
            assert!(!text.contains("part_1") && !file.contains("part") && file != "class_hashes.cairo", "{file}");
        }
    }
}

fn small() -> Package {
    let network = common::import(dense(&[2, 3, 2], 1));
    build(network.quantise(&[], &Options::default()).unwrap(), None).unwrap()
}

#[test]
fn a_contract_says_what_it_is_and_takes_batches() {
    let package = small();
    let (model, contract) = (&package.model, &common::cairo(&package).contract);
    let call = |function: &str, calldata: &[i32]| {
        let calldata: Vec<Felt> = calldata.iter().map(|value| Felt::from(*value)).collect();
        contract.call(function, &calldata).unwrap().output
    };
    let integers = |felts: Vec<Felt>| felts.into_iter().map(|felt| signed(felt).unwrap()).collect::<Vec<_>>();
    assert_eq!(integers(call("inputs", &[])), [1, 2, 1, 2, 1, model.inputs()[0].scale, -32_768, 32_767]);
    common::assert_ports(model, contract, "two layers");
    let commitment = Felt::from_hex(&package.manifest.proving.commitment().unwrap().to_string()).unwrap();
    assert_eq!(call("model_commitment", &[]), [commitment]);
    let run = |input: [i32; 2]| Executor::new(model).run(&[input.to_vec()]).unwrap().concat();
    let expected = [vec![2, 2], run([5, -6]), vec![2], run([300, 7])].concat();
    assert_eq!(integers(call("predict_batch", &[2, 2, 5, -6, 2, 300, 7])), expected);
    assert_eq!(integers(call("predict_batch", &[0])), [0]);
}

#[test]
fn a_contract_refuses_what_the_runtime_refuses() {
    let package = small();
    let (model, contract) = (&package.model, &common::cairo(&package).contract);
    let message = |inputs: &[i32]| match run_contract(model, contract, &[], &[inputs.to_vec()]) {
        Err(CairoRunError::Panicked { message }) => message,
        other => panic!("{other:?}"),
    };
    assert!(message(&[32_768, 0]).contains("input value out of range"));
    assert!(message(&[1]).contains("input has the wrong length"));
    assert!(matches!(contract.call("train", &[]), Err(CairoRunError::NoFunction { function }) if function == "train"));
}

/// The contract of a package after a change of its source, and of the interface's.
fn changed_contract(package: &Package, change: impl Fn(&str) -> String) -> Contract {
    let mut generated = codegen::generate(&package.model, package.manifest.proving.commitment(), 0).unwrap();
    let sources = &mut generated.package.main.sources;
    let text = change(sources.get("contract.cairo").unwrap());
    sources.insert("contract.cairo", text);
    for dependency in &mut generated.package.dependencies {
        if let Some(text) = dependency.sources.get("model.cairo").filter(|text| text.contains("trait IModel")).map(&change) {
            dependency.sources.insert("model.cairo", text);
        }
    }
    Compiler::default().contracts(&generated.package, &[generated.contract_path()]).unwrap_or_else(|error| panic!("{error}")).remove(0)
}

#[test]
fn a_contract_that_says_otherwise_than_its_package_is_refused() {
    let package = small();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package");
    package.write(&path).unwrap();
    let opened = PackageFolder::open(&path).unwrap();
    opened.check_contract(&opened.contract().unwrap()).unwrap();
    opened.check_contract(&changed_contract(&package, str::to_owned)).unwrap();

    let refused = |opened: &PackageFolder, contract: &Contract| opened.check_contract(contract).unwrap_err().to_string();
    let commitment = package.manifest.proving.commitment().unwrap().to_string();
    let other_outputs = |text: &str| match text.rfind("].span(), lo: ") {
        Some(place) => format!("{}, 7{}", &text[..place], &text[place..]),
        None => text.to_owned(),
    };
    // As it was before ports had ranges.
    let without_ranges = |text: &str| {
        let mut text = text.replace("    pub lo: i32,\n", "").replace("    pub hi: i32,\n", "");
        for tensor in package.model.tensors() {
            text = text.replace(&format!(", lo: {}, hi: {} }}", tensor.range.lo, tensor.range.hi), " }");
        }
        text
    };
    for (function, file, contract) in [
        ("model_digest", "model.maat", changed_contract(&package, |text| text.replace(&package.manifest.model_sha256, &"1".repeat(64)))),
        ("model_commitment", "manifest.json", changed_contract(&package, |text| text.replace(&commitment, "0x5"))),
        ("inputs", "model.maat", changed_contract(&package, |text| text.replacen("hi: 32767", "hi: 32766", 1))),
        ("outputs", "model.maat", changed_contract(&package, other_outputs)),
        ("inputs", "model.maat", changed_contract(&package, without_ranges)),
    ] {
        let expected = format!("contract.sierra.json: what `{function}` of the contract gives is not what {file} has: transpile again");
        let message = refused(&opened, &contract);
        assert!(message.ends_with(&expected), "{message}");
    }
    let contract = opened.contract().unwrap();
    let in_parts = common::compile_in_parts(&package.model, 1);
    assert!(
        refused(&opened, &in_parts.layer_classes[0])
            .contains("`model_digest` of the contract fails: the contract has no function model_digest")
    );

    // The manifest's commitment is another one: of other entries, or none.
    let mut other = opened.clone();
    let entries = Entries::new(opened.entries().unwrap().as_slice()[1..].to_vec()).unwrap();
    other.manifest.proving = Proving::Committed { commitment: entries.commitment(), entries: entries.clone() };
    assert!(refused(&other, &contract).contains("what `model_commitment` of the contract gives is not what manifest.json has"));
    other.manifest.proving = Proving::Unprovable { reason: "it is too large".to_owned() };
    assert!(refused(&other, &contract).contains("what `model_commitment` of the contract gives is not what manifest.json has"));
    other.check_contract(&changed_contract(&package, |text| text.replace(&commitment, "0"))).unwrap();
    // One that contradicts itself, as `maat prove` says.
    other.manifest.proving = Proving::Committed { commitment: commitment.parse().unwrap(), entries };
    assert_eq!(refused(&other, &contract), other.entries().unwrap_err().to_string());

    std::fs::write(path.join("model.maat"), opened.model().unwrap().to_bytes().split_last().unwrap().1).unwrap();
    assert_eq!(refused(&opened, &contract), opened.model().unwrap_err().to_string());
}

/// Inputs of all 32 bits, of a narrow range and of one value; and outputs with ranges that follow from these, and from a saturation.
fn of_ranges() -> Model {
    let mut builder = ModelBuilder::new("ranges");
    let shape = |length: usize| Shape::new(&[length]).unwrap();
    let whole = builder.input("whole", shape(2), 0, Interval::of_bits(32)).unwrap();
    let narrow = builder.input("narrow", shape(3), 4, Interval::new(-7, 5)).unwrap();
    let point = builder.input("point", shape(1), -1, Interval::point(3)).unwrap();
    let moved = builder.node("moved", Primitive::Move(Move::reshape(Shape::new(&[1, 2]).unwrap())), &[whole], 0).unwrap();
    let requantise = Requantise { shift: vec![0], lo: -9, hi: 200 };
    let twice = Primitive::Sum(Sum { coefficients: vec![vec![2]], bias: vec![1], inner: 1, requantise });
    let saturated = builder.node("saturated", twice, &[narrow], 4).unwrap();
    let same = builder.node("same", Primitive::Move(Move::reshape(Shape::new(&[1, 1]).unwrap())), &[point], -1).unwrap();
    builder.finish(&[("moved", moved), ("saturated", saturated), ("same", same)]).unwrap()
}

#[test]
fn a_contract_says_which_integers_it_takes_and_gives() {
    let model = of_ranges();
    let ranges = |tensors: Vec<&Tensor>| tensors.iter().map(|tensor| (tensor.range.lo, tensor.range.hi)).collect::<Vec<_>>();
    let all = (i32::MIN.into(), i32::MAX.into());
    assert_eq!(ranges(model.inputs().iter().collect()), [all, (-7, 5), (3, 3)]);
    assert_eq!(ranges(model.outputs().iter().map(|output| model.tensor(output.tensor)).collect()), [all, (-9, 11), (3, 3)]);
    for parts in [0, 1] {
        let compiled = common::compile_in_parts(&model, parts);
        common::assert_ports(&model, &compiled.contract, "ranges");
        // Those are the integers that it takes, and no others.
        let whole = vec![i32::MIN, i32::MAX];
        common::assert_equal_in_parts(&model, &compiled, &[whole.clone(), vec![-7, 5, 0], vec![3]], "the ends of the ranges");
        for (narrow, point) in [(-8, 3), (6, 3), (0, 2), (0, 4)] {
            let inputs = [whole.clone(), vec![0, narrow, 0], vec![point]];
            let error = run_contract(&model, &compiled.contract, &compiled.layer_classes, &inputs).unwrap_err();
            assert!(error.to_string().contains("input value out of range"), "{narrow}, {point}: {error}");
        }
    }
}

/// A network in which values skip nodes, with two inputs and two outputs.
fn branching() -> Model {
    let mut random = Random::new(8);
    let mut builder = ModelBuilder::new("branching");
    let requantise = || Requantise { shift: vec![9], lo: -200, hi: 200 };
    let mut dense = |n: usize| {
        let weights = (0..5 * n).map(|_| random.within(Interval::of_bits(8)) as i16).collect();
        Primitive::Affine(Affine { groups: 1, inputs: n as u32, weights, bias: vec![7; 5], requantise: requantise() })
    };
    let sum = || Primitive::Sum(Sum { coefficients: vec![vec![300], vec![-200]], bias: vec![3], inner: 1, requantise: requantise() });
    let x = builder.input("x", Shape::new(&[1, 6]).unwrap(), 0, Interval::of_bits(10)).unwrap();
    let y = builder.input("y", Shape::new(&[1, 4]).unwrap(), 0, Interval::of_bits(9)).unwrap();
    let a = builder.node("a", dense(6), &[x], 0).unwrap();
    let b = builder.node("b", dense(4), &[y], 0).unwrap();
    let c = builder.node("c", sum(), &[a, b], 0).unwrap();
    let d = builder.node("d", dense(5), &[c], 0).unwrap();
    let e = builder.node("e", sum(), &[d, a], 0).unwrap();
    builder.finish(&[("e", e), ("c", c)]).unwrap()
}

#[test]
fn any_number_of_parts_gives_the_same_integers() {
    let model = branching();
    assert_eq!(Draft::new(&model).unwrap().most_parts(), 5);
    let mut random = Random::new(9);
    for parts in 0..=5 {
        let compiled = common::compile_in_parts(&model, parts);
        assert_eq!(compiled.layer_classes.len(), parts);
        for _ in 0..4 {
            common::assert_equal_in_parts(&model, &compiled, &common::random_inputs(&model, &mut random), &format!("{parts} parts"));
        }
    }
    let error = codegen::generate(&model, None, 6).err().unwrap();
    assert!(matches!(&error, CodegenError::Parts { parts: 6, .. }), "{error}");
}

#[test]
fn a_network_in_parts_gives_the_runtimes_integers() {
    for parts in [2, 3] {
        let (package, samples) = example("rockybot", Some(parts), 4);
        for inputs in &samples {
            assert_same(&package, inputs);
        }
        let cost = common::cost(&package);
        assert_eq!(
            cost.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(),
            ["model", "part 1", "part 2", "part 3"][..=parts]
        );
        assert!(cost.excesses().is_empty() && cost.contract.library_calls == parts as u64, "{cost:?}");
        // The model's class holds the hashes of the others, so it calls no others.
        let model = &package.model;
        let Compiled { contract, layer_classes, .. } = common::cairo(&package);
        let swapped = &layer_classes[1..];
        let error = run_contract(model, contract, swapped, &samples[0]).unwrap_err();
        assert!(matches!(error, CairoRunError::UnknownClass { class_hash } if class_hash == layer_classes[0].class_hash()), "{error}");
        // The parts by themselves, one after the other, are the network too.
        let mut values: Vec<Felt> = samples[0].concat().into_iter().map(Felt::from).collect();
        for part in layer_classes {
            values.insert(0, Felt::from(values.len()));
            values = part.call_with_libraries("run", &values, &Libraries::new()).unwrap().output.split_off(1);
        }
        let values: Vec<i32> = values.into_iter().map(|value| signed(value).unwrap()).collect();
        assert_eq!(values, Executor::new(model).run(&samples[0]).unwrap().concat());
    }
}

#[test]
fn a_layer_larger_than_a_class_is_split_by_its_outputs() {
    let mut builder = ModelBuilder::new("wide");
    let x = builder.input("x", Shape::new(&[1, 512]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let mut random = Random::new(31);
    let weights = (0..512 * 640).map(|_| random.within(Interval { lo: -127, hi: 127 }) as i16).collect();
    let requantise = Requantise { shift: vec![9], lo: -128, hi: 127 };
    let layer = Affine { groups: 1, inputs: 512, weights, bias: (0..640).collect(), requantise };
    let y = builder.node("layer", Primitive::Affine(layer), &[x], 0).unwrap();
    let z = builder.node("label", Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }), &[y], 0).unwrap();
    let model = builder.finish(&[("y", y), ("z", z)]).unwrap();
    let draft = Draft::new(&model).unwrap();
    let (node, share) = draft.largest_node().unwrap();
    assert!(node.starts_with("layer ") && node.contains(" of ") && share < 1.0, "{node}: {share}");
    let compiled = common::compile_in_parts(&model, draft.fewest_parts());
    assert!(compiled.layer_classes.len() > 1);
    for class in &compiled.layer_classes {
        assert!(ClassSize::of("part".to_owned(), class).figures().iter().all(Figure::fits));
    }
    for _ in 0..2 {
        common::assert_equal_in_parts(&model, &compiled, &common::random_inputs(&model, &mut random), "a layer in pieces");
    }
}

#[test]
fn a_package_in_parts_is_the_same_every_time_and_comes_back_from_its_folder() {
    let (package, samples) = example("rockybot", Some(2), 1);
    let (again, _) = example("rockybot", Some(2), 1);
    // The manifest holds a digest of every other file.
    assert_eq!(package.manifest, again.manifest);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package");
    package.write(&path).unwrap();
    let opened = PackageFolder::open(&path).unwrap();
    assert_eq!(opened.manifest, package.manifest);
    assert_eq!(opened.report().unwrap(), package.report);
    let (contract, layer_classes) = (opened.contract().unwrap(), opened.layer_classes().unwrap());
    let bytes = |class: &Contract| (class.sierra_json(), class.casm_json(), class.class_hash());
    let compiled = common::cairo(&package);
    assert_eq!(bytes(&contract), bytes(&compiled.contract));
    assert_eq!(layer_classes.iter().map(bytes).collect::<Vec<_>>(), compiled.layer_classes.iter().map(bytes).collect::<Vec<_>>());
    let (outputs, _) = run_contract(&package.model, &contract, &layer_classes, &samples[0]).unwrap();
    assert_eq!(outputs, Executor::new(&package.model).run(&samples[0]).unwrap());

    // A class is taken only under the hashes that the manifest says.
    let mut changed = opened.clone();
    let Cairo::Compiled { layer_classes, .. } = &mut changed.manifest.cairo else { panic!("it has classes") };
    layer_classes.swap(0, 1);
    let message = changed.layer_classes().err().unwrap().to_string();
    assert!(message.contains("target/part_1.sierra.json") && message.contains("but manifest.json has others"), "{message}");
    let mut changed = opened.clone();
    let Cairo::Compiled { class, .. } = &mut changed.manifest.cairo else { panic!("it has a class") };
    class.casm_class_hash.clone_from(&class.sierra_class_hash);
    assert!(changed.contract().err().unwrap().to_string().contains("target/contract.sierra.json"));
    std::fs::write(path.join("target/part_2.casm.json"), "{}").unwrap();
    let message = opened.layer_classes().err().unwrap().to_string();
    assert!(message.contains("part_2.casm.json") && message.contains("is not the one that manifest.json lists"), "{message}");
}

#[test]
fn what_is_not_a_class_is_refused() {
    let package = small();
    let contract = &common::cairo(&package).contract;
    let (sierra, casm) = (contract.sierra_json(), contract.casm_json());
    let refused = |sierra: &[u8], casm: &[u8]| match Contract::from_json(sierra, casm) {
        Err(CairoRunError::MalformedClass { reason }) => reason,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was read"),
    };
    refused(b"", &casm);
    refused(&sierra, b"{}");
    refused(&casm, &sierra);
    let mut changed: serde_json::Value = serde_json::from_slice(&casm).unwrap();
    changed["bytecode"].as_array_mut().unwrap().pop();
    assert!(refused(&sierra, &serde_json::to_vec(&changed).unwrap()).contains("segments"));
}

#[test]
fn a_network_too_large_for_one_class_is_split_by_itself() {
    let (package, samples) = example("lstm", None, 2);
    let cost = common::cost(&package);
    println!("lstm: {cost:?}");
    assert!(common::cairo(&package).layer_classes.len() >= 2 && cost.excesses().is_empty(), "{cost:?}");
    for (index, inputs) in samples.iter().enumerate() {
        let (steps, in_contract, gas) = assert_same(&package, inputs);
        println!("lstm: {steps} steps, {in_contract} in the contract, {gas} gas");
        if index == 0 {
            assert_figures("lstm", &package, in_contract);
        }
    }
}

#[test]
fn a_node_that_fits_no_class_is_named_and_no_error_unless_cairo_is_asked_for() {
    // Groups are not split.
    let network = common::import(convolution(1, &[1, 800, 1, 1], &[600, 400, 1, 1], &[("group", Attribute::Int(2))]).output("y"));
    let quantised = || network.quantise(&[], &Options::default()).unwrap();
    let package = build(quantised(), None).unwrap();
    let Cairo::Absent { reason } = &package.manifest.cairo else { panic!("it has Cairo") };
    assert!(package.cairo.is_none() && package.report.cost.is_none());
    let always = BuildOptions { cairo: CairoChoice::Always, ..BuildOptions::default() };
    let error = Package::build_with(quantised(), &always, &Compiler::default(), &mut |_| {}).err().unwrap();
    let TranspileError::TooLarge { node, figure } = &error else { panic!("{error}") };
    println!("{error}");
    let model = quantised().model;
    let largest = model.nodes().find(|(node, _)| matches!(node.primitive, Primitive::Affine(_))).unwrap().0.name.clone();
    assert!(*node == largest && !figure.fits(), "{error}");
    assert!(reason.contains(&format!("node `{largest}`")), "{reason}");
    // Without Starknet, for proofs and the Cairo VM, its package can still be built.
    let package = build(quantised(), Some(0)).unwrap();
    let excesses = common::cost(&package).excesses();
    assert!(excesses.iter().all(|(class, _)| *class == Some("model")) && !excesses.is_empty(), "{excesses:?}");
}
