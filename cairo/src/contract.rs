//! A contract class in both forms, Sierra and CASM: its JSON, hashes, sizes and the gas of its declaration. Running it is in `entry_point`.

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use serde_json::Value;
use starknet_rust_core::types::contract::SierraClass;
use starknet_types_core::felt::Felt;

use crate::error::CairoRunError;
use crate::gas;

/// A compiled Starknet contract class.
pub struct Contract {
    sierra: ContractClass,
    pub(crate) casm: CasmContractClass,
    class_hash: Felt,
    abi_bytes: usize,
}

impl Contract {
    pub(crate) fn new(sierra: ContractClass, casm: CasmContractClass) -> Self {
        let (class_hash, abi_bytes) = declared(&sierra).expect("both libraries read and write one format");
        Self { sierra, casm, class_hash, abi_bytes }
    }

    /// Reads a class as [`Self::sierra_json`] and [`Self::casm_json`] write it. That the two belong together is not checked.
    ///
    /// # Errors
    /// [`CairoRunError::MalformedClass`] when the bytes are not such classes.
    pub fn from_json(sierra: &[u8], casm: &[u8]) -> Result<Self, CairoRunError> {
        let malformed = |error: serde_json::Error| CairoRunError::MalformedClass { reason: error.to_string() };
        let sierra: ContractClass = serde_json::from_slice(sierra).map_err(malformed)?;
        let casm: CasmContractClass = serde_json::from_slice(casm).map_err(malformed)?;
        // The library that hashes takes this for granted.
        let segments = serde_json::to_value(casm.get_bytecode_segment_lengths()).map_err(malformed)?;
        if total(&segments) != Some(casm.bytecode.len() as u64) {
            return Err(CairoRunError::MalformedClass {
                reason: "the segments of its bytecode are not as long as the bytecode".to_owned(),
            });
        }
        let (class_hash, abi_bytes) = declared(&sierra).map_err(|reason| CairoRunError::MalformedClass { reason })?;
        Ok(Self { sierra, casm, class_hash, abi_bytes })
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

    /// L2 gas of the class's declaration.
    pub fn declaration_gas(&self) -> u64 {
        gas::of_declaration(self.sierra_felts() as u64, self.casm_felts() as u64, self.abi_bytes as u64)
    }

    /// The hash under which the class is declared.
    pub fn class_hash(&self) -> Felt {
        self.class_hash
    }

    /// The hash of the CASM class, by the network's current rule (Blake2s).
    pub fn compiled_class_hash(&self) -> Felt {
        self.casm.compiled_class_hash()
    }
}

/// The hash under which a class is declared, and the bytes of its ABI as text, which is declared with it.
fn declared(sierra: &ContractClass) -> Result<(Felt, usize), String> {
    let json = serde_json::to_vec(sierra).map_err(|error| error.to_string())?;
    let class: SierraClass = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    let class = class.flatten().map_err(|error| error.to_string())?;
    Ok((class.class_hash(), class.abi.len()))
}

/// The length of all segments together, which are lengths or lists of segments.
fn total(segments: &Value) -> Option<u64> {
    match segments {
        Value::Array(segments) => segments.iter().try_fold(0u64, |sum, segment| sum.checked_add(total(segment)?)),
        length => length.as_u64(),
    }
}
