//! Reading a package from disk: nothing is used before it is checked against the manifest.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use maat_cairo::{Contract, Executable};
use maat_runtime::Model;
use maat_verifier::cairo::ProgramHash;
use maat_verifier::{Entries, ModelCommitment, Preset};
use serde_json::Value;

use crate::cairo::Cairo;
use crate::digest::sha256;
use crate::error::PackageError;
use crate::json::{json_of, json_to, shown};
use crate::manifest::{ClassHashes, MANIFEST_VERSION, Manifest};
use crate::names::{CONTRACT, EXECUTABLE, MANIFEST, MODEL, REPORT, class_files, part_name};
use crate::partial::{builder, read_file};
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
        self.entries_of(&self.manifest.proving)
    }

    /// The entries of all commitments to the model: the first, which the contract knows, and those that were added later.
    ///
    /// # Errors
    /// As for [`Self::entries`]; or a private model has more than one: nobody without its seed could tell whose the others are.
    pub fn all_entries(&self) -> Result<Vec<&Entries>, PackageError> {
        let all: Vec<&Entries> = self.manifest.commitments().map(|proving| self.entries_of(proving)).collect::<Result<_, _>>()?;
        if all.len() > 1 && all.iter().any(|entries| entries.are_private()) {
            let reason = "it lists further commitments of a private model, which has one alone: transpile again".to_owned();
            return Err(PackageError::Mismatch { path: self.folder.join(MANIFEST), reason });
        }
        Ok(all)
    }

    /// The entries of the first commitment that has one for a preset and a batch size; where none has, those of the first of all.
    ///
    /// # Errors
    /// As for [`Self::all_entries`].
    pub fn entries_for(&self, preset: Preset, batch: u32) -> Result<&Entries, PackageError> {
        let all = self.all_entries()?;
        Ok(all.iter().find(|entries| entries.find(preset, batch).is_some()).unwrap_or(&all[0]))
    }

    /// The entries of the commitment of that value; where none has it, those of the first of all.
    ///
    /// # Errors
    /// As for [`Self::all_entries`].
    pub fn entries_under(&self, commitment: &ModelCommitment) -> Result<&Entries, PackageError> {
        let all = self.all_entries()?;
        Ok(all.iter().find(|entries| entries.commitment() == *commitment).unwrap_or(&all[0]))
    }

    /// Adds a further commitment to the manifest, which is replaced in one step; all other files stay as they are.
    ///
    /// # Errors
    /// The manifest cannot be written, or is another one than when the package was opened.
    pub fn add_commitment(&mut self, entries: Entries) -> Result<(), PackageError> {
        let path = self.folder.join(MANIFEST);
        if Self::open(&self.folder)?.manifest != self.manifest {
            let reason = "it was changed by something else meanwhile, and is left as it is: add the commitment again".to_owned();
            return Err(PackageError::Mismatch { path, reason });
        }
        let mut manifest = self.manifest.clone();
        manifest.further.push(Proving::Committed { commitment: entries.commitment(), entries });
        let written = (|| {
            let mut file = builder().tempfile_in(&self.folder)?;
            file.write_all(&json_to(&manifest))?;
            file.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
            // A full disk may say so only now.
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        })();
        written.map_err(|source| PackageError::Write { path, source })?;
        self.manifest = manifest;
        Ok(())
    }

    fn entries_of<'p>(&self, proving: &'p Proving) -> Result<&'p Entries, PackageError> {
        match proving {
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
    /// As for [`Self::model`]; or the package has no Cairo.
    pub fn program(&self) -> Result<Executable, PackageError> {
        self.hashes()?;
        let (path, bytes) = (self.folder.join(EXECUTABLE), self.read(EXECUTABLE)?);
        Executable::from_json(&bytes).map_err(|error| PackageError::Mismatch { path, reason: error.to_string() })
    }

    /// The program's hash, as the manifest states it.
    ///
    /// # Errors
    /// It is not a hash, or the package has no Cairo.
    pub fn program_hash(&self) -> Result<ProgramHash, PackageError> {
        let (program_hash, _, _) = self.hashes()?;
        program_hash.parse().map_err(|error| {
            let reason = format!("{program_hash:?} is not a program hash: {error}");
            PackageError::Mismatch { path: self.folder.join(MANIFEST), reason }
        })
    }

    /// The hashes of the program, the contract's class and those of its parts, as the manifest states them.
    ///
    /// # Errors
    /// The package has no Cairo.
    fn hashes(&self) -> Result<(&str, &ClassHashes, &[ClassHashes]), PackageError> {
        match &self.manifest.cairo {
            Cairo::Compiled { program_hash, class, layer_classes } => Ok((program_hash, class, layer_classes)),
            Cairo::Absent { reason } => Err(PackageError::NoCairo { reason: reason.clone() }),
        }
    }

    /// The model's Starknet contract.
    ///
    /// # Errors
    /// As for [`Self::program`]; or its class hashes are not the manifest's.
    pub fn contract(&self) -> Result<Contract, PackageError> {
        self.class(CONTRACT, self.hashes()?.1)
    }

    /// The classes of parts of the network that the contract calls, in order; empty if it is one class.
    ///
    /// # Errors
    /// As for [`Self::contract`].
    pub fn layer_classes(&self) -> Result<Vec<Contract>, PackageError> {
        let classes = self.hashes()?.2.iter().enumerate();
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
