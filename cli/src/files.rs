//! The files that verbs read and write. `-` stands for the standard input or output.

mod destination;
mod reading;

use std::path::Path;

use anyhow::bail;
use maat_transpiler::{Edits, PackageDestination};

pub use self::destination::{Destination, InputFiles, OutputKind, Readers};
pub use self::reading::{called, read, read_all, with_path};

/// Whether a path stands for the standard input or output. A file of that name is `./-`.
fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a file of that name would be written to the standard output.
pub fn is_standard_output(path: &Path) -> bool {
    is_dash(path) || destination::is_output(path)
}

/// A folder for a package; with `force`, edited files in it are replaced, but no sources.
pub fn package_destination(folder: &Path, force: bool, sources: &InputFiles) -> anyhow::Result<PackageDestination> {
    if is_dash(folder) {
        bail!("cannot write a package to the standard output: it is a folder, so name one");
    }
    Ok(PackageDestination::sparing(folder, if force { Edits::Replace } else { Edits::Keep }, sources.paths())?)
}
