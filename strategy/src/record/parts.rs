//! The work folder of a record: finished proofs, kept until the record is written, so that a run that was stopped can go on.
//!
//! Its files have names that begin with the job's digest. Files of other jobs are left alone, and nothing that is found is believed: a proof
//! from here is verified before it is used.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use maat_verifier::{MAX_FILE_BYTES, hex_digits};
use thiserror::Error;

/// Digits of the job's digest in names of files: 64 bits tell the jobs of a user apart.
const DIGITS: usize = 16;
const SUFFIX: &str = ".proof";

/// The work folder of a job.
#[derive(Debug)]
pub struct Parts {
    folder: PathBuf,
    /// What the names of the job's files begin with.
    prefix: String,
}

/// Why proofs cannot be kept.
#[derive(Debug, Error)]
#[error("cannot keep finished proofs in {}: {source}", path.display())]
pub struct PartsError {
    /// The folder or file.
    pub path: PathBuf,
    /// What is wrong.
    pub source: io::Error,
}

impl Parts {
    /// The folder for a job with this digest; it is made if it is not there.
    ///
    /// # Errors
    /// Something else has its name, or it cannot be made.
    pub(super) fn open(folder: &Path, job: &[u8; 32]) -> Result<Self, PartsError> {
        let fault = |source| PartsError { path: folder.to_path_buf(), source };
        match fs::create_dir(folder) {
            // A link would lead to a folder of somebody's choice.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(folder).map_err(fault)?.is_dir() {
                    return Err(fault(io::Error::other("it exists, and is not a folder: move it away")));
                }
            }
            made => made.map_err(fault)?,
        }
        Ok(Self { folder: folder.to_path_buf(), prefix: format!("{}-", &hex_digits(job)[..DIGITS]) })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{}{index:06}{SUFFIX}", self.prefix))
    }

    /// What was kept of a batch. Whatever cannot be read is as good as nothing.
    pub(super) fn read(&self, index: usize) -> Option<Vec<u8>> {
        let path = self.path(index);
        // Opening a named pipe would wait for a writer.
        let found = fs::symlink_metadata(&path).ok()?;
        if !found.is_file() || found.len() > MAX_FILE_BYTES as u64 {
            return None;
        }
        let mut bytes = Vec::new();
        File::open(path).ok()?.take(MAX_FILE_BYTES as u64).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Keeps a batch: all of it or nothing, whenever the run is stopped.
    pub(super) fn write(&self, index: usize, bytes: &[u8]) -> Result<(), PartsError> {
        let path = self.path(index);
        let written = tempfile::Builder::new().prefix(&self.prefix).suffix(".partial").tempfile_in(&self.folder).and_then(|mut file| {
            file.write_all(bytes)?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.map(|_| ()).map_err(|source| PartsError { path, source })
    }

    /// How many of this job's proofs are kept.
    pub fn kept(&self) -> usize {
        let is_proof = |name: &OsStr| self.is_ours(name) && name.to_str().is_some_and(|name| name.ends_with(SUFFIX));
        self.names().filter(|name| is_proof(name)).count()
    }

    /// How many files there are that are not this job's.
    pub fn others(&self) -> usize {
        self.names().filter(|name| !self.is_ours(name)).count()
    }

    /// Removes this job's files, and the folder if nothing else is in it. What cannot be removed stays.
    pub fn remove(self) {
        for name in self.names().filter(|name| self.is_ours(name)) {
            let _ = fs::remove_file(self.folder.join(name));
        }
        // Only if it is empty.
        let _ = fs::remove_dir(&self.folder);
    }

    fn names(&self) -> impl Iterator<Item = std::ffi::OsString> {
        fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name())
    }

    fn is_ours(&self, name: &OsStr) -> bool {
        name.to_str().is_some_and(|name| name.starts_with(&self.prefix))
    }
}
