//! The files that verbs read and write. `-` stands for the standard input or output.

mod destination;
#[cfg(feature = "transpile")]
mod package;
mod reading;
mod standard;

pub use self::destination::{Destination, InputFiles, OutputKind, Readers};
#[cfg(feature = "transpile")]
pub use self::package::{package_destination, with_path};
pub use self::reading::{called, read, read_all};
pub use self::standard::is_standard_output;
