//! The files that verbs read and write. `-` stands for the standard input or output.

mod destination;
mod reading;
mod standard;

use std::path::Path;

use anyhow::bail;
use maat_package::{Edits, PackageDestination};

pub use self::destination::{Destination, InputFiles, OutputKind, Readers};
pub use self::reading::{called, read, read_all, with_path};
use self::standard::is_dash;
pub use self::standard::is_standard_output;

/// A folder for a package; with `force`, edited files in it are replaced, but no sources.
pub fn package_destination(folder: &Path, force: bool, sources: &InputFiles) -> anyhow::Result<PackageDestination> {
    if is_dash(folder) {
        bail!("cannot write a package to the standard output: it is a folder, so name one");
    }
    Ok(PackageDestination::sparing(folder, if force { Edits::Replace } else { Edits::Keep }, sources.paths())?)
}
