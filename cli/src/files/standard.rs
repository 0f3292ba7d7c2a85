//! The standard streams among files: `-`, and the other names that the standard output goes by.

use std::fs::{self, Metadata};
use std::io::{self, IsTerminal};
use std::path::Path;

use maat_package::partial::is_same_file;

/// Whether a path stands for the standard input or output. A file of that name is `./-`.
pub fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a file of that name would be written to the standard output.
pub fn is_standard_output(path: &Path) -> bool {
    is_dash(path) || is_output(path)
}

/// Whether a path names what the standard output goes to: a pipe, a terminal or a file. Devices such as /dev/null are what they are.
fn is_output(path: &Path) -> bool {
    match (fs::metadata("/dev/stdout"), fs::metadata(path)) {
        (Ok(output), Ok(found)) => is_same_file(&output, &found) && (!is_device(&found) || io::stdout().is_terminal()),
        _ => false,
    }
}

#[cfg(unix)]
fn is_device(file: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&file.file_type())
}

/// Whether a file is a device or a named pipe, which takes bytes and keeps none.
#[cfg(unix)]
pub fn is_stream(file: &Metadata) -> bool {
    is_device(file) || std::os::unix::fs::FileTypeExt::is_fifo(&file.file_type())
}

#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

/// Whether a file is a device or a named pipe: systems without them have none.
#[cfg(not(unix))]
pub fn is_stream(_: &Metadata) -> bool {
    false
}
