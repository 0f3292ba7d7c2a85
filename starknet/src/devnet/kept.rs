//! What the local chain keeps in its folder, and how it is removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::install::NAME;
use super::running;
use crate::error::ChainError;

/// Files that are written beside the executable.
const FILES: [&str; 4] = ["install.lock", "start.lock", "log", "running.json"];
/// The folder in which it is built, and what cargo writes into such a folder.
const BUILD: &str = "build";
const OF_CARGO: &str = "CACHEDIR.TAG";

/// Bytes that the local chain's executables, the files beside them, and what is left of an unfinished build take.
///
/// # Errors
/// The folder cannot be read.
pub fn kept(folder: &Path) -> Result<u64, ChainError> {
    let size = || ours(folder)?.iter().map(|path| bytes(path)).sum::<io::Result<u64>>();
    size().map_err(|source| ChainError::File { path: folder.to_path_buf(), source })
}

/// Removes all of that, and nothing else; gives its bytes.
///
/// # Errors
/// The chain runs, or something cannot be removed.
pub fn remove(folder: &Path) -> Result<u64, ChainError> {
    if !folder.exists() {
        return Ok(0);
    }
    if let Some(running) = running(folder) {
        return Err(ChainError::DevnetRuns { pid: running.pid });
    }
    remove_from(folder).map_err(|source| ChainError::File { path: folder.to_path_buf(), source })
}

fn remove_from(folder: &Path) -> io::Result<u64> {
    let mut removed = 0;
    for path in ours(folder)? {
        removed += bytes(&path)?;
        if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
    }
    // Unless there is something of somebody else's in it.
    let _ = fs::remove_dir(folder);
    Ok(removed)
}

/// What was written by us: the versions that were installed, the build, and the files by name.
fn ours(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let executable = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let mut ours = Vec::new();
    for entry in entries {
        let entry = entry?;
        let (name, path, kind) = (entry.file_name(), entry.path(), entry.file_type()?);
        let Some(name) = name.to_str() else { continue };
        let is_version = name.split('.').count() == 3 && name.split('.').all(|part| part.parse::<u32>().is_ok());
        let is_ours = match kind.is_dir() {
            true => (is_version && path.join("bin").join(&executable).is_file()) || (name == BUILD && path.join(OF_CARGO).is_file()),
            false => kind.is_file() && FILES.contains(&name),
        };
        if is_ours {
            ours.push(path);
        }
    }
    Ok(ours)
}

/// The bytes of a file, or of all files in a folder; links are not followed.
fn bytes(path: &Path) -> io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    fs::read_dir(path)?.map(|entry| bytes(&entry?.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_by_us_is_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("devnet");
        let file = |path: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, [0; 10]).unwrap();
            path
        };
        let executable = format!("bin/{NAME}{}", std::env::consts::EXE_SUFFIX);
        let own = ["install.lock", "log", "build/CACHEDIR.TAG", "build/release/x", &format!("0.10.1/{executable}")].map(file);
        let foreign = ["notes.txt", "1.2.3/mine", &format!("backup/{executable}"), "log.old"].map(file);
        assert_eq!(ours(&folder).unwrap().iter().map(|path| bytes(path).unwrap()).sum::<u64>(), 50);
        assert_eq!(remove_from(&folder).unwrap(), 50);
        assert!(own.iter().all(|path| !path.exists()) && foreign.iter().all(|path| path.exists()));
        fs::remove_dir_all(&folder).unwrap();
        file("log");
        assert_eq!(remove_from(&folder).unwrap(), 10);
        assert!(!folder.exists() && remove_from(&folder).unwrap() == 0 && remove(&folder).unwrap() == 0);
    }
}
