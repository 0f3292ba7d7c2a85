//! Cairo `#[test]`s, run by the Cairo test runner: the operator runtime's own, and a generated contract, deployed and called.

use std::fmt::Write;

use cairo_lang_compiler::db::RootDatabase;
use cairo_lang_compiler::diagnostics::DiagnosticsReporter;
use cairo_lang_filesystem::cfg::{Cfg, CfgSet};
use cairo_lang_starknet::starknet_plugin_suite;
use cairo_lang_test_plugin::{TestsCompilationConfig, compile_test_prepared_db, test_plugin_suite};
use cairo_lang_test_runner::{CompiledTestRunner, TestRunConfig};
use maat_cairo::{Compiler, Crate, Package};
use maat_runtime::Executor;
use maat_tests::networks::Random;
use maat_tests::root;
use maat_transpiler::{Network, Options, codegen, quantise_sample, samples};

/// Runs the tests of a package's own crate, of which there must be at least `least`.
fn run_cairo_tests(package: &Package, least: usize) {
    let mut db = RootDatabase::builder()
        .with_cfg(CfgSet::from_iter([Cfg::name("test"), Cfg::kv("target", "test"), Cfg::kv("target", "starknet-contract")]))
        .with_default_plugin_suite(test_plugin_suite())
        .with_default_plugin_suite(starknet_plugin_suite())
        .build()
        .expect("nothing is detected or loaded");
    let main = Compiler::default().set_up(&mut db, package);
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
    let compiled = compile_test_prepared_db(&db, config, vec![main], reporter).expect("the package compiles");
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
    CompiledTestRunner::new(compiled, config).run(Some(&db)).expect("every Cairo test passes");
}

#[test]
fn the_operator_runtime_passes_its_tests() {
    let mut crates = Crate::operator_runtime();
    run_cairo_tests(&Package { main: crates.remove(0), dependencies: crates }, 16);
}

#[test]
fn a_deployed_contract_gives_the_runtimes_integers() {
    let example = root().join("examples/rockybot");
    let network = Network::import(&example.join("rockybot.onnx")).unwrap();
    let test = samples::read(&example.join("test.json"), network.inputs()).unwrap();
    let model = network.quantise(&test, &Options::default()).unwrap().model;
    let mut package = codegen::generate(&model).unwrap().package;

    let mut cases = vec![vec![vec![-32768; 36]], vec![vec![32767; 36]]];
    let mut random = Random::new(5);
    cases.extend((0..6).map(|_| quantise_sample(&model, &test[random.below(test.len())]).unwrap()));
    let list = |values: &[i32]| values.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
    let mut text = String::from(
        "use starknet::SyscallResultTrait;\nuse crate::contract::{IModelDispatcher, IModelDispatcherTrait, model_contract};\n\
         fn deployed() -> IModelDispatcher {\n    let (contract_address, _) = starknet::syscalls::deploy_syscall(\n        \
         model_contract::TEST_CLASS_HASH, 0, [].span(), false,\n    ).unwrap_syscall();\n    IModelDispatcher { contract_address }\n}\n\
         #[test]\nfn ports_are_described() {\n    let contract = deployed();\n    assert_eq!(contract.inputs().len(), 1);\n    \
         assert_eq!(contract.inputs()[0].shape, [1, 36].span());\n    assert_eq!(contract.outputs().len(), 2);\n    \
         assert_eq!(contract.outputs()[1].scale, 0);\n    assert!(contract.model_digest() != 0);\n}\n\
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
    let lib = format!("{}\n#[cfg(test)]\nmod tests;\n", package.main.sources.get("lib.cairo").unwrap());
    package.main.sources.insert("lib.cairo", lib);
    package.main.sources.insert("tests.cairo", text);
    run_cairo_tests(&package, cases.len() + 3);
}
