//! Proof files as contracts take them.

use std::path::Path;

use anyhow::{Context, bail};
use maat_starknet::Registry;
use maat_starknet::facts::Submission;
use maat_verifier::chain_format::encode;
use maat_verifier::{FileError, MAX_FILE_BYTES, Preset, ProofFile, Statement, verify};
use starknet_types_core::felt::Felt;

use crate::files;

/// A proof that holds, and that a contract can verify.
pub struct ChainProof {
    /// What the proof says.
    pub statement: Statement,
    /// The proof as a contract takes it: the first felt is the number of those that follow.
    pub felts: Vec<Felt>,
    /// The model's entries, as the registry takes them.
    entries: Vec<u8>,
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
        Ok(Self { felts: felts(&bytes).with_context(within)?, entries: header.entries().to_bytes(), statement })
    }

    /// The model's commitment.
    pub fn commitment(&self) -> Felt {
        Felt::from_bytes_be(self.statement.commitment.as_bytes())
    }

    /// What is submitted for a model's version: the entries come with the proof if the registry does not know them.
    pub fn submission(&self, registry: &Registry, model: u64, version: u32) -> anyhow::Result<Submission<'_>> {
        let known = !registry.entries(model, version)?.is_empty();
        Ok(Submission { model, version, proof: &self.felts, entries: (!known).then_some(&self.entries) })
    }
}

/// The felts of a proof file, as a contract reads them.
fn felts(proof: &[u8]) -> anyhow::Result<Vec<Felt>> {
    Ok(encode(proof)?.iter().map(|felt| Felt::from_bytes_le(&felt.to_le_bytes())).collect())
}
