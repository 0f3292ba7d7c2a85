//! Classes, prepared once for all machines that run them.

use std::collections::BTreeMap;

use cairo_lang_casm::hints::Hint;
use cairo_lang_starknet_classes::casm_contract_class::{CasmContractClass, CasmContractEntryPoint};
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::MaybeRelocatable;
use maat_cairo::Contract;
use starknet_types_core::felt::Felt;

/// Where a function begins, and what it takes.
pub struct EntryPoint {
    pub offset: usize,
    pub builtins: Vec<BuiltinName>,
}

/// A class that can be run.
pub struct Class {
    hash: Felt,
    pub(super) bytecode: Vec<MaybeRelocatable>,
    /// What is done before an instruction, by its position.
    pub(super) hints: Vec<Vec<Hint>>,
    constructor: Option<EntryPoint>,
    /// By selector.
    externals: BTreeMap<Felt, EntryPoint>,
}

impl Class {
    /// Prepares a compiled contract.
    pub fn new(contract: &Contract) -> Self {
        let casm: CasmContractClass = serde_json::from_slice(&contract.casm_json()).expect("the contract's own text");
        let bytecode: Vec<MaybeRelocatable> = casm.bytecode.iter().map(|word| Felt::from(&word.value).into()).collect();
        let mut hints = vec![Vec::new(); bytecode.len()];
        for (position, here) in casm.hints {
            hints[position] = here;
        }
        let entry_point = |it: &CasmContractEntryPoint| EntryPoint {
            offset: it.offset,
            builtins: it.builtins.iter().map(|name| BuiltinName::from_str(name).expect("a builtin of Cairo")).collect(),
        };
        let points = &casm.entry_points_by_type;
        Self {
            hash: contract.class_hash(),
            bytecode,
            hints,
            constructor: points.constructor.first().map(entry_point),
            externals: points.external.iter().map(|it| (Felt::from(&it.selector), entry_point(it))).collect(),
        }
    }

    pub fn hash(&self) -> Felt {
        self.hash
    }

    pub(super) fn constructor(&self) -> Option<&EntryPoint> {
        self.constructor.as_ref()
    }

    pub(super) fn external(&self, selector: Felt) -> Option<&EntryPoint> {
        self.externals.get(&selector)
    }
}
