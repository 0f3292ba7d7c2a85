//! Proof files as contracts take them.

use std::path::Path;

use anyhow::{Context, bail};
use maat_verifier::chain_format::encode;
use maat_verifier::{FileError, Header, MAX_FILE_BYTES, Preset, ProofFile, Statement, verify};
use starknet_types_core::felt::Felt;

use crate::files;

/// A proof that holds, and that a contract can verify.
pub struct ChainProof {
    /// What the file says besides the proof.
    pub header: Header,
    /// What the proof says.
    pub statement: Statement,
    /// The proof as a contract takes it: the first felt is the number of those that follow.
    pub felts: Vec<Felt>,
}

impl ChainProof {
    /// Reads a proof of a model's inferences, and verifies it here first, so that nobody pays for one that does not hold.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = files::called(path);
        let bytes = files::read(path, MAX_FILE_BYTES)?.map_err(|found| FileError::TooLong { found })?;
        let within = || format!("{} cannot be used on a chain", name.display());
        let (header, _) = ProofFile::split(&bytes).with_context(within)?;
        if header.preset() != Preset::Starknet {
            bail!(
                "{} has a proof of preset `{}`, and contracts verify preset `{}` alone: `maat prove --preset {}` makes one",
                name.display(),
                header.preset(),
                Preset::Starknet,
                Preset::Starknet
            );
        }
        let statement = verify(&bytes, &header.entries().commitment()).with_context(within)?;
        Ok(Self { felts: felts(&bytes).with_context(within)?, header, statement })
    }
}

/// The felts of a proof file, as a contract reads them.
fn felts(proof: &[u8]) -> anyhow::Result<Vec<Felt>> {
    Ok(encode(proof)?.iter().map(|felt| Felt::from_bytes_le(&felt.to_le_bytes())).collect())
}
