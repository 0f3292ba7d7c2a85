//! Proves an execution: trace, commitments, STARK and file, stage by stage.

use std::marker::PhantomData;

use maat_verifier::cairo::air::trace_info;
use maat_verifier::cairo::{CairoProof, Execution};
use maat_verifier::{Blake2s256, Felt252, Hash, Kind, Preset, Security, TreeHash};
use winterfell::crypto::ElementHasher;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::{Proof, Prover};

use super::error::CairoProveError;
use super::stark::CairoProver;
use super::witness::Witness;
use crate::stages::{Clock, Stages};
use crate::trace::MainTrace;

/// A proof of an execution, and what is known of it.
#[derive(Debug, Clone)]
pub struct CairoProved {
    /// The proof file.
    pub file: CairoProof,
    /// The time that each stage took.
    pub stages: Stages,
    /// How hard a false proof is to find.
    pub security: Security,
}

/// Proves that a program, on some arguments, ran to its end and gave the output that it gave in this execution.
///
/// `progress` gets the name of each stage when it begins.
///
/// # Errors
/// The execution is longer than any trace, or is not an execution of the program; or no Cairo proof has the preset.
pub fn prove(execution: &Execution, preset: Preset, progress: &(dyn Fn(&str) + Sync)) -> Result<CairoProved, CairoProveError> {
    match preset.hash() {
        Hash::Blake3 => prove_with::<Blake3_256<Felt252>>(execution, preset, progress),
        Hash::Blake2s => prove_with::<Blake2s256<Felt252>>(execution, preset, progress),
        Hash::Poseidon => Err(CairoProveError::Preset(preset)),
    }
}

fn prove_with<H>(execution: &Execution, preset: Preset, progress: &(dyn Fn(&str) + Sync)) -> Result<CairoProved, CairoProveError>
where
    H: ElementHasher<BaseField = Felt252> + TreeHash + Send + Sync,
{
    let clock = Clock::new(progress);
    clock.begin("trace");
    let Witness { claim, public_inputs, columns } = Witness::new(execution, preset)?;
    let prover = CairoProver::<H> { options: claim.preset.cairo_options(), public_inputs, clock: &clock, hasher: PhantomData };
    let proof: Proof = prover.prove(MainTrace::new(trace_info(claim.rows as usize), columns)).map_err(CairoProveError::Stark)?;
    let security = Security::of(&proof.context, claim.preset.hash(), Kind::Cairo);
    Ok(CairoProved { file: CairoProof { claim, stark: proof.to_bytes() }, stages: clock.end(), security })
}
