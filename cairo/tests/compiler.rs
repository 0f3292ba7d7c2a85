//! The compiler and the virtual machine through the crate's public face.

use std::sync::atomic::{AtomicBool, Ordering};

use maat_cairo::{CairoPackage, CairoRunError, CompileError, Compiler, Crate, Edition, Executable, Form, Sources};
use maat_verifier::Felt252;
use maat_verifier::cairo::{Builtin, HALT};
use maat_verifier::cairo::{Execution, Registers, Value};
use rayon::ThreadPoolBuilder;
use starknet_types_core::felt::Felt;

fn package(lib: &str) -> CairoPackage {
    let mut sources = Sources::default();
    sources.insert("lib.cairo", lib);
    let main = Crate { name: "sample".to_owned(), edition: Edition::V2025_12, sources, scarb_manifest: String::new() };
    CairoPackage { main, dependencies: Crate::operator_runtime() }
}

const ADD: &str = "#[executable]\nfn main(a: felt252, b: felt252) -> felt252 {\n    assert(a != 13, 'unlucky');\n    a + b\n}\n";

#[test]
fn a_program_runs_and_survives_the_round_trip() {
    let program = Compiler::default().executable(&package(ADD)).unwrap();
    let run = program.run(&[Felt::from(40), Felt::from(-50)]).unwrap();
    assert_eq!(run.output, [Felt::from(-10)]);
    assert!(run.steps > 0);
    let again = Executable::from_json(&program.to_json()).unwrap();
    assert_eq!(again.run(&[Felt::from(40), Felt::from(-50)]).unwrap(), run);
    assert_eq!(again.hash().unwrap(), program.hash().unwrap());
}

#[test]
fn a_panic_comes_with_its_message() {
    let program = Compiler::default().executable(&package(ADD)).unwrap();
    let error = program.run(&[Felt::from(13), Felt::from(1)]).unwrap_err();
    assert!(matches!(&error, CairoRunError::Panicked { message } if message.contains("unlucky")), "{error}");
}

/// Compares an execution with the run of the same program: steps, output and range checks.
fn check_execution(lib: &str, arguments: &[Felt], builtins: &[Builtin]) {
    let program = Compiler::default().executable(&package(lib)).unwrap();
    let run = program.run(arguments).unwrap();
    let Execution { program, registers, segments, builtin_segments } = program.execute(arguments).unwrap();
    assert_eq!(program.builtins(), builtins);
    // The header's `ap += builtins` and `call main`; its loop is left out.
    assert_eq!(registers.len() - 1, run.steps + 2);
    let (end, before) = registers.split_last().unwrap();
    assert_eq!(before[0], Registers { pc: 0, ap: 2, fp: 2 });
    assert_eq!((end.pc as usize, end.fp), (HALT, 2));
    assert!(before.iter().all(|registers| registers.pc as usize != HALT));

    let value = |felt: &Felt| Some(Value::Felt(Felt252::from_le_bytes(&felt.to_bytes_le()).unwrap()));
    let pointer = |segment: u32, offset: usize| Some(Value::Pointer { segment, offset: offset as u32 });
    let bytecode: Vec<_> = program.bytecode().iter().map(|felt| Some(Value::Felt(*felt))).collect();
    let (stack, ap) = (&segments[1], end.ap as usize);
    let begin: Vec<_> = [pointer(1, 2), value(&Felt::ZERO)].into_iter().chain(builtin_segments.iter().map(|s| pointer(*s, 0))).collect();
    let stop: Vec<_> = builtin_segments.iter().map(|s| pointer(*s, segments[*s as usize].len())).collect();
    assert_eq!(segments[0], bytecode);
    assert_eq!(stack[..2 + builtins.len()], begin);
    assert_eq!(stack[ap - builtins.len()..ap], stop);
    let used = |builtin| Some(&segments[builtin_segments[builtins.iter().position(|other| *other == builtin)?] as usize]);
    assert_eq!(used(Builtin::Output).unwrap(), &run.output.iter().map(value).collect::<Vec<_>>());
    assert_eq!(used(Builtin::RangeCheck).map_or(0, Vec::len), run.range_checks);
}

#[test]
fn an_execution_is_the_run_with_two_steps_before_it() {
    check_execution(ADD, &[Felt::from(40), Felt::from(-50)], &[Builtin::Output]);
    let checked = "#[executable]\nfn main(a: u32, b: u32) -> (u32, u32) {\n    (a + b, a - b)\n}\n";
    check_execution(checked, &[Felt::from(50), Felt::from(40)], &[Builtin::Output, Builtin::RangeCheck]);
}

#[test]
fn dictionaries_can_be_proven_because_the_program_itself_checks_them() {
    // The second one begins in a temporary segment, and has been moved behind the first when the program ends.
    let dictionaries = "use core::dict::Felt252Dict;\n#[executable]\nfn main(a: felt252, b: felt252) -> (felt252, felt252) {\n\
        let mut one: Felt252Dict<felt252> = Default::default();\nlet mut two: Felt252Dict<felt252> = Default::default();\n\
        one.insert(a, b);\ntwo.insert(b, a);\n(one.get(a), two.get(b))\n}\n";
    check_execution(dictionaries, &[Felt::from(5), Felt::from(-6)], &[Builtin::Output, Builtin::RangeCheck]);
}

#[test]
fn an_execution_that_panics_comes_with_the_message() {
    let program = Compiler::default().executable(&package(ADD)).unwrap();
    let error = program.execute(&[Felt::from(13), Felt::from(1)]).unwrap_err();
    assert!(matches!(&error, CairoRunError::Panicked { message } if message.contains("unlucky")), "{error}");
}

#[test]
fn a_program_with_a_builtin_that_cannot_be_proven_is_refused_before_it_runs() {
    let bitwise = "#[executable]\nfn main(a: u128, b: u128) -> u128 {\n    a & b\n}\n";
    let pedersen = "#[executable]\nfn main(a: felt252, b: felt252) -> felt252 {\n    core::pedersen::pedersen(a, b)\n}\n";
    for (lib, name) in [(bitwise, "bitwise"), (pedersen, "pedersen")] {
        // Without arguments, so that it would panic.
        let error = Compiler::default().executable(&package(lib)).unwrap().execute(&[]).unwrap_err();
        assert!(matches!(&error, CairoRunError::Unprovable { builtin } if builtin == name), "{error}");
        assert!(error.to_string().contains(&format!("{name}, but proofs support only output and range_check")), "{error}");
    }
}

#[test]
fn only_a_stand_alone_entry_point_at_the_start_is_executed() {
    let json = Compiler::default().executable(&package(ADD)).unwrap().to_json();
    let reason = |change: &dyn Fn(&mut Vec<serde_json::Value>)| {
        let mut executable: serde_json::Value = serde_json::from_slice(&json).unwrap();
        change(executable["entrypoints"].as_array_mut().unwrap());
        match Executable::from_json(&serde_json::to_vec(&executable).unwrap()).unwrap().execute(&[]).unwrap_err() {
            CairoRunError::Malformed { reason } => reason,
            error => panic!("{error}"),
        }
    };
    assert_eq!(reason(&|entry_points| entry_points.retain(|it| it["kind"] != "Standalone")), "it has no entry point of kind Standalone");
    assert!(reason(&|entry_points| entry_points[0]["offset"] = 6.into()).contains("entry point is 6, not the start"));
    assert!(reason(&|entry_points| entry_points[0]["builtins"] = serde_json::json!([])).contains("header"));
}

#[test]
fn what_is_no_executable_is_refused() {
    for bytes in [&b""[..], b"{}", b"[1, 2]", b"\xff\xfe"] {
        assert!(matches!(Executable::from_json(bytes), Err(CairoRunError::Malformed { .. })));
    }
}

#[test]
fn errors_in_the_sources_are_reported_with_their_place() {
    let error = Compiler::default().executable(&package("fn broken() -> felt252 { missing }")).err().unwrap();
    let CompileError::Diagnostics { package, diagnostics } = &error else { panic!("{error}") };
    assert_eq!(package, "sample");
    assert!(diagnostics.contains("sample/lib.cairo:1:26"), "{diagnostics}");
}

#[test]
fn a_package_without_the_wanted_item_is_refused() {
    let compiler = Compiler::default();
    assert!(matches!(compiler.executable(&package("fn plain() {}")), Err(CompileError::Diagnostics { .. })));
    assert!(matches!(compiler.contract(&package("fn plain() {}")), Err(CompileError::Diagnostics { .. })));
}

#[test]
fn a_folder_that_is_no_core_library_is_refused() {
    let folder = std::env::temp_dir();
    assert!(matches!(Compiler::with_corelib(&folder.join("does-not-exist")), Err(CompileError::Unreadable { .. })));
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    assert!(matches!(Compiler::with_corelib(std::path::Path::new(sources)), Err(CompileError::NotACorelib { .. })));
}

#[test]
fn a_contract_has_both_classes_and_both_hashes() {
    let contract = "#[starknet::interface]\ntrait IOne<T> {\n    fn one(self: @T) -> felt252;\n}\n\
        #[starknet::contract]\nmod one {\n    #[storage]\n    struct Storage {}\n    #[abi(embed_v0)]\n    impl One of super::IOne<ContractState> {\n\
        fn one(self: @ContractState) -> felt252 {\n            1\n        }\n    }\n}\n";
    let contract = Compiler::default().contract(&package(contract)).unwrap();
    assert!(contract.sierra_felts() > 0 && contract.casm_felts() > 0);
    assert_ne!(contract.class_hash(), contract.compiled_class_hash());
    // The hash of the CASM class by another implementation, the Starknet client's.
    let casm: starknet_rust_core::types::contract::CompiledClass = serde_json::from_slice(&contract.casm_json()).unwrap();
    assert_eq!(casm.class_hash().unwrap(), contract.compiled_class_hash());
}

/// A contract and an executable with an array, and what they do with it.
fn with_array(expression: &str) -> CairoPackage {
    let elements: String = (0..40).map(|element| format!("    {},\n", element * element - 100)).collect();
    package(&format!(
        "pub const SQUARES: [felt252; 40] = [\n{elements}];\n\n\
         #[executable]\nfn main(x: felt252) -> felt252 {{\n    {expression}\n}}\n"
    ))
}

#[test]
fn an_array_in_short_form_has_its_values() {
    let span = with_array("let mut sum = x;\n    for y in SQUARES.span() {\n        sum = sum + *y * 3;\n    }\n    sum");
    let [short, full] = [Form::Short, Form::Full].map(|form| Compiler::default().in_form(form).executable(&span).unwrap());
    assert_eq!(short.to_json(), full.to_json());
    let sum: i64 = (0..40).map(|element| element * element - 100).sum();
    assert_eq!(short.run(&[Felt::from(5)]).unwrap().output, [Felt::from(5 + 3 * sum)]);
}

#[test]
fn what_does_not_compile_in_short_form_is_compiled_as_it_is() {
    // Calls that are of felts alone.
    let integers = package("#[executable]\nfn main(x: u32) -> u32 {\n    let y = x * 3 + 4;\n    let z = y + x * 5;\n    z\n}\n");
    assert!(Compiler::default().in_form(Form::Short).executable(&integers).is_err());
    let program = Compiler::default().executable(&integers).unwrap();
    assert_eq!(program.run(&[Felt::from(2)]).unwrap().output, [Felt::from(20)]);
    // A constant that is a stand-in by chance.
    let stand_in = "3141592653589793238462643383279502884197169399375105820974944592307816406286";
    let taken = with_array(&format!("for y in SQUARES.span() {{\n        assert(*y != x, 'square');\n    }}\n    x * {stand_in}"));
    let refused = Compiler::default().in_form(Form::Short).executable(&taken).err().unwrap().to_string();
    assert!(refused.contains("not where it should be"), "{refused}");
    // And one that is a straight function's: the function whose body would be replaced does something else.
    let products: String = (0..300).map(|k| format!("\n        + *x{} * {}", k % 2, 1_000 + k)).collect();
    let stand_in = "3141592653589793238462643383279502884197169399375105820974944592307816406285";
    let straight = package(&format!(
        "#[executable]\nfn main(x: Span<felt252>) -> felt252 {{\n    let w: @Box<[felt252; 2]> = x.try_into().unwrap();\n    let [a0] = f(w);\n    \
         a0 * {stand_in}\n}}\nfn f(w0: @Box<[felt252; 2]>) -> [felt252; 1] {{\n    let [x0, x1] = w0.as_snapshot().unbox();\n    let a0 = \
         5{products};\n    [a0]\n}}\n"
    ));
    let refused = Compiler::default().in_form(Form::Short).executable(&straight).err().unwrap().to_string();
    assert!(refused.contains("not where it should be"), "{refused}");
    let programs = [Form::Any, Form::Full].map(|form| Compiler::default().in_form(form).executable(&straight).unwrap().to_json());
    assert_eq!(programs[0], programs[1]);
    let program = Compiler::default().executable(&taken).unwrap();
    assert_eq!(program.to_json(), Compiler::default().in_form(Form::Full).executable(&taken).unwrap().to_json());
}

#[test]
fn diagnostics_are_about_the_lines_as_they_are() {
    let broken = with_array("let y = x + 1;\n    SQUARES.span().nothing()");
    let message = |form| Compiler::default().in_form(form).executable(&broken).err().unwrap().to_string();
    assert_eq!(message(Form::Any), message(Form::Full));
    assert!(message(Form::Any).contains("lib.cairo:47"), "{}", message(Form::Any));
}

#[test]
fn a_session_compiles_each_version_as_a_new_compiler_does() {
    let compiler = Compiler::default();
    let mut session = compiler.session();
    for expression in ["x + 1", "x + 2", "x * 3", "x + 1"] {
        let version = with_array(expression);
        assert_eq!(session.executable(&version).unwrap().to_json(), compiler.executable(&version).unwrap().to_json(), "{expression}");
    }
    assert!(session.executable(&package("#[executable]\nfn main() -> felt252 {\n    nothing()\n}\n")).is_err());
    assert_eq!(session.executable(&package(ADD)).unwrap().hash().unwrap(), compiler.executable(&package(ADD)).unwrap().hash().unwrap());
}

#[test]
fn a_thread_of_a_pool_that_waits_for_a_compiler_takes_up_nothing_else() {
    // The other work of a pool may need what the caller of the compiler holds.
    let pool = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let other = AtomicBool::new(false);
    pool.in_place_scope(|scope| {
        pool.install(|| {
            scope.spawn(|_| other.store(true, Ordering::SeqCst));
            Compiler::default().executable(&package(ADD)).unwrap();
            assert!(!other.load(Ordering::SeqCst));
        });
    });
    assert!(other.into_inner());
}
