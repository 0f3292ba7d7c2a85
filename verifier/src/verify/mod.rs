//! The verifier of model proofs, in the order of the protocol. Steps 4 to 7 are those of any STARK: see [`crate::stark`].

use winter_air::{Air, TraceInfo};
use winter_verifier::crypto::hashers::Blake3_256;

use crate::air::{ModelAir, trace_info};
use crate::blake2s::Blake2s256;
use crate::commitment::ModelCommitment;
use crate::digest::Digest;
use crate::error::VerifyError;
use crate::goldilocks::Goldilocks;
use crate::hasher::{SplitHasher, TreeHasher};
use crate::kind::Kind;
use crate::poseidon::Poseidon;
use crate::preset::{Hash, Mode, Preset, Security};
use crate::proof_file::ProofFile;
use crate::stark::{self, ProofShape};
use crate::statement::Statement;
use crate::vector_commitment::SplitTree;

/// Verifies a model proof, and gives the statement that it proves: the model with the `expected` commitment, on these inputs, gives these
/// outputs.
///
/// The caller decides what to make of the statement: its inputs, outputs, visibilities, preset and batch size are the prover's choice.
/// That the commitment belongs to a known model has to be checked against the model once, as with any verifying key.
///
/// The bytes may be anything. Memory stays within a small multiple of the file's length, and a file is at most 64 MB long.
///
/// # Errors
/// The proof does not hold; each [`VerifyError`] is one reason.
pub fn verify(proof: &[u8], expected: &ModelCommitment) -> Result<Statement, VerifyError> {
    // 1. The file: the prover's claim, and the STARK that is to prove it.
    let (header, stark) = ProofFile::split(proof)?;

    // 2. The model: the entries in the file are the expected model's, and so is the one for the claim's preset and batch size.
    let found = header.entries().commitment();
    if found != *expected {
        return Err(VerifyError::Commitment { expected: *expected, found });
    }

    // 3. The policy: from here on every parameter is the entry's or the preset's, and the STARK must agree with them.
    let entry = header.entry();
    let fixed_root = match header.one_time() {
        None => entry.fixed_root,
        Some(one_time) => {
            one_time.check(entry.one_time_roots, &entry.fixed_root)?;
            one_time.root
        }
    };
    let public_inputs = header.public_inputs();
    let claim = StarkClaim {
        preset: header.preset(),
        mode: header.mode(),
        trace_info: trace_info(entry.rows as usize, &public_inputs),
        public_inputs,
        fixed_root,
    };
    let security = match claim.preset.hash() {
        Hash::Blake3 => verify_stark::<ModelAir, Blake3_256<Goldilocks>>(stark, claim),
        Hash::Blake2s => verify_stark::<ModelAir, Blake2s256>(stark, claim),
        Hash::Poseidon => verify_stark::<ModelAir, Poseidon>(stark, claim),
    }?;
    Ok(header.into_statement(security))
}

/// What a STARK is to prove, in the terms of its AIR. Nothing of it comes from the STARK.
struct StarkClaim<P> {
    preset: Preset,
    mode: Mode,
    trace_info: TraceInfo,
    public_inputs: P,
    fixed_root: [u8; 32],
}

/// Steps 4 to 7, for any AIR over the columns of [`crate::layout`].
fn verify_stark<A, H>(bytes: &[u8], claim: StarkClaim<A::PublicInputs>) -> Result<Security, VerifyError>
where
    A: Air<BaseField = Goldilocks, PublicInputs: Clone>,
    H: TreeHasher,
{
    let StarkClaim { preset, mode, trace_info, public_inputs, fixed_root } = claim;
    let options = preset.options(mode);

    let air = A::new(trace_info, public_inputs.clone(), options.clone());
    let shape = ProofShape::new(preset, options, air.context());
    // The fixed columns are the model's.
    let check_main = |main: &Digest| match main.parts()[0] {
        found if found != fixed_root => Err(VerifyError::FixedRoot { expected: fixed_root, found }),
        _ => Ok(()),
    };
    stark::verify::<A, SplitHasher<H>, H::Coin, SplitTree<H>>(bytes, &shape, public_inputs, 2, check_main)?;
    Ok(Security::of(&shape.context, preset.hash(), Kind::Model))
}

#[cfg(test)]
mod tests;
