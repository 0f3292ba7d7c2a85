//! Cairo `#[test]`s, run by the Cairo test runner: those of our own crates, and of a generated contract, deployed and called. Sizes of classes.

use std::fmt::Write;

use cairo_lang_compiler::db::RootDatabase;
use cairo_lang_compiler::diagnostics::DiagnosticsReporter;
use cairo_lang_filesystem::cfg::{Cfg, CfgSet};
use cairo_lang_sierra::program::Statement;
use cairo_lang_starknet::starknet_plugin_suite;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use cairo_lang_test_plugin::{TestCompilation, TestsCompilationConfig, compile_test_prepared_db, test_plugin_suite};
use cairo_lang_test_runner::{CompiledTestRunner, TestRunConfig};
use maat_cairo::{CairoPackage, Compiler, Crate, Edition, Sources};
use maat_package::{Options, quantise_sample, samples};
use maat_runtime::{Executor, Interval, Tensor};
use maat_tests::networks::Random;
use maat_tests::root;
use maat_transpiler::{Network, codegen};
use serde_json::Value;

use crate::common::assert_fits;

/// A database for [`compile_tests`].
fn test_database() -> RootDatabase {
    RootDatabase::builder()
        .with_cfg(CfgSet::from_iter([Cfg::name("test"), Cfg::kv("target", "test"), Cfg::kv("target", "starknet-contract")]))
        .with_default_plugin_suite(test_plugin_suite())
        .with_default_plugin_suite(starknet_plugin_suite())
        .build()
        .expect("nothing is detected or loaded")
}

/// Compiles the tests of a package's own crate, and the contracts of all its crates.
///
/// # Panics
/// The package does not compile, and what is wrong with it is printed.
fn compile_tests<'db>(db: &'db mut RootDatabase, package: &CairoPackage) -> TestCompilation<'db> {
    let main = Compiler::default().set_up(db, package);
    let db: &'db RootDatabase = db;
    let config = TestsCompilationConfig {
        starknet: true,
        add_statements_functions: false,
        add_statements_code_locations: false,
        contract_declarations: None,
        contract_crate_ids: None,
        executable_crate_ids: None,
        add_functions_debug_info: false,
        replace_ids: false,
    };
    let reporter = DiagnosticsReporter::stderr().with_crates(std::slice::from_ref(&main));
    compile_test_prepared_db(db, config, vec![main], reporter).expect("the package compiles")
}

/// Runs the tests of a package's own crate, of which there must be at least `least`.
fn run_cairo_tests(package: &CairoPackage, least: usize) {
    let mut db = test_database();
    let compiled = compile_tests(&mut db, package);
    let found = compiled.metadata.named_tests.len();
    assert!(found >= least, "only {found} Cairo tests were found");
    let config = TestRunConfig {
        filter: String::new(),
        include_ignored: true,
        ignored: false,
        profiler_config: None,
        gas_enabled: true,
        print_resource_usage: false,
    };
    CompiledTestRunner::new(compiled, config).run(None).expect("every Cairo test passes");
}

#[test]
fn the_operator_runtime_passes_its_tests() {
    let mut crates = Crate::operator_runtime();
    run_cairo_tests(&CairoPackage { main: crates.remove(0), dependencies: crates }, 16);
}

#[test]
fn the_registry_passes_its_tests() {
    run_cairo_tests(&with_mocks(CairoPackage::registry()), 189);
}

#[test]
fn the_vaults_parts_pass_their_tests() {
    run_cairo_tests(&CairoPackage::vault(), 41);
}

/// The package with the mocks, which its tests use, and what they need.
fn with_mocks(mut package: CairoPackage) -> CairoPackage {
    let CairoPackage { main, dependencies } = CairoPackage::mocks();
    for needed in dependencies.into_iter().chain([main]) {
        if package.dependencies.iter().all(|present| present.name != needed.name) {
            package.dependencies.push(needed);
        }
    }
    package
}

#[test]
fn the_price_history_passes_its_tests() {
    run_cairo_tests(&with_mocks(CairoPackage::price_history()), 47);
}

#[test]
fn the_mocks_pass_their_tests() {
    run_cairo_tests(&CairoPackage::mocks(), 54);
}

#[test]
fn the_feeds_pass_their_tests() {
    run_cairo_tests(&with_mocks(CairoPackage::pragma_feed()), 34);
}

#[test]
fn the_adapters_pass_their_tests() {
    run_cairo_tests(&with_mocks(CairoPackage::ekubo_adapter()), 32);
}

/// A file of `tests/fixtures/vault/` as a crate of its own.
fn fixture(name: &str) -> Crate {
    let mut sources = Sources::default();
    sources.insert("lib.cairo", std::fs::read_to_string(root().join(format!("tests/fixtures/vault/{name}.cairo"))).unwrap());
    Crate { name: name.to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: String::new() }
}

#[test]
fn a_vault_trades_at_a_pool_of_ekubo() {
    let CairoPackage { main: vault, dependencies } = with_mocks(CairoPackage::vault());
    let others = vec![vault, CairoPackage::price_history().main, CairoPackage::ekubo_adapter().main, fixture("registry")];
    run_cairo_tests(&CairoPackage { main: fixture("ekubo"), dependencies: [dependencies, others].concat() }, 2);
}

#[test]
fn the_contracts_are_classes_that_mainnet_takes() {
    let compiler = Compiler::default();
    let packages = [
        ("registry", CairoPackage::registry()),
        ("price history", CairoPackage::price_history()),
        ("feed", CairoPackage::pragma_feed()),
        ("adapter", CairoPackage::ekubo_adapter()),
    ];
    for (what, package) in packages {
        assert_fits(what, &compiler.contract(&package).unwrap_or_else(|error| panic!("{error}")));
    }
    let mocks = compiler.contracts(&CairoPackage::mocks(), &CairoPackage::MOCKS);
    for (path, contract) in CairoPackage::MOCKS.iter().zip(mocks.unwrap_or_else(|error| panic!("{error}"))) {
        assert_fits(path, &contract);
    }
}

/// Whoever adds an entry point to the registry has to say so here. None may replace what is registered, or the registry's own class.
#[test]
fn the_registry_has_no_other_entry_points() {
    const EXTERNALS: [&str; 12] = [
        "accept_ownership",
        "cancel",
        "deploy",
        "deprecate",
        "execute",
        "execute_batch",
        "predict",
        "prove",
        "register",
        "register_entries",
        "revoke",
        "transfer_ownership",
    ];
    const VIEWS: [&str; 18] = [
        "entries",
        "fact",
        "fact_count_of",
        "facts_of",
        "instance",
        "is_valid",
        "lifecycle",
        "model",
        "model_by_name",
        "model_count",
        "model_count_of",
        "models",
        "models_of",
        "spent",
        "verifier",
        "version",
        "version_by_class",
        "versions",
    ];
    let contract = Compiler::default().contract(&CairoPackage::registry()).unwrap();
    let sierra: Value = serde_json::from_slice(&contract.sierra_json()).unwrap();
    // A function of an interface is listed in it, and one of no interface beside the interfaces.
    let items = sierra["abi"].as_array().unwrap();
    let in_interfaces = items.iter().filter_map(|item| item["items"].as_array()).flatten();
    let functions: Vec<_> = items.iter().chain(in_interfaces).filter(|item| item["type"] == "function").collect();
    let named = |mutability: &str| {
        let named = functions.iter().filter(|function| function["state_mutability"] == mutability);
        let mut named: Vec<_> = named.map(|function| function["name"].as_str().unwrap()).collect();
        named.sort_unstable();
        named
    };
    assert_eq!(named("external"), EXTERNALS);
    assert_eq!(named("view"), VIEWS);
    let entry_points = |kind: &str| sierra["entry_points_by_type"][kind].as_array().unwrap().len();
    assert_eq!(entry_points("EXTERNAL"), EXTERNALS.len() + VIEWS.len());
    assert_eq!(entry_points("L1_HANDLER"), 0);
    assert_eq!(entry_points("CONSTRUCTOR"), 1);
}

/// A library call to a model's class would run foreign code in the registry's storage, and a replaced class would be another registry. The
/// one library call is that of the verifier, which `facts.cairo` makes with the class from its own storage.
#[test]
fn the_registry_makes_one_library_call_and_does_not_replace_its_class() {
    let sierra = Compiler::default().contract(&CairoPackage::registry()).unwrap().sierra_json();
    let class: ContractClass = serde_json::from_slice(&sierra).unwrap();
    let program = class.extract_sierra_program(false).unwrap().program;
    let calls = |name: &str| {
        let declared = program.libfunc_declarations.iter().filter(|libfunc| libfunc.long_id.generic_id.0 == name);
        let declared: Vec<_> = declared.map(|libfunc| &libfunc.id).collect();
        let statements = program.statements.iter();
        statements.filter(|statement| matches!(statement, Statement::Invocation(call) if declared.contains(&&call.libfunc_id))).count()
    };
    for name in ["call_contract_syscall", "deploy_syscall", "get_class_hash_at_syscall", "storage_write_syscall"] {
        assert!(calls(name) > 0, "{name} is not found, so that the rest of this test shows nothing");
    }
    assert_eq!((calls("library_call_syscall"), calls("replace_class_syscall")), (1, 0));
}

#[test]
fn a_deployed_contract_gives_the_runtimes_integers() {
    let example = root().join("examples/rockybot");
    let network = Network::import(&example.join("rockybot.onnx")).unwrap();
    let test = samples::read(&example.join("test.json"), network.inputs()).unwrap();
    let model = network.quantise(&test, &Options::default()).unwrap().model;
    let mut package = codegen::generate(&model, None, 0).unwrap().package;

    let mut cases = vec![vec![vec![-32768; 36]], vec![vec![32767; 36]]];
    let mut random = Random::new(5);
    cases.extend((0..6).map(|_| quantise_sample(&model, &test[random.below(test.len())]).unwrap()));
    let list = |values: &[i32]| values.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
    let mut text = String::from(
        "use starknet::SyscallResultTrait;\nuse crate::contract::model_contract;\nuse maat_interfaces::model::{IModelDispatcher, IModelDispatcherTrait};\n\
         fn deployed() -> IModelDispatcher {\n    let (contract_address, _) = starknet::syscalls::deploy_syscall(\n        \
         model_contract::TEST_CLASS_HASH, 0, [].span(), false,\n    ).unwrap_syscall();\n    IModelDispatcher { contract_address }\n}\n\
         #[test]\nfn ports_are_described() {\n    let contract = deployed();\n    assert_eq!(contract.inputs().len(), 1);\n    \
         assert_eq!(contract.inputs()[0].shape, [1, 36].span());\n    assert_eq!(contract.outputs().len(), 2);\n    \
         assert_eq!(contract.outputs()[1].scales, [0].span());\n    assert!(contract.model_digest() != 0);\n    assert_eq!(contract.model_commitment(), 0);\n}\n\
         #[test]\n#[should_panic(expected: ('input value out of range', 'ENTRYPOINT_FAILED'))]\nfn a_value_out_of_range_is_refused() {\n    \
         deployed().predict([32768, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].span());\n}\n\
         #[test]\n#[should_panic(expected: ('input has the wrong length', 'ENTRYPOINT_FAILED'))]\nfn a_short_input_is_refused() {\n    \
         deployed().predict([1, 2, 3].span());\n}\n",
    );
    for (index, inputs) in cases.iter().enumerate() {
        let expected = Executor::new(&model).run(inputs).unwrap().concat();
        let _ = writeln!(
            text,
            "#[test]\nfn case_{index}() {{\n    assert_eq!(deployed().predict([{}].span()), [{}].span());\n}}",
            list(&inputs.concat()),
            list(&expected)
        );
    }
    let ranges = |function: &str, tensors: Vec<&Tensor>| {
        let port = |(position, tensor): (usize, &&Tensor)| {
            let Interval { lo, hi } = tensor.range;
            format!("    let port = *contract.{function}()[{position}];\n    assert_eq!((port.lo, port.hi), ({lo}, {hi}));\n")
        };
        tensors.iter().enumerate().map(port).collect::<String>()
    };
    let outputs = model.outputs().iter().map(|output| model.tensor(output.tensor)).collect();
    let ranges = [ranges("inputs", model.inputs().iter().collect()), ranges("outputs", outputs)].concat();
    let _ = writeln!(text, "#[test]\nfn ranges_are_described() {{\n    let contract = deployed();\n{ranges}}}");
    let lib = format!("{}\n#[cfg(test)]\nmod tests;\n", package.main.sources.get("lib.cairo").unwrap());
    package.main.sources.insert("lib.cairo", lib);
    package.main.sources.insert("tests.cairo", text);
    run_cairo_tests(&package, cases.len() + 4);
}

#[test]
fn a_contract_calls_its_parts_by_their_class_hashes() {
    let example = root().join("examples/rockybot");
    let network = Network::import(&example.join("rockybot.onnx")).unwrap();
    let test = samples::read(&example.join("test.json"), network.inputs()).unwrap();
    let model = network.quantise(&test, &Options::default()).unwrap().model;
    let mut package = codegen::generate(&model, None, 2).unwrap().package;
    let inputs = quantise_sample(&model, &test[0]).unwrap();
    let expected = Executor::new(&model).run(&inputs).unwrap().concat();
    let list = |values: &[i32]| values.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
    let (inputs, expected) = (list(&inputs.concat()), list(&expected));
    let text = format!(
        "use maat_interfaces::model::{{IModelDispatcherTrait, IModelLibraryDispatcher}};\nuse crate::contract::model_contract;\n\
         fn declared() -> IModelLibraryDispatcher {{\n    IModelLibraryDispatcher {{ class_hash: model_contract::TEST_CLASS_HASH }}\n}}\n\
         #[test]\nfn one_inference() {{\n    assert_eq!(declared().predict([{inputs}].span()), [{expected}].span());\n}}\n\
         #[test]\nfn two_inferences() {{\n    let inputs = [[{inputs}].span(), [{inputs}].span()].span();\n    \
         assert_eq!(declared().predict_batch(inputs), [[{expected}].span(), [{expected}].span()].span());\n}}\n\
         #[test]\n#[should_panic(expected: ('input has the wrong length', 'ENTRYPOINT_FAILED'))]\nfn a_short_input_is_refused() {{\n    \
         declared().predict([1, 2, 3].span());\n}}\n"
    );
    // The test runner has class hashes of its own.
    let class_hashes = "pub const PART_1: starknet::ClassHash = crate::parts::part_1::part_1_contract::TEST_CLASS_HASH;\n\
         pub const PART_2: starknet::ClassHash = crate::parts::part_2::part_2_contract::TEST_CLASS_HASH;\n";
    let lib = format!("{}\n#[cfg(test)]\nmod tests;\n", package.main.sources.get("lib.cairo").unwrap());
    package.main.sources.insert("lib.cairo", lib);
    package.main.sources.insert("class_hashes.cairo", class_hashes);
    package.main.sources.insert("tests.cairo", text);
    run_cairo_tests(&package, 3);
}
