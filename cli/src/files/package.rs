//! The folder that a package is written to, and the file that it is made from.

use std::path::Path;

use anyhow::{Context, bail};
use maat_package::{Edits, PackageDestination};

use super::destination::InputFiles;
use super::reading::read_all;
use super::standard::is_dash;

/// A folder for a package; with `force`, edited files in it are replaced, but no sources.
pub fn package_destination(folder: &Path, force: bool, sources: &InputFiles) -> anyhow::Result<PackageDestination> {
    if is_dash(folder) {
        bail!("cannot write a package to the standard output: it is a folder, so name one");
    }
    Ok(PackageDestination::sparing(folder, if force { Edits::Replace } else { Edits::Keep }, sources.paths())?)
}

/// Does something with a file by its path. The standard input becomes a file of the given name meanwhile.
pub fn with_path<T>(path: &Path, name: &str, work: impl FnOnce(&Path) -> T) -> anyhow::Result<T> {
    if !is_dash(path) {
        return Ok(work(path));
    }
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join(name);
    std::fs::write(&copy, read_all(path)?).with_context(|| format!("cannot write {}", copy.display()))?;
    Ok(work(&copy))
}
