//! The cost of an inference as the report records it, each figure with Starknet's limit.

use std::collections::BTreeMap;

use maat_cairo::Contract;
use maat_cairo::limits::{self, Figure};
use serde::{Deserialize, Serialize};

/// What an inference costs in the Cairo VM and on Starknet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Cairo steps of the executable for an input of zeros, everything included: input, unpacking, rescaling, output.
    pub steps: usize,
    /// `steps / macs`; absent without multiply-accumulates.
    pub steps_per_mac: Option<f64>,
    /// Range checks of that run.
    pub range_checks: usize,
    /// Felts of the executable's bytecode.
    pub executable_felts: usize,
    /// Sizes of the contract's classes: the model's, then those of its parts, if it has any.
    pub classes: Vec<ClassSize>,
    /// A call of the contract.
    pub contract: ContractCost,
    /// How each linear layer's weights are held.
    pub layers: Vec<LayerPlan>,
}

/// Size of a class, each figure with Starknet's limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSize {
    /// `model` or `part 1` and so on.
    pub name: String,
    /// Felts of the Sierra program.
    pub sierra_felts: usize,
    /// Its limit.
    pub sierra_felts_limit: usize,
    /// Felts of the CASM bytecode.
    pub casm_felts: usize,
    /// Its limit.
    pub casm_felts_limit: usize,
    /// Bytes of the Sierra class as JSON.
    pub sierra_bytes: usize,
    /// Its limit.
    pub sierra_bytes_limit: usize,
    /// L2 gas of its declaration, to which the limit of a transaction's execution does not apply.
    pub declaration_l2_gas: u64,
}

/// What `predict` of the contract costs for an input of zeros, each figure with Starknet's limit for a transaction. An account that calls
/// it adds its own steps and gas, and four felts of calldata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractCost {
    /// Cairo steps, those of the parts included.
    pub steps: u64,
    /// Its limit.
    pub steps_limit: u64,
    /// How often each builtin is used, by name.
    pub builtins: BTreeMap<String, u64>,
    /// L2 gas of the execution and of the calldata.
    pub l2_gas: u64,
    /// Its limit.
    pub l2_gas_limit: u64,
    /// Felts of calldata: a length and the values.
    pub calldata_felts: u64,
    /// Its limit.
    pub calldata_felts_limit: u64,
    /// Calls of parts.
    pub library_calls: u64,
}

/// How a layer's weights are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPlan {
    /// The layer's function.
    pub layer: String,
    /// Unrolled or looped.
    pub plan: Plan,
}

impl ClassSize {
    /// The size of a class.
    pub fn of(name: String, contract: &Contract) -> Self {
        Self {
            name,
            sierra_felts: contract.sierra_felts(),
            sierra_felts_limit: limits::SIERRA_FELTS,
            casm_felts: contract.casm_felts(),
            casm_felts_limit: limits::CASM_FELTS,
            sierra_bytes: contract.sierra_json().len(),
            sierra_bytes_limit: limits::SIERRA_BYTES,
            declaration_l2_gas: contract.declaration_gas(),
        }
    }

    /// The figures with their limits.
    pub fn figures(&self) -> [Figure; 3] {
        [
            Figure::new("Sierra felts", self.sierra_felts as u64, self.sierra_felts_limit as u64),
            Figure::new("CASM felts", self.casm_felts as u64, self.casm_felts_limit as u64),
            Figure::new("class bytes", self.sierra_bytes as u64, self.sierra_bytes_limit as u64),
        ]
    }

    /// The greatest share of a limit that the class takes.
    pub fn share(&self) -> f64 {
        self.figures().iter().map(Figure::share).fold(0.0, f64::max)
    }
}

impl ContractCost {
    /// The figures with their limits.
    pub fn figures(&self) -> [Figure; 3] {
        [
            Figure::new("contract steps", self.steps, self.steps_limit),
            Figure::new("L2 gas", self.l2_gas, self.l2_gas_limit),
            Figure::new("calldata felts", self.calldata_felts, self.calldata_felts_limit),
        ]
    }
}

impl Cost {
    /// The figures above a limit, each with its class, or with nothing if it belongs to the call. If there are none, Starknet accepts and
    /// executes the contract.
    pub fn excesses(&self) -> Vec<(Option<&str>, Figure)> {
        let of_classes = self.classes.iter().flat_map(|class| class.figures().map(|figure| (Some(class.name.as_str()), figure)));
        let all = of_classes.chain(self.contract.figures().map(|figure| (None, figure)));
        all.filter(|(_, figure)| !figure.fits()).collect()
    }
}

/// How a layer's weights are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Plan {
    /// Each product is code with the weight in it: two steps, three CASM felts and about nine Sierra felts for a product.
    Unrolled,
    /// The weights are constant arrays and a loop goes over tiles of `inputs` by `groups`: about 3.1 steps, one CASM felt and four Sierra
    /// felts for a product.
    Looped {
        /// Inputs of a tile.
        inputs: usize,
        /// Accumulators of a tile.
        groups: usize,
    },
    /// The weights of an elementwise layer are constant arrays, and a loop goes along them.
    Streamed,
}
