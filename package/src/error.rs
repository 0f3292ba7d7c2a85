//! The one error of this crate, except for samples: each variant is something that a user can act on.

use std::path::PathBuf;

use maat_runtime::FormatError;

/// Why a package cannot be opened, written or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The output folder holds something that is not a package. It is left alone.
    #[error("{path} exists and is not a Maat package: choose another folder, or remove it")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The output folder is the working directory or above it. Replacing it would leave the user's shell in a folder that is gone.
    #[error("cannot write a package to {path}: that would replace the working directory. Name a folder inside it")]
    WorkingDirectory {
        /// The folder.
        path: PathBuf,
    },
    /// The output folder holds a package that the user has changed. The changes are left alone.
    #[error("{path} holds a package with files that would be lost: {files}")]
    Edited {
        /// The folder.
        path: PathBuf,
        /// The first few of the files, each with why it would be lost.
        files: String,
    },
    /// The package is made from a file that it would replace.
    #[error("cannot write a package to {path}: it would replace {source_file}, which it is made from. Name another folder")]
    Source {
        /// The folder.
        path: PathBuf,
        /// The file.
        source_file: PathBuf,
    },
    /// A folder is not a package.
    #[error("{path} is not a Maat package: {reason}")]
    NotAPackage {
        /// The folder.
        path: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// The package's model cannot be read.
    #[error("{path}")]
    Format {
        /// The model's file.
        path: PathBuf,
        /// Why.
        source: FormatError,
    },
    /// The package's model has no proofs.
    #[error("the model cannot be proven: {reason}")]
    Unprovable {
        /// Why, as the manifest states it.
        reason: String,
    },
    /// The package holds the model alone, without its Cairo.
    #[error("the package has no Cairo program and no contract: {reason}")]
    NoCairo {
        /// Why, as the manifest states it.
        reason: String,
    },
    /// A package's files do not belong together, or were made by another version of Maat.
    #[error("{path}: {reason}")]
    Mismatch {
        /// The package or one of its files.
        path: PathBuf,
        /// What does not fit, and what to do.
        reason: String,
    },
}
