//! Files that a verb reads, as a whole or up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use super::standard::is_dash;

/// How messages call what a path stands for.
pub fn called(path: &Path) -> PathBuf {
    if is_dash(path) { PathBuf::from("the standard input") } else { path.to_path_buf() }
}

/// The bytes of a file or of the standard input.
pub fn read_all(path: &Path) -> anyhow::Result<Vec<u8>> {
    let read = || {
        if !is_dash(path) {
            return std::fs::read(path);
        }
        let mut bytes = Vec::new();
        standard_input()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().with_context(|| format!("cannot read {}", called(path).display()))
}

/// The bytes of a file or of the standard input, or the length of one that is longer than a limit.
pub fn read(path: &Path, limit: usize) -> anyhow::Result<Result<Vec<u8>, usize>> {
    let read = || {
        if is_dash(path) {
            return up_to(standard_input()?, 0, limit);
        }
        let file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if length > limit { Ok(Err(length)) } else { up_to(file, length, limit) }
    };
    read().with_context(|| format!("cannot read {}", called(path).display()))
}

/// Reads to the end or beyond the limit. A pipe has no length: one byte more is enough to say that it is too long.
fn up_to(from: impl Read, length: usize, limit: usize) -> io::Result<Result<Vec<u8>, usize>> {
    let mut bytes = Vec::with_capacity(length + 1);
    from.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > limit { Err(bytes.len()) } else { Ok(bytes) })
}

/// The standard input, for the first caller: for a second one it would be empty.
fn standard_input() -> io::Result<io::StdinLock<'static>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::Error::other("it was read for another file already, so `-` can stand for one file only"));
    }
    Ok(io::stdin().lock())
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap(), Ok(b"12345".to_vec()));
        assert_eq!(read(file.path(), 4).unwrap(), Err(5));
        assert!(read(Path::new("/does/not/exist"), 4).unwrap_err().to_string().contains("cannot read /does/not/exist"));
    }

    #[test]
    fn a_pipe_is_read_up_to_the_limit() {
        assert_eq!(up_to(&b"12345"[..], 0, 5).unwrap(), Ok(b"12345".to_vec()));
        assert_eq!(up_to(io::repeat(0), 0, 4).unwrap(), Err(5));
    }
}
