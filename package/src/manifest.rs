//! `manifest.json`, the file that every other one is checked against: where a package comes from, and what binds its files together.

use std::collections::BTreeMap;

use maat_cairo::{Compiler, Contract};
use serde::{Deserialize, Serialize};

use crate::cairo::Cairo;
use crate::options::Provenance;
use crate::proving::Proving;
use crate::report::Verdict;

/// The version of the manifest's format.
pub const MANIFEST_VERSION: u32 = 7;

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// The model's name.
    pub name: String,
    /// Where the model comes from.
    pub provenance: Provenance,
    /// Whether the model still computes its float network. It is here as well as in the report, so that it goes wherever the model goes.
    pub verdict: Verdict,
    /// sha256 of `model.maat`.
    pub model_sha256: String,
    /// The hashes of its Cairo program and classes, or why there are none.
    #[serde(flatten)]
    pub cairo: Cairo,
    /// The model's commitment for proofs, or why it has none.
    #[serde(flatten)]
    pub proving: Proving,
    /// Further commitments to the same model, each for presets and batch sizes of its own. They were added later, which changes nothing about
    /// proofs that the first one verifies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Proving>,
    /// What made the package.
    pub versions: Versions,
    /// sha256 of every other file, by path.
    pub files: BTreeMap<String, String>,
}

impl Manifest {
    /// What is said of each commitment to the model, the first one first.
    pub fn commitments(&self) -> impl Iterator<Item = &Proving> {
        std::iter::once(&self.proving).chain(&self.further)
    }
}

/// The hashes of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassHashes {
    /// Hash under which the class is declared.
    pub sierra_class_hash: String,
    /// Hash of its CASM class.
    pub casm_class_hash: String,
}

impl ClassHashes {
    /// The hashes of a class.
    pub fn of(contract: &Contract) -> Self {
        Self {
            sierra_class_hash: contract.class_hash().to_fixed_hex_string(),
            casm_class_hash: contract.compiled_class_hash().to_fixed_hex_string(),
        }
    }
}

/// Versions of what made a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Maat.
    pub maat: String,
    /// The format of `model.maat`.
    pub model_format: u16,
    /// The Cairo compiler.
    pub cairo: String,
    /// The Cairo core library: a digest of its files.
    pub corelib: String,
}

impl Versions {
    /// The versions of this program with a compiler.
    pub fn of(compiler: &Compiler) -> Self {
        Self {
            maat: env!("CARGO_PKG_VERSION").to_owned(),
            model_format: maat_runtime::FORMAT_VERSION,
            cairo: maat_cairo::COMPILER_VERSION.to_owned(),
            corelib: compiler.corelib_digest(),
        }
    }
}
