use maat_cairo::{Contract, Program, limits};
use maat_runtime::Model;
use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt;

use crate::codegen::{Generated, Plan};
use crate::error::TranspileError;

/// What an inference costs in the Cairo VM and on Starknet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Cairo steps of the executable for an input of zeros, all in: input, unpacking, rescaling, output.
    pub steps: usize,
    /// `steps / macs`; absent without multiply-accumulates.
    pub steps_per_mac: Option<f64>,
    /// Range checks of that run.
    pub range_checks: usize,
    /// Felts of the executable's bytecode.
    pub executable_felts: usize,
    /// Size of the contract's class.
    pub class: ClassSize,
    /// L2 gas of the inference alone, computed from its steps, range checks and calldata; a transaction's own overhead comes on top.
    pub l2_gas: u64,
    /// How each linear layer's weights are held.
    pub layers: Vec<LayerPlan>,
}

/// Size of a class, each figure with Starknet's limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSize {
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
}

impl ClassSize {
    /// The greatest share of a limit that the class takes.
    pub fn share(&self) -> f64 {
        let shares = [
            (self.sierra_felts, self.sierra_felts_limit),
            (self.casm_felts, self.casm_felts_limit),
            (self.sierra_bytes, self.sierra_bytes_limit),
        ];
        shares.into_iter().map(|(size, limit)| size as f64 / limit as f64).fold(0.0, f64::max)
    }
}

/// How a layer's weights are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPlan {
    /// The layer's function.
    pub layer: String,
    /// Unrolled or looped.
    pub plan: Plan,
}

/// L2 gas of a Cairo step, a range check and a felt of calldata (Starknet's versioned constants, 0.14).
const STEP_GAS: u64 = 100;
const RANGE_CHECK_GAS: u64 = 70;
const CALLDATA_FELT_GAS: u64 = 5_120;

/// L2 gas of an inference with these resources, called with `inputs` values.
pub fn l2_gas(steps: usize, range_checks: usize, inputs: usize) -> u64 {
    // The calldata of `predict` is a length and the values.
    STEP_GAS * steps as u64 + RANGE_CHECK_GAS * range_checks as u64 + CALLDATA_FELT_GAS * (inputs as u64 + 1)
}

/// Measures a compiled model.
pub(crate) fn measure(model: &Model, generated: &Generated, program: &Program, contract: &Contract) -> Result<Cost, TranspileError> {
    let zeros: Vec<Felt> = model
        .inputs()
        .iter()
        .flat_map(|input| std::iter::repeat_n(Felt::from(0i64.clamp(input.range.lo, input.range.hi)), input.shape.elements()))
        .collect();
    let run = program.run(&zeros).map_err(|error| TranspileError::Generated { reason: error.to_string() })?;
    let macs = model.macs();
    Ok(Cost {
        macs,
        steps: run.steps,
        steps_per_mac: (macs > 0).then(|| run.steps as f64 / macs as f64),
        range_checks: run.range_checks,
        executable_felts: program.bytecode_felts(),
        class: ClassSize {
            sierra_felts: contract.sierra_felts(),
            sierra_felts_limit: limits::SIERRA_FELTS,
            casm_felts: contract.casm_felts(),
            casm_felts_limit: limits::CASM_FELTS,
            sierra_bytes: contract.sierra_json().len(),
            sierra_bytes_limit: limits::SIERRA_BYTES,
        },
        l2_gas: l2_gas(run.steps, run.range_checks, zeros.len()),
        layers: generated.plans.iter().map(|(layer, plan)| LayerPlan { layer: layer.clone(), plan: *plan }).collect(),
    })
}
