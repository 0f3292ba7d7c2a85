//! The verifier of Cairo proofs, in the order of the protocol. The STARK's own steps are in [`crate::stark`].

use winter_verifier::crypto::hashers::Blake3_256;
use winter_verifier::crypto::{DefaultRandomCoin, ElementHasher};

use super::air::{CairoAir, context, trace_info};
use super::claim::Claim;
use super::program::{Builtin, Program, ProgramHash};
use super::proof_file::CairoProof;
use crate::blake2s::Blake2s256;
use crate::error::VerifyError;
use crate::felt252::Felt252;
use crate::hasher::WholeHasher;
use crate::kind::Kind;
use crate::preset::{Hash, Preset, Security};
use crate::proof_file::FileError;
use crate::stark::{self, ProofShape};
use crate::vector_commitment::{SplitTree, TreeHash};

/// What a Cairo proof proves: the program with this hash ran to its end, and gave this output.
///
/// The arguments that it ran on are not part of it. A program that has to answer for them outputs them, as those of `maat transpile` do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CairoStatement {
    /// The program.
    pub program: Program,
    /// Its output.
    pub output: Vec<Felt252>,
    /// Steps from the header's first instruction until its endless loop.
    pub steps: u32,
    /// Cells of each of the program's builtins that it used.
    pub builtins: Vec<(Builtin, u32)>,
    /// Rows of the trace.
    pub rows: u32,
    /// The parameters of the proof.
    pub preset: Preset,
    /// How hard a false proof is to find.
    pub security: Security,
}

/// Verifies a Cairo proof, and that it is for the program with the `expected` hash.
///
/// Hashing a program takes some microseconds for each of its felts, more than everything else together. A verifier that has the program is better off
/// with [`verify_program`] or [`verify_any`].
///
/// # Errors
/// The proof does not hold; each [`VerifyError`] is one reason.
pub fn verify(proof: &[u8], expected: &ProgramHash) -> Result<CairoStatement, VerifyError> {
    // The work that is cheap comes first.
    let statement = verify_any(proof)?;
    match statement.program.hash() {
        found if found == *expected => Ok(statement),
        found => Err(VerifyError::ProgramHash { expected: *expected, found }),
    }
}

/// As [`verify`], for a verifier that has the program itself, and so needs no hash.
///
/// # Errors
/// As for [`verify`].
pub fn verify_program(proof: &[u8], expected: &Program) -> Result<CairoStatement, VerifyError> {
    match verify_any(proof)? {
        statement if statement.program == *expected => Ok(statement),
        _ => Err(VerifyError::Program),
    }
}

/// Verifies a Cairo proof for whatever program it is for: the caller must look at the statement's program.
///
/// The bytes may be anything. Memory stays within a small multiple of the file's length and of what its packed felts fill, at most 256 MB.
///
/// # Errors
/// As for [`verify`].
pub fn verify_any(proof: &[u8]) -> Result<CairoStatement, VerifyError> {
    // 1. The file: the prover's claim, and the STARK that is to prove it. Claims that no proof can be made for are refused here.
    let (claim, stark) = CairoProof::split(proof)?;

    // 2. The policy: from here on every parameter is the preset's or the claim's, and the STARK must agree with them.
    let security = match claim.preset.hash() {
        Hash::Blake3 => verify_stark::<Blake3_256<Felt252>>(stark, &claim),
        Hash::Blake2s => verify_stark::<Blake2s256<Felt252>>(stark, &claim),
        Hash::Poseidon => Err(FileError::Preset { found: claim.preset.code() }.into()),
    }?;

    // 3. The statement, all of which the STARK's public inputs bind.
    let uses = |builtin: &Builtin| match builtin {
        Builtin::Output => claim.output.len() as u32,
        Builtin::RangeCheck => claim.range_checks,
    };
    let builtins = claim.program.builtins().iter().map(|builtin| (*builtin, uses(builtin))).collect();
    let Claim { program, preset, rows, steps, output, .. } = claim;
    Ok(CairoStatement { program, output, steps, builtins, rows, preset, security })
}

fn verify_stark<H>(bytes: &[u8], claim: &Claim) -> Result<Security, VerifyError>
where
    H: ElementHasher<BaseField = Felt252> + TreeHash,
{
    let options = claim.preset.cairo_options();
    let shape = ProofShape::new(claim.preset, options.clone(), &context(trace_info(claim.rows as usize), options));
    // The public inputs say everything; no part of the trace is known beforehand.
    stark::verify::<CairoAir, WholeHasher<H>, DefaultRandomCoin<WholeHasher<H>>, SplitTree<H>>(
        bytes,
        &shape,
        claim.public_inputs(),
        1,
        |_| Ok(()),
    )?;
    Ok(Security::of(&shape.context, claim.preset.hash(), Kind::Cairo))
}
