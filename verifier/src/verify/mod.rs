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
use crate::preset::{Hash, Preset, Security};
use crate::proof_file::{ProofFile, public_inputs};
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
    let claim = StarkClaim {
        preset: entry.preset,
        trace_info: trace_info(entry.rows as usize),
        public_inputs: public_inputs(expected, entry, header.inputs(), header.outputs()),
        fixed_root: entry.fixed_root,
        io_commitment: header.io_commitment().copied(),
    };
    let security = match (entry.preset.hash(), claim.io_commitment.is_some()) {
        (Hash::Blake3, false) => verify_stark::<ModelAir, Blake3_256<Goldilocks>, false>(stark, claim),
        (Hash::Blake3, true) => verify_stark::<ModelAir, Blake3_256<Goldilocks>, true>(stark, claim),
        (Hash::Blake2s, false) => verify_stark::<ModelAir, Blake2s256, false>(stark, claim),
        (Hash::Blake2s, true) => verify_stark::<ModelAir, Blake2s256, true>(stark, claim),
    }?;
    Ok(header.into_statement(security))
}

/// What a STARK is to prove, in the terms of its AIR. Nothing of it comes from the STARK.
struct StarkClaim<P> {
    preset: Preset,
    trace_info: TraceInfo,
    public_inputs: P,
    fixed_root: [u8; 32],
    io_commitment: Option<[u8; 32]>,
}

/// Steps 4 to 7, for any AIR over the columns of [`crate::layout`]. `IO` tells whether inputs and outputs have a tree of their own.
fn verify_stark<A, H, const IO: bool>(bytes: &[u8], claim: StarkClaim<A::PublicInputs>) -> Result<Security, VerifyError>
where
    A: Air<BaseField = Goldilocks, PublicInputs: Clone>,
    H: TreeHasher,
{
    let StarkClaim { preset, trace_info, public_inputs, fixed_root, io_commitment } = claim;

    let air = A::new(trace_info, public_inputs.clone(), preset.options());
    let shape = ProofShape::new(preset, preset.options(), air.context());
    // The fixed columns are the model's, and inputs and outputs are those of the statement.
    let check_main = |main: &Digest| {
        let found = main.parts()[0];
        if found != fixed_root {
            return Err(VerifyError::FixedRoot { expected: fixed_root, found });
        }
        match io_commitment {
            Some(expected) if main.parts()[1] != expected => Err(VerifyError::IoCommitment { expected, found: main.parts()[1] }),
            _ => Ok(()),
        }
    };
    let parts = if IO { 3 } else { 2 };
    stark::verify::<A, SplitHasher<H, IO>, SplitTree<H>>(bytes, &shape, public_inputs, parts, check_main)?;
    Ok(Security::of(&shape.context, preset.hash(), Kind::Model))
}

#[cfg(test)]
mod tests;
