//! The compiler and the virtual machine through the crate's public face.

use maat_cairo::{CompileError, Compiler, Crate, Edition, Package, Program, RunError, Sources};
use starknet_types_core::felt::Felt;

fn package(lib: &str) -> Package {
    let mut sources = Sources::default();
    sources.insert("lib.cairo", lib);
    let main = Crate { name: "sample".to_owned(), edition: Edition::V2025_12, sources, scarb_manifest: String::new() };
    Package { main, dependencies: Crate::operator_runtime() }
}

const ADD: &str = "#[executable]\nfn main(a: felt252, b: felt252) -> felt252 {\n    assert(a != 13, 'unlucky');\n    a + b\n}\n";

#[test]
fn a_program_runs_and_survives_the_round_trip() {
    let program = Compiler::default().executable(&package(ADD)).unwrap();
    let run = program.run(&[Felt::from(40), Felt::from(-50)]).unwrap();
    assert_eq!(run.output, [Felt::from(-10)]);
    assert!(run.steps > 0);
    let again = Program::from_json(&program.to_json()).unwrap();
    assert_eq!(again.run(&[Felt::from(40), Felt::from(-50)]).unwrap(), run);
    assert_eq!(again.hash().unwrap(), program.hash().unwrap());
}

#[test]
fn a_panic_comes_with_its_message() {
    let program = Compiler::default().executable(&package(ADD)).unwrap();
    let error = program.run(&[Felt::from(13), Felt::from(1)]).unwrap_err();
    assert!(matches!(&error, RunError::Panicked { message } if message.contains("unlucky")), "{error}");
}

#[test]
fn what_is_no_executable_is_refused() {
    for bytes in [&b""[..], b"{}", b"[1, 2]", b"\xff\xfe"] {
        assert!(matches!(Program::from_json(bytes), Err(RunError::Malformed { .. })));
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
