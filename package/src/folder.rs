//! Reading a package from disk: nothing is used before it is checked against the manifest.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use maat_cairo::{Contract, Executable};
use maat_runtime::Model;
use maat_verifier::Entries;
use maat_verifier::cairo::ProgramHash;
use serde_json::Value;

use crate::digest::sha256;
use crate::error::PackageError;
use crate::json::{json_of, shown};
use crate::manifest::{ClassHashes, MANIFEST_VERSION, Manifest};
use crate::names::{CONTRACT, EXECUTABLE, MANIFEST, MODEL, REPORT, class_files, part_name};
use crate::partial::read_file;
use crate::proving::Proving;
use crate::report::Report;
use crate::views::{View, views};

/// A package on disk. Files are read when they are needed, and checked against the manifest.
#[derive(Debug, Clone)]
pub struct PackageFolder {
    /// Where it is.
    pub folder: PathBuf,
    /// What binds the files.
    pub manifest: Manifest,
}

impl PackageFolder {
    /// Opens a package by its manifest.
    ///
    /// # Errors
    /// [`PackageError::NotAPackage`] where the folder has no manifest, and [`PackageError::Mismatch`] for one of another format.
    pub fn open(folder: &Path) -> Result<Self, PackageError> {
        let path = folder.join(MANIFEST);
        let no_package = |reason: String| PackageError::NotAPackage { path: folder.to_path_buf(), reason };
        let bytes = read_file(&path).map_err(|error| {
            no_package(match std::fs::metadata(folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => "there is no such folder".to_owned(),
                Ok(found) if !found.is_dir() => "it is not a folder".to_owned(),
                Ok(_) if error.kind() == ErrorKind::NotFound => format!("it has no {MANIFEST}"),
                _ => format!("its {MANIFEST} cannot be read: {error}"),
            })
        })?;
        let fault = |reason: String| PackageError::Mismatch { path: path.clone(), reason };
        let of_others = |reason: String| no_package(format!("its {MANIFEST} is not that of a package: {reason}"));
        let value = json_of(&bytes).map_err(|error| of_others(error.to_string()))?;
        match value.get("format").and_then(Value::as_u64) {
            None => return Err(of_others("it has no `format`".to_owned())),
            Some(format) if format != u64::from(MANIFEST_VERSION) => {
                return Err(fault(format!(
                    "the manifest has format {format}, but this program reads format {MANIFEST_VERSION}: transpile again"
                )));
            }
            Some(_) => {}
        }
        let manifest = serde_json::from_value(value).map_err(|error| fault(format!("it is not a manifest: {}", shown(error))))?;
        Ok(Self { folder: folder.to_path_buf(), manifest })
    }

    /// The paths of the package's files, including the manifest.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.manifest.files.keys().map(String::as_str).chain([MANIFEST]).map(|file| self.folder.join(file))
    }

    /// The quantised model.
    ///
    /// # Errors
    /// The file is missing, damaged, or not the one that the manifest names.
    pub fn model(&self) -> Result<Model, PackageError> {
        let bytes = self.read(MODEL)?;
        Model::from_bytes(&bytes).map_err(|source| PackageError::Format { path: self.folder.join(MODEL), source })
    }

    /// The entries of the model's commitment. Only the manifest is read; that they are the model's is its claim.
    ///
    /// # Errors
    /// The model cannot be proven, or the commitment is not the one of the entries.
    pub fn entries(&self) -> Result<&Entries, PackageError> {
        match &self.manifest.proving {
            Proving::Committed { commitment, entries } if entries.commitment() == *commitment => Ok(entries),
            Proving::Committed { commitment, entries } => {
                let reason =
                    format!("the model commitment is {commitment}, but its entries give {}: transpile again", entries.commitment());
                Err(PackageError::Mismatch { path: self.folder.join(MANIFEST), reason })
            }
            Proving::Unprovable { reason } => Err(PackageError::Unprovable { reason: reason.clone() }),
        }
    }

    /// Whether the manifest says that the model's weights are to stay secret.
    pub fn is_private(&self) -> bool {
        self.entries().is_ok_and(Entries::are_private)
    }

    /// The report.
    ///
    /// # Errors
    /// As for [`Self::model`].
    pub fn report(&self) -> Result<Report, PackageError> {
        let (path, bytes) = (self.folder.join(REPORT), self.read(REPORT)?);
        Report::read(&bytes).map_err(|error| PackageError::Mismatch { path, reason: format!("it is not a report: {error}") })
    }

    /// The program for the Cairo VM.
    ///
    /// # Errors
    /// As for [`Self::model`].
    pub fn program(&self) -> Result<Executable, PackageError> {
        let (path, bytes) = (self.folder.join(EXECUTABLE), self.read(EXECUTABLE)?);
        Executable::from_json(&bytes).map_err(|error| PackageError::Mismatch { path, reason: error.to_string() })
    }

    /// The program's hash, as the manifest states it.
    ///
    /// # Errors
    /// It is not a hash.
    pub fn program_hash(&self) -> Result<ProgramHash, PackageError> {
        self.manifest.program_hash.parse().map_err(|error| {
            let reason = format!("{:?} is not a program hash: {error}", self.manifest.program_hash);
            PackageError::Mismatch { path: self.folder.join(MANIFEST), reason }
        })
    }

    /// The model's Starknet contract.
    ///
    /// # Errors
    /// As for [`Self::model`]; or its class hashes are not the manifest's.
    pub fn contract(&self) -> Result<Contract, PackageError> {
        let Manifest { sierra_class_hash, casm_class_hash, .. } = &self.manifest;
        let hashes = ClassHashes { sierra_class_hash: sierra_class_hash.clone(), casm_class_hash: casm_class_hash.clone() };
        self.class(CONTRACT, &hashes)
    }

    /// The classes of parts of the network that the contract calls, in order; empty if it is one class.
    ///
    /// # Errors
    /// As for [`Self::contract`].
    pub fn layer_classes(&self) -> Result<Vec<Contract>, PackageError> {
        let classes = self.manifest.layer_classes.iter().enumerate();
        classes.map(|(index, hashes)| self.class(&part_name(index), hashes)).collect()
    }

    /// Checks that a contract says of its model what the package does: digest, commitment, inputs and outputs. Whether it computes the model
    /// is not checked.
    ///
    /// # Errors
    /// As for [`Self::model`]; or the manifest's commitment is not the one of its entries, or the contract says something else.
    pub fn check_contract(&self, contract: &Contract) -> Result<(), PackageError> {
        let model = self.model()?;
        let commitment = match self.entries() {
            Ok(entries) => Some(entries.commitment()),
            Err(PackageError::Unprovable { .. }) => None,
            Err(error) => return Err(error),
        };
        // Reading the model has compared it with this digest.
        let digest = &self.manifest.files[MODEL];
        let [sierra, _] = class_files(CONTRACT);
        for View { function, answer, file } in views(&model, digest, commitment.as_ref()) {
            let fault = |reason: String| PackageError::Mismatch { path: self.folder.join(&sierra), reason };
            let found = contract.call(function, &[]).map_err(|error| fault(format!("`{function}` of the contract fails: {error}")))?;
            if found.output != answer {
                return Err(fault(format!("what `{function}` of the contract gives is not what {file} has: transpile again")));
            }
        }
        Ok(())
    }

    fn class(&self, name: &str, expected: &ClassHashes) -> Result<Contract, PackageError> {
        let [sierra, casm] = class_files(name);
        let fault = |reason: String| PackageError::Mismatch { path: self.folder.join(&sierra), reason };
        let class = Contract::from_json(&self.read(&sierra)?, &self.read(&casm)?).map_err(|error| fault(error.to_string()))?;
        let found = ClassHashes::of(&class);
        if found != *expected {
            let ClassHashes { sierra_class_hash, casm_class_hash } = found;
            let reason = format!(
                "the class hashes are {sierra_class_hash} (Sierra) and {casm_class_hash} (CASM), but manifest.json has others: transpile again"
            );
            return Err(fault(reason));
        }
        Ok(class)
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, PackageError> {
        let path = self.folder.join(file);
        let bytes = read_file(&path).map_err(|source| PackageError::Read { path: path.clone(), source })?;
        match self.manifest.files.get(file) {
            Some(digest) if *digest == sha256(&bytes) => Ok(bytes),
            Some(_) => {
                let reason = "the file is not the one that manifest.json lists: transpile again".to_owned();
                Err(PackageError::Mismatch { path, reason })
            }
            None => Err(PackageError::Mismatch { path, reason: "manifest.json does not list the file".to_owned() }),
        }
    }
}
