//! Cairo in the test runner: packages compiled with everything that a `#[test]` may use, and contracts called from Rust.

use cairo_lang_compiler::db::RootDatabase;
use cairo_lang_compiler::diagnostics::DiagnosticsReporter;
use cairo_lang_filesystem::cfg::{Cfg, CfgSet};
use cairo_lang_filesystem::db::FilesGroup;
use cairo_lang_runner::{Arg, RunResultValue, SierraCasmRunner, StarknetState};
use cairo_lang_sierra_to_casm::metadata::MetadataComputationConfig;
use cairo_lang_starknet::contract::find_contracts;
use cairo_lang_starknet::starknet_plugin_suite;
use cairo_lang_test_plugin::{TestCompilation, TestsCompilationConfig, compile_test_prepared_db, test_plugin_suite};
use maat_cairo::{CairoPackage, Compiler};
use starknet_types_core::felt::Felt;

/// What a call from Rust may cost.
const GAS: usize = 10_000_000_000_000;

/// A database for [`compile_tests`].
pub fn test_database() -> RootDatabase {
    RootDatabase::builder()
        .with_cfg(CfgSet::from_iter([Cfg::name("test"), Cfg::kv("target", "test"), Cfg::kv("target", "starknet-contract")]))
        .with_default_plugin_suite(test_plugin_suite())
        .with_default_plugin_suite(starknet_plugin_suite())
        .build()
        .expect("nothing is detected or loaded")
}

/// Compiles the tests of a package's own crate, and the contracts of all its crates; if some are named by their paths, only these.
///
/// # Panics
/// The package does not compile, and what is wrong with it is printed; or it has no such contract.
pub fn compile_tests<'db>(db: &'db mut RootDatabase, package: &CairoPackage, contracts: Option<&[&str]>) -> TestCompilation<'db> {
    let main = Compiler::default().set_up(db, package);
    let db: &'db RootDatabase = db;
    let named = contracts.map(|paths| {
        let mut found = find_contracts(db, db.crates());
        found.retain(|contract| paths.contains(&contract.module_id().full_path(db).as_str()));
        assert_eq!(found.len(), paths.len(), "not all of these are contracts: {paths:?}");
        found
    });
    let config = TestsCompilationConfig {
        starknet: true,
        add_statements_functions: false,
        add_statements_code_locations: false,
        contract_declarations: named,
        contract_crate_ids: None,
        executable_crate_ids: None,
        add_functions_debug_info: false,
        replace_ids: false,
    };
    let reporter = DiagnosticsReporter::stderr().with_crates(std::slice::from_ref(&main));
    compile_test_prepared_db(db, config, vec![main], reporter).expect("the package compiles")
}

/// An entry point of a contract that makes the calls of a test, so that one run makes many of them.
pub struct Driver {
    runner: SierraCasmRunner,
    /// How the Sierra function's name ends.
    function: String,
}

impl Driver {
    /// Compiles a package with such a contract, and the contracts that the test needs, by their paths; `function` is the entry point with
    /// the name of the implementation before it, such as `DriverImpl__run`.
    ///
    /// The runner handles the whole program anew for each call, so contracts that are not needed cost time.
    ///
    /// # Panics
    /// The package does not compile.
    pub fn compile(package: &CairoPackage, contracts: &[&str], function: &str) -> Self {
        let mut db = test_database();
        let compiled = compile_tests(&mut db, package, Some(contracts));
        let metadata = MetadataComputationConfig {
            function_set_costs: compiled.metadata.function_set_costs,
            linear_gas_solver: true,
            linear_ap_change_solver: true,
            skip_non_linear_solver_comparisons: false,
            compute_runtime_costs: false,
        };
        let runner = SierraCasmRunner::new(compiled.sierra_program.program, Some(metadata), compiled.metadata.contracts_info, None);
        let runner = runner.unwrap_or_else(|error| panic!("{error}"));
        Self { runner, function: format!("__wrapper__{function}") }
    }

    /// Calls the entry point on a chain without any contract, and gives what it returns, as calldata has it.
    ///
    /// # Panics
    /// The entry point panics.
    pub fn call(&self, calldata: Vec<Felt>) -> Vec<Felt> {
        let function = self.runner.find_function(&self.function).unwrap_or_else(|error| panic!("{error}"));
        let arguments = vec![Arg::Array(calldata.into_iter().map(Arg::Value).collect())];
        let run = self.runner.run_function_with_starknet_context(function, arguments, Some(GAS), StarknetState::default());
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        let value = match run.value {
            RunResultValue::Success(value) => value,
            RunResultValue::Panic(reason) => panic!("the driver panicked: {reason:x?}"),
        };
        // Where the returned list begins and ends in memory.
        let position = |felt: &Felt| usize::try_from(felt.to_biguint()).expect("a position in memory");
        run.memory[position(&value[0])..position(&value[1])].iter().map(|felt| felt.expect("the list was written")).collect()
    }
}
