//! Measures what an inference costs, by running program and contract on zeros.

use maat_cairo::{CairoRunError, gas, limits};
use maat_package::{ContractCost, Cost, LayerPlan, arguments, run_contract};
use maat_runtime::Model;

use super::compile::Compiled;
use crate::error::TranspileError;

/// Measures a compiled model.
pub fn measure(model: &Model, compiled: &Compiled) -> Result<Cost, TranspileError> {
    let Compiled { generated, program, contract, layer_classes, .. } = compiled;
    let zeros: Vec<Vec<i32>> =
        model.inputs().iter().map(|input| vec![0i64.clamp(input.range.lo, input.range.hi) as i32; input.shape.elements()]).collect();
    let failed = |error: CairoRunError| TranspileError::Generated { reason: error.to_string() };
    let run = program.run(&arguments(&zeros)).map_err(failed)?;
    let (_, call) = run_contract(model, contract, layer_classes, &zeros).map_err(failed)?;
    let macs = model.macs();
    let calldata_felts = 1 + zeros.iter().map(|input| input.len() as u64).sum::<u64>();
    Ok(Cost {
        macs,
        steps: run.steps,
        steps_per_mac: (macs > 0).then(|| run.steps as f64 / macs as f64),
        range_checks: run.range_checks,
        executable_felts: program.bytecode_felts(),
        classes: compiled.sizes(),
        contract: ContractCost {
            steps: call.steps,
            steps_limit: limits::TRANSACTION_STEPS,
            builtins: call.builtins,
            l2_gas: call.gas + gas::of_calldata(calldata_felts),
            l2_gas_limit: limits::TRANSACTION_L2_GAS,
            calldata_felts,
            calldata_felts_limit: limits::CALLDATA_FELTS,
            library_calls: call.library_calls,
        },
        layers: generated.plans.iter().map(|(layer, plan)| LayerPlan { layer: layer.clone(), plan: *plan }).collect(),
    })
}
