//! A contract that is compiled to Sierra but not assembled. A felt that was not known when it was compiled can still be put in.

use cairo_lang_sierra::program::{ConcreteTypeLongId, GenericArg, TypeDeclaration};
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
    /// The contract as it is compiled from sources with `value` where these had `stand_in`, a felt that no code computes with. Nothing if the
    /// two may not be exchanged: the program has several constants `stand_in` or none, or has a constant `value`, which the compiler would
    /// declare once.
    #[must_use]
    pub fn with_felt(mut self, stand_in: &Felt, value: &Felt) -> Option<Self> {
        let (stand_in, value) = (BigInt::from(stand_in.to_biguint()), BigInt::from(value.to_biguint()));
        let program = &mut self.extracted.program;
        let in_libfuncs = program.libfunc_declarations.iter().flat_map(|declaration| &declaration.long_id.generic_args);
        if in_libfuncs.clone().any(|arg| *arg == GenericArg::Value(stand_in.clone())) {
            return None;
        }
        let names = |declaration: &TypeDeclaration, value: &BigInt| {
            let ConcreteTypeLongId { generic_id, generic_args } = &declaration.long_id;
            generic_id.0 == "Const" && matches!(generic_args.as_slice(), [GenericArg::Type(_), GenericArg::Value(other)] if other == value)
        };
        if program.type_declarations.iter().any(|declaration| names(declaration, &value)) {
            return None;
        }
        let mut places = program.type_declarations.iter_mut().filter(|declaration| names(declaration, &stand_in));
        let (Some(place), None) = (places.next(), places.next()) else { return None };
        place.long_id.generic_args[1] = GenericArg::Value(value);
        Some(self)
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
