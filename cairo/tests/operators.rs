//! The operator runtime's own Cairo tests, run by the Cairo test runner, and the generator of its division table.

use std::fmt::Write;
use std::path::Path;

use cairo_lang_compiler::db::RootDatabase;
use cairo_lang_compiler::diagnostics::DiagnosticsReporter;
use cairo_lang_filesystem::cfg::{Cfg, CfgSet};
use cairo_lang_starknet::starknet_plugin_suite;
use cairo_lang_test_plugin::{TestsCompilationConfig, compile_test_prepared_db, test_plugin_suite};
use cairo_lang_test_runner::{CompiledTestRunner, TestRunConfig};
use maat_cairo::{Compiler, Crate, Package};

#[test]
fn cairo_tests_pass() {
    let mut crates = Crate::operator_runtime();
    let package = Package { main: crates.remove(0), dependencies: crates };
    let mut db = RootDatabase::builder()
        .with_cfg(CfgSet::from_iter([Cfg::name("test"), Cfg::kv("target", "test")]))
        .with_default_plugin_suite(test_plugin_suite())
        .with_default_plugin_suite(starknet_plugin_suite())
        .build()
        .expect("nothing is detected or loaded");
    let main = Compiler::default().set_up(&mut db, &package);
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
    let compiled = compile_test_prepared_db(&db, config, vec![main], reporter).expect("the operator runtime compiles");
    let found = compiled.metadata.named_tests.len();
    assert!(found >= 16, "only {found} Cairo tests were found");
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

const DIVISION_TABLE: &str = "operators/src/power_of_two.cairo";

/// The text of `power_of_two.cairo`.
fn generate_power_of_two() -> String {
    let mut text = String::from(
        "//! Division by powers of two. Written by `generate_power_of_two` in `cairo/tests/operators.rs`: do not edit.\n//!\n\
         //! The divisor is a constant and its range a single value, so one division takes three range checks and no branch.\n\
         use corelib_imports::bounded_int::{BoundedInt, DivRemHelper, UnitInt, div_rem, upcast};\n\n\
         /// Division by `2^BITS`, for `BITS` from 1 to 64.\n\
         pub trait PowerOfTwo<const BITS: usize> {\n    /// Quotient and remainder.\n    fn div_rem(value: u128) -> (u128, u128);\n}\n",
    );
    for bits in 1..=64 {
        let divisor = 1u128 << bits;
        let (quotient, remainder) = (u128::MAX >> bits, divisor - 1);
        let _ = write!(
            text,
            "
impl DivRemHelper{bits} of DivRemHelper<u128, UnitInt<{divisor:#x}>> {{
    type DivT = BoundedInt<0, {quotient:#x}>;
    type RemT = BoundedInt<0, {remainder:#x}>;
}}
pub impl PowerOfTwo{bits} of PowerOfTwo<{bits}> {{
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {{
        let (quotient, remainder) = div_rem::<u128, UnitInt<{divisor:#x}>>(value, {divisor:#x});
        (upcast(quotient), upcast(remainder))
    }}
}}
"
        );
    }
    text
}

#[test]
fn the_division_table_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIVISION_TABLE);
    let found = std::fs::read_to_string(path).expect("the table is committed");
    assert!(
        found == generate_power_of_two(),
        "{DIVISION_TABLE} is not what its generator writes: cargo test --release -p maat-cairo -- --ignored"
    );
}

#[test]
#[ignore = "writes the division table"]
fn write_the_division_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIVISION_TABLE);
    std::fs::write(path, generate_power_of_two()).expect("the table can be written");
}
