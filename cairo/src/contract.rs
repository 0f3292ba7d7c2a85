use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use starknet_rust_core::types::contract::SierraClass;
use starknet_types_core::felt::Felt;

/// What Starknet accepts at most for a class.
pub mod limits {
    /// Felts of the Sierra program.
    pub const SIERRA_FELTS: usize = 81_920;
    /// Felts of the CASM bytecode.
    pub const CASM_FELTS: usize = 81_920;
    /// Bytes of the Sierra class as JSON.
    pub const SIERRA_BYTES: usize = 4_089_446;
}

/// A compiled Starknet contract class.
pub struct Contract {
    sierra: ContractClass,
    casm: CasmContractClass,
}

impl Contract {
    pub(crate) fn new(sierra: ContractClass, casm: CasmContractClass) -> Self {
        Self { sierra, casm }
    }

    /// The Sierra class, which is declared on the network, as JSON.
    pub fn sierra_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.sierra).expect("a class serialises")
    }

    /// The CASM class, which the network runs, as JSON.
    pub fn casm_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.casm).expect("a class serialises")
    }

    /// Felts of the Sierra program.
    pub fn sierra_felts(&self) -> usize {
        self.sierra.sierra_program.len()
    }

    /// Felts of the CASM bytecode.
    pub fn casm_felts(&self) -> usize {
        self.casm.bytecode.len()
    }

    /// The hash under which the class is declared.
    pub fn class_hash(&self) -> Felt {
        let class: SierraClass = serde_json::from_slice(&self.sierra_json()).expect("both libraries read and write one format");
        class.class_hash().expect("the class has an interface that can be written as JSON")
    }

    /// The hash of the CASM class, by the network's current rule (Blake2s).
    pub fn compiled_class_hash(&self) -> Felt {
        self.casm.compiled_class_hash()
    }
}
