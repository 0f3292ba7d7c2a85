//! A contract that is compiled to Sierra but not assembled. A felt that was not known when it was compiled can still be put in.

use cairo_lang_sierra::ids::ConcreteLibfuncId;
use cairo_lang_sierra::program::{ConcreteTypeLongId, GenericArg, Statement, TypeDeclaration};
use cairo_lang_starknet_classes::abi::Contract as Abi;
use cairo_lang_starknet_classes::allowed_libfuncs::{BUILTIN_AUDITED_LIBFUNCS_LIST, ListSelector};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::{ContractClass, ContractEntryPoints, ExtractedSierraProgram};
use cairo_lang_utils::ordered_hash_map::OrderedHashMap;
use num_bigint::BigInt;
use starknet_types_core::felt::Felt;

use crate::contract::Contract;
use crate::error::CompileError;

/// A contract in Sierra, of which [`Self::assemble`] makes a class.
pub struct SierraContract {
    /// The package that it was compiled from.
    pub(crate) package: String,
    pub(crate) entry_points: ContractEntryPoints,
    pub(crate) abi: Option<Abi>,
    pub(crate) extracted: ExtractedSierraProgram,
}

impl SierraContract {
    /// The contract as it is compiled from sources with `value` where these had `stand_in`. Nothing if the two may not be exchanged: not exactly one
    /// statement has the constant `stand_in`, or the program has a constant `value` already, which the compiler would declare once.
    #[must_use]
    pub fn with_felt(mut self, stand_in: &Felt, value: &Felt) -> Option<Self> {
        let [stand_in, value] = [stand_in, value].map(|felt| BigInt::from(felt.to_biguint()));
        let program = &mut self.extracted.program;
        let is_constant = |declaration: &TypeDeclaration, value: &BigInt| {
            let ConcreteTypeLongId { generic_id, generic_args } = &declaration.long_id;
            generic_id.0 == "Const" && matches!(generic_args.as_slice(), [GenericArg::Type(_), GenericArg::Value(other)] if other == value)
        };
        if program.type_declarations.iter().any(|declaration| is_constant(declaration, &value)) {
            return None;
        }
        let mut places = program.type_declarations.iter_mut().filter(|declaration| is_constant(declaration, &stand_in));
        let (Some(place), None) = (places.next(), places.next()) else { return None };
        place.long_id.generic_args[1] = GenericArg::Value(value);
        let takes = |arg: &GenericArg| matches!(arg, GenericArg::Type(id) if *id == place.id);
        let libfuncs = program.libfunc_declarations.iter().filter(|declaration| declaration.long_id.generic_args.iter().any(takes));
        let calls = |statement: &Statement, libfunc: &ConcreteLibfuncId| matches!(statement, Statement::Invocation(invocation) if invocation.libfunc_id == *libfunc);
        let uses = libfuncs.map(|libfunc| program.statements.iter().filter(|statement| calls(statement, &libfunc.id)).count());
        (uses.sum::<usize>() == 1).then_some(self)
    }

    /// The class, in both forms.
    ///
    /// # Errors
    /// [`CompileError::NotAudited`] when mainnet would refuse the class for its libfuncs, [`CompileError::Casm`] when it cannot be lowered to
    /// CASM.
    pub fn assemble(self) -> Result<Contract, CompileError> {
        let Self { package, entry_points, abi, extracted } = self;
        let malformed = |reason: String| CompileError::Casm { package: package.clone(), reason };
        let audited = ListSelector::ListName(BUILTIN_AUDITED_LIBFUNCS_LIST.to_owned());
        extracted
            .validate_version_compatible(audited)
            .map_err(|error| CompileError::NotAudited { package: package.clone(), reason: error.to_string() })?;
        let class = ContractClass::new(&extracted.program, entry_points, abi, OrderedHashMap::default());
        let class = class.map_err(|error| malformed(error.to_string()))?;
        // Names for debugging are not part of the class hash, and make the file much larger.
        let no_names = serde_json::json!({ "type_names": [], "libfunc_names": [], "user_func_names": [] });
        let no_names = serde_json::from_value(no_names).expect("the fields of a class's debug information");
        let class = ContractClass { sierra_program_debug_info: Some(no_names), ..class };
        let casm = CasmContractClass::from_contract_class(class.clone(), extracted, false, usize::MAX);
        let casm = casm.map_err(|error| malformed(error.to_string()))?;
        Ok(Contract::new(class, casm))
    }
}

#[cfg(test)]
mod tests {
    use cairo_lang_filesystem::db::Edition;

    use super::*;
    use crate::{CairoPackage, Compiler, Crate, Sources};

    /// A contract with two views: a felt, and the rest of another one.
    fn package(felt: u64, other: &str) -> CairoPackage {
        let views = format!(
            "#[external(v0)]\nfn first(self: @ContractState) -> felt252 {{ {felt} }}\n#[external(v0)]\nfn second(self: @ContractState{other}\n"
        );
        let mut sources = Sources::default();
        sources.insert("lib.cairo", format!("#[starknet::contract]\nmod sample {{\n#[storage]\nstruct Storage {{}}\n{views}}}\n"));
        let main = Crate { name: "sample".to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: String::new() };
        CairoPackage { main, dependencies: Vec::new() }
    }

    const OTHER: &str = ") -> felt252 { 89 }";

    fn exchanged(other: &str, stand_in: u64, value: u64) -> Option<SierraContract> {
        let sierra = Compiler::default().session().sierra(&package(1_234_567, other), None).unwrap();
        sierra.with_felt(&Felt::from(stand_in), &Felt::from(value))
    }

    #[test]
    fn a_felt_is_put_in_as_if_it_had_been_compiled() {
        let exchanged = exchanged(OTHER, 1_234_567, 7_654_321).unwrap().assemble().unwrap();
        let compiled = Compiler::default().contract(&package(7_654_321, OTHER)).unwrap();
        let bytes = |contract: &Contract| (contract.sierra_json(), contract.casm_json(), contract.class_hash());
        assert_eq!(bytes(&exchanged), bytes(&compiled));
        // The other one is another contract.
        let before = Compiler::default().contract(&package(1_234_567, OTHER)).unwrap();
        assert_ne!(before.class_hash(), compiled.class_hash());
    }

    #[test]
    fn a_felt_that_is_not_there_once_or_would_be_there_twice_is_not_exchanged() {
        assert!(exchanged(OTHER, 1_234_568, 7_654_321).is_none(), "no such constant");
        assert!(exchanged(OTHER, 1_234_567, 89).is_none(), "the compiler would declare the constant once");
        let compares = ", x: u128) -> bool { x == 1234567 }";
        assert!(exchanged(compares, 1_234_567, 7_654_321).is_none(), "two constants with this value");
        let multiplies = ", x: felt252) -> felt252 { x * 1234567 }";
        assert!(exchanged(multiplies, 1_234_567, 7_654_321).is_none(), "a constant in two statements");
    }
}
